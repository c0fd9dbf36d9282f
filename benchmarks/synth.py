"""How many rendered faces a second: ``python -m benchmarks.synth [--processes 2] [--faces 40]``.

Everything is counted: drawing the person, growing the hair, backdrop, light, truth. It is the
processor's time that is measured, and the median of the faces, so that whatever else the machine
does matters little; faces a second are those of so many cores that do nothing else. The peer is
the feasibility study's renderer (design/synth.md: 0.10 to 0.16 CPU-seconds at 128 px, 0.18 to 0.32
at 256 px), so the ratio is against the better of its figures.

Then the same scenes go through ``render_on``, on a GPU if torch finds one or else on the processor
(``--device`` says which), and the compiled renderer is the peer. On a GPU the clock counts, which
has to wait for other work of the machine; on the processor again its time.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from statistics import mean, median

import torch

from vplugin.synth import Scene, render, render_on

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


def on_device(device: str, threads: int, count: int, size: int) -> tuple[float, float]:
    """Seconds by the clock and of the processor for each of so many faces on a device."""
    scenes = [Scene.from_seed(seed) for seed in range(100_001, 100_001 + count)]
    render_on(scenes[:1], size, device, threads=threads)  # code is loaded, the device is awake
    clock, used = time.perf_counter(), time.process_time()
    render_on(scenes, size, device, threads=threads)
    return (time.perf_counter() - clock) / count, (time.process_time() - used) / count


def _named(device: str) -> str:
    kind = torch.device(device)
    if kind.type == "cuda":
        return torch.cuda.get_device_name(kind)
    return f"the processor, {torch.get_num_threads()} of its threads"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2, help="and threads before a device")
    parser.add_argument("--faces", type=int, default=40, help="for each process")
    parser.add_argument("--device", help="of the torch path; default: a GPU if there is one")
    chosen = parser.parse_args()
    device = chosen.device or ("cuda" if torch.cuda.is_available() else "cpu")
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
            _compare(device, chosen.processes, chosen.faces, size, face)


def _compare(device: str, threads: int, count: int, size: int, face: float) -> None:
    """Prints the torch path beside compiled code, which takes ``face`` seconds a face and core."""
    clock, processor = on_device(device, threads, count, size)
    there = torch.device(device).type == "cuda"
    spent, peer = (clock, face / threads) if there else (processor, face)
    print(
        f"{size} px, torch on {_named(device)}: {1000 * clock:.1f} ms by the clock and "
        f"{1000 * processor:.1f} ms of processor time a face, {1 / spent:.1f} faces/s by the "
        f"{'clock' if there else 'processor'}, {peer / spent:.2f} times as fast as compiled code"
    )


if __name__ == "__main__":
    main()
