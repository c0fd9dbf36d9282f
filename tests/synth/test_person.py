"""People: the same from the same seed, believable together, mixed and given another's identity."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from vplugin.synth.ageing import childhood, oldness, size_of
from vplugin.synth.person import IDENTITY, Person, shape_amounts, wrinkled
from vplugin.synth.shape_fields import SHAPE
from vplugin.synth.wear import Wear

PEOPLE = [Person.from_seed(seed) for seed in range(240)]


def test_a_seed_is_one_person() -> None:
    assert Person.from_seed(7) == Person.from_seed(7)
    assert Person.from_seed(7) != Person.from_seed(8)
    assert Person.from_seed(7).seed == 7


def test_a_seed_is_the_same_person_for_ever() -> None:
    person = Person.from_seed(1)
    assert (round(person.age, 6), round(person.sex, 6)) == (19.23872, -0.858344)


def test_people_are_of_all_kinds() -> None:
    ages = np.array([p.age for p in PEOPLE])
    tones = np.array([p.tone.melanin for p in PEOPLE])
    assert (ages < 14).mean() > 0.04
    assert (ages > 65).mean() > 0.1
    assert 0.35 < np.mean([p.sex > 0 for p in PEOPLE]) < 0.65
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        assert ((tones >= low) & (tones < low + 0.2)).mean() > 0.05


@pytest.mark.parametrize(
    ("of", "more", "less"),
    [
        ("wrinkles", lambda p: p.age > 65, lambda p: p.age < 30),
        ("grey", lambda p: p.age > 65, lambda p: p.age < 30),
        ("wings", lambda p: p.tone.melanin > 0.7, lambda p: p.tone.melanin < 0.3),
        ("jaw", lambda p: p.sex > 0.3 and p.age > 18, lambda p: p.sex < -0.3 and p.age > 18),
        ("length", lambda p: p.age > 20, lambda p: p.age < 10),
    ],
)
def test_what_goes_together(of: str, more: object, less: object) -> None:
    measure = {
        "wrinkles": wrinkled,
        "grey": lambda p: p.hair.greying,
        "wings": lambda p: p.nose.wings,
        "jaw": lambda p: shape_amounts(p)["jaw.width"],
        "length": lambda p: shape_amounts(p)["jaw.length"],
    }[of]
    assert callable(more)
    assert callable(less)
    high = np.mean([measure(p) for p in PEOPLE if more(p)])
    low = np.mean([measure(p) for p in PEOPLE if less(p)])
    assert high > low + 0.1


def test_every_shape_parameter_moves_something() -> None:
    given = {"mouth.teeth_size", "mouth.teeth_gaps"}
    assert set(shape_amounts(Person())) == set(SHAPE) | given


def test_about_eighty_parameters_of_shape() -> None:
    assert len(SHAPE) >= 80


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_mix_ends_with_either(share: float) -> None:
    a, b = PEOPLE[3], PEOPLE[4]
    assert Person.mix(a, b, share) == (b if share else a)


def test_two_equal_bounds_mix_to_that_bound() -> None:
    """0.01 * (1 - 0.1) + 0.01 * 0.1 is one rounding step below 0.01."""
    for p in Wear.parameters():
        if p.words:
            continue
        for bound in (p.low, p.high):
            one = replace(Wear(), **{p.name: bound})
            assert [getattr(one.mixed(one, share / 37), p.name) for share in range(38)] == (
                [pytest.approx(bound)] * 38
            )


def test_mix_is_between() -> None:
    a, b = PEOPLE[3], PEOPLE[4]
    half = Person.mix(a, b, 0.5)
    assert half.nose.length == pytest.approx((a.nose.length + b.nose.length) / 2)
    assert half.age == pytest.approx((a.age + b.age) / 2)


def test_identity_is_taken_and_attributes_are_kept() -> None:
    target, source = PEOPLE[5], PEOPLE[6]
    swapped = target.with_identity(source)
    np.testing.assert_array_equal(swapped.identity, source.identity)
    assert swapped.texture == source.texture
    kept = {"tone", "make_up", "hair", "beard", "wear", "body"}
    for name in kept:
        assert getattr(swapped, name) == getattr(target, name)
    known = {*IDENTITY, "age", "sex", "texture", "brows", "seed", *kept}
    assert {item.name for item in fields(Person)} == known


def test_identity_is_numbers_from_nought_to_one() -> None:
    vectors = np.stack([p.identity for p in PEOPLE])
    assert vectors.dtype == np.float32
    assert vectors.min() >= 0
    assert vectors.max() <= 1
    assert len(np.unique(vectors, axis=0)) == len(PEOPLE)


@pytest.mark.parametrize(("age", "young", "old"), [(3, 1, 0), (17, 0, 0), (38, 0, 0), (82, 0, 1)])
def test_ageing(age: float, young: float, old: float) -> None:
    assert childhood(age) == pytest.approx(young)
    assert oldness(age) == pytest.approx(old)


def test_children_are_smaller() -> None:
    assert size_of(4, 0) < size_of(12, 0) < size_of(30, 0)
