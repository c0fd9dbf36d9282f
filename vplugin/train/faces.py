"""The bank of faces that landmarks, identity, parser and attributes learn from.

One person a picture, several pictures a person: each has another expression, pose, light, place,
hair, wear and skin tone, and the same identity (geometry, texture, iris, brows, lips). Seeds are
``person × variants + variant``, so that ranges of seeds that share no seed share no person.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.errors import TrainError
from vplugin.synth.backdrop import Backdrop
from vplugin.synth.camera import Camera
from vplugin.synth.draw import Draw
from vplugin.synth.expression import Expression
from vplugin.synth.light import Light
from vplugin.synth.person import Person
from vplugin.synth.pose import Pose
from vplugin.synth.props import draw_props
from vplugin.synth.render import render
from vplugin.synth.rendering import Rendering
from vplugin.synth.scene import Scene, Subject
from vplugin.train.shards import Item

__all__ = ["Face", "FaceSource", "face_scene", "read_face"]

Array = npt.NDArray[Any]
_IDENTITY = 256  # places in a record; those that the renderer does not fill are NaN
_WORDS = 8192


@dataclass
class FaceSource:
    """Renders the bank.

    Attributes:
        size: Side of a picture, px; the face is a little less than half of it.
        variants: Pictures of each person.
        name: Of the folder of shards.
        dtype: Of a record; see :class:`Face`.
    """

    size: int = 256
    variants: int = 4
    name: str = field(default="faces", init=False)
    dtype: np.dtype[Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.dtype = _record(self.size)

    def items(self, seed: int) -> Sequence[Item]:
        """The picture of one seed; none where the face is not in it."""
        scene = face_scene(seed // self.variants, seed % self.variants)
        rendering = render(scene, (self.size, self.size))
        if not rendering.faces or rendering.faces[0].inside < 0.5:
            return []
        return [_item(seed // self.variants, scene, rendering)]


def _record(side: int) -> np.dtype[Any]:
    return np.dtype(
        [
            ("person", "i8"),
            ("image", "u1", (side, side, 3)),
            ("alpha", "u1", (side, side)),
            ("segments", "u1", (side, side)),
            ("box", "f4", 4),
            ("points", "f4", (5, 2)),
            ("landmarks", "f4", (106, 2)),
            ("visible", "?", 106),
            ("pose", "f4", 3),
            ("occluded", "f4"),
            ("identity", "f4", _IDENTITY),
            ("words", f"S{_WORDS}"),
        ]
    )


def face_scene(number: int, variant: int, stretch: float = 1.0) -> Scene:
    """One picture of one person.

    Args:
        number: Of the person.
        variant: Which of that person's pictures.
        stretch: How far the shape is from the mean, see :meth:`Person.stretched`.
    """
    identity = Person.from_seed(number).stretched(stretch)
    draw = Draw(number, f"faces {variant}")
    person = Person.from_seed(draw.of("other").bits()).with_identity(identity)
    camera = Camera.drawn(draw.of("camera"), field_of_view=draw.of("view").uniform(12, 34))
    half = camera.field_of_view * 0.0087266  # tan of half the angle, nearly
    distance = 115.0 / (half * draw.of("near").uniform(0.5, 0.64))
    subject = Subject(
        person,
        _expression(draw.of("expression")),
        _pose(draw.of("pose")),
        (draw.of("x").normal(0, 8.0), draw.of("y").normal(-10.0, 8.0), distance),
        facing=draw.of("facing").normal(0, 12),
    )
    return Scene(
        (subject,),
        camera,
        Light.from_draw(draw.of("light")),
        Backdrop.from_draw(draw.of("backdrop")),
        draw_props(draw.of("occluders"), (subject,)),
        draw.of("grain").integer(0, 1 << 30),
    )


def _pose(draw: Draw) -> Pose:
    """Half near the front, half anywhere up to profile; then back to where the body may be."""
    turned = draw.of("turned").chance(0.5)
    yaw = draw.of("side").uniform(-75, 75) if turned else draw.of("front").normal(0, 16)
    return Pose.drawn(draw, yaw=max(-85.0, min(85.0, yaw)), pitch=draw.of("down").normal(2, 10))


def _expression(draw: Draw) -> Expression:
    """As drawn, with more grins, shut eyes and open mouths than moods alone give."""
    given = Expression.drawn(draw)
    if draw.of("grin").chance(0.25):  # whoever is photographed shows teeth
        given = _grin(draw.of("teeth"))
    if draw.of("shut").chance(0.1):
        shut = draw.of("lids").uniform(0.6, 1.0)
        given = replace(given, blink_left=shut, blink_right=shut)
    if draw.of("open").chance(0.12):
        given = replace(given, jaw=draw.of("jaw").uniform(0.25, 1.0))
    return given


def _grin(draw: Draw) -> Expression:
    corners, both = draw.of("corners").uniform(0.5, 1.0), draw.of("both").normal(0, 0.06)
    return Expression(
        smile_left=min(1.0, corners + both),
        smile_right=min(1.0, corners - both),
        wide=draw.of("wide").uniform(0.2, 1.0),
        gap=draw.of("gap").uniform(0.4, 1.0),
        jaw=draw.of("jaw").uniform(0.0, 0.35),
        squint=draw.of("squint").uniform(0.0, 0.7),
        sneer=draw.of("sneer").uniform(0.0, 0.3),
        gaze_x=draw.of("gaze").uniform(-15, 15),
    )


def _item(number: int, scene: Scene, rendering: Rendering) -> Item:
    face = rendering.faces[0]
    identity = np.full(_IDENTITY, np.nan, np.float32)
    identity[: len(face.identity)] = face.identity
    expression = scene.subjects[0].expression
    given = dict(face.attributes) | {
        f"expression.{p.name}": float(getattr(expression, p.name)) for p in expression.parameters()
    }
    words = {k: v if isinstance(v, str) else round(float(v), 3) for k, v in given.items()}
    written = json.dumps(words, separators=(",", ":")).encode()
    if len(written) > _WORDS or len(face.identity) > _IDENTITY:
        raise TrainError("a face has more attributes than a record holds", mend="enlarge it")
    values: dict[str, Any] = {
        "person": number,
        "image": rendering.rgb,
        "alpha": rendering.alpha,
        "segments": rendering.segments,
        "box": face.box - 0.5,
        "points": face.points - 0.5,
        "landmarks": face.landmarks106 - 0.5,
        "visible": face.visible106,
        "pose": face.pose,
        "occluded": face.occluded,
        "identity": identity,
        "words": np.bytes_(written),
    }
    return {name: np.asarray(value) for name, value in values.items()}


class Face(NamedTuple):
    """One face of the bank. Coordinates are those of pixel centres: the first pixel is (0, 0).

    Attributes:
        person: Number of the person.
        image: (S, S, 3) uint8 RGB.
        alpha: (S, S) uint8, what is not backdrop.
        segments: (S, S) uint8, :class:`vplugin.synth.parts.Segment`.
        box: (4,) x0, y0, x1, y1.
        points: (5, 2).
        landmarks: (106, 2).
        visible: (106,) bool.
        pose: (3,) yaw, pitch, roll in degrees.
        occluded: Share of the face that is hidden.
        identity: (I,) the person's parameters in 0–1.
        words: The renderer's attributes, and the expression as ``expression.NAME``.
    """

    person: int
    image: Array
    alpha: Array
    segments: Array
    box: Array
    points: Array
    landmarks: Array
    visible: Array
    pose: Array
    occluded: float
    identity: Array
    words: dict[str, str | float]


def read_face(item: Item) -> Face:
    """A record of the bank as a face."""
    identity = np.asarray(item["identity"])
    return Face(
        int(item["person"]),
        item["image"],
        item["alpha"],
        item["segments"],
        item["box"],
        item["points"],
        item["landmarks"],
        item["visible"],
        item["pose"],
        float(item["occluded"]),
        identity[np.isfinite(identity)],
        json.loads(bytes(item["words"])),
    )
