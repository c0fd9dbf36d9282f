from __future__ import annotations

import pytest

from vplugin.nodes.choice import TrackSelect, compositor_for, rule_of
from vplugin.vision.blend import HostCompositor
from vplugin.vision.device import DeviceCompositor
from vplugin.vision.select import ByPosition, ByTrack, Everyone, Largest


@pytest.mark.parametrize(
    ("select", "rule"),
    [
        ("all", Everyone()),
        ("largest", Largest()),
        ("left", ByPosition("left")),
        ("centre", ByPosition("centre")),
        (TrackSelect(track=3), ByTrack(3)),
    ],
)
def test_what_a_selection_stands_for(select, rule):
    assert rule_of(select) == rule


def test_the_cpu_has_opencv_and_other_devices_torch():
    assert isinstance(compositor_for("cpu"), HostCompositor)
    assert isinstance(compositor_for("meta"), DeviceCompositor)
