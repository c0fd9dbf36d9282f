"""Does a long file take more memory than a short one? Peak of all processes together.

Decode → a node in a process of its own → encode, so the picture arena is used. Small pictures: what
could grow with the length of a file does not depend on their size.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import psutil
import typer
import yaml
from rich.table import Table

from benchmarks.common import console, machine
from vplugin.testing.clips import make_clip
from vplugin.testing.install import installed

MEBI = 1 << 20


def peak_while(running: subprocess.Popen[bytes]) -> int:
    """The largest sum of the resident set sizes of a process and its children, in bytes, looked at
    ten times a second until it ends."""
    peak, whole = 0, psutil.Process(running.pid)
    while True:
        with suppress(subprocess.TimeoutExpired):
            running.wait(0.1)
            return peak
        with suppress(psutil.Error):
            peak = max(peak, sum(map(_rss, [whole, *whole.children(recursive=True)])))


def _rss(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
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
    command = "from vplugin.cli import main; raise SystemExit(main())"
    with installed(place / f"nodes{seconds}"):
        running = subprocess.Popen([sys.executable, "-c", command, "run", "-q", str(file)])
        peak = peak_while(running)
    if running.returncode:
        raise RuntimeError("the graph failed")
    return peak


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
