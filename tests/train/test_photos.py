"""Folders of photographs in place of rendered banks: who, aligned how, and what is wrong."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from pydantic import ValidationError

from vplugin.errors import TrainError, VpluginError
from vplugin.train.identity import IdentityRecipe, IdentityTask
from vplugin.train.photos import FolderPairs, PhotoPortraits
from vplugin.train.recipe import Data
from vplugin.train.shards import render
from vplugin.train.swap import SwapRecipe
from vplugin.train.triplets import Pair, write_pair
from vplugin.vision.align import template

NOSE = 2  # of the five points


def _dotted(side: int, aligned: str) -> np.ndarray:
    """A grey picture with a white dot where the template has the nose."""
    picture = np.full((side, side, 3), 90, np.uint8)
    x, y = template(aligned).at(side)[NOSE]
    cv2.circle(picture, (round(float(x)), round(float(y))), 6, (255, 255, 255), -1)
    return picture


@pytest.fixture
def album(tmp_path: Path) -> Path:
    for person, count in (("ada", 3), ("ben", 2), ("eve", 2), ("zoe", 2)):
        (tmp_path / "album" / person).mkdir(parents=True)
        for number in range(count):
            picture = _dotted(256, "ffhq_512")
            cv2.imwrite(str(tmp_path / "album" / person / f"{number}.png"), picture)
    (tmp_path / "album" / "ada" / "notes.txt").write_text("not a picture")
    return tmp_path / "album"


def test_photos_are_aligned_and_named_by_their_folder(album: Path, tmp_path: Path) -> None:
    shards = render(tmp_path / "bank", PhotoPortraits(album), (0, 40))
    assert shards.column("person").tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3]
    assert np.isnan(shards.column("identity")).all()
    x, y = template("arcface_128").at(128)[NOSE]
    bright = np.argwhere(shards[0]["image"][..., 0] > 200).mean(0)
    np.testing.assert_allclose(bright, (y, x), atol=3)


def test_an_identity_net_learns_from_photos_without_parameters(album: Path, tmp_path: Path) -> None:
    data = Data(train=(0, 5), held_out=(5, 9), folder=tmp_path / "bank")
    task = IdentityTask(IdentityRecipe(steps=1, photos=album, batch=4, variants=1, data=data))
    task.prepare()
    model = task.build()
    losses = task.losses(model, task.batch(0, np.random.default_rng(1)))
    assert set(losses) == {"people"}
    with torch.inference_mode():
        assert set(task.evaluate(model.eval())) == {"tar", "tar_2", "cosine", "other"}


def test_nobody_is_learned_from_and_held_out(album: Path, tmp_path: Path) -> None:
    data = Data(train=(0, 4), held_out=(4, 9), folder=tmp_path / "bank")
    task = IdentityTask(IdentityRecipe(steps=1, photos=album, variants=1, data=data))
    with pytest.raises(TrainError, match="somebody is both learned from and held out"):
        task.prepare()


def test_pairs_of_the_published_form(tmp_path: Path) -> None:
    levels = (40, 90, 140, 190)
    for number in range(2):
        pictures = [np.full((64, 64, 3), level + 10 * number, np.uint8) for level in levels]
        write_pair(tmp_path / "pairs" / f"{number:06d}", Pair(*pictures))
    source = FolderPairs(tmp_path / "pairs", 128)
    shards = render(tmp_path / "bank", source, (0, 9))
    assert len(shards) == 2
    found = [int(shards[1][name].mean().round()) for name in ("b", "a", "ab", "ba")]
    assert found == [50, 100, 150, 200]
    assert not shards[0]["labels"].any()


@pytest.mark.parametrize("source", [PhotoPortraits, FolderPairs])
def test_an_empty_folder_says_so(tmp_path: Path, source: type) -> None:
    with pytest.raises(TrainError, match="holds no"):
        source(tmp_path).items(0)


def test_a_damaged_photo_says_which(album: Path) -> None:
    (album / "ada" / "0.png").write_bytes(b"nothing")
    with pytest.raises(VpluginError, match=r"ada/0\.png"):
        PhotoPortraits(album).items(0)


def test_photographs_have_no_exact_truths(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="photographs have none"):
        SwapRecipe(steps=1, identity=tmp_path, arm="oracle", pairs=tmp_path)
