"""All points of the mean head that deform together, and the triangles between them.

The skin's grid, the flesh inside lips and mouth, ears and a few anchors (centres of the eyes, a
tooth) are one list of points. Each has a *place*, the face coordinate where fields are evaluated:
for what lies behind a rim it is the rim's, so that flesh goes where its lip goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from vplugin.synth.ears import ear_mesh
from vplugin.synth.mesh import EYE_ROW, MOUTH_ROW, Grid, mean_grid
from vplugin.synth.parts import Floats, Indices, Segment
from vplugin.synth.relief import EYE_X, MOUTH_HALF, step

# Rows of flesh behind the upper and the lower lip's rim: up or down, back (mm).
_FLESH = (
    ((0.4, 1.2), (0.4, 1.2)), ((1.6, 2.8), (1.6, 2.8)), ((3.6, 4.2), (3.6, 4.2)),
    ((6.4, 5.0), (6.4, 5.0)), ((9.5, 5.4), (9.5, 5.6)), ((13.0, 8.0), (14.0, 6.5)),
    ((16.0, 18.0), (20.0, 14.0)), ((18.0, 34.0), (27.0, 32.0)), ((14.0, 50.0), (24.0, 54.0)),
    ((0.0, 62.0), (0.0, 62.0)),
)  # fmt: skip
LIP_ROWS = 3


@dataclass(frozen=True)
class Anatomy:
    """The mean head.

    Attributes:
        points: (V, 3) mm, the mean head; also the texture coordinates of the skin.
        places: (V, 3) mm, where fields are evaluated.
        jaw: (V,) how much a point turns with the jaw, 0 to 1.
        grid: The skin's grid; its vertices are the first of the points.
        skin: (T, 3) triangles of skin: grid, inside of the lips, ears.
        skin_labels: (T,) segment of each.
        inner: (M,) which points are the inner mouth's.
        mouth: (T, 3) triangles of the inner mouth, as indices into ``inner``.
        lids: For right and left: (2, K) vertices of the rim, upper and lower, inner to outer.
        lid_columns: For right and left, columns of the grid that the lids move.
        lips: (2, K) vertices of the rims, upper and lower, from the right corner to the left.
        flesh: (2, 1 + rows, K) vertices behind these rims, from the rims inwards; the first
            ``LIP_ROWS`` strips between them are the lips' own, the others the inner mouth's.
        above_eye: (V,) above the slits of the eyes.
        above_mouth: (V,) above the slit of the mouth.
        anchors: Index of the first of the anchors: centres of the right and left eyeball, upper
            teeth, lower teeth.
    """

    points: Floats
    places: Floats
    jaw: Floats
    grid: Grid
    skin: Indices
    skin_labels: npt.NDArray[np.uint8]
    inner: Indices
    mouth: Indices
    lids: tuple[Indices, Indices]
    lid_columns: tuple[Indices, Indices]
    lips: Indices
    flesh: Indices
    above_eye: npt.NDArray[np.bool_]
    above_mouth: npt.NDArray[np.bool_]
    anchors: int


def strip(above: Indices, below: Indices) -> Indices:
    """Triangles (T, 3) between two rows of vertices; a vertex in both rows gives fewer."""
    a, b, c, d = above[:-1], above[1:], below[:-1], below[1:]
    triangles = np.concatenate([np.stack([a, b, c], -1), np.stack([b, d, c], -1)])
    same = (triangles[:, 0] == triangles[:, 1]) | (triangles[:, 1] == triangles[:, 2])
    same |= triangles[:, 0] == triangles[:, 2]
    return np.ascontiguousarray(triangles[~same], np.int32)


def _lid_rims(grid: Grid) -> tuple[Indices, Indices]:
    split = grid.index[EYE_ROW] != grid.index[EYE_ROW + 1]
    sides = []
    for sign in (-1.0, 1.0):
        inside = np.flatnonzero(split & (grid.stations * sign > 0))
        at = np.arange(inside[0] - 1, inside[-1] + 2)
        at = at[::-1] if sign < 0 else at
        sides.append(np.stack([grid.index[EYE_ROW, at], grid.index[EYE_ROW + 1, at]]))
    return sides[0], sides[1]


def _lid_columns(grid: Grid) -> tuple[Indices, Indices]:
    split = grid.index[EYE_ROW] != grid.index[EYE_ROW + 1]
    found = []
    for sign in (-1.0, 1.0):
        inside = np.flatnonzero(split & (grid.stations * sign > 0))
        found.append(np.arange(inside[0] - 3, inside[-1] + 4).astype(np.int32))
    return found[0], found[1]


def _lip_rims(grid: Grid) -> Indices:
    inside = np.flatnonzero(grid.index[MOUTH_ROW] != grid.index[MOUTH_ROW + 1])
    at = np.arange(inside[0] - 1, inside[-1] + 2)
    return np.stack([grid.index[MOUTH_ROW, at], grid.index[MOUTH_ROW + 1, at]])


def _flesh(rims: Indices, vertices: Floats, first: int) -> tuple[Floats, Floats, Indices]:
    """What lies behind the lips: points, places and rows of vertices (2, 1 + rows, K)."""
    points, places = [], []
    rows = np.zeros((2, 1 + len(_FLESH), rims.shape[1]), np.int32)
    at = first
    for side, sign in ((0, -1.0), (1, 1.0)):
        rim = vertices[rims[side]]
        rows[side, 0] = rims[side]
        x = np.abs(rim[:, 0]) / MOUTH_HALF
        full = np.sqrt(np.maximum(0.0, 1.0 - x * x))
        for number, both in enumerate(_FLESH):
            away, back = both[side]
            deep = np.full_like(x, back)
            narrow = 1.0 - 0.4 * step(20.0, 62.0, deep)
            here = np.stack(
                [
                    rim[:, 0] * narrow,
                    rim[:, 1] + sign * away * full,
                    rim[:, 2] + back * (0.5 + 0.5 * full),
                ],
                -1,
            )
            points.append(here)
            places.append(rim)
            rows[side, number + 1] = np.arange(at, at + len(rim))
            if side == 1:  # both halves end in the same column at the corners
                rows[1, number + 1, [0, -1]] = rows[0, number + 1, [0, -1]]
            at += len(rim)
    rows[1, -1] = rows[0, -1]
    return np.concatenate(points), np.concatenate(places), rows


def _jaw_weights(places: Floats, upper: npt.NDArray[np.bool_]) -> Floats:
    """How much each place goes with the jaw; at the mouth's corners both lips agree."""
    x, y, z = np.abs(places[:, 0]), places[:, 1], places[:, 2]
    side = step(36.0, 106.0, y)
    # An ellipse at the lips, so that an open mouth has round corners; smooth on chin and cheeks.
    share = np.minimum(1.0, x / MOUTH_HALF)
    near = 0.85 * (1.0 - step(0.0, 16.0, np.abs(y - 71.5)))
    away = step(7.0, MOUTH_HALF + 3.0, x)
    away = away + (1.0 - np.sqrt(1.0 - share * share) - away) * near
    weight = np.where(
        upper, side * away * step(50.0, 70.0, y + 14.0 * away), 1.0 - (1.0 - side) * away
    )
    weight = weight * (1.0 - step(46.0, 88.0, z))
    neck = y - (118.0 - 0.3 * (z + 8.0))
    return np.asarray(weight * (1.0 - step(-8.0, 48.0, neck)))


def _flesh_share(count: int, rows: Indices) -> Floats:
    """(V,) 0, but for the inner mouth up to 1 at its back, where both its halves are one."""
    share = np.zeros(count)
    for number, both in enumerate(_FLESH):
        for side in (0, 1):
            share[rows[side, number + 1]] = step(8.0, 62.0, np.array(both[side][1]))
    return share


def _places(flesh: Floats, ears: tuple[Floats, ...]) -> Floats:
    anchors = np.array(
        [[-EYE_X, 0.0, 0.0], [EYE_X, 0.0, 0.0], [0.0, 69.0, -20.0], [0.0, 76.0, -20.0]]
    )
    return np.concatenate([flesh, *ears, anchors])


@cache
def mean_anatomy() -> Anatomy:
    """The mean head; made once."""
    grid = mean_grid()
    count = len(grid.vertices)
    lips = _lip_rims(grid)
    flesh, flesh_places, rows = _flesh(lips, grid.vertices, count)
    lip_triangles, mouth = [], []
    for side, label in ((0, Segment.UPPER_LIP), (1, Segment.LOWER_LIP)):
        for k in range(len(_FLESH)):
            piece = strip(rows[side, k], rows[side, k + 1])
            if k < LIP_ROWS:
                lip_triangles.append((piece, label))
            else:
                mouth.append(piece)
    at = count + len(flesh)
    ear_points, ear_triangles = ear_mesh()
    mirror = np.array([-1.0, 1.0, 1.0])
    ears = (ear_triangles + at, ear_triangles + at + len(ear_points))
    points = np.concatenate([grid.vertices, _places(flesh, (ear_points * mirror, ear_points))])
    places = np.concatenate(
        [grid.vertices, _places(flesh_places, (ear_points * mirror, ear_points))]
    )
    upper = np.zeros(len(points), np.bool_)
    upper[grid.index[: MOUTH_ROW + 1]] = True
    upper[rows[0]] = True
    upper[at:] = True
    upper[len(points) - 1] = False
    above_eye = np.zeros(len(points), np.bool_)
    above_eye[grid.index[: EYE_ROW + 1]] = True
    skin = np.concatenate([grid.triangles, *(piece for piece, _ in lip_triangles), *ears])
    labels = np.full(len(skin), Segment.SKIN, np.uint8)
    start = len(grid.triangles)
    for piece, label in lip_triangles:
        labels[start : start + len(piece)] = label
        start += len(piece)
    labels[start : start + len(ears[0])] = Segment.RIGHT_EAR
    labels[start + len(ears[0]) :] = Segment.LEFT_EAR
    jaw = _jaw_weights(places, upper)
    jaw = jaw + (0.45 - jaw) * _flesh_share(len(points), rows)
    jaw[len(points) - 4 :] = 0.0
    inner = np.unique(np.concatenate(mouth))
    return Anatomy(
        points,
        places,
        jaw,
        grid,
        np.ascontiguousarray(skin, np.int32),
        labels,
        inner.astype(np.int32),
        np.searchsorted(inner, np.concatenate(mouth)).astype(np.int32),
        _lid_rims(grid),
        _lid_columns(grid),
        lips,
        rows,
        above_eye,
        upper,
        len(points) - 4,
    )
