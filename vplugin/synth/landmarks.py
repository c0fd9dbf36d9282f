"""Where the landmarks are on the mean face, and how they follow the mesh.

Points of the lids' and lips' rims are columns of the slits; all others are places on the surface,
kept as a triangle and weights, so they stay exact through every shape and expression.

The order of insightface's 2d106det, which no document of theirs spells out, follows from the
table that maps it to iBUG's 68 points (``ORDER_68`` below, used by many projects) and from their
picture of the numbers. R is the person's right, at the left of the picture:

====================================  ==========================================================
contour, R ear to chin (iBUG 0 to 8)  1 9 10 11 12 13 14 15 16 2 3 4 5 6 7 8 0, in half steps
contour, L ear to chin                17 25 26 27 28 29 30 31 32 18 19 20 21 22 23 24
R eye                                 35 outer, 41 40 42 upper lid, 39 inner, 37 33 36 lower lid,
                                      34 middle of the opening, 38 pupil
L eye                                 89 inner, 95 94 96 upper lid, 93 outer, 91 87 90 lower lid,
                                      88 middle of the opening, 92 pupil
R brow                                43 outer end, 48 49 51 50 upper edge inwards,
                                      44 45 47 46 lower edge inwards
L brow                                101 outer end, 105 104 103 102 upper edge inwards,
                                      100 99 98 97 lower edge inwards
nose                                  72 73 74 ridge, 86 tip, 75 76 77 78 R side downwards,
                                      81 82 83 84 L side, 79 80 85 base from R to L
mouth, outer                          52 R corner, 64 63 71 67 68 upper, 61 L corner,
                                      58 59 53 56 55 lower from L to R
mouth, inner                          65 R corner, 66 62 70 upper, 69 L corner,
                                      57 60 54 lower from L to R
====================================  ==========================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from vplugin.synth.anatomy import Anatomy, mean_anatomy
from vplugin.synth.cage import spline
from vplugin.synth.parts import Floats, Indices
from vplugin.synth.relief import lower_border, upper_border

ORDER_68 = (
    1, 10, 12, 14, 16, 3, 5, 7, 0, 23, 21, 19, 32, 30, 28, 26, 17,
    43, 48, 49, 51, 50, 102, 103, 104, 105, 101,
    72, 73, 74, 86, 78, 79, 80, 85, 84,
    35, 41, 42, 39, 37, 36, 89, 95, 96, 93, 91, 90,
    52, 64, 63, 71, 67, 68, 61, 58, 59, 53, 56, 55, 65, 66, 62, 70, 69, 57, 60, 54,
)  # fmt: skip

_CONTOUR = (
    (69, 2, 50), (68.5, 21, 50), (66.5, 39, 49), (63, 57, 47), (57.5, 74, 42),
    (48.5, 89, 32), (36, 102, 16), (19, 110.5, -3), (0, 113, -9),
)  # fmt: skip
_CONTOUR_RIGHT = (1, 9, 10, 11, 12, 13, 14, 15, 16, 2, 3, 4, 5, 6, 7, 8, 0)
_CONTOUR_LEFT = (17, 25, 26, 27, 28, 29, 30, 31, 32, 18, 19, 20, 21, 22, 23, 24)
# On the person's left: (index on the right, index on the left, x, y); z is the surface's.
_PAIRS = (
    (43, 101, 55.5, -19.5), (48, 105, 47.0, -25.0), (49, 104, 36.5, -27.5), (51, 103, 24.0, -26.5),
    (50, 102, 12.0, -24.0), (44, 100, 46.5, -21.5), (45, 99, 36.0, -23.0), (47, 98, 24.0, -21.5),
    (46, 97, 12.5, -18.5), (75, 81, 9.5, 4.0), (76, 82, 14.5, 36.5), (77, 83, 18.0, 44.5),
    (78, 84, 11.5, 51.0), (79, 85, 5.5, 52.6),
    (64, 68, 14.0, float(upper_border(np.array(14.0)))),
    (63, 67, 5.2, float(upper_border(np.array(5.2)))),
    (55, 58, 14.5, float(lower_border(np.array(14.5)))),
    (56, 59, 7.0, float(lower_border(np.array(7.0)))),
)  # fmt: skip
_MIDDLE = (
    (72, -1.0), (73, 13.5), (74, 28.0), (86, 41.5), (80, 52.6),
    (71, float(upper_border(np.array(0.0)))), (53, float(lower_border(np.array(0.0)))),
)  # fmt: skip
_OUTLINE = (
    (0, -70, -8),
    (22, -69, -4),
    (42, -62, 5),
    (56, -48, 20),
    (66, -20, 40),
    (82, 0, 90),
    (80, 35, 88),
)
_BROW = ((10.5, -20.5), (18.0, -22.5), (27.0, -24.3), (37.0, -25.3), (46.0, -23.6), (55.5, -19.5))


@dataclass(frozen=True)
class Places:
    """Places on the mesh.

    Attributes:
        vertices: (N, 3) of the triangle.
        weights: (N, 3) of its corners.
    """

    vertices: Indices
    weights: Floats


@dataclass(frozen=True)
class SurfacePlaces:
    """All places that are looked for on a head.

    Attributes:
        landmarks106: In the order above; the pupils' and openings' are found otherwise.
        order68: (68,) which of the 106 each of iBUG's points is.
        outline: Hairline, temples, jaw and ears.
        brows: Lines along the middle of the right and left brow.
    """

    landmarks106: Places
    order68: npt.NDArray[np.int64]
    outline: Places
    brows: tuple[Places, Places]


def placed(points: Floats, places: Places) -> Floats:
    """(N, 3) where the places are on this head's points (V, 3)."""
    corners = points[places.vertices]
    w = places.weights
    return np.asarray(
        corners[:, 0] * w[:, 0:1] + corners[:, 1] * w[:, 1:2] + corners[:, 2] * w[:, 2:3]
    )


def on_surface(points: Floats, triangles: Indices, wanted: Floats) -> Places:
    """The places of a mesh nearest to (N, 3) points, mm."""
    vertices = np.empty((len(wanted), 3), np.int32)
    weights = np.empty((len(wanted), 3))
    for k, target in enumerate(wanted):
        gap = points - target
        near = gap[:, 0] * gap[:, 0] + gap[:, 1] * gap[:, 1] + gap[:, 2] * gap[:, 2]
        reach = float(np.sort(near[: int(triangles.max()) + 1])[12])
        some = triangles[(near[triangles] <= reach).any(axis=1)]
        vertices[k], weights[k] = _nearest(points[some], target, some)
    return Places(vertices, weights)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2])


def _nearest(corners: Floats, target: Floats, triangles: Indices) -> tuple[Indices, Floats]:
    """The triangle nearest to the target and the weights there (clipped into the triangle)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    u, v, w = b - a, c - a, target - a
    uu, uv, vv, wu, wv = _dot(u, u), _dot(u, v), _dot(v, v), _dot(w, u), _dot(w, v)
    scale = uu * vv - uv * uv
    scale = np.where(scale > 1e-12, scale, 1.0)
    s = np.clip((vv * wu - uv * wv) / scale, 0.0, 1.0)
    t = np.clip((uu * wv - uv * wu) / scale, 0.0, 1.0 - s)
    there = a + u * s[:, None] + v * t[:, None]
    best = int(np.argmin(_dot(there - target, there - target)))
    return triangles[best], np.array([1.0 - s[best] - t[best], s[best], t[best]])


def _on_face(anatomy: Anatomy, wanted: list[tuple[float, float]]) -> Places:
    """Places by (x, y): the surface's foremost."""
    grid = anatomy.grid
    points = grid.vertices
    flat = points * np.array([1.0, 1.0, 0.0]) + np.array([0.0, 0.0, 1.0]) * np.maximum(
        0.0, points[:, 2:] - 30.0
    )
    return on_surface(flat, grid.triangles, np.array([(x, y, 0.0) for x, y in wanted]))


def _along(rim: Indices, shares: tuple[float, ...]) -> Places:
    """Places along a row of vertices, by share of its columns."""
    at = np.array(shares) * (len(rim) - 1)
    k = np.minimum(np.floor(at).astype(np.int64), len(rim) - 2)
    share = at - k
    vertices = np.stack([rim[k], rim[k + 1], rim[k + 1]], -1)
    return Places(vertices.astype(np.int32), np.stack([1.0 - share, share, 0.0 * share], -1))


def _rims(anatomy: Anatomy) -> list[tuple[tuple[int, ...], Places]]:
    right, left = anatomy.lids
    upper, lower = (0.0, 0.34, 0.5, 0.67, 1.0), (0.34, 0.5, 0.67)
    lips = (0.06, 0.35, 0.5, 0.65, 0.94)
    return [
        ((39, 42, 40, 41, 35), _along(right[0], upper)),
        ((37, 33, 36), _along(right[1], lower)),
        ((89, 95, 94, 96, 93), _along(left[0], upper)),
        ((90, 87, 91), _along(left[1], lower)),
        ((52, 65, 66, 62, 70, 69, 61), _along(anatomy.lips[0], (0.0, *lips, 1.0))),
        ((54, 60, 57), _along(anatomy.lips[1], (0.35, 0.5, 0.65))),
    ]


def _contour(anatomy: Anatomy) -> Places:
    half = spline(np.array(_CONTOUR, np.float64), np.arange(17) / 2.0)
    both = np.concatenate([half * np.array([-1.0, 1.0, 1.0]), half[:-1]])
    return on_surface(anatomy.points, anatomy.grid.triangles, both)


@cache
def surface_places() -> SurfacePlaces:
    """All places on the mean head; looked for once."""
    anatomy = mean_anatomy()
    vertices, weights = np.zeros((106, 3), np.int32), np.zeros((106, 3))
    found = [((*_CONTOUR_RIGHT, *_CONTOUR_LEFT), _contour(anatomy)), *_rims(anatomy)]
    flat = [(-x, y) for _, _, x, y in _PAIRS] + [(x, y) for _, _, x, y in _PAIRS]
    order = tuple(r for r, _, _, _ in _PAIRS) + tuple(left for _, left, _, _ in _PAIRS)
    found.append((order, _on_face(anatomy, flat)))
    found.append((tuple(k for k, _ in _MIDDLE), _on_face(anatomy, [(0.0, y) for _, y in _MIDDLE])))
    for numbers, places in found:
        vertices[list(numbers)], weights[list(numbers)] = places.vertices, places.weights
    wide = np.array([*_OUTLINE, *((-x, y, z) for x, y, z in _OUTLINE)], np.float64)
    outline = on_surface(anatomy.points, anatomy.grid.triangles, wide)
    contour = found[0][1]
    merged = Places(
        np.concatenate([outline.vertices, contour.vertices]),
        np.concatenate([outline.weights, contour.weights]),
    )
    brow = [(float(x), float(y)) for x, y in spline(np.array(_BROW), np.arange(21) / 4.0)]
    brows = [_on_face(anatomy, [(sign * x, y) for x, y in brow]) for sign in (-1.0, 1.0)]
    return SurfacePlaces(
        Places(vertices, weights), np.array(ORDER_68), merged, (brows[0], brows[1])
    )
