from __future__ import annotations

import numpy as np
import pytest

from tests.vision.swap_models import smooth_picture
from vplugin.vision.mask import ellipse_mask, support
from vplugin.vision.match import (
    Look,
    LookSmoother,
    from_lab,
    harmonise,
    light_ratio,
    look,
    to_lab,
    transfer,
)


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


def test_light_is_what_varies_slowly():
    x = np.linspace(0.5, 1.5, 128, dtype=np.float32)
    features = (np.random.default_rng(0).random((128, 128)) > 0.5).astype(np.float32) * 8
    flat, lit = 50 + features, np.broadcast_to(54 * x, (128, 128)).astype(np.float32)
    mask = ellipse_mask(128, 10)
    ratio = light_ratio(flat, lit, mask, sigma=10)
    got = flat * ratio
    left, right = got[50:78, 30:40].mean(), got[50:78, 88:98].mean()
    assert right / left == pytest.approx(lit[0, 93] / lit[0, 35], rel=0.08)
    assert np.abs(np.diff(ratio, axis=1)).max() < 0.03  # the features have no say
    np.testing.assert_allclose(light_ratio(flat, lit, mask, 10, amount=0.0), 1.0)


def _as_measured(have, want):
    return have, want


@pytest.mark.parametrize("size", [64, 128, 300, 512])
def test_a_face_is_brought_into_harmony_where_it_shows(size):
    mine = smooth_picture(size, size, 1).astype(np.float32) / 255
    theirs = smooth_picture(size, size, 2).astype(np.float32) / 255 * 0.3 + 0.4
    mask = ellipse_mask(size, size / 12, 0.6)
    got = harmonise(mine, theirs, mask, size / 12, 1.0, _as_measured)
    beyond = np.ones((size, size), bool)
    beyond[support(mask).slices] = False
    assert (got[beyond] == mine[beyond]).all()
    before, after, want = (look(to_lab(image), mask) for image in (mine, got, theirs))
    assert abs(before.mean[0] - want.mean[0]) > 5 or abs(before.mean[1] - want.mean[1]) > 2
    np.testing.assert_allclose(after.mean, want.mean, atol=2.5)


def test_the_looks_to_use_can_be_settled_elsewhere():
    mine, theirs = _crop(1), _crop(2)
    mask = ellipse_mask(128, 10)
    grey = Look((60.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    got = harmonise(mine, theirs, mask, 10, 0.0, lambda have, want: (have, grey))
    np.testing.assert_allclose(look(to_lab(got), mask).mean, grey.mean, atol=2.0)
    nothing = np.zeros((128, 128), np.float32)
    assert harmonise(mine, theirs, nothing, 10, 1.0, _as_measured) is mine


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
