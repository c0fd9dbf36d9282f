"""Measures on pixels, in a mask."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.vision.swap_models import smooth_picture
from vplugin.train.contest.pictures import (
    detail_correlation,
    flicker,
    gmsd,
    psnr,
    regions,
    ssim,
)

PICTURE = smooth_picture(64, 64, 1)
OTHER = smooth_picture(64, 64, 2)
LEFT = np.arange(64)[None] < np.full((64, 1), 32)
ALL = np.ones((64, 64), bool)
NONE = np.zeros((64, 64), bool)


@pytest.mark.parametrize(("off", "wanted"), [(0, 58.92), (1, 48.13), (10, 28.13), (51, 13.98)])
def test_psnr(off: int, wanted: float) -> None:
    flat = np.full((8, 8, 3), 100, np.uint8)
    moved = flat + np.uint8(off)
    assert psnr(moved, flat, np.ones((8, 8), bool)) == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize("measure", [psnr, ssim, gmsd])
def test_only_the_mask_counts(measure) -> None:
    half = PICTURE.copy()
    half[:, 40:] = OTHER[:, 40:]
    assert measure(half, PICTURE, LEFT) == pytest.approx(measure(PICTURE, PICTURE, LEFT), abs=0.01)
    assert measure(half, PICTURE, ALL) != pytest.approx(measure(PICTURE, PICTURE, ALL), abs=0.01)
    assert np.isnan(measure(half, PICTURE, NONE))


def test_likeness_falls_with_blur() -> None:
    soft, softer = (cv2.GaussianBlur(PICTURE, (0, 0), sigma) for sigma in (1, 3))
    assert ssim(PICTURE, PICTURE, ALL) == pytest.approx(1)
    assert gmsd(PICTURE, PICTURE, ALL) == pytest.approx(0, abs=1e-6)
    assert 1 > ssim(soft, PICTURE, ALL) > ssim(softer, PICTURE, ALL)
    assert 0 < gmsd(soft, PICTURE, ALL) < gmsd(softer, PICTURE, ALL)


def test_detail_is_blind_to_light_and_sees_features() -> None:
    lit = np.clip(PICTURE * 0.5 + 40, 0, 255).astype(np.uint8)
    assert detail_correlation(lit, PICTURE, ALL, 3) > 0.98
    assert detail_correlation(255 - PICTURE, PICTURE, ALL, 3) == pytest.approx(-1, abs=1e-3)
    assert abs(detail_correlation(OTHER, PICTURE, ALL, 3)) < 0.4
    flat = np.full_like(PICTURE, 90)
    assert np.isnan(detail_correlation(flat, PICTURE, ALL, 3))


def test_regions_share_no_pixel_and_leave_none_out() -> None:
    truth, target = NONE.copy(), NONE.copy()
    truth[20:40, 20:40], target[20:40, 24:48] = True, True
    parts = regions(truth, target, 16)
    total = parts.face.astype(int) + parts.ring + parts.background
    assert (total == 1).all()
    assert np.array_equal(parts.face, truth)
    assert parts.ring[30, 44], "where only the target has its face"
    assert parts.ring[30, 17], "a quarter of the eye distance around"
    assert parts.background[30, 14]


def test_flicker_is_what_changes_beyond_what_should() -> None:
    wanted = np.stack([np.full((8, 8, 3), level, np.uint8) for level in (10, 60, 20, 70)])
    masks = np.ones((4, 8, 8), bool)
    assert flicker(wanted + np.uint8(5), wanted, masks) == 0
    restless = wanted + np.array([0, 4, 0, 4], np.uint8)[:, None, None, None]
    assert flicker(restless, wanted, masks) == pytest.approx(4)
    assert np.isnan(flicker(restless, wanted, ~masks))
