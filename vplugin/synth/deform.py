"""The mean head becomes somebody's with an expression: sums of fields, the jaw's hinge, the lids.

Fields are evaluated once and kept as lists of the vertices they move (float32, the same numbers
everywhere); a head is then a sum over these lists in a fixed order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from vplugin.synth.anatomy import Anatomy, mean_anatomy
from vplugin.synth.exact import compiled, cosine, sine
from vplugin.synth.expression import Expression
from vplugin.synth.expression_fields import EXPRESSION
from vplugin.synth.fields import Ground, moves
from vplugin.synth.mesh import EYE_ROW
from vplugin.synth.parts import Floats, Indices
from vplugin.synth.relief import EYE_RADIUS
from vplugin.synth.shape_fields import SHAPE

JAW_DEGREES = 22.0
_HINGE = (14.0, 72.0)
_LID_ROWS = 15
_LID_THICKNESS = 1.2


@dataclass(frozen=True)
class Basis:
    """What each parameter moves.

    Attributes:
        names: Of the parameters: ``group.name`` of shape, plain names of expression.
        starts: (P + 1,) where each one's vertices begin in the lists.
        indices: (N,) vertices.
        moves: (N, 3) mm for an amount of 1.
    """

    names: tuple[str, ...]
    starts: Indices
    indices: Indices
    moves: npt.NDArray[np.float32]


@cache
def basis() -> Basis:
    """All fields on the mean head; made once."""
    anatomy = mean_anatomy()
    ground = Ground(anatomy.places, anatomy.above_eye, anatomy.above_mouth)
    names, starts, indices, found = [], [0], [], []
    for name, fields in {**SHAPE, **EXPRESSION}.items():
        by = moves(fields, ground).astype(np.float32)
        moved = np.flatnonzero((np.abs(by) > 1e-4).any(axis=1))
        names.append(name)
        starts.append(starts[-1] + len(moved))
        indices.append(moved.astype(np.int32))
        found.append(by[moved])
    return Basis(
        tuple(names), np.array(starts, np.int32), np.concatenate(indices), np.concatenate(found)
    )


@compiled
def _accumulate(
    points: Floats, amounts: Floats, starts: Indices, indices: Indices, by: npt.NDArray[np.float32]
) -> None:
    for p in range(amounts.shape[0]):
        amount = amounts[p]
        if amount == 0.0:
            continue
        for k in range(starts[p], starts[p + 1]):
            v = indices[k]
            for axis in range(3):
                points[v, axis] += amount * by[k, axis]


@compiled
def _drop_jaw(
    points: Floats, weights: Floats, drop: float, side: float, y0: float, z0: float
) -> None:
    """Turns about the hinge by ``drop`` radians times the weight; shifts sideways."""
    for v in range(points.shape[0]):
        w = weights[v]
        if w <= 0.0:
            continue
        angle = drop * w
        s, c = sine(angle), cosine(angle)
        y, z = points[v, 1] - y0, points[v, 2] - z0
        # The mandible also glides forward as it drops.
        points[v, 1] = y0 + y * c - z * s
        points[v, 2] = z0 + y * s + z * c - 5.0 * angle
        points[v, 0] += side * w


@compiled
def _close_lids(
    points: Floats, index: Indices, columns: Indices, row: int, rows: int, centre: Floats,
    out_to: float, shut: float, lower_share: float,
) -> None:  # fmt: skip
    """Moves both lids of an eye towards their meeting line and keeps them outside the eyeball."""
    for k in range(columns.shape[0]):
        c = columns[k]
        up, low = index[row, c], index[row + 1, c]
        ux, uy, uz = points[up, 0], points[up, 1], points[up, 2]
        lx, ly, lz = points[low, 0], points[low, 1], points[low, 2]
        tx = lx + (ux - lx) * lower_share
        ty = ly + (uy - ly) * lower_share
        tz = lz + (uz - lz) * lower_share
        for side in range(2):
            dx, dy, dz = (tx - ux, ty - uy, tz - uz) if side == 0 else (tx - lx, ty - ly, tz - lz)
            if up == low:
                dx, dy, dz = 0.0, 0.0, 0.0
            for j in range(rows):
                if side == 1 and j == 0 and up == low:
                    continue
                v = index[row - j, c] if side == 0 else index[row + 1 + j, c]
                t = 1.0 - j / rows
                w = t * t * (3.0 - 2.0 * t) * shut
                x = points[v, 0] + w * dx - centre[0]
                y = points[v, 1] + w * dy - centre[1]
                z = points[v, 2] + w * dz - centre[2]
                away = np.sqrt(x * x + y * y + z * z)
                if away < out_to and z < 4.0:
                    grow = out_to / away
                    x, y, z = x * grow, y * grow, z * grow
                points[v, 0], points[v, 1], points[v, 2] = (
                    x + centre[0],
                    y + centre[1],
                    z + centre[2],
                )


def deformed(amounts: Mapping[str, float], expression: Expression, eye_size: float) -> Floats:
    """All points of a head (V, 3) mm.

    Args:
        amounts: Shape parameters by ``group.name``, in standard deviations.
        expression: What the face does.
        eye_size: Of the eyeballs, relative to the mean.
    """
    anatomy, fields = mean_anatomy(), basis()
    points = anatomy.points.copy()
    given = np.array([amounts.get(name, 0.0) for name in fields.names])
    _accumulate(points, given, fields.starts, fields.indices, fields.moves)
    # Eyeballs and teeth sit in the bone: no expression moves them.
    anchors = points[anatomy.anchors :].copy()
    given = np.array([0.0 if "." in n else getattr(expression, n) for n in fields.names])
    _accumulate(points, given, fields.starts, fields.indices, fields.moves)
    points[anatomy.anchors :] = anchors
    drop_jaw(points, anatomy.jaw, expression)
    _lids(points, anatomy, expression, eye_size)
    return points


def drop_jaw(points: Floats, weights: Floats, expression: Expression) -> None:
    """Turns points (V, 3) in place as the jaw goes, by weights (V,) from 0 to 1."""
    drop = expression.jaw * JAW_DEGREES * (3.141592653589793 / 180.0)
    _drop_jaw(points, weights, drop, 6.0 * expression.jaw_side, *_HINGE)


def _lids(points: Floats, anatomy: Anatomy, expression: Expression, eye_size: float) -> None:
    index = anatomy.grid.index
    for side, blink in enumerate((expression.blink_right, expression.blink_left)):
        shut = shut_share(blink, expression)
        columns = anatomy.lid_columns[side]
        centre = points[anatomy.anchors + side].copy()
        out_to = EYE_RADIUS * eye_size + _LID_THICKNESS
        _close_lids(points, index, columns, EYE_ROW, _LID_ROWS, centre, out_to, shut, 0.16)


def shut_share(blink: float, expression: Expression) -> float:
    """How far a lid is closed, about -0.35 (wide open) to 1: blink, looking down, wide eyes."""
    look = expression.gaze_y / 30.0
    rest = 0.42 * max(0.0, look) + 0.12 * min(0.0, look) - 0.32 * expression.lids_up
    rest += 0.18 * expression.squint
    return min(1.0, rest * (1.0 - blink) + blink)
