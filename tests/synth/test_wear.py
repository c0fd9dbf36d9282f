from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from vplugin.synth.draw import Draw
from vplugin.synth.expression import Expression
from vplugin.synth.form import Form, ears
from vplugin.synth.head import Head, build_head
from vplugin.synth.parts import Segment
from vplugin.synth.person import Person
from vplugin.synth.wear import Outfit, Wear, dress

BARE = Wear(
    top="bare", glasses="none", hat="none", cover="none", earrings="none", necklace="none",
    headphones="none",
)  # fmt: skip


@cache
def _head(seed: int = 5) -> Head:
    return build_head(Person.from_seed(seed), Expression())


def _words(name: str) -> tuple[str, ...]:
    return next(p.words for p in Wear.parameters() if p.name == name)


def _check(outfit: Outfit) -> None:
    assert len(outfit.parts) == len(outfit.turning)
    for part, turning in zip(outfit.parts, outfit.turning, strict=True):
        count = len(part.vertices)
        assert np.isfinite(part.vertices).all()
        assert np.abs(part.vertices).max() < 700
        assert part.texture.shape == (count, 3)
        assert turning.shape == (count,)
        assert turning.min() >= 0
        assert turning.max() <= 1
        assert part.triangles.min() >= 0
        assert part.triangles.max() < count


def test_bare_is_nothing():
    assert dress(BARE, _head()) == Outfit((), ())


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("top", Segment.CLOTH),
        ("glasses", Segment.GLASSES),
        ("hat", Segment.HAT),
        ("earrings", Segment.EARRING),
        ("necklace", Segment.NECKLACE),
        ("headphones", Segment.PROP),
    ],
)
def test_every_word_is_something_of_its_label(name, label):
    for word in _words(name):
        if word in ("none", "bare"):
            continue
        outfit = dress(replace(BARE, **{name: word}), _head())
        _check(outfit)
        assert outfit.parts, word
        assert {part.label for part in outfit.parts} == {label}, word


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("medical_mask", Segment.MASK),
        ("cloth_mask", Segment.MASK),
        ("scarf", Segment.MASK),
        ("wound_scarf", Segment.CLOTH),
    ],
)
def test_masks_lie_before_the_mouth_and_scarves_below(word, label):
    outfit = dress(replace(BARE, cover=word, cover_slip=0.0), _head())
    _check(outfit)
    assert {part.label for part in outfit.parts} == {label}
    mouth = _head().points5[3:].mean(axis=0)
    points = np.concatenate([part.vertices for part in outfit.parts])
    near = (np.abs(points[:, 0] - mouth[0]) < 12) & (np.abs(points[:, 1] - mouth[1]) < 12)
    near &= points[:, 2] < mouth[2]
    assert near.any() == (label is Segment.MASK)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_glasses_sit_before_the_eyes_and_reach_the_ears(seed):
    head = _head(seed)
    lenses = [
        part for part in dress(replace(BARE, glasses="round"), head).parts if part.opacity < 1
    ]
    assert len(lenses) == 2
    for lens, eye in zip(lenses, head.eyes, strict=True):
        low, high = lens.vertices.min(axis=0), lens.vertices.max(axis=0)
        assert (low[:2] < eye[:2]).all()
        assert (eye[:2] < high[:2]).all()
        assert high[2] < eye[2] - 8
    rim = next(p for p in dress(replace(BARE, glasses="round"), head).parts if p.opacity == 1)
    assert rim.vertices[:, 2].max() > ears(head)[0][:, 2].min()


@pytest.mark.parametrize("hat", [word for word in _words("hat") if word not in ("none", "band")])
def test_hats_are_outside_of_the_skull_and_leave_the_eyes_free(hat):
    head = _head()
    outfit = dress(replace(BARE, hat=hat), head)
    points = np.concatenate([part.vertices for part in outfit.parts])
    assert points[:, 1].min() < head.parts[0].vertices[:, 1].min() - 2
    before = (np.abs(points[:, 0]) < 45) & (np.abs(points[:, 1]) < 9) & (points[:, 2] < -10)
    assert not before.any()
    assert all(turning.max() == 1 for turning in outfit.turning[:1])


def test_the_form_reads_the_skin():
    form = Form.of(_head())
    place = form.at(np.array([0.0, 4.0, -4.0, 8.0]), np.array([14.0, 14.0, 14.0, 14.0]))
    assert place.outward[0, 2] < -0.8
    assert place.outward[1, 0] > 0.3
    assert place.points[1, 0] == pytest.approx(-place.points[2, 0], abs=1e-9)
    assert place.outward[3, 2] > 0.8
    np.testing.assert_allclose(place.lifted(3.0) - place.points, 3.0 * place.outward, atol=1e-9)


def test_drawn_wear_varies_and_repeats():
    drawn = [Wear.from_draw(Draw(seed, "w")) for seed in range(60)]
    assert drawn[7] == Wear.from_draw(Draw(7, "w"))
    assert len({wear.top for wear in drawn}) > 5
    assert 5 < sum(wear.glasses == "none" for wear in drawn) < 55


def test_the_same_bytes_every_time():
    wear = Wear.from_draw(Draw(11, "w"))
    first, second = dress(wear, _head()), dress(wear, _head())
    for a, b in zip(first.parts, second.parts, strict=True):
        assert a.vertices.tobytes() == b.vertices.tobytes()
