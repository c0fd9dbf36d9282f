from __future__ import annotations

import numpy as np
import pytest

from tests.vision.swap_models import smooth_picture
from vplugin.vision.mask import ellipse_mask
from vplugin.vision.match import Look, LookSmoother, from_lab, look, shade, to_lab, transfer


def _crop(seed: int) -> np.ndarray:
    return smooth_picture(128, 128, seed).astype(np.float32) / 255


def test_lab_and_back():
    rgb = _crop(0)
    lab = to_lab(rgb)
    assert 0 <= lab[..., 0].min() < lab[..., 0].max() <= 100
    np.testing.assert_allclose(from_lab(lab), rgb, atol=5e-3)


def test_what_lies_outside_the_mask_has_no_say():
    lab, mask = to_lab(_crop(0)), (ellipse_mask(128, 4) > 0).astype(np.float32)
    spoiled = lab.copy()
    spoiled[mask == 0] = 0.0  # black, as masked-out pixels are in other tools
    assert look(spoiled, mask) == look(lab, mask)
    inside = lab[mask > 0]
    found = look(lab, mask)
    np.testing.assert_allclose(found.mean, inside.mean(axis=0), atol=1e-2)
    np.testing.assert_allclose(found.deviation, inside.std(axis=0), atol=2e-2)


def test_transfer_gives_the_look_of_the_target():
    mask = ellipse_mask(128, 10)
    mine, theirs = to_lab(_crop(1)), to_lab(_crop(2) * 0.7 + 0.15)
    have, want = look(mine, mask), look(theirs, mask)
    got = look(transfer(mine, have, want), mask)
    np.testing.assert_allclose(got.mean, want.mean, atol=0.05)
    np.testing.assert_allclose(got.deviation, want.deviation, rtol=0.02)


def test_a_flat_face_is_not_stretched_to_noise():
    flat = np.full((128, 128, 3), 50.0, np.float32)
    flat += np.random.default_rng(0).normal(0, 0.1, flat.shape).astype(np.float32)
    mask = np.ones((128, 128), np.float32)
    wild = Look((60.0, 10.0, 10.0), (25.0, 9.0, 9.0))
    got = look(transfer(flat, look(flat, mask), wild), mask)
    assert max(got.deviation) < 0.25
    np.testing.assert_allclose(got.mean, wild.mean, atol=0.1)


def test_nothing_to_count():
    assert look(to_lab(_crop(0)), np.zeros((128, 128), np.float32)) is None


def test_shade_takes_on_slow_light_and_keeps_features():
    x = np.linspace(0.5, 1.5, 256, dtype=np.float32)
    features = (np.random.default_rng(0).random((256, 256)) > 0.5).astype(np.float32) * 8
    flat = np.zeros((256, 256, 3), np.float32)
    flat[..., 0] = 50 + features
    lit = flat.copy()
    lit[..., 0] = 54 * x[None]
    mask = ellipse_mask(256, 20)
    got = shade(flat, lit, mask, sigma=20)
    left, right = got[100:156, 60:80, 0].mean(), got[100:156, 176:196, 0].mean()
    assert right / left == pytest.approx(lit[0, 186, 0] / lit[0, 70, 0], rel=0.08)
    ratio = got[..., 0] / flat[..., 0]
    assert np.abs(np.diff(ratio, axis=1)).max() < 0.02  # only slow changes
    np.testing.assert_array_equal(got[..., 1:], flat[..., 1:])
    np.testing.assert_allclose(shade(flat, lit, mask, 20, amount=0.0), flat)


def test_smoothing_steadies_a_flicker_and_follows_a_change():
    smoother = LookSmoother(0.4)
    flicker = [Look((50.0 + (-1) ** n * 4, 0, 0), (10.0, 1, 1)) for n in range(60)]
    means = [smoother.update("1", n / 30, value).mean[0] for n, value in enumerate(flicker)]
    assert np.ptp(means[30:]) < 1.0
    later = [
        smoother.update("1", 2 + n / 30, Look((70.0, 0, 0), (10.0, 1, 1))).mean[0]
        for n in range(60)
    ]
    assert later[0] < 53
    assert later[-1] == pytest.approx(70, abs=0.3)


@pytest.mark.parametrize(
    ("seconds", "time", "want"),
    [(0.0, 1.0, 70.0), (0.4, 60.0, 70.0), (0.4, -3.0, 70.0)],
    ids=["off", "long gap", "time runs back"],
)
def test_smoothing_starts_anew(seconds, time, want):
    smoother = LookSmoother(seconds)
    smoother.update("1", 0.9, Look((50.0, 0, 0), (1.0, 1, 1)))
    assert smoother.update("1", time, Look((70.0, 0, 0), (1.0, 1, 1))).mean[0] == want


def test_people_are_smoothed_apart_and_the_state_travels():
    a, b = Look((50.0, 0, 0), (1.0, 1, 1)), Look((80.0, 0, 0), (2.0, 1, 1))
    smoother = LookSmoother(1.0)
    smoother.update("1", 0.0, a)
    smoother.update("2", 0.0, b)
    other = LookSmoother(1.0)
    other.restore(smoother.snapshot())
    for each in (smoother, other):
        assert each.update("1", 0.1, a) == a
        assert each.update("2", 0.1, b) == b
    smoother.forget_before(0.05)
    smoother.reset()
    assert smoother.update("1", 0.2, b) == b
