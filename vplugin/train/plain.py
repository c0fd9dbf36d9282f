"""The bank of plain portraits: each person once, as passport photographs would have it.

From the front, without hair, wear or expression, under one light and in one tone, so that two of
these pictures differ by who is in them and by nothing else. They say what a recogniser should see
in any picture of the same person, which says far more than a name does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from vplugin.synth.camera import Camera
from vplugin.synth.hair_style import HairStyle
from vplugin.synth.light import Light
from vplugin.synth.person import Person
from vplugin.synth.render import render
from vplugin.synth.scene import Scene, Subject
from vplugin.train.augment import warped
from vplugin.train.shards import Item
from vplugin.vision.align import similarity, template

__all__ = ["PlainSource", "plain_scene"]

_DRAWN = 160  # px, the renderer's coarse path
_SIDE = 64  # px of a record: half of ArcFace's crop with its margins
_VIEW = 20.0  # degrees
_DISTANCE = 115.0 / (_VIEW * 0.0087266 * 0.57)  # mm: the face fills what it fills in portraits
_RELIEF = 100.0  # mm in front of and behind the eyes that a record's depth spans


@dataclass(frozen=True)
class PlainSource:
    """Renders one person for each seed, which is the person's number.

    Attributes:
        stretch: How much people differ, see :meth:`vplugin.synth.person.Person.stretched`.
    """

    stretch: float = 1.0

    name = "plain"
    parts = ()

    @property
    def dtype(self) -> np.dtype[Any]:
        """``person``, ``image`` (64, 64, 3) uint8 RGB, ``relief`` (64, 64) uint8, 100 mm a side."""
        side = _SIDE
        return np.dtype(
            [("person", "i8"), ("image", "u1", (side, side, 3)), ("relief", "u1", (side, side))]
        )

    def items(self, seed: int) -> Sequence[Item]:
        """The picture of one seed."""
        drawn = render(plain_scene(seed, self.stretch), _DRAWN)
        face = drawn.faces[0]
        matrix = similarity(face.points - 0.5, template("arcface_128").at(_SIDE))
        border = cv2.BORDER_REPLICATE
        near = np.clip(drawn.depth - _DISTANCE, -_RELIEF, _RELIEF).astype(np.float32)
        relief = warped(near / _RELIEF * 127.5 + 127.5, matrix, _SIDE, border=border)
        values: dict[str, Any] = {
            "person": seed,
            "image": warped(drawn.rgb, matrix, _SIDE, border=border),
            "relief": np.clip(relief.round(), 0, 255).astype(np.uint8),
        }
        return [{name: np.asarray(value) for name, value in values.items()}]


def plain_scene(number: int, stretch: float = 1.0) -> Scene:
    """The plain portrait of one person of :func:`vplugin.train.faces.face_scene`."""
    person = Person().with_identity(Person.from_seed(number).stretched(stretch))
    bald = replace(person, hair=HairStyle(style="bald"))
    subject = Subject(bald, place=(0.0, -10.0, _DISTANCE))
    return Scene((subject,), Camera(field_of_view=_VIEW), Light())
