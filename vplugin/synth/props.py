"""Things before people: what may hide a part of a face.

The first form, so that scenes can be built: things are given as parts; none is drawn by chance yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vplugin.synth.draw import Draw
from vplugin.synth.parts import Part


@dataclass(frozen=True)
class Prop:
    """A thing in the scene's space."""

    pieces: tuple[Part, ...]

    def parts(self) -> tuple[Part, ...]:
        """Its meshes, mm, where they are seen from the camera."""
        return self.pieces


def draw_props(draw: Draw, subjects: Sequence[Any]) -> tuple[Prop, ...]:
    """The things of a scene drawn by chance: none yet."""
    return ()
