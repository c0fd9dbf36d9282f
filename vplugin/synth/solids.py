"""Meshes of simple bodies: tubes, balls, sheets, boxes; of which worn and held things are made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vplugin.synth.exact import PI, cosines, sines
from vplugin.synth.parts import Floats, Indices


class Solid(NamedTuple):
    """A mesh without a material.

    Attributes:
        vertices: (V, 3) mm.
        triangles: (T, 3).
        texture: (V, 3) mm: around or across, along, and 0.
    """

    vertices: Floats
    triangles: Indices
    texture: Floats


def unit(vectors: Floats) -> Floats:
    """Vectors (..., 3) of length 1; those without a length stay as they are."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    length = np.sqrt(x * x + y * y + z * z)
    return np.asarray(vectors / np.maximum(length, 1e-12)[..., None])


def crossed(a: Floats, b: Floats) -> Floats:
    """Cross products (..., 3), written out so that their rounding is the same everywhere."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], -1)


@lru_cache(maxsize=128)
def net(rows: int, columns: int, round_: bool = False) -> Indices:
    """Triangles (T, 3) of a grid of vertices; ``round_`` joins its last column to the first.

    Kept, as all clothes are such grids: not to be changed in place.
    """
    index = np.arange(rows * columns).reshape(rows, columns)
    following = np.roll(index, -1, axis=1)
    a, b, c, d = index[:-1], following[:-1], index[1:], following[1:]
    pairs = np.stack([np.stack([a, b, c], -1), np.stack([b, d, c], -1)], axis=2)
    if not round_:
        pairs = pairs[:, :-1]
    return np.ascontiguousarray(pairs.reshape(-1, 3), np.int32)


def sheet(points: Floats, texture: Floats | None = None, round_: bool = False) -> Solid:
    """A grid of points (R, C, 3) as a mesh; without a texture it is arc lengths in mm."""
    rows, columns = points.shape[:2]
    given = texture if texture is not None else measured(points)
    return Solid(points.reshape(-1, 3), net(rows, columns, round_), given.reshape(-1, 3))


def measured(points: Floats) -> Floats:
    """Texture (R, C, 3) of a grid: mm along its middle row, mm down each column, 0."""
    rows, columns = points.shape[:2]
    texture = np.zeros((rows, columns, 3))
    middle = points[rows // 2]
    texture[:, 1:, 0] = np.cumsum(_lengths(middle[1:] - middle[:-1]))
    texture[1:, :, 1] = np.cumsum(_lengths(points[1:] - points[:-1]), axis=0)
    return texture


def _lengths(steps: Floats) -> Floats:
    x, y, z = steps[..., 0], steps[..., 1], steps[..., 2]
    return np.asarray(np.sqrt(x * x + y * y + z * z))


def joined(solids: Sequence[Solid]) -> Solid:
    """Several as one."""
    at, triangles = 0, []
    for solid in solids:
        triangles.append(solid.triangles + at)
        at += len(solid.vertices)
    return Solid(
        np.concatenate([solid.vertices for solid in solids]),
        np.concatenate(triangles).astype(np.int32),
        np.concatenate([solid.texture for solid in solids]),
    )


def tube(
    path: Floats,
    radii: Floats | float,
    around: int = 8,
    closed: bool = False,
    flat: tuple[float, float] = (1.0, 1.0),
    up: tuple[float, float, float] = (0.0, 0.0, -1.0),
) -> Solid:
    """A tube along a path.

    Args:
        path: (N, 3) mm.
        radii: (N,) or one, mm.
        around: Corners of its cross-section.
        closed: Joins the end to the beginning; otherwise both ends are capped by points.
        flat: Factors of the radius across and along ``up``.
        up: A direction that is never along the path.
    """
    count = len(path)
    ahead = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    if not closed:
        ahead[0], ahead[-1] = path[1] - path[0], path[-1] - path[-2]
    along = unit(ahead)
    side = unit(crossed(np.broadcast_to(np.array(up), along.shape), along))
    other = crossed(along, side)
    turn = np.arange(around) * (2.0 * PI / around)
    size = np.broadcast_to(np.asarray(radii, np.float64), (count,))[:, None, None]
    c, s = cosines(turn)[None, :, None] * flat[0], sines(turn)[None, :, None] * flat[1]
    rings = path[:, None] + size * (c * side[:, None] + s * other[:, None])
    if closed:
        rings = np.concatenate([rings, rings[:1]])
        return sheet(rings, measured(rings), round_=True)
    ends = np.broadcast_to(path[0], rings[:1].shape), np.broadcast_to(path[-1], rings[:1].shape)
    rings = np.concatenate([ends[0], rings, ends[1]])
    return sheet(rings, measured(rings), round_=True)


def capsules(path: Floats, radii: Floats, around: int = 10) -> Solid:
    """A tube with round ends: a finger."""
    first, last = unit(path[:1] - path[1:2]), unit(path[-1:] - path[-2:-1])
    steps = ((0.94, 0.35), (0.75, 0.66), (0.42, 0.91))
    start = [path[0] + first[0] * radii[0] * a for a, _ in steps]
    stop = [path[-1] + last[0] * radii[-1] * a for a, _ in reversed(steps)]
    sizes = [radii[0] * b for _, b in steps], [radii[-1] * b for _, b in reversed(steps)]
    return tube(
        np.concatenate([np.array(start), path, np.array(stop)]),
        np.concatenate([np.array(sizes[0]), radii, np.array(sizes[1])]),
        around,
    )


def ball(
    centre: Sequence[float], radii: tuple[float, float, float], rows: int = 9, columns: int = 14
) -> Solid:
    """An ellipsoid, its poles at the top and the bottom."""
    down = np.arange(rows) * (PI / (rows - 1))
    turn = np.arange(columns) * (2.0 * PI / columns)
    ring, height = sines(down)[:, None], -cosines(down)[:, None]
    x = centre[0] + radii[0] * ring * sines(turn)[None]
    y = centre[1] + radii[1] * height + 0.0 * turn[None]
    z = centre[2] - radii[2] * ring * cosines(turn)[None]
    return sheet(np.stack([x, y, z], -1), round_=True)


def box(centre: Sequence[float], size: tuple[float, float, float], bevel: float = 0.0) -> Solid:
    """An upright box; its texture is mm from the centre, so that both faces can carry a picture."""
    x, y, z = (0.5 * s for s in size)
    b = min(bevel, x, y, z)
    rings = []
    for depth, inset in ((-z, b), (-z + b, 0.0), (z - b, 0.0), (z, b)):
        u, v = x - inset, y - inset
        rings.append(
            [
                (-u + b, -v, depth), (u - b, -v, depth), (u, -v + b, depth), (u, v - b, depth),
                (u - b, v, depth), (-u + b, v, depth), (-u, v - b, depth), (-u, -v + b, depth),
            ]
        )  # fmt: skip
    front = [[(0.0, 0.0, -z)] * 8]
    back = [[(0.0, 0.0, z)] * 8]
    points = np.array(front + rings + back, np.float64)
    return sheet(points + np.array(centre, np.float64), points, round_=True)


def turned(points: Floats, rotation: Floats) -> Floats:
    """Points (..., 3) by a rotation matrix (3, 3), written out."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    rows = [r[0] * x + r[1] * y + r[2] * z for r in rotation]
    return np.stack(rows, -1)


def rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """A matrix (3, 3) as heads are turned: roll first, then pitch, then yaw; degrees.

    Positive yaw turns to the picture's right, positive pitch down, positive roll clockwise.
    """
    angles = np.array([yaw, pitch, roll]) * (PI / 180.0)
    (cy, cp, cr), (sy, sp, sr) = cosines(angles), sines(angles)
    return np.array(
        [
            [cy * cr - sy * sp * sr, -cy * sr - sy * sp * cr, -sy * cp],
            [cp * sr, cp * cr, -sp],
            [sy * cr + cy * sp * sr, -sy * sr + cy * sp * cr, cy * cp],
        ]
    )
