"""How many rendered faces a second: ``python -m benchmarks.synth [--processes 2] [--faces 40]``.

Everything is counted: drawing the person, growing the hair, backdrop, light, truth. It is the
processor's time that is measured, and the median of the faces, so that whatever else the machine
does matters little; faces a second are those of so many cores that do nothing else. The peer is
the feasibility study's renderer (design/synth.md: 0.10 to 0.16 CPU-seconds at 128 px, 0.18 to 0.32
at 256 px), so the ratio is against the better of its figures.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from statistics import mean, median

from vplugin.synth import Scene, render

# Pixels, faces a second wanted on two cores, CPU-seconds a face of the study.
TARGETS = ((128, 40.0, 0.10), (256, 12.0, 0.18))


def faces(first: int, count: int, size: int) -> list[float]:
    """Renders this many scenes of one person; returns the CPU-seconds of each."""
    render(Scene.from_seed(first), size)  # compiled code is loaded once
    return [_seconds(seed, size) for seed in range(first + 1, first + 1 + count)]


def _seconds(seed: int, size: int) -> float:
    start = time.process_time()
    render(Scene.from_seed(seed), size)
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--faces", type=int, default=40, help="for each process")
    chosen = parser.parse_args()
    with ProcessPoolExecutor(chosen.processes, get_context("spawn")) as pool:
        for size, wanted, study in TARGETS:
            firsts = [100_000 + 1000 * n for n in range(chosen.processes)]
            counts, sizes = [chosen.faces] * len(firsts), [size] * len(firsts)
            used = list(chain.from_iterable(pool.map(faces, firsts, counts, sizes)))
            face = median(used)
            print(
                f"{size} px: {1000 * face:.1f} ms of processor time a face (mean "
                f"{1000 * mean(used):.1f}), {chosen.processes / face:.1f} faces/s on "
                f"{chosen.processes} cores (wanted {wanted:.0f}), "
                f"{study / face:.1f} times as fast as the study"
            )


if __name__ == "__main__":
    main()
