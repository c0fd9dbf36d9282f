"""The head of a person with an expression: skin, ears, eyes, teeth, and where everything is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from vplugin.synth.ageing import size_of
from vplugin.synth.anatomy import Anatomy, mean_anatomy
from vplugin.synth.deform import deformed
from vplugin.synth.expression import Expression
from vplugin.synth.eyes import eye_part, lid_part
from vplugin.synth.landmarks import placed, surface_places
from vplugin.synth.mouth import mouth_parts
from vplugin.synth.parts import Floats, Material, Part, Segment
from vplugin.synth.person import Person, shape_amounts
from vplugin.synth.relief import step

# Lips that are no further apart than this are shut, mm.
_SHUT = 0.3


@dataclass(frozen=True)
class Head:
    """A head in its own frame (mm).

    Attributes:
        parts: Skin (with the ears) first, then right eye, left eye, the flesh inside the right
            and the left lids, inner mouth, teeth, gums, tongue.
        turning: For each part (V,) how much its vertices turn with the head: 1 head, 0 shoulders.
        points5: (5, 3) right eye, left eye, nose tip, right and left corner of the mouth.
        landmarks68: (68, 3) in iBUG's order.
        landmarks106: (106, 3) in the order of insightface's 2d106det.
        iris: (2, 3) centres of the right and the left pupil.
        eyes: (2, 3) centres of the eyeballs.
        outline: (N, 3) hairline, temples, jaw: its projection bounds the face.
        brow_lines: For the right and left brow (K, 3) mm along its middle from the inner end.
        lid_lines: For right upper, right lower, left upper, left lower lid (K, 3) mm along the
            rim from the inner corner: where lashes grow.
    """

    parts: tuple[Part, ...]
    turning: tuple[Floats, ...]
    points5: Floats
    landmarks68: Floats
    landmarks106: Floats
    iris: Floats
    eyes: Floats
    outline: Floats
    brow_lines: tuple[Floats, Floats]
    lid_lines: tuple[Floats, Floats, Floats, Floats]


def build_head(person: Person, expression: Expression, small: bool = False) -> Head:
    """The head of ``person`` with this expression, in the pose in which it looks along -z.

    Args:
        person: Who.
        expression: What the face does.
        small: Leaves out teeth, gums and tongue where shut lips hide them.
    """
    anatomy, amounts = mean_anatomy(), shape_amounts(person)
    points = deformed(amounts, expression, 1.0)
    eyes = points[anatomy.anchors : anatomy.anchors + 2]
    gaze = (expression.gaze_x, expression.gaze_y)
    labels = (Segment.RIGHT_EYE, Segment.LEFT_EYE)
    balls = [eye_part(eyes[k], gaze, label) for k, label in enumerate(labels)]
    flesh = [lid_part(points, anatomy, k, label) for k, label in enumerate(labels)]
    skin = Part(
        points, anatomy.skin, Material.SKIN, Segment.SKIN, anatomy.points, anatomy.skin_labels
    )
    bare = small and not _is_open(points, anatomy)
    mouth = mouth_parts(points, anatomy, amounts, expression, person.texture, bare)
    size = size_of(person.age, person.sex)
    parts = tuple(
        replace(part, vertices=part.vertices * size)
        for part in (skin, *(ball for ball, _ in balls), *flesh, *mouth)
    )
    turning = (_turning(), *(np.ones(len(part.vertices)) for part in parts[1:]))
    pupils = np.stack([pupil for _, pupil in balls]) * size
    return _assembled(points * size, anatomy, parts, turning, pupils)


def _assembled(
    points: Floats,
    anatomy: Anatomy,
    parts: tuple[Part, ...],
    turning: tuple[Floats, ...],
    iris: Floats,
) -> Head:
    places = surface_places()
    at = placed(points, places.landmarks106)
    at[[38, 92]] = iris
    at[[34, 88]] = [
        points[rim].reshape(-1, 3)[[6, 12, 18, 30, 36, 42]].mean(axis=0) for rim in anatomy.lids
    ]
    ibug = at[places.order68]
    lids = tuple(points[rim[k]] for rim in anatomy.lids for k in (0, 1))
    return Head(
        parts,
        turning,
        np.stack([iris[0], iris[1], at[86], at[52], at[61]]),
        ibug,
        at,
        iris,
        points[anatomy.anchors : anatomy.anchors + 2],
        placed(points, places.outline),
        (placed(points, places.brows[0]), placed(points, places.brows[1])),
        (lids[0], lids[1], lids[2], lids[3]),
    )


def _is_open(points: Floats, anatomy: Anatomy) -> bool:
    """Whether one can see between the lips."""
    gap = points[anatomy.lips[1], 1] - points[anatomy.lips[0], 1]
    return bool((gap > _SHUT).any())


@cache
def _turning() -> Floats:
    """1 on the head, falling to 0 at the base of the neck; the nape sooner than the throat."""
    anatomy = mean_anatomy()
    y, z = anatomy.places[:, 1], anatomy.places[:, 2]
    level = y - 24.0 * (1.0 - step(20.0, 130.0, z))
    return 1.0 - step(78.0, 172.0, level)
