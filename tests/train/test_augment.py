from __future__ import annotations

import cv2
import numpy as np
import pytest

from vplugin.train.augment import (
    Camera,
    Framing,
    develop,
    frame_matrix,
    moved,
    occluded,
    photographed,
    warped,
)

NONE = {"cast": 0, "dark": 0, "grey": 0, "blur": 0, "small": 0, "noise": 0, "jpeg": 0}


def picture(side: int = 96) -> np.ndarray:
    across, down = np.meshgrid(np.arange(side), np.arange(side))
    checks = 60 + 120 * ((across // 8 + down // 8) % 2)
    return np.stack([checks, checks * 0.8, checks * 0.5 + across * 0.3], 2).astype(np.uint8)


def detail(image: np.ndarray) -> float:
    return float(np.square(np.diff(image.astype(np.float64), axis=1)).mean())


@pytest.mark.parametrize(
    ("effect", "changes"),
    [
        ("dark", lambda a, b: b.mean() < 0.75 * a.mean()),
        ("grey", lambda a, b: np.ptp(b.astype(int), axis=2).max() <= 2),
        ("cast", lambda a, b: np.abs(b.mean((0, 1)) / b.mean() - a.mean((0, 1)) / a.mean()).max()
         > 0.05),
        ("blur", lambda a, b: detail(b) < 0.98 * detail(a)),
        ("small", lambda a, b: np.abs(a.astype(int) - b).mean() > 2),
        ("noise", lambda a, b: np.abs(a.astype(int) - b).mean() > 0.5),
        ("jpeg", lambda a, b: np.abs(a.astype(int) - b).mean() > 0.5),
    ],
)  # fmt: skip
def test_each_effect_does_what_it_says(effect: str, changes) -> None:
    plain, camera = picture(), Camera(**(NONE | {effect: 1.0}), strength=0.0)
    seen = [
        changes(plain, photographed(plain, np.random.default_rng(i), camera)) for i in range(24)
    ]
    assert sum(seen) >= 20


def test_pictures_keep_form_and_follow_the_generator() -> None:
    plain = picture()
    before = plain.copy()
    for seed in range(40):
        one = photographed(plain, np.random.default_rng(seed))
        other = photographed(plain, np.random.default_rng(seed))
        assert one.shape == plain.shape
        assert one.dtype == np.uint8
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(plain, before)


def test_no_strength_no_change() -> None:
    camera = Camera(**NONE, strength=0.0)
    lifts = [develop(picture(), np.random.default_rng(i), camera) for i in range(20)]
    changes = [np.abs(one.astype(int) - picture()).max() for one in lifts]
    assert np.median(changes) <= 1


def test_points_move_with_the_picture() -> None:
    spot = np.array([[30.0, 61.0]])
    image = np.zeros((96, 96, 3), np.uint8)
    cv2.circle(image, (30, 61), 3, (255, 255, 255), -1)
    for seed in range(20):
        framing = Framing(any_turn=0.5, scale=0.2)
        matrix = frame_matrix(np.random.default_rng(seed), framing, (34.0, 58.0), 50.0, 128)
        seen = warped(image, matrix, 128)[..., 0].astype(float)
        across, down = np.meshgrid(np.arange(128), np.arange(128))
        centre = [(seen * across).sum() / seen.sum(), (seen * down).sum() / seen.sum()]
        np.testing.assert_allclose(moved(spot, matrix)[0], centre, atol=0.3)


def test_framing_without_variation_is_exact() -> None:
    still = Framing(turn=0, scale=0, shift=0, squeeze=0)
    matrix = frame_matrix(np.random.default_rng(0), still, (40.0, 50.0), 64.0, 128)
    corners = np.array([[8.0, 18.0], [72.0, 82.0], [40.0, 50.0]])
    np.testing.assert_allclose(
        moved(corners, matrix), [[-0.5, -0.5], [127.5, 127.5], [63.5, 63.5]], atol=1e-4
    )


def test_shrinking_does_not_alias() -> None:
    across = np.arange(128)
    stripes = np.repeat(((across % 2) * 255).astype(np.uint8)[None, :, None], 128, 0)
    stripes = stripes.repeat(3, 2)
    still = Framing(turn=0, scale=0, shift=0, squeeze=0)
    matrix = frame_matrix(np.random.default_rng(0), still, (63.5, 63.5), 128.0, 31)
    assert warped(stripes, matrix, 31)[4:-4, 4:-4].std() < 12


def test_patches_hide_what_they_say() -> None:
    plain = picture()
    shares = []
    for seed in range(40):
        hidden, mask = occluded(plain, np.random.default_rng(seed))
        np.testing.assert_array_equal(hidden[~mask], plain[~mask])
        shares.append((hidden[mask] != plain[mask]).any(1).mean() if mask.any() else 1.0)
    assert np.mean(shares) > 0.6
