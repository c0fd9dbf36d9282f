from __future__ import annotations

import numpy as np
import pytest

from vplugin.vision.mesh_light import (
    desaturated,
    grained,
    greyness,
    measured,
    painted,
    relit,
    spared,
)

SIDE = 96


def _gain(face, crop, *others) -> np.ndarray:
    """Of a target that lies under the new face as it is."""
    return measured(face, crop, crop, *others).gain


def _skin(*colour: float) -> np.ndarray:
    return np.broadcast_to(np.asarray(colour, np.float32), (SIDE, SIDE, 3)).copy()


def _ones() -> np.ndarray:
    return np.ones((SIDE, SIDE), np.float32)


@pytest.mark.parametrize("light", [0.0, 0.5, 1.0])
def test_one_colour_becomes_the_other(light):
    face, crop = _skin(0.8, 0.6, 0.5), _skin(0.4, 0.36, 0.3)
    found = _gain(face, crop, _ones(), 5.0, light)
    np.testing.assert_allclose((face * found), crop, atol=0.01)


def test_slow_shading_is_taken_on_and_detail_is_not():
    x = np.linspace(0, 1, SIDE, dtype=np.float32)[None, :, None]
    crop = _skin(0.5, 0.4, 0.3) * (0.5 + x)
    stripes = 1 + 0.2 * np.sin(np.arange(SIDE) * 2.0).astype(np.float32)[:, None, None]
    face = _skin(0.5, 0.4, 0.3) * stripes
    lit = face * _gain(face, crop, _ones(), 5.0, 1.0)
    middle = slice(20, -20)
    columns = (lit / crop)[middle, middle].mean(axis=0)
    assert np.abs(columns - 1).max() < 0.05
    rows = lit[middle, middle].mean(axis=(1, 2))
    assert rows.std() / rows.mean() > 0.12
    flat = face * _gain(face, crop, _ones(), 5.0, 0.0)
    assert np.ptp(flat.mean(axis=(0, 2))) < 0.01


def test_features_have_no_say():
    """A dark brow of the target must not throw a shadow on the new face."""
    face, crop, skin = _skin(0.5, 0.5, 0.5), _skin(0.5, 0.5, 0.5), _ones()
    crop[40:52] = 0.05
    skin[40:52] = 0.0
    found = _gain(face, crop, skin, 5.0, 1.0)
    assert np.abs(found - 1).max() < 0.02


def test_nothing_but_features_still_gives_numbers():
    found = _gain(
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


def test_highlights_do_not_glare_on_paler_skin():
    face, crop = _skin(0.25, 0.2, 0.15), _skin(0.6, 0.48, 0.36)
    face[44:52, 44:52] += 0.3
    light = measured(face, crop, crop, _ones(), 5.0, 1.0)
    made = relit(face, light.gain, light.low)
    np.testing.assert_allclose(made[:30], crop[:30], atol=0.03)
    assert made[48, 48, 2] < 0.36 + 0.35
    assert (face * light.gain)[48, 48, 2] > made[48, 48, 2] + 0.03


def test_brows_do_not_turn_milky_on_paler_skin():
    face, crop = _skin(0.25, 0.2, 0.15), _skin(0.6, 0.48, 0.36)
    face[44:48, 30:66] = 0.03
    skin = _ones()
    skin[42:50, 28:68] = 0.0
    light = measured(face, crop, crop, skin, 5.0, 1.0)
    assert (face * light.gain)[46, 48, 1] > 0.065
    assert relit(face, light.gain, light.low)[46, 48, 1] < 0.055


def test_the_harder_the_shadows_the_more_of_them_goes():
    spots = np.zeros((SIDE, SIDE, 1), np.float32)
    for y, x in ((12, 12), (12, 60), (60, 12), (60, 60)):
        spots[y : y + 20, x : x + 20] = 1.0

    def left(depth: float) -> float:
        face = _skin(0.5, 0.4, 0.3) * (1 - depth * spots)
        made = face * _gain(face, _skin(0.5, 0.4, 0.3), _ones(), 9.0, 1.0)
        return float(made[48, 48, 0] - made[22, 22, 0]) / depth

    assert left(0.5) < 0.7 * left(0.05)


def test_the_white_of_the_eye_is_not_lit_like_dark_skin():
    face, crop = _skin(0.2, 0.16, 0.12), _skin(0.8, 0.64, 0.5)
    eyes = np.zeros((SIDE, SIDE), np.float32)
    eyes[40:50, 40:50] = 1.0
    gain = _gain(face, crop, 1.0 - eyes, 5.0, 1.0)
    face[40:50, 40:50], crop[40:50, 40:50] = 0.7, 0.56
    face[42:48, 42:46], crop[42:48, 45:49] = 0.1, 0.25  # irises, which are not to be compared
    found = spared(gain, face, crop, eyes)
    np.testing.assert_allclose(found[45, 45], 0.8, atol=0.05)
    assert found[10, 10].min() > 3.0
    few = np.zeros_like(eyes)
    few[45, 45] = 1.0
    assert spared(gain, face, crop, few)[45, 45].max() <= 1.5


def test_lips_take_the_colour_of_lips_and_not_of_skin():
    face, crop = _skin(0.8, 0.6, 0.5), _skin(0.3, 0.2, 0.15)
    lips = np.zeros((SIDE, SIDE), np.float32)
    lips[60:66, 30:66] = 1.0
    face[60:66, 30:66], crop[60:66, 30:66] = (0.7, 0.3, 0.3), (0.45, 0.1, 0.12)
    light = measured(face, crop, crop, 1.0 - lips, 5.0, 1.0)
    made = face * painted(light, face, crop, lips, 5.0)
    np.testing.assert_allclose(made[63, 48], crop[63, 48], atol=0.02)
    np.testing.assert_allclose(made[20, 48], crop[20, 48], atol=0.02)
    assert painted(light, face, crop, lips * 0, 5.0) is light.gain
    crop[60:66, 30:66] = 0.7  # teeth
    assert painted(light, face, crop, lips, 5.0) is light.gain


def test_what_shines_on_the_relief_lies_where_the_new_face_has_it():
    """A highlight on the nose, which the new face has elsewhere."""
    face, crop = _skin(0.4, 0.3, 0.2), _skin(0.4, 0.3, 0.2)
    bent = crop.copy()
    crop[40:46, 30:36] = bent[40:46, 50:56] = 0.7
    lit = (face * measured(face, crop, bent, _ones(), 9.0, 1.0).gain).mean(axis=2)
    assert lit[43, 53] > 1.1 * lit[43, 63]
    assert lit[43, 33] < lit[43, 53]


def test_in_a_black_and_white_picture_lips_have_no_colour():
    grey, skin = _skin(0.4, 0.4, 0.4), _skin(0.7, 0.5, 0.4)
    assert greyness(grey, _ones()) == 1.0
    assert greyness(skin, _ones()) == 0.0
    half = desaturated(skin, 0.5)
    assert np.ptp(half[0, 0]) == pytest.approx(0.5 * np.ptp(skin[0, 0]), rel=0.01)
    assert np.ptp(desaturated(skin, 1.0)[0, 0]) < 1e-6
