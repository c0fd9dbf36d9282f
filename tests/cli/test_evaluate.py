"""`vplugin evaluate swap`, as typed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import pytest

from tests.vision.swap_models import save_arcface, save_constant, save_inswapper
from tests.vision.swap_nets import SwapNet, save_fixer
from vplugin.cli import MISUSED, REFUSED, main
from vplugin.train.contest.metrics import METRICS
from vplugin.train.contest.parameters import identity_names
from vplugin.train.contest.rendered import CaseSource
from vplugin.train.shards import Item

pytestmark = pytest.mark.timeout(600)  # on a fresh machine the renderer is compiled first

COMMAND = ["evaluate", "swap", "--clips", "0", "-q"]


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("cache")
    found = {"XDG_CACHE_HOME": str(folder), "VPLUGIN_MODELS": str(folder / "models")}
    with mock.patch.dict(os.environ, found):
        yield


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    save_inswapper(folder / "mine.onnx")
    SwapNet(128, numbers=640, bias=0.2).save(folder / "native.onnx")
    save_fixer(folder / "fixer.onnx")
    save_arcface(folder / "embedder.onnx", seed=5)
    save_arcface(folder / "judge.onnx", seed=9)
    rng = np.random.default_rng(1)
    lower = rng.normal(size=(1, 8)).astype(np.float32)
    save_constant(folder / "lower.onnx", 56, {"embedding": lower})
    mean = np.full((1, len(identity_names())), 0.5, np.float32)
    save_constant(folder / "parameters.onnx", 112, {"parameters": mean})
    return folder


@pytest.fixture(scope="module")
def item() -> Item:
    source = CaseSource(stretch=1.0)
    return next(items[0] for items in map(source.items, range(20, 30)) if items)


def told(folder: Path) -> dict:
    found: dict = json.loads((folder / "metrics.json").read_text())
    return found


def test_synth(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--pairs", "2", "--model", str(models / "mine.onnx"), "--out", str(tmp_path / "o")]
    words += ["--model", str(models / "native.onnx")]
    for option in ("embedder", "fixer", "lower", "parameters"):
        words += [f"--{option}", str(models / f"{option}.onnx")]
    words += ["--identity", str(models / "judge.onnx"), "--workers", "1"]
    assert main([*COMMAND, *words]) == 0
    said = capsys.readouterr()
    assert said.out + said.err == ""
    rows = told(tmp_path / "o")
    assert list(rows) == ["target unchanged", "copy", "mesh", "mine", "native", "exact truth"]
    wanted = {metric.name for metric in METRICS if "clips" not in metric.needs}
    assert all(set(row) == wanted for row in rows.values())
    assert rows["exact truth"]["psnr_face"]["mean"] == pytest.approx(58.92, abs=0.01)
    assert rows["target unchanged"]["id_target"]["mean"] == pytest.approx(1)
    assert rows["mesh"]["psnr_face"]["mean"] > rows["mine"]["psnr_face"]["mean"] + 5
    assert rows["mine"]["psnr_background"]["mean"] < 20, "by its crop, background and all"
    assert rows["exact truth"]["pose"]["mean"] == 0
    assert 0 < rows["target unchanged"]["pose"]["mean"] < 8
    assert (tmp_path / "o" / "samples.png").is_file()


def test_folder(
    models: Path, item: Item, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def save(path: str, picture: np.ndarray) -> None:
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place), cv2.resize(picture, (448, 448))[..., ::-1])

    save("targets/ann.png", item["target"])
    save("targets/bob.png", item["sources"][0])
    save("made/ann_bob.png", item["truth"])
    save("made/bob_ann.png", item["sources"][0])
    words = ["--suite", "folder", "--targets", str(tmp_path / "targets")]
    words += ["--results", f"theirs={tmp_path / 'made'}", "--identity", str(models / "judge.onnx")]
    assert main([*COMMAND[:-1], *words, "--out", str(tmp_path / "o")]) == 0
    rows = told(tmp_path / "o")
    assert list(rows) == ["target unchanged", "copy", "mesh", "theirs"]
    assert rows["theirs"]["id_retrieval"]["n"] == 2
    assert "psnr_face" not in rows["theirs"]
    assert rows["theirs"]["pose"]["mean"] < rows["copy"]["pose"]["mean"] + 20
    said = " ".join(capsys.readouterr().out.split())
    assert "(--lower): L retrieval" in said
    assert "what the target does" in said


@pytest.mark.parametrize(
    ("words", "status", "match"),
    [
        (["--suite", "photos"], MISUSED, "'photos' is neither synth nor folder"),
        (["--size", "100"], MISUSED, "100 is neither 128 nor 256"),
        (["--pairs", "0"], MISUSED, "--pairs"),
        (["--suite", "folder"], REFUSED, "no targets were given — --targets FOLDER"),
        (["--suite", "folder", "--targets", "."], REFUSED, "nothing says whose face goes where"),
        (["--suite", "folder", "--targets", "no"], REFUSED, "nothing says whose face goes"),
        (["--suite", "folder", "--targets", "no", "--list", "a.txt"], REFUSED, "a.txt: cannot be"),
        (["--identity", "none.onnx"], REFUSED, "none.onnx: there is no such file"),
        (["--model", "MODELS/mine.onnx"], REFUSED, "the embedding of the source — name the"),
        (["--model", "MODELS/native.onnx", "--fixer", "no"], REFUSED, "its FixerNet is missing"),
        (["--identity", "MODELS/lower.onnx"], REFUSED, "takes crops of 56 px — an identity"),
        (["--parameters", "MODELS/judge.onnx"], REFUSED, r"gives parameters of shape (512,)"),
        (["--out", "MODELS"], REFUSED, "holds other files — name a new folder"),
    ],
)
def test_refusals_are_one_line(
    words: list[str],
    status: int,
    match: str,
    models: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    typed = [word.replace("MODELS", str(models)) for word in words]
    assert main([*COMMAND, *typed]) == status
    error = capsys.readouterr().err
    assert match in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_help_is_grouped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "evaluate" in capsys.readouterr().out
    assert main(["evaluate", "swap", "--help"]) == 0
    assert "--identity" in capsys.readouterr().out
