"""How a graph file says whose faces a node works on; not a node."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vplugin.node import Params
from vplugin.vision.blend import Compositor, HostCompositor
from vplugin.vision.select import ByPosition, ByTrack, Everyone, Largest, Rule, Side

__all__ = ["Select", "TrackSelect", "compositor_for", "rule_of"]

Select = Literal["all", "largest", "left", "right", "top", "bottom", "centre"]


class TrackSelect(Params):
    """The person of one track number."""

    track: int = Field(ge=0, description="Number that the track node gave.")


def rule_of(select: Select | TrackSelect) -> Rule:
    """The rule that a selection stands for."""
    if isinstance(select, TrackSelect):
        return ByTrack(select.track)
    if select == "all":
        return Everyone()
    if select == "largest":
        return Largest()
    side: Side = select
    return ByPosition(side)


def compositor_for(device: str) -> Compositor:
    """OpenCV on the CPU, torch elsewhere (imported only there: it takes a second)."""
    if device == "cpu":
        return HostCompositor()
    from vplugin.vision.device import DeviceCompositor

    return DeviceCompositor(device)
