"""Transcode without a face node against the ``ffmpeg`` command: same source, settings, threads.

Frames per second on the clock, and frames per second of processor time, which a busy machine leaves
alone. ``direct`` is our source and sink without the engine, so the engine's own share shows.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.table import Table

from benchmarks.common import console, machine
from vplugin.testing.clips import make_clip

DIRECT = """
import sys
from vplugin.media.address import Address
from vplugin.media.encoding import EncoderSettings
from vplugin.media.outputs import parse_target
from vplugin.media.reader import ReaderOptions
from vplugin.media.sink import VideoWriter, WriterSettings
from vplugin.media.source import FileSource

source, output, preset, crf, threads = sys.argv[1:]
reader = FileSource(Address.parse(source), ReaderOptions())
coding = EncoderSettings("h264", float(crf), preset, threads=int(threads))
writer = VideoWriter(parse_target(output), WriterSettings(coding))
while (frame := reader.read()) is not None:
    writer.write(frame)
writer.carry(reader.tail())
writer.finish()
reader.close()
"""


def noisy_clip(path: Path, frames: int) -> Path:
    """1080p that takes as long to decode and encode as a camera's picture: moving, with grain."""
    if shutil.which("ffmpeg") is None:
        return make_clip(path, size=(1920, 1080), rate=Fraction(30), frames=frames)
    length = f"{frames / 30:.3f}"
    picture = f"testsrc2=s=1920x1080:r=30:d={length},noise=alls=8:allf=t"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", picture]
    command += ["-f", "lavfi", "-i", f"sine=d={length}", "-c:a", "aac"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-g", "60"]
    command += ["-pix_fmt", "yuv420p", "-frames:v", str(frames)]
    subprocess.run([*command, str(path)], check=True)
    return path


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds on the clock and of processor time of a command and its children."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def contestants(
    source: Path, place: Path, preset: str, crf: int, threads: int
) -> dict[str, list[str]]:
    """A command line each."""
    graph = {
        "vplugin": 1,
        "nodes": {
            "decode": {"uses": "decode", "params": {"uri": str(source)}},
            "encode": {
                "uses": "encode",
                "params": {
                    "uri": str(place / "engine.mp4"),
                    "preset": preset,
                    "crf": crf,
                    "threads": threads,
                },
            },
        },
    }
    file = place / f"{source.stem}.yaml"
    file.write_text(yaml.safe_dump(graph, sort_keys=False))
    settings = [preset, str(crf), str(threads)]
    script = "import sys; from vplugin.cli import main; sys.exit(main())"
    found = {
        "vplugin run": [sys.executable, "-c", script, "run", str(file)],
        "direct": [sys.executable, "-c", DIRECT, str(source), str(place / "direct.mp4"), *settings],
    }
    if shutil.which("ffmpeg"):
        command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-c:a", "copy"]
        command += ["-c:v", "libx264", "-preset", preset, "-crf", str(crf)]
        found["ffmpeg"] = [*command, "-threads", str(threads), str(place / "ffmpeg.mp4")]
    return found


Times = dict[str, list[tuple[float, float]]]  # seconds on the clock and of processor, by name


def take_turns(long: dict[str, list[str]], short: dict[str, list[str]], runs: int) -> Times:
    """All contestants in turn; what a clip of two frames takes (starting up) is taken off."""
    times: Times = {name: [] for name in long}
    for _ in range(runs):
        for name, command in long.items():
            start, whole = measured(short[name]), measured(command)
            times[name].append((whole[0] - start[0], whole[1] - start[1]))
    return times


def table_of(times: Times, frames: int) -> Table:
    """Medians, and ratios to the ``ffmpeg`` command."""
    table = Table("", "frames/s", "× ffmpeg", "frames/s of processor", "× ffmpeg")
    speeds = {
        name: [frames / sorted(column)[len(column) // 2] for column in zip(*taken, strict=True)]
        for name, taken in times.items()
    }
    peer = speeds.get("ffmpeg")
    for name, (wall, processor) in speeds.items():
        ratios = [f"{wall / peer[0]:.2f}", f"{processor / peer[1]:.2f}"] if peer else ["–", "–"]
        table.add_row(name, f"{wall:.1f}", ratios[0], f"{processor:.1f}", ratios[1])
    return table


def main(
    frames: Annotated[int, typer.Option(help="Length of the clip.")] = 240,
    runs: Annotated[int, typer.Option(help="How often each takes its turn.")] = 3,
    preset: Annotated[str, typer.Option(help="Of x264.")] = "veryfast",
    crf: Annotated[int, typer.Option(help="Of x264.")] = 23,
    threads: Annotated[int, typer.Option(help="Of the encoder.")] = 2,
) -> None:
    """Take turns, and print the medians."""
    with tempfile.TemporaryDirectory(prefix="vplugin-bench-") as folder:
        place = Path(folder)
        long, short = (
            contestants(noisy_clip(place / f"{count}.mp4", count), place, preset, crf, threads)
            for count in (frames, 2)
        )
        console.print(table_of(take_turns(long, short, runs), frames - 2))
    console.print(f"1080p, x264 {preset} crf {crf}, {threads} threads; {machine()}")


if __name__ == "__main__":
    typer.run(main)
