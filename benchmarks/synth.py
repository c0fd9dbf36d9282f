"""How many rendered faces a second: ``python -m benchmarks.synth [--processes 2] [--faces 40]``.

Everything is counted: drawing the person, growing the hair, backdrop, light, truth. The peer is
the feasibility study's renderer (design/synth.md: 0.10 to 0.16 CPU-seconds at 128 px, 0.18 to 0.32
at 256 px), so the ratio is against the better of its figures.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from vplugin.synth.render import render
from vplugin.synth.scene import Scene

# Pixels, faces a second wanted on two cores, CPU-seconds a face of the study.
TARGETS = ((128, 40.0, 0.10), (256, 12.0, 0.18))


def faces(first: int, count: int, size: int) -> float:
    """Renders this many scenes of one person; returns CPU-seconds."""
    render(Scene.from_seed(first), size)  # compiled code is loaded once
    start = time.process_time()
    for seed in range(first, first + count):
        render(Scene.from_seed(seed), size)
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--faces", type=int, default=40, help="for each process")
    chosen = parser.parse_args()
    with ProcessPoolExecutor(chosen.processes, get_context("spawn")) as pool:
        for size, wanted, study in TARGETS:
            list(pool.map(faces, range(chosen.processes), [1] * chosen.processes, [size] * 9))
            start = time.perf_counter()
            firsts = [100_000 + 1000 * n for n in range(chosen.processes)]
            counts, sizes = [chosen.faces] * len(firsts), [size] * len(firsts)
            used = sum(pool.map(faces, firsts, counts, sizes))
            wall = time.perf_counter() - start
            total = chosen.faces * chosen.processes
            print(
                f"{size} px: {total / wall:6.1f} faces/s in {chosen.processes} processes "
                f"(wanted {wanted:.0f}), {1000 * used / total:.1f} ms CPU a face, "
                f"{study * total / used:.1f} times as fast as the study"
            )


if __name__ == "__main__":
    main()
