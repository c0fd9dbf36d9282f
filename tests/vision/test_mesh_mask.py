from __future__ import annotations

import numpy as np
import pytest

from vplugin.vision.mesh_mask import coverage, smoothstep

SIDE, EYES = 128, 40.0


def _ones() -> np.ndarray:
    return np.ones((SIDE, SIDE), np.float32)


def _half() -> np.ndarray:
    half = _ones()
    half[:, SIDE // 2 :] = 0.0
    return half


def test_all_face_shows_all():
    assert coverage(_ones(), _ones(), _ones(), _ones(), EYES, 0.17)[20:-20, 20:-20].min() == 1.0


def test_nothing_is_laid_over_hair_or_hands_of_the_target():
    mask = coverage(_ones(), _ones(), _half(), _ones(), EYES, 0.17)[SIDE // 2]
    assert mask[SIDE // 2 :].max() < 0.03
    assert mask[SIDE // 2 - 6] > 0.97  # and yet the border is sharp


def test_the_sources_fringe_and_its_shadow_stay_out():
    mask = coverage(_ones(), _ones(), _ones(), _half(), EYES, 0.17)[SIDE // 2]
    assert mask[SIDE // 2 :].max() < 0.03
    assert mask[SIDE // 2 - 12] > 0.97


def test_features_are_not_cut_by_what_is_close_to_them():
    skin = _ones()
    skin[60:68] = 0.0
    near = SIDE // 2 - 3
    mask = coverage(_ones(), skin, _ones(), _half(), EYES, 0.17)
    assert mask[64, near] > mask[20, near] + 0.1


@pytest.mark.parametrize("feather", [0.0, 0.1, 0.4])
def test_the_border_of_the_mesh_is_as_soft_as_asked(feather):
    reach = np.broadcast_to(np.linspace(0, 0.5, SIDE, dtype=np.float32), (SIDE, SIDE))
    mask = coverage(reach, _ones(), _ones(), _ones(), EYES, feather)[SIDE // 2]
    assert mask[0] == 0
    width = float(reach[0, np.argmax(mask > 0.99)])
    assert width == pytest.approx(max(feather, 0.02), abs=0.03)


def test_smoothstep():
    assert smoothstep(np.array([0.0, 0.5, 1.0, 2.0]), 0.0, 1.0).tolist() == [0, 0.5, 1, 1]
