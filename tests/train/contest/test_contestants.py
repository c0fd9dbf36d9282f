"""Contestants: what they are given, and what becomes of what they make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.train.contest.faces import PEOPLE, case, skin_of
from vplugin.errors import TrainError
from vplugin.train.contest.contestants import (
    Cropped,
    ExactTruth,
    Function,
    Given,
    Staged,
    Unchanged,
    framed,
    laid_back,
)
from vplugin.vision.align import template
from vplugin.vision.copy_face import CopySwapper
from vplugin.vision.cutout import MaskStyle
from vplugin.vision.source import Source
from vplugin.vision.swap import Swapped

CASES = [case(0, 1), case(2, 3)]


class Painter:
    """Paints crops in the source's colour."""

    name = "painter"
    match_colour = False

    def __init__(self, how: str = "arcface_128", size: int = 128) -> None:
        self.template, self.sizes = template(how), (size,)
        self.seen: list[tuple] = []
        self.prepared: list[Source] = []

    def prepare(self, source: Source) -> Source:
        self.prepared.append(source)
        return source

    def new_shot(self) -> None:
        self.seen.clear()

    def swap(self, crops, points, sources, tracks, time=0.0) -> Swapped:
        self.seen.append((crops, points, tuple(tracks), time))
        colours = [PEOPLE[int(source.name)] for source in sources]
        made = np.empty_like(crops)
        made[:] = (np.array(colours, np.float32) / 255)[:, None, None]
        return Swapped(made)


def colours(answers: list) -> np.ndarray:
    return np.rint(skin_of(np.stack([answer.crop for answer in answers])) + 128)


WANTED = np.array([PEOPLE[1], PEOPLE[3]])


@pytest.mark.parametrize("size", [128, 256])
@pytest.mark.parametrize("how", ["arcface_128", "ffhq_512"])
def test_cropped_shows_what_the_swapper_made(how: str, size: int) -> None:
    painter = Painter(how)
    answers = Cropped(painter, "mine").answers(CASES, size)
    assert [answer.crop.shape for answer in answers] == [(size, size, 3)] * 2
    np.testing.assert_allclose(colours(answers), WANTED, atol=1)
    crops, points, tracks, _ = painter.seen[0]
    assert crops.max() <= 1
    assert tracks == (None, None)
    assert np.abs(points - template(how).at(128)).max() < 8
    for one, answer in zip(CASES, answers, strict=True):
        assert answer.picture.shape == one.target.picture.shape
        assert np.array_equal(answer.picture[0], one.target.picture[0]), "beyond the crop"


def test_a_source_is_prepared_once_with_its_embedding() -> None:
    painter = Painter()
    embed = lambda picture, points: np.full(512, 3.0, np.float32)  # noqa: E731
    mine = Cropped(painter, embed=embed)
    mine.answers(CASES, 128)
    mine.answers(CASES, 128)
    assert [source.name for source in painter.prepared] == ["1", "3"]
    source = painter.prepared[0]
    assert source.embedding is not None
    assert np.linalg.norm(source.embedding) == pytest.approx(1)
    assert source.length == pytest.approx(3 * np.sqrt(512))
    other = replace(CASES[0], sources=CASES[1].sources)
    mine.answers([other], 128)
    assert len(painter.prepared) == 3, "another picture of the same name"


def test_function_gets_crops_of_both() -> None:
    def net(targets: np.ndarray, sources: np.ndarray) -> np.ndarray:
        assert targets.shape == sources.shape == (2, 128, 128, 3)
        assert targets.dtype == np.uint8
        np.testing.assert_allclose(skin_of(sources) + 128, WANTED, atol=4)
        return sources

    answers = Function("net", net).answers(CASES, 256)
    np.testing.assert_allclose(colours(answers), WANTED, atol=4)


def test_staged_pastes_as_the_node_does() -> None:
    mine = Staged(Painter(), MaskStyle("face"), match=False, name="mine")
    answers = mine.answers(CASES, 128)
    np.testing.assert_allclose(colours(answers), WANTED, atol=3)
    for one, answer in zip(CASES, answers, strict=True):
        changed = np.abs(answer.picture.astype(int) - one.target.picture).max(2) > 0
        assert changed[112, 112]
        assert not (changed & ~one.target.face).any(), "only the face"
    copied = Staged(CopySwapper(), MaskStyle("face"), match=False).answers(CASES, 128)
    np.testing.assert_allclose(colours(copied), WANTED, atol=6)


def test_tracks_and_times_reach_the_swapper() -> None:
    painter = Painter()
    moving = replace(CASES[0], track=7, time=0.24)
    Cropped(painter).answers([moving], 128)
    assert painter.seen[0][2:] == ((7,), 0.24)
    assert float(framed(moving).time) == pytest.approx(0.24)
    assert framed(moving).faces[0].track == 7


def test_the_two_that_are_always_there() -> None:
    (same,) = Unchanged().answers(CASES[:1], 128)
    assert np.array_equal(same.crop, CASES[0].target.crop(128))
    right = ExactTruth().answers(CASES, 128)
    np.testing.assert_allclose(colours(right), WANTED, atol=1)
    truth = CASES[0].truth
    assert truth is not None
    moved = replace(CASES[0], truth=replace(truth, points=truth.shot.points + 3.0))
    (answer,) = ExactTruth().answers([moved], 128)
    assert np.array_equal(answer.crop, right[0].crop), "cropped like all others"
    assert answer.shown is not None
    np.testing.assert_array_equal(answer.shown.points, truth.shot.points + 3.0)
    with pytest.raises(ValueError, match="0_1 has no exact truth"):
        ExactTruth().answers([case(0, 1, exact=False)], 128)


def test_given_results_are_checked() -> None:
    one = CASES[0]
    assert one.truth is not None
    good = replace(one, given={"theirs": one.truth.shot.picture})
    (answer,) = Given("theirs").answers([good], 128)
    assert np.array_equal(answer.crop, one.truth.shot.crop(128))
    with pytest.raises(TrainError, match="theirs: has no result for 0_1"):
        Given("theirs").answers([one], 128)
    small = replace(one, given={"theirs": np.zeros((9, 8, 3), np.uint8)})
    with pytest.raises(TrainError, match="for 0_1 is 8x9, the target 224x224"):
        Given("theirs").answers([small], 128)


def test_a_crop_that_is_laid_back_unchanged_changes_little() -> None:
    target = CASES[0].target
    back = laid_back(target, target.crop(256))
    assert np.abs(back.astype(int) - target.picture).mean() < 2
