"""``vplugin run``: a graph with a progress line, Ctrl-C, and a report at the end."""

from __future__ import annotations

import errno
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console

from vplugin.cli import INTERRUPTED, REFUSED, print_error
from vplugin.cli.check import load_checked
from vplugin.cli.progress import RunProgress
from vplugin.cli.summary import summarise
from vplugin.engine import RunReport, RunStatus, Stop, run
from vplugin.errors import SinkError, VpluginError
from vplugin.graph.registry import Registry
from vplugin.graph.spec import GraphSpec

__all__ = ["Wanted", "run_graph", "stopping"]


@dataclass(frozen=True)
class Wanted:
    """The options of one run.

    Attributes:
        settings: ``node.param=value``.
        inline: Everything in one thread.
        report: Where the report goes as JSON.
        html: Where it goes as a web page.
        quiet: Say nothing but errors.
        verbose: Say what is written to the log.
    """

    settings: tuple[str, ...] = ()
    inline: bool = False
    report: Path | None = None
    html: Path | None = None
    quiet: bool = False
    verbose: bool = False


def run_graph(file: str, wanted: Wanted) -> int:
    """Run a graph file to its end.

    Everything that is shown goes to stderr: stdout may be an output of the graph.

    Returns:
        The exit status: 0, 1 if the run failed, 130 if it was stopped at once.

    Raises:
        VpluginError: The graph was not started, or a report cannot be written.
    """
    registry = Registry()
    spec = load_checked(file, wanted.settings, registry)
    _prepare(wanted)
    console, stop = Console(stderr=True, quiet=wanted.quiet), Stop()

    with logged(wanted), RunProgress(console) as progress, stopping(stop):

        def show(status: RunStatus) -> None:
            progress(status)

        report = run(spec, registry, inline=wanted.inline, on_status=show, stop=stop)
    _write(report, wanted, spec, registry)
    if report.ok or report.frames:  # tables full of zeros would hide the reason
        console.print(summarise(report))
    if stop.wish == "abort" and not report.ok:  # else it was all done before it was asked
        return INTERRUPTED
    if not report.ok:
        print_error(report.error or "the run failed")
        return REFUSED
    return 0


@contextmanager
def stopping(stop: Stop) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) drains the run, the second stops it at once."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.wish == "go":
            stop.drain()
        else:
            stop.abort()

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


LOG = "VPLUGIN_LOG"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def logged(wanted: Wanted) -> Iterator[None]:
    """What a run logs is in its report; here it is shown only to who asks for it.

    The level is put back afterwards, for programs that call this more than once.

    Raises:
        SinkError: The level that the environment names does not exist.
    """
    said = os.environ.get(LOG)
    level = (said or ("INFO" if wanted.verbose else "ERROR")).upper()
    if level not in logging.getLevelNamesMapping():
        raise SinkError(
            f"there is no log level {level!r}", where=LOG, mend="set it to DEBUG, INFO or WARNING"
        )
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    ours = logging.getLogger("vplugin")
    before = ours.level
    os.environ[LOG] = level  # the processes of the lanes read it too
    ours.setLevel(level)
    try:
        yield
    finally:
        ours.setLevel(before)
        if said is None:
            del os.environ[LOG]


def _prepare(wanted: Wanted) -> None:
    """Find out before a long run, not after it, that a report cannot be written."""
    for path in (wanted.report, wanted.html):
        if path is None:
            continue
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "it is a folder")
            _try_to_write(path)


def _try_to_write(path: Path) -> None:
    """Rights do not tell everything: a file system may be read-only, or take no new files."""
    there = path.exists()
    if there and not path.is_file():  # a pipe or a device, which trying would disturb
        return
    with path.open("ab"):
        pass
    if not there:
        path.unlink()


def _write(report: RunReport, wanted: Wanted, spec: GraphSpec, registry: Registry) -> None:
    if wanted.report is not None:
        with _writing(wanted.report):
            wanted.report.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if wanted.html is not None:
        from vplugin.cli.compared import choose
        from vplugin.cli.html import write_html

        with _writing(wanted.html):
            write_html(report, wanted.html, choose(report, spec, registry))


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, VpluginError):
            raise
        reason = error.strerror or str(error)
        raise SinkError(
            f"the report cannot be written: {reason}", where=path, mend="name another file"
        ) from error
