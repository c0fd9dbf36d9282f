from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.__main__ import FOLDER, names


def test_every_file_with_a_main_is_a_benchmark():
    assert {"engine", "handover", "memory", "transcode", "swap", "paste"} <= set(names())


@pytest.mark.parametrize("name", names())
def test_a_benchmark_says_what_it_takes(name):
    asked = [sys.executable, "-m", f"benchmarks.{name}", "--help"]
    done = subprocess.run(asked, cwd=FOLDER.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower()
