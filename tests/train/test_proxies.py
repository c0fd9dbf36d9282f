"""Paste, colour and outline of proxies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vplugin.train.proxies import blended, colour_matched, paste_mask, proxy, reshaped
from vplugin.vision.parse import FaceClass

SIDE = 64
RANDOM = np.random.default_rng(5)
NOISE, OTHER = RANDOM.integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)
LEFT = np.zeros((SIDE, SIDE), bool)
LEFT[:, :32] = True


def disc(radius: float, inside: FaceClass = FaceClass.SKIN) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    return np.where(np.hypot(x, y) < radius, inside, FaceClass.BACKGROUND).astype(np.uint8)


@pytest.mark.parametrize("levels", [1, 3, 10])
def test_blend_shows_each_side_and_hides_the_seam(levels: int) -> None:
    flat, dark = np.full_like(NOISE, 200), np.full_like(NOISE, 40)
    made = blended(flat, dark, LEFT, levels)
    assert abs(int(made[32, 0, 0]) - 200) < (4 if levels < 10 else 60)
    assert abs(int(made[32, -1, 0]) - 40) < (4 if levels < 10 else 60)
    steps = np.abs(np.diff(made[32, :, 0].astype(int)))
    assert steps.max() < 160 / (1.5 * levels**0.5)


def test_a_blend_with_itself_changes_nothing() -> None:
    assert np.abs(blended(NOISE, NOISE, LEFT).astype(int) - NOISE).max() <= 1


@given(st.integers(0, 1000))
def test_colours_have_the_mean_and_covariance_asked_for(seed: int) -> None:
    random = np.random.default_rng(seed)
    mix, centre = random.uniform(0, 0.25, (3, 3)) + 0.2 * np.eye(3), random.uniform(100, 150, 3)
    wanted = random.normal(0, 40, (32, 32, 3)) @ mix + centre
    given_ = random.normal(0, 15, (32, 32, 3)) + random.uniform(80, 170, 3)
    made = colour_matched(
        np.clip(given_, 0, 255).astype(np.uint8), np.clip(wanted, 0, 255).astype(np.uint8)
    )
    assert np.abs(made.mean((0, 1)) - wanted.mean((0, 1))).max() < 4
    ours, theirs = (np.cov(x.reshape(-1, 3).T) for x in (made, wanted))
    assert np.abs(ours - theirs).max() < 0.15 * np.abs(theirs).max() + 10


def test_a_flat_picture_can_be_matched() -> None:
    assert colour_matched(np.full_like(NOISE, 7), NOISE).shape == NOISE.shape


def test_target_hair_wins() -> None:
    hair = np.full((SIDE, SIDE), FaceClass.BACKGROUND, np.uint8)
    hair[:20] = FaceClass.HAIR
    mask = paste_mask(disc(25), hair)
    assert not mask[:20].any()
    assert mask[30, 32]


def test_only_the_targets_own_rim_is_filled() -> None:
    picture = np.full_like(NOISE, 90)
    rim = (disc(28) == FaceClass.SKIN) & (disc(20) != FaceClass.SKIN)
    picture[rim] = 250
    made = reshaped(picture, disc(20), disc(28))
    assert made[rim].max() < 200  # the bright rim is gone
    np.testing.assert_array_equal(made[disc(20) > 0], picture[disc(20) > 0])
    np.testing.assert_array_equal(made[:2], picture[:2])
    np.testing.assert_array_equal(reshaped(picture, disc(28), disc(20)), picture)


def test_a_proxy_has_the_face_of_one_and_the_place_of_the_other() -> None:
    reenacted, target = np.full_like(NOISE, 180), NOISE // 2
    made = proxy(reenacted, target, disc(20), disc(22))
    corner, centre = made[:8, :8].astype(int), made[28:36, 28:36].astype(int)
    assert np.corrcoef(corner.ravel(), target[:8, :8].ravel())[0, 1] > 0.95
    assert centre.std() < 0.5 * target[28:36, 28:36].std()
