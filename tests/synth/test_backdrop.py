from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

import numpy as np
import pytest

from vplugin.synth.backdrop import Backdrop, ambient_of, draw_backdrop
from vplugin.synth.draw import Draw

KINDS = next(p.words for p in Backdrop.parameters() if p.name == "kind")


def _of_kind(kind: str, seed: int = 3) -> Backdrop:
    return replace(Backdrop.from_draw(Draw(seed, kind)), kind=kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_fills_the_picture_and_differs_by_seed(kind):
    first = draw_backdrop(_of_kind(kind), 60, 48)
    assert first.shape == (48, 60, 3)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    assert first.min() >= 0
    assert 0.0005 < first.mean() < 8
    assert first.tobytes() == draw_backdrop(_of_kind(kind), 60, 48).tobytes()
    assert first.tobytes() != draw_backdrop(_of_kind(kind, 4), 60, 48).tobytes()


def test_blur_takes_detail_away_and_keeps_the_mean():
    sharp = draw_backdrop(replace(_of_kind("bookshelf"), blur=0.0), 128, 128)
    soft = draw_backdrop(replace(_of_kind("bookshelf"), blur=0.05), 128, 128)
    assert np.abs(np.diff(soft, axis=1)).mean() < 0.3 * np.abs(np.diff(sharp, axis=1)).mean()
    assert soft.mean() == pytest.approx(sharp.mean(), rel=0.1)


def test_mirrored_exchanges_left_and_right():
    given = replace(_of_kind("kitchen"), mirrored="no", blur=0.0)
    there = draw_backdrop(given, 64, 64)
    back = draw_backdrop(replace(given, mirrored="yes"), 64, 64)
    np.testing.assert_allclose(back[:, ::-1], there, atol=1e-5)


@pytest.mark.parametrize(("change", "brighter"), [({"brightness": 1.0}, 2.0), ({}, 1.0)])
def test_brightness_is_in_stops(change, brighter):
    given = replace(_of_kind("room"), brightness=0.0)
    ratio = (
        draw_backdrop(replace(given, **change), 40, 40).mean() / draw_backdrop(given, 40, 40).mean()
    )
    assert ratio == pytest.approx(brighter, rel=0.02)


def test_ambient_says_from_where_the_light_comes():
    picture = np.zeros((30, 30, 3), np.float32)
    picture[:10] = (0.5, 0.25, 1.0)
    ambient = ambient_of(picture)
    assert ambient.top == pytest.approx((0.5, 0.25, 1.0), abs=1e-4)
    assert ambient.bottom == (0, 0, 0)
    assert ambient.left == ambient.right == pytest.approx((1 / 6, 1 / 12, 1 / 3), abs=1e-4)
    assert len(_of_kind("park").ambient()) == 4


def test_the_same_bytes_on_every_machine():
    digest = blake2b(digest_size=8)
    for kind in KINDS:
        digest.update(draw_backdrop(_of_kind(kind), 40, 40).tobytes())
    assert digest.hexdigest() == "7ea760b99c16eab0"


@pytest.mark.parametrize("size", [(0, 10), (10, 0)])
def test_no_picture_without_a_size(size):
    with pytest.raises(ValueError, match="take 1 or more"):
        draw_backdrop(Backdrop(), *size)


def test_a_picture_belongs_to_its_caller():
    first = draw_backdrop(_of_kind("brick"), 24, 24)
    wanted = first.tobytes()
    first[:] = 0
    assert draw_backdrop(_of_kind("brick"), 24, 24).tobytes() == wanted
