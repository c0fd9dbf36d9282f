"""One subject, built and placed: parts and hairs in the scene's space, points for the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vplugin.synth.assembly import Placed, posed
from vplugin.synth.coarse import thinned
from vplugin.synth.exact import PI, compiled, smoothstep
from vplugin.synth.eye_paint import eye_parameters
from vplugin.synth.hair import grow
from vplugin.synth.head import Head, build_head
from vplugin.synth.parts import Floats, Indices, Part, Strands
from vplugin.synth.raster import Singles
from vplugin.synth.scene import Subject
from vplugin.synth.skin import skin_parameters
from vplugin.synth.wear import dress

# About as many hairs of one kind throw shadows; the others would only cost time.
_CASTERS = 1000


class Hairs(NamedTuple):
    """Strands as they are drawn; see `render.py`.

    Attributes:
        points: (P, 3) mm in the scene's space.
        links: (P,) mm of width times opacity of the piece after each point, for shadows; 0 after
            the last, and of hairs that others stand for.
        radii: (S,) mm.
        colours: (S, 3) at the root.
        tips: (S, 3).
        starts: (S + 1,).
        look: (6,) label, gloss, opacity, subject, seed, 0.
        distance: Mean z, mm.
    """

    points: Floats
    links: Floats
    radii: Singles
    colours: Singles
    tips: Singles
    starts: Indices
    look: Floats
    distance: float


class Body(NamedTuple):
    """A subject in the scene's space.

    Attributes:
        head: In its own frame.
        placed: Parts.
        hairs: Strands.
        skin: Parameters of its skin's paint.
        eye: Of its eyes' paint.
        angles: (4,) radians, see :func:`vplugin.synth.assembly.posed`.
        place: (3,) mm.
    """

    head: Head
    placed: tuple[Placed, ...]
    hairs: tuple[Hairs, ...]
    skin: Floats
    eye: Floats
    angles: Floats
    place: Floats

    def at(self, points: Floats) -> Floats:
        """(N, 3) points that move with the head, in the scene's space."""
        return posed(np.ascontiguousarray(points), np.ones(1), self.angles, self.place)


def build_body(subject: Subject, number: int, detail: float, small: bool = False) -> Body:
    """Builds, poses and places a subject.

    Args:
        subject: Who.
        number: Index in the scene + 1.
        detail: How fine hair is grown; 1 suits a face of 150 pixels.
        small: Whether less is drawn, see `coarse.py`.
    """
    person, pose = subject.dressed, subject.pose
    head = build_head(person, subject.expression, small)
    degrees = np.array([pose.yaw, pose.pitch, pose.roll, subject.facing])
    angles, place = degrees * (PI / 180.0), np.array(subject.place, np.float64)
    outfit = dress(person.wear, head)
    drawn = thinned(head) if small else head
    strands = grow(person, drawn, detail, outfit.parts, small)
    parts = (*drawn.parts, *outfit.parts)
    turning = (*drawn.turning, *outfit.turning)
    return Body(
        head,
        _placed(parts, turning, angles, place, number),
        tuple(_hairs(item, angles, place, number) for item in strands),
        skin_parameters(person, subject.expression),
        eye_parameters(person),
        angles,
        place,
    )


def _placed(
    parts: Sequence[Part], turning: Sequence[Floats], angles: Floats, place: Floats, number: int
) -> tuple[Placed, ...]:
    """Parts that share vertices go on sharing them."""
    done: dict[int, Floats] = {}
    for part, share in zip(parts, turning, strict=True):
        if id(part.vertices) not in done:
            cloud = np.ascontiguousarray(part.vertices, np.float64)
            done[id(part.vertices)] = posed(cloud, share, angles, place)
    return tuple(Placed(part, done[id(part.vertices)], number) for part in parts)


def _hairs(strands: Strands, angles: Floats, place: Floats, number: int) -> Hairs:
    points = np.ascontiguousarray(strands.points, np.float64)
    moved = posed(points, _hair_turning(points), angles, place)
    look = (float(strands.label), strands.gloss, strands.opacity, float(number), 7.0, 0.0)
    return Hairs(
        moved,
        _links(
            strands.starts, strands.widths, strands.opacity, 1 + len(strands.widths) // _CASTERS
        ),
        (strands.widths * np.float32(0.5)).astype(np.float32),
        np.ascontiguousarray(strands.colours, np.float32),
        np.ascontiguousarray(strands.tips, np.float32),
        np.ascontiguousarray(strands.starts, np.int32),
        np.array(look),
        _middle(moved),
    )


@compiled
def _middle(points: Floats) -> float:
    total = 0.0
    for i in range(points.shape[0]):
        total += points[i, 2]
    mean: float = total / max(1, points.shape[0])
    return mean


@compiled
def _hair_turning(points: Floats) -> Floats:
    """Hair moves with the head; what hangs below the chin stays behind more and more."""
    out = np.empty(points.shape[0])
    for i in range(points.shape[0]):
        out[i] = 1.0 - 0.85 * smoothstep(85.0, 230.0, points[i, 1])
    return out


@compiled
def _links(starts: Indices, widths: Singles, opacity: float, each: int) -> Floats:
    out = np.zeros(starts[-1])
    for s in range(0, starts.shape[0] - 1, each):
        for i in range(starts[s], starts[s + 1] - 1):
            out[i] = widths[s] * opacity * each
    return out
