"""The bank that describing learns from: one person a picture, and every word that is true of it.

The crop is wide (FFHQ's alignment), so that hair, hats and earrings are in it. Unlike in the other
banks, hair, beard and make-up are the person's own, as age and sex have them. Facts are not stored
but made of the words and of the segments' shares, so that what counts as a smile may change without
rendering again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from vplugin.errors import TrainError
from vplugin.synth.person import Person
from vplugin.synth.render import render
from vplugin.train import faces
from vplugin.train.augment import warped
from vplugin.train.description.facts import Seen
from vplugin.train.faces import face_scene
from vplugin.train.shards import Item
from vplugin.vision.align import similarity, template

__all__ = ["DescribeSource", "seen_of"]

_WORDS = 6144
_SEGMENTS = 23
_FURTHEST = 60.0  # degrees of yaw: who is turned further is left out
_SHAPES = ("skull.", "cheeks.", "jaw.", "nose.", "ears.", "body.")  # nothing is said about them


@dataclass(frozen=True)
class DescribeSource:
    """Renders one picture of one person for each seed.

    Attributes:
        side: Of the crop, px.
        stretch: How much people differ, see :meth:`vplugin.synth.person.Person.stretched`.
        hidden: Share of the face from which a picture is left out, when things hide it.
    """

    side: int = 96
    stretch: float = 1.2
    hidden: float = 0.5

    name = "described"
    parts = (faces,)  # edits of it make another bank

    @property
    def dtype(self) -> np.dtype[Any]:
        """``image`` (side, side, 3) uint8 RGB, ``words`` (JSON), ``shares`` (23,), ``yaw`` in °."""
        return np.dtype(
            [
                ("image", "u1", (self.side, self.side, 3)),
                ("words", f"S{_WORDS}"),
                ("shares", "f4", _SEGMENTS),
                ("yaw", "f4"),
            ]
        )

    def items(self, seed: int) -> Sequence[Item]:
        """The picture of one seed; none where the face is hidden, cut or turned away."""
        scene = face_scene(seed, 0)
        own = Person.from_seed(seed).stretched(self.stretch)
        scene = replace(scene, subjects=(replace(scene.subjects[0], person=own),))
        drawn = render(scene, round(1.75 * self.side))  # about a pixel of the picture for one of it
        if not drawn.faces:
            return []
        face = drawn.faces[0]
        if face.inside < 0.9 or face.occluded > self.hidden or abs(face.pose[0]) > _FURTHEST:
            return []
        matrix = similarity(face.points - 0.5, template("ffhq_512").at(self.side))
        segments = cv2.warpAffine(
            drawn.segments, matrix, (self.side, self.side), flags=cv2.INTER_NEAREST
        )
        counts = np.bincount(segments.ravel(), minlength=_SEGMENTS)
        values = {
            "image": warped(drawn.rgb, matrix, self.side, border=cv2.BORDER_REPLICATE),
            "words": np.bytes_(_written(face.attributes)),
            "shares": counts / segments.size,
            "yaw": face.pose[0],
        }
        return [{name: np.asarray(value) for name, value in values.items()}]


def _written(attributes: Any) -> bytes:
    words = {
        name: value if isinstance(value, str) else round(float(value), 3)
        for name, value in attributes.items()
        if not name.startswith(_SHAPES)
    }
    written = json.dumps(words, separators=(",", ":")).encode()
    if len(written) > _WORDS:
        raise TrainError("a face has more attributes than a record holds", mend="enlarge it")
    return written


def seen_of(item: Item) -> Seen:
    """The truth about one item."""
    shares = np.asarray(item["shares"], np.float64)
    return Seen(json.loads(bytes(item["words"]).rstrip(b"\0")), shares, float(item["yaw"]))
