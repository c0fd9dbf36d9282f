"""Reenactments of procedural people are exact at severity nought, and wrong in known ways above."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vplugin.synth.scene import Scene
from vplugin.train.reenact import Severity, reenacted_scene, softened

ONE, OTHER = Scene.from_seed(11), Scene.from_seed(12)
SHOWN, WANTED = ONE.subjects[0], OTHER.subjects[0]


def made(factor: float, seed: int = 3) -> Scene:
    generator = np.random.default_rng(seed)
    return reenacted_scene(ONE, OTHER, Severity(factor), generator)


def test_without_severity_the_person_is_exact() -> None:
    scene = made(0.0)
    (subject,) = scene.subjects
    assert subject.expression == WANTED.expression
    assert subject.pose == WANTED.pose
    assert subject.place == WANTED.place
    np.testing.assert_allclose(subject.person.identity, SHOWN.person.identity, atol=1e-6)
    assert (scene.camera, scene.backdrop) == (OTHER.camera, OTHER.backdrop)
    assert scene.light == ONE.light  # the light stays the identity giver's, as nets leave it
    assert scene.occluders == ()


def test_errors_grow_with_severity() -> None:
    own, there = SHOWN.person.identity, WANTED.person.identity
    leaks, poses, expressions = [], [], []
    for factor in (0.5, 1.0, 2.0):
        (subject,) = made(factor).subjects
        towards = there - own
        leaks.append(float((subject.person.identity - own) @ towards / (towards @ towards)))
        poses.append(abs(subject.pose.yaw - WANTED.pose.yaw))
        expressions.append(np.abs(subject.expression.vector() - WANTED.expression.vector()).sum())
    for found in (leaks, poses, expressions):
        assert found == sorted(found)
        assert found[0] > 0
    assert 0.02 < leaks[1] < 0.4


@pytest.mark.parametrize("seed", range(3))
def test_the_same_generator_gives_the_same_scene(seed: int) -> None:
    assert made(1.0, seed) == made(1.0, seed)
    assert made(1.0, seed) != made(1.0, seed + 1)


def test_extreme_expressions_stay_within_their_ranges() -> None:
    wild = replace(WANTED, expression=replace(WANTED.expression, jaw=1.0, blink_left=1.0))
    scene = replace(OTHER, subjects=(wild,))
    for seed in range(20):
        extreme = reenacted_scene(ONE, scene, Severity(4.0), np.random.default_rng(seed))
        (subject,) = extreme.subjects
        shares = subject.expression.vector()
        assert shares.min() >= 0
        assert shares.max() <= 1
        assert subject.expression != wild.expression


def test_softening() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    assert softened(picture, Severity(0.0), np.random.default_rng(1)) is picture
    mild, strong = (
        softened(picture, Severity(f), np.random.default_rng(1)).astype(int) for f in (1.0, 3.0)
    )
    assert picture.std() > mild.std() > strong.std() > 1
