from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from vplugin.synth.draw import Draw
from vplugin.synth.hands import GRIPS
from vplugin.synth.parts import Material, Segment
from vplugin.synth.person import Person
from vplugin.synth.pose import Pose
from vplugin.synth.props import KINDS, Prop, before_face, draw_props, on_face, skin_tone


@dataclass(frozen=True)
class Somebody:
    pose: Pose = field(default_factory=Pose)
    place: tuple[float, float, float] = (10.0, -20.0, 900.0)
    facing: float = 0.0
    person: Person = field(default_factory=Person)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_made_of_good_meshes(kind):
    parts = Prop(kind, (0.0, 0.0, 500.0), seed=4).parts()
    assert parts
    for part in parts:
        assert np.isfinite(part.vertices).all()
        assert part.texture.shape == part.vertices.shape
        assert 0 <= part.triangles.min() <= part.triangles.max() < len(part.vertices)
        assert part.label in (Segment.HAND, Segment.PROP, Segment.CLOTH)
    again = Prop(kind, (0.0, 0.0, 500.0), seed=4).parts()
    assert [p.vertices.tobytes() for p in parts] == [p.vertices.tobytes() for p in again]


@pytest.mark.parametrize("grip", GRIPS)
def test_hands_have_skin_of_their_tone_and_nails(grip):
    parts = Prop("hand", (0, 0, 0), grip=grip, tone=(0.4, 0.2, 0.1), sleeve=(0.1, 0, 0)).parts()
    skin, nails, sleeve = parts
    assert skin.material is Material.SKIN
    assert skin.colour == (0.4, 0.2, 0.1)
    assert nails.label is Segment.HAND
    assert sleeve.label is Segment.CLOTH
    high = skin.vertices[:, 1].min()
    assert (high < -110) == (grip in ("flat", "relaxed", "spread", "point", "victory", "pinch"))


def test_place_turn_size_and_side():
    base = Prop("hand", (0, 0, 0), grip="spread")
    points = base.parts()[0].vertices
    moved = base.moved((5, 6, 7)).parts()[0].vertices
    np.testing.assert_allclose(moved, points + np.array([5, 6, 7]), atol=1e-9)
    right = Prop("hand", (0, 0, 0), grip="spread", mirrored=True).parts()[0].vertices
    np.testing.assert_allclose(right, points * (-1, 1, 1), atol=1e-9)
    tilted = Prop("hand", (0, 0, 0), (0, 0, 90), grip="spread").parts()[0].vertices
    np.testing.assert_allclose(tilted[:, 0], -points[:, 1], atol=1e-6)
    turned = Prop("hand", (0, 0, 0), (90, 0, 0), 2.0, grip="spread").parts()[0].vertices
    np.testing.assert_allclose(turned[:, 2], 2 * points[:, 0], atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"), [({"kind": "cloud"}, "no prop"), ({"grip": "claw"}, "no grip")]
)
def test_unknown_words_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Prop(**{"kind": "hand", "place": (0, 0, 0), **change})


def test_a_place_on_the_face_follows_the_head():
    straight = on_face(Somebody(Pose(pitch=0)), np.array([[0.0, 70.0, -30.0]]))
    np.testing.assert_allclose(straight, [[10, 50, 870]], atol=1e-9)
    turned = on_face(Somebody(Pose(yaw=40.0, pitch=0)), np.array([[0.0, 70.0, -30.0]]))
    assert turned[0, 0] > straight[0, 0] + 40


@pytest.mark.parametrize("seed", range(12))
def test_what_is_before_a_face_is_nearer_than_its_mouth(seed):
    subject = Somebody(Pose(yaw=20.0, pitch=5.0), facing=-10.0)
    prop = before_face(Draw(seed, "p"), subject)
    assert prop == before_face(Draw(seed, "p"), subject)
    points = np.concatenate([part.vertices for part in prop.parts()])
    assert points[:, 2].min() < on_face(subject, np.array([[0.0, 70.0, -20.0]]))[0, 2]


def test_the_share_of_faces_with_something_before_them():
    people = [Somebody()] * 400
    assert draw_props(Draw(1, "p"), people, 0.0) == ()
    assert 40 < len(draw_props(Draw(1, "p"), people, 0.2)) < 130


def test_without_people_things_lie_about():
    found = [draw_props(Draw(seed, "p"), ()) for seed in range(20)]
    assert any(len(props) > 1 for props in found)
    assert all(prop.place[2] > 400 for props in found for prop in props)


def test_a_hand_before_a_face_is_mostly_of_its_skin():
    dark = Somebody(person=Person.from_seed(3))
    tone = skin_tone(dark.person)
    found = [before_face(Draw(seed, "t"), dark) for seed in range(30)]
    same = [abs(prop.tone[1] / prop.tone[0] - tone[1] / tone[0]) < 1e-6 for prop in found]
    assert 12 < sum(same) < 30
