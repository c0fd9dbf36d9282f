"""Pixel measures of an answer, put together."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.contest.faces import PEOPLE, case, shot
from vplugin.train.contest.looks import Scene, source_laid
from vplugin.vision.align import apply

CASE = case(0, 1)


def test_the_truth_is_perfect_and_the_target_is_itself() -> None:
    assert CASE.truth is not None
    scene = Scene(CASE, 128)
    right = scene.measured(CASE.truth.shot.crop(128))
    same = scene.measured(CASE.target.crop(128))
    for part in ("face", "ring", "background"):
        assert right[f"psnr_{part}"] == pytest.approx(58.92, abs=0.01)
        assert right[f"ssim_{part}"] == pytest.approx(1)
        assert right[f"gmsd_{part}"] == pytest.approx(0, abs=1e-6)
    assert same["psnr_face"] < 15
    assert same["psnr_background"] > same["psnr_face"]
    assert same["detail_target"] == right["detail_truth"] == pytest.approx(1)
    assert same["detail_truth"] < 1


def test_without_a_truth_only_copying_is_measured() -> None:
    blind = case(0, 1, exact=False)
    assert set(Scene(blind, 128).measured(blind.target.crop(128))) == {
        "detail_source",
        "detail_target",
    }


def test_the_source_is_laid_on_the_targets_points() -> None:
    source, target = shot(PEOPLE[1], 40, degrees=-25.0), shot(PEOPLE[0], 10, degrees=10.0)
    laid, inside = source_laid(source, target, 128)
    assert inside[64, 64]
    assert inside.mean() > 0.8
    for x, y in apply(target.matrix(128), target.points)[:2]:
        eye = laid[round(y), round(x)].astype(int)
        assert eye.max() < 80, "a pupil of the cartoon"
    assert np.abs(laid[84, 46].astype(int) - PEOPLE[1]).max() < 25
