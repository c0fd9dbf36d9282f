"""``vplugin run``: a graph with a progress line, Ctrl-C, and a report at the end."""

from __future__ import annotations

import errno
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
from vplugin.graph.check import node_params
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
    """

    settings: tuple[str, ...] = ()
    inline: bool = False
    report: Path | None = None
    html: Path | None = None
    quiet: bool = False


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

    with RunProgress(console) as progress, stopping(stop):

        def show(status: RunStatus) -> None:
            progress(status)

        report = run(spec, registry, inline=wanted.inline, on_status=show, stop=stop)
    _write(report, wanted, spec, registry)
    console.print(summarise(report))
    if stop.wish == "abort":
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


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _prepare(wanted: Wanted) -> None:
    """Find out before a long run, not after it, that a report cannot be written."""
    for path in (wanted.report, wanted.html):
        if path is None:
            continue
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "it is a folder")
            if not os.access(path if path.exists() else path.parent, os.W_OK):
                raise PermissionError(errno.EACCES, "permission denied")


def _write(report: RunReport, wanted: Wanted, spec: GraphSpec, registry: Registry) -> None:
    if wanted.report is not None:
        with _writing(wanted.report):
            wanted.report.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if wanted.html is not None:
        from vplugin.cli.html import write_html

        before, after = files_to_compare(report, spec, registry)
        with _writing(wanted.html):
            write_html(report, wanted.html, before=before, after=after)


def files_to_compare(
    report: RunReport, spec: GraphSpec, registry: Registry
) -> tuple[Path | None, Path | None]:
    """The input and the output of a run, where both are files that begin at the same moment."""
    name = next(iter(report.streams), None)
    if name is None or not report.ok or "trim" in spec.nodes[name].params:
        return None, None
    params = node_params(spec, name, registry.get(spec.nodes[name].uses).cls)
    uri = Path(spec.base, str(getattr(params, "uri", "")))
    outputs = (node.report.get("output") for node in report.nodes.values())
    written = next((Path(str(output)) for output in outputs if output), None)
    if written is None or not written.is_file() or not uri.is_file():
        return None, None
    return uri, written


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
