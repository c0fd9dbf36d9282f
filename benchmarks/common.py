"""What the benchmarks share: fair timing, and the line that says on what machine."""

from __future__ import annotations

import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from typing import Any

from rich.console import Console

__all__ = ["SPAWN", "alternate", "child", "console", "machine", "median_ms"]

SPAWN = multiprocessing.get_context("spawn")

console = Console(width=None if sys.stdout.isatty() else 160)  # tables are wide


@contextmanager
def child(target: Callable[..., None], *arguments: Any) -> Iterator[SpawnProcess]:
    """A process that ends with the block."""
    process = SPAWN.Process(target=target, args=arguments, daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join()


def machine() -> str:
    """The processor and how many cores this process may use."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            lines = (line.partition(":") for line in info)
            name = next(value.strip() for key, _, value in lines if key.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{name}, {len(os.sched_getaffinity(0))} cores"


def median_ms(work: Callable[[], object], *, runs: int = 20, warm: int = 3) -> float:
    """Median time of one call in milliseconds, after some calls that do not count."""
    return alternate({"only": work}, runs=runs, warm=warm)["only"]


def alternate(
    works: Mapping[str, Callable[[], object]],
    *,
    runs: int = 20,
    warm: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Median milliseconds of several contestants, taking turns so that all meet the same load.

    On a busy machine ``clock=time.process_time`` tells more than the time on the wall.
    """
    for work in works.values():
        for _ in range(warm):
            work()
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            start = clock()
            work()
            times[name].append(clock() - start)
    return {name: sorted(taken)[len(taken) // 2] * 1e3 for name, taken in times.items()}
