"""What a picture needs before its pixels."""

from __future__ import annotations

import pytest

from vplugin.synth.camera import Camera
from vplugin.synth.person import Person
from vplugin.synth.props import Prop
from vplugin.synth.scene import Scene, Subject
from vplugin.synth.staging import casting, sides, staged

# The first head on a machine is compiled.
pytestmark = pytest.mark.timeout(900)


def somebody(x: float, z: float = 800.0) -> Scene:
    return Scene((Subject(Person.from_seed(12), place=(x, 0.0, z)),), Camera())


@pytest.mark.parametrize(("size", "wanted"), [(64, (64, 64)), ((80, 48), (80, 48))])
def test_sides(size, wanted):
    assert sides(size) == wanted


@pytest.mark.parametrize("size", [7, (64, 7), (0, 64)])
def test_too_small(size):
    with pytest.raises(ValueError, match="too small; take 8 or more"):
        sides(size)


def test_a_region_holds_what_is_there():
    stage = staged(somebody(0.0), 96, 64)
    assert stage.region is not None
    assert 0 < stage.region.left < 48 < stage.region.left + stage.region.width < 96
    assert stage.region.top + stage.region.height == 64
    # The principal point, in samples of the region.
    assert stage.camera[1] == 96 - 2 * stage.region.left
    assert stage.small
    assert casting(somebody(0.0), stage, stage.region).size == 128
    assert len(stage.solid().triangles) > 1000


def test_nothing_in_the_picture():
    stage = staged(somebody(3000.0), 64, 64)
    assert stage.region is None
    assert len(stage.bodies) == 1


def test_things_alone_are_not_small():
    stage = staged(Scene((), Camera(), occluders=(Prop("hand", (0.0, 0.0, 500.0)),)), 64, 64)
    assert not stage.small
    assert stage.bodies == ()
    assert len(stage.glass().triangles) == 0
