"""Does a long file take more memory than a short one? Peak of all processes together.

Decode → a node in a process of its own → encode, so the picture arena is used. Small pictures: what
could grow with the length of a file does not depend on their size.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path

import psutil
import typer
import yaml
from rich.table import Table

from benchmarks.common import console, machine
from vplugin.engine import run
from vplugin.graph import load
from vplugin.testing.clips import make_clip
from vplugin.testing.install import installed

MEBI = 1 << 20


class Peak:
    """The largest sum of proportional set sizes (PSS: shared pages count once) of our processes.

    Attributes:
        children: Bytes, all child processes.
    """

    def __init__(self) -> None:
        self.children = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            self.children = max(self.children, sum(map(_pss, psutil.Process().children())))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look ten times a second while the block runs."""
        self._thread.start()
        try:
            yield
        finally:
            self._done.set()
            self._thread.join()


def _pss(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_full_info().pss)
    return 0


def peak_of(seconds: int, place: Path) -> int:
    """Bytes at the peak of a run over a clip of that length."""
    clip = make_clip(
        place / f"{seconds}.mp4",
        size=(160, 96),
        rate=Fraction(30),
        frames=30 * seconds,
        options={"preset": "ultrafast", "g": "60"},
    )
    graph = {
        "vplugin": 1,
        "lanes": {"ends": {"kind": "process"}, "middle": {"kind": "process"}},
        "nodes": {
            "decode": {"uses": "decode", "lane": "ends", "params": {"uri": str(clip)}},
            "pass": {"uses": "pass", "lane": "middle"},
            "encode": {
                "uses": "encode",
                "lane": "ends",
                "params": {"uri": str(place / "out.mp4"), "preset": "ultrafast"},
            },
        },
    }
    file = place / f"{seconds}.yaml"
    file.write_text(yaml.safe_dump(graph, sort_keys=False))
    peak = Peak()
    with installed(place / f"nodes{seconds}"), peak.watching():
        report = run(load(file))
    if not report.ok:
        raise RuntimeError(report.error)
    return peak.children


def main(short: int = 10, long: int = 600) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as place:
        peaks = {seconds: peak_of(seconds, Path(place)) for seconds in (short, long)}
    table = Table(title=f"peak memory of all processes · {machine()}")
    for column in ("clip", "MiB", "ratio", "wanted"):
        table.add_column(column, justify="left" if column == "clip" else "right")
    for seconds, peak in peaks.items():
        ratio = f"{peak / peaks[short]:.3f}"
        wanted = "≤ 1.05" if seconds == long else ""
        table.add_row(f"{seconds} s", f"{peak / MEBI:.0f}", ratio, wanted)
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
