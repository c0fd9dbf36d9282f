"""Paint: labels where the features are, colours in range, tone, lips, make-up, wrinkles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vplugin.synth.appearance import MakeUp, Skin, Tone
from vplugin.synth.exact import compiled
from vplugin.synth.expression import Expression
from vplugin.synth.eye_paint import eye_parameters, paint_eye
from vplugin.synth.mouth_paint import paint_mouth
from vplugin.synth.parts import Floats, Material, Segment
from vplugin.synth.person import Person
from vplugin.synth.skin import paint, skin_label, skin_parameters

REST = Expression()
CHEEK, LIP, FOREHEAD = (42.0, 32.0, -8.0), (5.0, 77.0, -24.0), (10.0, -52.0, -21.0)


@compiled
def _painted(places: Floats, given: Floats, sample: float, out: Floats) -> None:
    for k in range(places.shape[0]):
        out[k, 0] = sample
        paint(places[k, 0], places[k, 1], places[k, 2], given, out[k])


def painted(
    person: Person, place: tuple[float, float, float], expression: Expression = REST
) -> Floats:
    """The mean paint (8,) of a few mm about a place."""
    near = np.array([(i * 0.37, j * 0.53, 0.0) for i in range(-6, 7) for j in range(-6, 7)])
    out = np.empty((len(near), 8))
    _painted(np.array(place) + near, skin_parameters(person, expression), 0.2, out)
    assert np.isfinite(out).all()
    assert out[:, [0, 1, 2, 3, 4, 6, 7]].min() >= 0
    assert out[:, [0, 1, 2, 3, 4, 6, 7]].max() <= 1
    return np.asarray(out.mean(axis=0))


@pytest.mark.parametrize(
    ("x", "y", "z", "label"),
    [
        (0, -50, -21, Segment.SKIN), (40, 30, -8, Segment.SKIN), (0, 20, -30, Segment.NOSE),
        (14, 45, -26, Segment.NOSE), (-14, 45, -26, Segment.NOSE), (0, 58, -22, Segment.SKIN),
        (0, 69, -24, Segment.UPPER_LIP), (0, 76, -24, Segment.LOWER_LIP),
        (-15, 74, -18, Segment.LOWER_LIP), (30, 72, -5, Segment.SKIN), (0, 100, -18, Segment.SKIN),
        (0, 135, 30, Segment.NECK), (50, 100, 64, Segment.NECK), (50, 80, 60, Segment.SKIN),
    ],
)  # fmt: skip
def test_labels(x: float, y: float, z: float, label: Segment) -> None:
    assert skin_label(float(x), float(y), float(z)) == label


def test_tones_run_from_light_to_dark() -> None:
    light = [
        painted(Person(tone=Tone(melanin=m)), FOREHEAD)[:3].sum()
        for m in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert light == sorted(light, reverse=True)
    assert light[0] > 1.2
    assert light[-1] < 0.35


@pytest.mark.parametrize("melanin", [0.05, 0.4, 0.9])
def test_skin_is_skin_coloured(melanin: float) -> None:
    for place in (CHEEK, FOREHEAD):
        red, green, blue = painted(Person(tone=Tone(melanin=melanin)), place)[:3]
        assert red > green > blue > 0.1 * red


def test_lips_are_redder_and_wetter() -> None:
    lip, cheek = painted(Person(), LIP), painted(Person(), FOREHEAD)
    assert lip[0] / lip[1] > 1.15 * cheek[0] / cheek[1]
    assert lip[7] > cheek[7]


def test_lipstick_covers() -> None:
    worn = Person(make_up=MakeUp(lipstick=1.0, lip_hue=0.35))
    assert painted(worn, LIP)[1] < 0.6 * painted(Person(), LIP)[1]
    np.testing.assert_array_equal(painted(worn, FOREHEAD), painted(Person(), FOREHEAD))


def roughness(person: Person, place: tuple[float, float, float], e: Expression = REST) -> float:
    """Standard deviation of the height in mm along 20 mm of y."""
    steps = np.array([(0.0, j * 0.1, 0.0) for j in range(-100, 101)])
    out = np.empty((len(steps), 8))
    _painted(np.array(place) + steps, skin_parameters(person, e), 0.15, out)
    return float(out[:, 5].std())


def test_wrinkles_come_with_age_and_with_raised_brows() -> None:
    young, old = (
        Person(age=20.0, skin=Skin(wrinkles=0.5)),
        Person(age=80.0, skin=Skin(wrinkles=0.5)),
    )
    place = (5.0, -48.0, -21.0)
    raised = Expression(brow_inner=1, brow_left=1, brow_right=1)
    assert roughness(old, place) > 2 * roughness(young, place)
    assert roughness(young, place, raised) > 1.5 * roughness(young, place)


def test_detail_too_fine_for_the_picture_is_left_out() -> None:
    given = skin_parameters(Person(), REST)
    places = np.array([(12.0 + 0.1 * k, 30.0, -16.0) for k in range(100)])
    near, far = np.empty((100, 8)), np.empty((100, 8))
    _painted(places, given, 0.1, near)
    _painted(places, given, 3.0, far)
    assert far[:, 5].std() < 0.2 * near[:, 5].std()


def test_another_texture_is_another_skin() -> None:
    person = Person()
    assert not np.array_equal(painted(person, CHEEK), painted(replace(person, texture=5), CHEEK))


@pytest.mark.parametrize("melanin", [0.0, 0.5, 1.0])
def test_eyes_have_a_dark_pupil_a_coloured_iris_and_a_white(melanin: float) -> None:
    person = Person()
    person = replace(person, iris=replace(person.iris, melanin=melanin))
    given, out = eye_parameters(person), np.zeros(8)
    seen = {}
    for name, x in (("pupil", 0.3), ("iris", 4.2), ("white", 8.0)):
        paint_eye(x, 0.5, -11.0, given, out)
        seen[name] = out[:3].copy()
    assert seen["pupil"].max() < 0.02
    assert seen["white"].min() > 0.4
    assert seen["pupil"].sum() < seen["iris"].sum() < seen["white"].sum()


def test_blue_eyes_are_blue_and_brown_ones_brown() -> None:
    person, out = Person(), np.zeros(8)
    for melanin, green, bluish in ((0.0, 0.0, True), (1.0, 0.0, False)):
        iris = replace(person.iris, melanin=melanin, green=green, grey=0.0, collar=0.0)
        paint_eye(3.9, 0.5, -11.0, eye_parameters(replace(person, iris=iris)), out)
        assert bool(out[2] > out[0]) is bluish


def test_teeth_are_light_and_the_throat_is_dark() -> None:
    given, tooth, throat = skin_parameters(Person(), REST), np.zeros(8), np.zeros(8)
    paint_mouth(4.0, 70.0, -14.0, int(Material.TEETH), given, tooth)
    paint_mouth(0.0, 75.0, 40.0, int(Material.MOUTH), given, throat)
    assert tooth[:3].min() > 0.35
    assert throat[:3].max() < 0.1
