"""`vplugin synth`, as typed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from vplugin.cli import INTERRUPTED, MISUSED, REFUSED, main
from vplugin.synth.clip import read_truth

pytestmark = pytest.mark.timeout(600)  # on a fresh machine the renderer is compiled first


def test_clip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "talk.mp4"
    words = ["--seed", "3", "--people", "1", "--text", "Mama.", "--seconds", "0.4"]
    more = ["--size", "96x64", "--fps", "10", "--workers", "1"]
    assert main(["synth", "clip", "-o", str(path), *words, *more]) == 0
    truth = read_truth(tmp_path / "talk.json")
    assert len(truth["frames"]) == 4
    assert truth["roles"][0]["text"] == "Mama."
    assert path.stat().st_size > 500
    said = capsys.readouterr()
    assert "talk.mp4: 0.4 s" in " ".join(said.err.split())
    assert said.out == ""


def test_sheet(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    words = ["--people", "3", "--columns", "2", "--size", "32", "-q"]
    assert main(["synth", "sheet", "-o", str(path), *words]) == 0
    assert cv2.imread(str(path)).shape == (68, 68, 3)
    assert main(["synth", "sheet", "--poses", "-o", str(path), *words]) == 0
    assert cv2.imread(str(path)).shape == (3 * 36 - 4, 6 * 36 - 4, 3)


def test_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "people", "-o", str(tmp_path), "--people", "2", "--size", "64"]) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ada", "ben", "people.yaml"]
    assert len(list((tmp_path / "ada").iterdir())) == 3
    assert "ada, ben" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["clip", "--size", "big"], MISUSED, "write 1280x720"),
        (["clip", "--fps", "0"], MISUSED, "write 30"),
        (["clip", "--people", "9"], MISUSED, "people"),
        (["clip", "--size", "63x64", "-o", "a.mp4"], REFUSED, "use an even size"),
        (["clip", "-o", "a.gif"], REFUSED, "end the name in .mp4"),
        (["sheet", "-o", "a.bmp", "--people", "1", "--size", "32"], REFUSED, "end the name in"),
    ],
)
def test_refusals_are_one_line(
    words: list[str],
    status: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["synth", *words]) == status
    assert said in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_no_half_set_of_people(tmp_path: Path) -> None:
    words = ["people", "-o", str(tmp_path / "deep" / "cast"), "--people", "20", "--size", "512"]
    process = subprocess.Popen(
        [sys.executable, "-m", "vplugin", "synth", *words],
        stderr=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    while process.poll() is None and not list(tmp_path.rglob("*.jpg")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=300)[1]
    assert process.returncode == INTERRUPTED, err
    assert err == ""
    assert list(tmp_path.iterdir()) == []
