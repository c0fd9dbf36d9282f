"""How a head is turned about the pivot of the neck."""

from __future__ import annotations

from dataclasses import dataclass

from vplugin.synth.parameters import Group, number


@dataclass(frozen=True)
class Pose(Group):
    """Angles about the neck's pivot at (0, 85, 95) mm of the head's frame."""

    yaw: float = number(-95, 95, 0, 24, "degrees", "Face to the picture's right (+) or left.")
    pitch: float = number(-50, 50, 1, 10, "degrees", "Face down (+) or up.")
    roll: float = number(-60, 60, 0, 8, "degrees", "Tilted clockwise in the picture (+).")
