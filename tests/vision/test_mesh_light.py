from __future__ import annotations

import numpy as np
import pytest

from vplugin.vision.mesh_light import gains, grained

SIDE = 96


def _skin(*colour: float) -> np.ndarray:
    return np.broadcast_to(np.asarray(colour, np.float32), (SIDE, SIDE, 3)).copy()


def _ones() -> np.ndarray:
    return np.ones((SIDE, SIDE), np.float32)


@pytest.mark.parametrize("light", [0.0, 0.5, 1.0])
def test_one_colour_becomes_the_other(light):
    face, crop = _skin(0.8, 0.6, 0.5), _skin(0.4, 0.36, 0.3)
    found = gains(face, crop, _ones(), 5.0, light)
    np.testing.assert_allclose((face * found), crop, atol=0.01)


def test_slow_shading_is_taken_on_and_detail_is_not():
    x = np.linspace(0, 1, SIDE, dtype=np.float32)[None, :, None]
    crop = _skin(0.5, 0.4, 0.3) * (0.5 + x)
    stripes = 1 + 0.2 * np.sin(np.arange(SIDE) * 2.0).astype(np.float32)[:, None, None]
    face = _skin(0.5, 0.4, 0.3) * stripes
    lit = face * gains(face, crop, _ones(), 5.0, 1.0)
    middle = slice(20, -20)
    columns = (lit / crop)[middle, middle].mean(axis=0)
    assert np.abs(columns - 1).max() < 0.05
    rows = lit[middle, middle].mean(axis=(1, 2))
    assert rows.std() / rows.mean() > 0.12
    flat = face * gains(face, crop, _ones(), 5.0, 0.0)
    assert np.ptp(flat.mean(axis=(0, 2))) < 0.01


def test_features_have_no_say():
    """A dark brow of the target must not throw a shadow on the new face."""
    face, crop, skin = _skin(0.5, 0.5, 0.5), _skin(0.5, 0.5, 0.5), _ones()
    crop[40:52] = 0.05
    skin[40:52] = 0.0
    found = gains(face, crop, skin, 5.0, 1.0)
    assert np.abs(found - 1).max() < 0.02


def test_nothing_but_features_still_gives_numbers():
    found = gains(
        _skin(0.5, 0.5, 0.5), _skin(0, 0, 0), np.zeros((SIDE, SIDE), np.float32), 5.0, 1.0
    )
    assert np.isfinite(found).all()
    assert found.shape == (SIDE, SIDE, 3)


def test_detail_is_brought_down_to_the_pictures_on_skin_only():
    rng = np.random.default_rng(0)
    low = _skin(0.5, 0.5, 0.5)
    noise = rng.normal(0, 1, (SIDE, SIDE, 1)).astype(np.float32)
    face, crop, skin = low + 0.10 * noise, low + 0.05 * noise, _ones()
    skin[:, 48:] = 0.0
    made = grained(face, crop, low, low, skin)
    assert made[:, :48].std() == pytest.approx(0.05, rel=0.1)
    assert (made[:, 48:] == face[:, 48:]).all()
    assert grained(crop, face, low, low, skin) is crop  # what is smooth stays so
