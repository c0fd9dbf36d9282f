"""The bank of portraits that recognition learns from: many people, aligned, nothing else kept.

Recognition needs far more people than landmarks do, so that pictures are drawn small (the
renderer's coarse path, 50 ms each) and kept as aligned crops. A crop by ``arcface_128`` holds
ArcFace's crop of 112 pixels at the same scale, with room to shift it, and the lower face that
FixerNet sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from vplugin.synth.render import render
from vplugin.train import faces
from vplugin.train.augment import warped
from vplugin.train.faces import face_scene
from vplugin.train.shards import Item
from vplugin.vision.align import similarity, template

__all__ = ["PortraitSource"]

_SIDE = 128  # of a crop
_IDENTITY = 128  # places in a record; those that the renderer does not fill are NaN
_FURTHEST = 70.0  # degrees of yaw: who is turned further is left out


@dataclass(frozen=True)
class PortraitSource:
    """Renders one picture of one person for each seed: ``person × variants + variant``.

    Attributes:
        size: Side of the drawn picture, px; the face is a little less than half of it.
        variants: Pictures of each person.
        stretch: How much people differ, see :meth:`vplugin.synth.person.Person.stretched`.
        hidden: Share of the face from which a picture is left out, when things hide it.
    """

    size: int = 160
    variants: int = 4
    stretch: float = 1.0
    hidden: float = 0.6

    name = "portraits"
    parts = (faces,)  # edits of it make another bank

    @property
    def dtype(self) -> np.dtype[Any]:
        """``image`` (128, 128, 3) uint8 RGB, ``person``, ``yaw`` in degrees, ``identity``."""
        return np.dtype(
            [
                ("image", "u1", (_SIDE, _SIDE, 3)),
                ("person", "i8"),
                ("yaw", "f4"),
                ("identity", "f4", _IDENTITY),
            ]
        )

    def items(self, seed: int) -> Sequence[Item]:
        """The picture of one seed; none where the face is hidden, cut or turned away."""
        number = seed // self.variants
        drawn = render(face_scene(number, seed % self.variants, self.stretch), self.size)
        if not drawn.faces:
            return []
        face = drawn.faces[0]
        yaw = float(face.pose[0])
        if face.inside < 0.8 or face.occluded > self.hidden or abs(yaw) > _FURTHEST:
            return []
        matrix = similarity(face.points - 0.5, template("arcface_128").at(_SIDE))
        identity = np.full(_IDENTITY, np.nan, np.float32)
        identity[: len(face.identity)] = face.identity
        values: dict[str, Any] = {
            "image": warped(drawn.rgb, matrix, _SIDE, border=cv2.BORDER_REPLICATE),
            "person": number,
            "yaw": yaw,
            "identity": identity,
        }
        return [{name: np.asarray(value) for name, value in values.items()}]
