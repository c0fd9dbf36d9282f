"""The inside of a person's mouth: its walls, teeth, gums and tongue, where skull and jaw are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vplugin.synth.anatomy import Anatomy
from vplugin.synth.deform import drop_jaw
from vplugin.synth.expression import Expression
from vplugin.synth.parts import Floats, Material, Part, Segment
from vplugin.synth.teeth import inside

_LABEL = Segment.INNER_MOUTH


def mouth_parts(
    points: Floats,
    anatomy: Anatomy,
    amounts: Mapping[str, float],
    expression: Expression,
    seed: int,
    bare: bool = False,
) -> tuple[Part, ...]:
    """Walls, teeth, gums and tongue.

    Args:
        points: (V, 3) mm of the whole head.
        anatomy: What the points are.
        amounts: Shape parameters by ``group.name``.
        expression: What jaw and tongue do.
        seed: Of the person's teeth.
        bare: Leaves all but the walls out.
    """
    walls = Part(
        points[anatomy.inner], anatomy.mouth, Material.MOUTH, _LABEL, anatomy.points[anatomy.inner]
    )
    if bare:
        return (walls,)
    within = inside(
        round(1.0 + 0.05 * amounts["mouth.teeth_size"], 2),
        round(max(0.0, 0.4 + 0.6 * amounts["mouth.teeth_gaps"]), 1),
        seed,
    )
    upper = points[anatomy.anchors + 2] - anatomy.points[anatomy.anchors + 2]
    lower = points[anatomy.anchors + 3] - anatomy.points[anatomy.anchors + 3]
    parts = [walls]
    for mean, triangles, first, material in (
        (within.teeth, within.teeth_triangles, within.lower, Material.TEETH),
        (within.gums, within.gum_triangles, within.lower_gum, Material.MOUTH),
    ):
        weights = np.zeros(len(mean))
        weights[first:] = 1.0
        moved = mean + np.where(weights[:, None] > 0.0, lower, upper)
        drop_jaw(moved, weights, expression)
        parts.append(Part(moved, triangles, material, _LABEL, mean))
    tongue = _tongue(within.tongue, expression.tongue) + lower
    back = np.clip((within.tongue[:, 2] + 8.0) / 60.0, 0.0, 1.0)
    drop_jaw(tongue, 1.0 - 0.45 * back, expression)
    parts.append(
        Part(
            tongue,
            within.tongue_triangles,
            Material.MOUTH,
            _LABEL,
            within.tongue + np.array([0, 40.0, 0]),
        )
    )
    return tuple(parts)


def _tongue(mean: Floats, out: float) -> Floats:
    """The tongue, raised and put out by a share."""
    tip = np.clip((30.0 - mean[:, 2]) / 38.0, 0.0, 1.0)
    lift = tip * (2.0 - tip)
    return np.stack(
        [
            mean[:, 0] * (1.0 - 0.22 * out * tip),
            mean[:, 1] - out * (15.0 * lift - 8.0 * tip * tip * tip * tip),
            mean[:, 2] - out * 30.0 * tip,
        ],
        -1,
    )
