"""Nodes that go wrong do so when told to, and only then."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vplugin.testing.chaos import Dawdle, Failing, Killer
from vplugin.testing.frames import frames
from vplugin.testing.harness import HarnessFactory
from vplugin.testing.leaks import no_leaks


def test_failing_on_a_given_frame(harness: HarnessFactory) -> None:
    bench = harness(Failing, seqs={1}).push(frames(1))
    with pytest.raises(RuntimeError, match="frame 1 is poisoned"):
        bench.push(frames(1))


def test_only_so_often(harness: HarnessFactory, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(RuntimeError):
            harness(Failing, seqs={0}, once=tmp_path, times=2).push(frames(1))
    assert harness(Failing, seqs={0}, once=tmp_path, times=2).push(frames(1)).finish().pts == [0]


def test_suicide_is_by_sigkill(tmp_path: Path) -> None:
    script = (
        "from vplugin.testing.chaos import Suicide\n"
        "from vplugin.testing.frames import frames\n"
        "from vplugin.testing.harness import Harness\n"
        f"Harness(Suicide, seqs={{1}}, once={str(tmp_path)!r}).push(frames(2)).finish()\n"
    )
    codes = [subprocess.run([sys.executable, "-c", script]).returncode for _ in range(2)]
    assert codes == [-signal.SIGKILL, 0]


def test_dawdling_takes_time(harness: HarnessFactory) -> None:
    import time

    start = time.perf_counter()
    harness(Dawdle, seconds=0.02).push(frames(3, width=32, height=32)).finish()
    assert time.perf_counter() - start > 0.06


def test_killer_kills_what_it_is_shown() -> None:
    with no_leaks():
        children = [subprocess.Popen(["sleep", "60"]) for _ in range(3)]
        victims = [child.pid for child in children[:2]]
        try:
            with Killer(lambda: victims, count=2, every=0.01) as killer:
                codes = [child.wait(10) for child in children[:2]]
            assert codes == [-signal.SIGKILL] * 2
            assert sorted(killer.killed) == sorted(victims)
            assert children[2].poll() is None
        finally:
            for child in children:
                child.kill()
                child.wait()
