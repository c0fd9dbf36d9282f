"""Pictures with a face, and what is cut out of them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.contest.faces import PEOPLE, case, shot
from tests.vision.swap_models import points_at
from vplugin.train.contest.cases import Shot
from vplugin.vision.align import apply, template

SKIN = PEOPLE[0]


@pytest.mark.parametrize("size", [128, 256])
def test_a_crop_is_aligned(size: int) -> None:
    seen = shot(SKIN, 3, degrees=12.0)
    assert seen.crop(size).shape == (size, size, 3)
    placed = apply(seen.matrix(size), seen.points)
    assert np.abs(placed - template("arcface_128").at(size)).max() < 0.06 * size
    middle = seen.crop(size)[round(0.66 * size), round(0.35 * size)]
    assert np.abs(middle.astype(int) - SKIN).max() < 12


def test_a_mask_is_the_known_one_or_a_guess_inside_it() -> None:
    seen = shot(SKIN, 3)
    known, guess = seen.mask(128), Shot(seen.picture, seen.points).mask(128)
    assert known[72, 64]
    assert not known[5, 5]
    assert (guess & known).sum() > 0.95 * guess.sum() > 3000


@pytest.mark.parametrize("degrees", [0.0, 30.0])
def test_a_box_is_a_square_around_the_face(degrees: float) -> None:
    points = points_at(200, 150, 40, degrees, wobble=None)
    x0, y0, x1, y1 = Shot(np.zeros((2, 2, 3), np.uint8), points).box()
    assert x1 - x0 == pytest.approx(y1 - y0)
    assert x1 - x0 == pytest.approx(40 * 102.4 / 35.24, rel=0.01)
    assert x0 < points[:, 0].min()
    assert y1 > points[:, 1].max()


def test_the_reference_is_the_truth_where_there_is_one() -> None:
    known, blind = case(0, 1), case(0, 1, exact=False)
    assert known.truth is not None
    assert known.reference is known.truth.shot
    assert blind.reference is blind.target
