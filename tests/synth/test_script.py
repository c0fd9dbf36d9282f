"""Films: shots, cameras that move, things that pass."""

from __future__ import annotations

import pytest

from vplugin.synth.camera import Camera
from vplugin.synth.motion import Aim
from vplugin.synth.performance import Performance
from vplugin.synth.person import Person
from vplugin.synth.props import Prop
from vplugin.synth.render import render
from vplugin.synth.script import Crossing, Role, Script, Shot

pytestmark = pytest.mark.timeout(600)  # on a fresh machine the renderer is compiled first

STILL = Performance(1, 10.0, liveliness=0.0)
HAND = Prop("hand", (0.0, 74.0, -60.0), (0.0, 0.0, 80.0))


def role(seed: int = 3, **more: object) -> Role:
    return Role(Person.from_seed(seed), seed, STILL, **{"place": (0.0, 0.0, 0.0), **more})


def shot(start: float = 0.0, **more: object) -> Shot:
    return Shot(start, Camera(field_of_view=26.0), **{"eye": (0.0, 0.0, -800.0), **more})


def test_shots_follow_each_other() -> None:
    shots = (shot(), shot(2.0, roles=(1,)), shot(5.0), shot(11.0))
    script = Script((role(1), role(2)), shots, 8.0)
    assert script.cuts == (2.0, 5.0)
    assert [script.shot_at(time) for time in (-1.0, 0.0, 1.99, 2.0, 4.9, 7.0)] == [0, 0, 0, 1, 1, 2]
    assert [script.roles_at(time) for time in (0.0, 3.0, 6.0)] == [(0, 1), (1,), (0, 1)]
    assert script.scene_at(3.0).subjects[0].person == script.roles[1].person


def test_a_camera_moves_smoothly_and_stops() -> None:
    script = Script((role(),), (shot(moves=(40.0, 0.0, 200.0), seconds=4.0),), 8.0)
    places = [script.scene_at(time).subjects[0].place for time in (0.0, 2.0, 4.0, 8.0)]
    assert places[0] == (0.0, 0.0, 800.0)
    assert places[1] == pytest.approx((-20.0, 0.0, 700.0))
    assert places[2] == places[3] == pytest.approx((-40.0, 0.0, 600.0))


def test_a_shaking_camera_stays_near() -> None:
    script = Script((role(),), (shot(shake=3.0),), 20.0)
    found = [script.scene_at(0.5 * k).subjects[0].place for k in range(40)]
    assert len(set(found)) == 40
    assert max(abs(x) + abs(y) for x, y, _ in found) < 20.0


@pytest.mark.parametrize(("x", "yaw"), [(-250.0, 17.35), (0.0, 0.0), (250.0, -17.35)])
@pytest.mark.parametrize("facing", [0.0, 12.0])
def test_who_looks_at_the_camera_looks_at_this_one(x: float, yaw: float, facing: float) -> None:
    script = Script((role(place=(x, 0.0, 0.0), facing=facing),), (shot(),), 1.0)
    [subject] = script.scene_at(0.5).subjects
    assert subject.pose.yaw + subject.facing == pytest.approx(yaw, abs=0.01)
    assert subject.facing == facing


def test_a_thing_comes_moves_and_goes() -> None:
    aims = (Aim(float("-inf"), (100.0, 0.0, 0.0)), Aim(2.0, (-100.0, 0.0, 0.0), 1.0))
    crossing = Crossing(HAND, 1.0, 4.0, aims)
    assert crossing.at(0.9) is crossing.at(4.0) is None
    places = [crossing.at(time).place[0] for time in (1.5, 2.5, 3.5)]
    assert places == pytest.approx([100.0, 0.0, -100.0])
    assert Crossing(HAND, 1.0, 4.0).at(2.0) == HAND


def test_a_hand_before_a_mouth_hides_it() -> None:
    script = Script((role(),), (shot(),), 4.0, (Crossing(HAND, 1.0, 3.0),))
    before, during = (render(script.scene_at(time), 96).faces[0] for time in (0.5, 2.0))
    assert during.occluded > before.occluded + 0.1
    assert not during.visible68[48:].any()
    assert before.visible68[48:].mean() > 0.7
    assert during.box == pytest.approx(before.box)
