from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from vplugin.cli import INTERRUPTED, main

pytestmark = pytest.mark.timeout(600)  # processes that load torch, on a machine that may be busy


def written(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_show_prints_the_whole_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "detector", "--show", "--set", "batch=5", "--set", "data.size=64"]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert (shown["task"], shown["batch"], shown["data"]["size"]) == ("detector", 5, 64)
    assert set(shown) >= {"seed", "optimiser", "output", "neck"}


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["walker"], "there is no recipe 'walker' — choose from detector"),
        (["detector", "--set", "batch"], "'batch' sets nothing — write --set KEY=VALUE"),
        (["detector", "--set", "batch=0"], "--set batch=0: batch: Input should be greater than"),
        (["detector", "--set", "colour=1"], "--set colour=1: unknown key 'colour' — known are "),
        (["detector", "--set", "batches=1"], "unknown key 'batches' — did you mean 'batch'?"),
        (["detector", "--set", "data.sice=1"], "unknown key 'sice' in data — did you mean 'size'?"),
        (
            ["detector", "--set", "optimizer.rate=1"],
            "unknown key 'optimizer'",
        ),
        (["detector", "--set", "batch=["], "batch: '[' cannot be read as a value"),
        (["none.yaml"], "none.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_is_one_line(
    words: list[str], match: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *words, "--show"]) == 1
    error = capsys.readouterr().err
    assert match in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "match"),
    [("steps: 3\n", "says no task"), ("task: walker\nsteps: 3\n", "there is no task 'walker'")],
)
def test_a_recipe_names_a_task(
    tmp_path: Path, text: str, match: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", written(tmp_path, text)]) == 1
    assert match in capsys.readouterr().err


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``vplugin train`` with the tiny task, whose batches are made at a file's word."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        recipe = written(tmp_path, f"task: tiny\nsteps: 5\nloaders: 0\noutput: {tmp_path}/a/run\n")
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.train_tiny", str(tmp_path), recipe, *words],
            stdout=subprocess.PIPE, text=True, env=os.environ | {
                "OMP_NUM_THREADS": "1", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "inductor"),
            },
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
def test_stopped_before_the_first_step_leaves_nothing(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]], there: bool, number: signal.Signals
) -> None:
    folder = tmp_path / "a" / "run"
    if there:
        folder.mkdir(parents=True)
        (folder / "note").touch()
    process = start()
    await_step(process, tmp_path / "step-0")
    assert (folder / "recipe.yaml").exists()
    process.send_signal(number)
    said = process.communicate(timeout=300)[0]
    assert process.returncode == INTERRUPTED, said
    assert said.splitlines() == [f"stopped before the first step; {folder} is as it was before"]
    assert (tmp_path / "a").exists() == there
    assert not there or [path.name for path in folder.iterdir()] == ["note"]


def test_stopped_after_a_step_says_how_to_go_on(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    (tmp_path / "go-0").touch()
    process = start("--set", "batch=4")
    await_step(process, tmp_path / "step-1")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=300)[0]
    assert process.returncode == INTERRUPTED, said
    recipe = tmp_path / "mine.yaml"
    assert "stopped after 1 steps in " in said
    assert f"go on with: vplugin train {recipe} --set batch=4 --resume\n" in said
    assert (tmp_path / "a" / "run" / "checkpoint.pt").exists()
    for step in range(5):
        (tmp_path / f"go-{step}").touch()
    again = start("--set", "batch=4", "--resume")
    assert "5 steps in " in again.communicate(timeout=300)[0]
    assert again.returncode == 0


def await_step(process: subprocess.Popen[str], note: Path) -> None:
    while process.poll() is None and not note.exists():
        time.sleep(0.01)
