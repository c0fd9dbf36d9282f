"""The whole graph of a swap against the loop that people write with insightface, in one run.

    python -m benchmarks.swap_graph [--swap FILE] [--fixer FILE] [--refine FILE] [--frames N]

decode → detect → track → swap → refine → encode on the interview (720p, the largest face). The loop
(`benchmarks/swap_loop.py`) has the same ONNX files, the same encoder with the same settings and the
same processors. Contestants take turns; what a run of two frames takes (starting up, opening
models) is taken off. Frames per second of processor time are what a busy machine leaves alone.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
import yaml
from rich.table import Table

from benchmarks.common import console, machine
from benchmarks.swap_files import SwapFiles, swap_files
from benchmarks.transcode import measured
from vplugin.graph.registry import Registry
from vplugin.node import Context, Node, Source

ROOT = Path(__file__).parents[1]
START = 2  # frames of the run that is taken off
WARM = 5  # frames that do not count for a node
LOOP = "insightface loop"

Times = dict[str, list[tuple[float, float]]]  # seconds on the clock and of processor, by name


@dataclass(frozen=True)
class Wanted:
    """What is measured.

    Attributes:
        files: The models.
        clip: Of 720p.
        source: A picture of who is put in.
        runtime: Of all nodes.
        every: Frames from one look of the detector to the next.
        preset: Of x264.
        crf: Of x264.
        threads: Of the encoder.
    """

    files: SwapFiles
    clip: Path
    source: Path
    runtime: str
    every: int
    preset: str
    crf: int
    threads: int


def graph_of(wanted: Wanted, output: Path, frames: int, *, plain: bool) -> dict[str, Any]:
    """The graph; plain is what the loop does: no refine, nothing looked for before faces."""
    runtime = {"runtime": wanted.runtime}
    swap = {"source": str(wanted.source), "model": str(wanted.files.swap), "select": "largest",
            "embedder": "house/identity", **runtime}  # fmt: skip
    coding = {"preset": wanted.preset, "crf": wanted.crf, "threads": wanted.threads}
    trim = {"uri": str(wanted.clip), "trim": {"out": f"{frames}f"}}
    nodes: dict[str, Any] = {
        "decode": {"uses": "decode", "params": trim},
        "detect": {"uses": "detect", "params": {"every": wanted.every, **runtime}},
        "track": {"uses": "track"},
        "swap": {"uses": "swap", "params": swap | ({"occlusion": "none"} if plain else {})},
    }
    if not plain:
        fixer, refine = str(wanted.files.fixer), str(wanted.files.refine)
        params = {"model": refine, "fixer": fixer, "sources": [str(wanted.source)], **runtime}
        nodes["refine"] = {"uses": "refine", "params": params}
    nodes["encode"] = {"uses": "encode", "params": {"uri": str(output), **coding}}
    return {"vplugin": 1, "name": "bench", "nodes": nodes}


def commands(wanted: Wanted, place: Path, frames: int) -> dict[str, list[str]]:
    """A command line each."""
    found: dict[str, list[str]] = {}
    for name, plain in (("graph", False), ("graph, as the loop", True)):
        file = place / f"{'plain' if plain else 'whole'}-{frames}.yaml"
        graph = graph_of(wanted, file.with_suffix(".mp4"), frames, plain=plain)
        file.write_text(yaml.safe_dump(graph, sort_keys=False))
        script = "import sys; from vplugin.cli import main; sys.exit(main())"
        report = ["--report", str(file.with_suffix(".json"))]
        found[name] = [sys.executable, "-c", script, "run", str(file), *report]
    given = (wanted.clip, place / "loop.mp4", wanted.files.swap, wanted.source, frames)
    settings = (*given, wanted.preset, wanted.crf, wanted.threads)
    found[LOOP] = [sys.executable, "-m", "benchmarks.swap_loop", *map(str, settings)]
    return found


def take_turns(wanted: Wanted, place: Path, frames: int, runs: int) -> Times:
    """All contestants in turn, less what it takes to start."""
    long, short = (commands(wanted, place, count) for count in (frames, START))
    times: Times = {name: [] for name in long}
    for name in short:
        measured(short[name])  # chooses runtimes, and fills caches
    for _ in range(runs):
        for name, command in long.items():
            start, whole = measured(short[name]), measured(command)
            times[name].append((whole[0] - start[0], whole[1] - start[1]))
    return times


def speeds(times: Times, frames: int) -> Table:
    """Medians, and ratios to the loop."""
    table = Table(
        "", "frames/s", "× loop", "frames/s of processor", "× loop", title="720p, one face"
    )
    found = {
        name: [frames / sorted(column)[len(column) // 2] for column in zip(*taken, strict=True)]
        for name, taken in times.items()
    }
    for name, (wall, processor) in found.items():
        ratios = (mine / peer for mine, peer in zip((wall, processor), found[LOOP], strict=True))
        one, other = (f"{ratio:.2f}" for ratio in ratios)
        table.add_row(name, f"{wall:.1f}", one, f"{processor:.1f}", other)
    return table


def node_costs(wanted: Wanted, place: Path, frames: int) -> dict[str, np.ndarray]:
    """Milliseconds of processor time of every node and frame, one node after the other."""
    spec = graph_of(wanted, place / "costs.mp4", frames, plain=False)["nodes"]
    for name in ("decode", "encode"):
        spec[name]["params"]["threads"] = 1  # others would work in the time of other nodes
    registry, taken = Registry(), defaultdict(list)
    with ExitStack() as stack:
        nodes: dict[str, Node[Any]] = {}
        for name, one in spec.items():
            cls = registry.get(one["uses"]).cls
            nodes[name] = cls(cls.Params(**one.get("params", {})), name)
            nodes[name].open(Context(name=name))
            stack.callback(nodes[name].close)
        frame: Any = None
        for _ in range(frames):
            for name, node in nodes.items():
                start = time.process_time()
                given = node.read() if isinstance(node, Source) else node.process(frame)
                taken[name].append((time.process_time() - start) * 1e3)
                frame = frame if given is None else given
    return {name: np.array(column[WARM:]) for name, column in taken.items()}


def cost_table(costs: Mapping[str, np.ndarray], report: Mapping[str, Any]) -> Table:
    """Per node: processor time by itself, time on the clock in the graph, and what ran it."""
    table = Table("node", "CPU ms p50", "p95", "clock ms p50", "p95", "ran on")
    for name, taken in costs.items():
        node = report["nodes"][name]
        clock = (f"{node[key]:.1f}" if node[key] else "–" for key in ("p50_ms", "p95_ms"))
        p50, p95 = np.percentile(taken, [50, 95])
        table.add_row(name, f"{p50:.1f}", f"{p95:.1f}", *clock, _ran(node["report"]))
    total = sum(float(taken.mean()) for taken in costs.values())
    table.add_row("all, mean", f"{total:.1f}", "", "", "", "")
    return table


def _ran(facts: Mapping[str, Any]) -> str:
    """The runtimes that a node's report speaks of."""
    found: list[str] = []

    def look(part: Any) -> None:
        if isinstance(part, Mapping):
            if {"runtime", "precision"} <= part.keys():
                found.append(f"{part['runtime']} {part['precision']}, {part['threads']} threads")
            else:
                for inner in part.values():
                    look(inner)

    look(facts)
    return "; ".join(dict.fromkeys(found))


def main(
    swap: Annotated[Path | None, typer.Option(help="Of the inswapper contract.")] = None,
    fixer: Annotated[Path | None, typer.Option(help="Of `vplugin train fixer`.")] = None,
    refine: Annotated[Path | None, typer.Option(help="Of `vplugin train refine`.")] = None,
    frames: Annotated[int, typer.Option(min=10, help="Of the clip.")] = 150,
    runs: Annotated[int, typer.Option(min=1, help="How often each takes its turn.")] = 3,
    runtime: Annotated[str, typer.Option(help="Of our nodes; the loop has onnxruntime.")] = "auto",
    every: Annotated[int, typer.Option(help="The detector looks at every so many frames.")] = 1,
    preset: Annotated[str, typer.Option(help="Of x264.")] = "veryfast",
    crf: Annotated[int, typer.Option(help="Of x264.")] = 23,
    threads: Annotated[int, typer.Option(help="Of the encoder.")] = 2,
) -> None:
    """Take turns; print speeds, ratios, and what each node costs."""
    clip = ROOT / "examples" / "media" / "interview.mp4"
    source = ROOT / "examples" / "people" / "ada" / "front.jpg"
    files = swap_files(swap, fixer, refine, ROOT / "out" / "benchmarks" / "swap_graph")
    wanted = Wanted(files, clip, source, runtime, every, preset, crf, threads)
    with tempfile.TemporaryDirectory(prefix="vplugin-bench-") as folder:
        place = Path(folder)
        times = take_turns(wanted, place, frames, runs)
        report = json.loads((place / f"whole-{frames}.json").read_text())
        costs = node_costs(wanted, place, frames)
    console.print(" · ".join(files.told))
    console.print(speeds(times, frames - START))
    console.print(cost_table(costs, report))
    share = float(costs["refine"].mean() / costs["swap"].mean())
    console.print(f"refine adds {share:.1%} to the swap that it follows (wanted: 5 % or less)")
    console.print(f"x264 {preset} crf {crf}, {threads} threads; {frames} frames; {machine()}")


if __name__ == "__main__":
    typer.run(main)
