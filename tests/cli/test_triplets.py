"""`vplugin triplets make`, as typed, with the house models."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from vplugin.cli import MISUSED, REFUSED, main
from vplugin.train.triplets import pairs_in, read_pair

PEOPLE = Path(__file__).parents[2] / "examples" / "people"
WORDS = ["--size", "128"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos" / "deeper"
    folder.mkdir(parents=True)
    for name in ("ada", "ben"):
        shutil.copy(PEOPLE / name / "front.jpg", folder / f"{name}.jpg")
    (folder / "broken.jpg").write_bytes(b"nothing")
    return tmp_path / "photos"


def test_pairs_are_made_and_those_that_are_there_are_kept(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pairs"
    assert main(["triplets", "make", str(photos), str(out), "--pairs", "1", *WORDS]) == 0
    [folder] = pairs_in(out)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["triplets", "make", str(photos), str(out), "--pairs", "2", *WORDS]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert len(pairs_in(out)) == 2
    assert "pictures could not be used" in " ".join(capsys.readouterr().out.split())
    pair = read_pair(folder)
    face = (slice(50, 100), slice(40, 90))
    for proxy, photo in (
        (pair.source_on_target, pair.target),
        (pair.target_on_source, pair.source),
    ):
        off = np.abs(proxy.astype(int) - photo).mean(-1)
        assert off[face].mean() > 4
        assert off[:20].mean() < off[face].mean()


@pytest.mark.parametrize(
    ("pictures", "says"), [(0, "holds fewer than two pictures"), (2, "could not be used")]
)
def test_folders_without_faces_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], pictures: int, says: str
) -> None:
    for number in range(pictures):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((64, 64, 3), 90, np.uint8))
    out = tmp_path / "pairs"
    assert main(["triplets", "make", str(tmp_path), str(out), "--pairs", "1"]) == REFUSED
    assert says in " ".join(capsys.readouterr().err.split())
    assert not out.exists()


def test_half_of_live_portrait_is_a_mistake(photos: Path, tmp_path: Path) -> None:
    words = [str(photos), str(tmp_path / "pairs"), "--live-portrait", "motion.onnx"]
    assert main(["triplets", "make", *words]) == MISUSED
