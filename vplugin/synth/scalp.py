"""The surface that hair grows on and falls over, and where on it hair grows.

Two radius maps describe any head and its shoulders well enough for hair to slide over: the skull
and face seen from a point inside (an octahedral map), neck and shoulders seen from an axis (a
cylinder). Where hair grows is a matter of *face coordinates* (those of the neutral mean face), so
that skin paint, strands and labels agree without asking each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vplugin.synth.exact import clamp, compiled, hashed, smoothstep
from vplugin.synth.parts import Floats, Indices

CENTRE_Y = -20.0
CENTRE_Z = 78.0
AXIS_Z = 95.0
_SIZE = 96
_ROWS = 64
_COLUMNS = 64
_ROW = 5.0
_TOP = 40.0
# What a mesh is to hair.
BODY, CLOTH, HAT = 0, 1, 2


class Surface(NamedTuple):
    """What hair must not sink into.

    Attributes:
        head: (96, 96) mm from the centre (0, -20, 78) to the surface, octahedral with its pole at
            the crown; 0 where nothing is.
        torso: (64, 64) mm from the axis x = 0, z = 95 to neck and shoulders: rows of 5 mm down
            from y = 40, columns once around.
        cover: (96, 96) as ``head``: mm to the inside of a hat, 0 where none is.
    """

    head: Floats
    torso: Floats
    cover: Floats


@compiled
def _cell(x: float, y: float, z: float) -> tuple[float, float]:
    """Where a direction lies in the octahedral map, 0 to its size."""
    total = abs(x) + abs(y) + abs(z) + 1e-12
    a, b = x / total, z / total
    if y > 0.0:
        fold = 1.0 - abs(b)
        other = 1.0 - abs(a)
        a = fold if a >= 0.0 else -fold
        b = other if b >= 0.0 else -other
    return (0.5 * a + 0.5) * _SIZE, (0.5 * b + 0.5) * _SIZE


@compiled
def patch(x: float, y: float, z: float, size: int) -> int:
    """Which of size * size patches of directions from the head's centre a point lies in."""
    u, v = _cell(x, y - CENTRE_Y, z - CENTRE_Z)
    scale = size / _SIZE
    return min(int(v * scale), size - 1) * size + min(int(u * scale), size - 1)


@compiled
def patch_middle(number: int, size: int) -> tuple[float, float, float]:
    """The unit vector from the head's centre to the middle of a patch."""
    a = (2.0 * (number % size) + 1.0) / size - 1.0
    b = (2.0 * (number // size) + 1.0) / size - 1.0
    y = abs(a) + abs(b) - 1.0
    if y > 0.0:
        fold, other = 1.0 - abs(b), 1.0 - abs(a)
        a, b = (fold if a >= 0.0 else -fold), (other if b >= 0.0 else -other)
    length = np.sqrt(a * a + y * y + b * b)
    return a / length, y / length, b / length


@compiled
def quarter_turn(x: float, forward: float) -> float:
    """How far to the side: 0 straight ahead, 1 an ear, 2 the back (no angle, but monotone)."""
    side = abs(x)
    turn = side / (side + abs(forward) + 1e-12)
    return turn if forward >= 0.0 else 2.0 - turn


@compiled
def head_radius(head: Floats, x: float, y: float, z: float) -> float:
    """Distance of the surface in the direction (x, y, z) from the head's centre, mm."""
    u, v = _cell(x, y, z)
    u = clamp(u - 0.5, 0.0, _SIZE - 1.001)
    v = clamp(v - 0.5, 0.0, _SIZE - 1.001)
    i, j = int(u), int(v)
    u -= i
    v -= j
    a = head[j, i] * (1.0 - u) + head[j, i + 1] * u
    b = head[j + 1, i] * (1.0 - u) + head[j + 1, i + 1] * u
    return float(a * (1.0 - v) + b * v)


@compiled
def torso_radius(torso: Floats, x: float, y: float, z: float) -> float:
    """Distance of neck or shoulders from the axis at a point's height and side, mm; 0 above."""
    row = (y - _TOP) / _ROW
    if row < 0.0:
        return 0.0
    row = min(row, _ROWS - 1.001)
    turn = quarter_turn(x, AXIS_Z - z)
    column = (turn if x >= 0.0 else 4.0 - turn) * (_COLUMNS / 4.0)
    i = int(column)
    u = column - i
    i, k = i % _COLUMNS, (i + 1) % _COLUMNS
    j = int(row)
    v = row - j
    a = torso[j, i] * (1.0 - u) + torso[j, k] * u
    b = torso[j + 1, i] * (1.0 - u) + torso[j + 1, k] * u
    return float(a * (1.0 - v) + b * v)


@compiled
def pushed_out(
    head: Floats, torso: Floats, x: float, y: float, z: float, above: float, over: float
) -> tuple[float, float, float]:
    """A point, moved out to at least ``above`` mm over the head and ``over`` mm over the torso."""
    dy, dz = y - CENTRE_Y, z - CENTRE_Z
    radius = head_radius(head, x, dy, dz)
    length = np.sqrt(x * x + dy * dy + dz * dz) + 1e-9
    if radius > 0.0 and length < radius + above:
        grown = (radius + above) / length
        x, y, z = x * grown, CENTRE_Y + dy * grown, CENTRE_Z + dz * grown
    if y > _TOP:
        dz = z - AXIS_Z
        radius = torso_radius(torso, x, y, z)
        length = np.sqrt(x * x + dz * dz) + 1e-9
        if radius > 0.0 and length < radius + over:
            slope = (torso_radius(torso, x, y + 8.0, z) - torso_radius(torso, x, y - 8.0, z)) / 16.0
            slope = clamp(slope, 0.0, 6.0)
            # Along the surface's normal: sideways on the neck, upwards on a shoulder.
            deep = (radius + over - length) / (1.0 + slope * slope)
            grown = 1.0 + deep / length
            x, y, z = x * grown, y - deep * slope, AXIS_Z + dz * grown
    return x, y, z


@compiled
def laid_on(head: Floats, x: float, y: float, z: float, above: float) -> tuple[float, float, float]:
    """A point, moved in or out to ``above`` mm over the head's surface, where it has one."""
    dy, dz = y - CENTRE_Y, z - CENTRE_Z
    radius = head_radius(head, x, dy, dz)
    if radius <= 0.0:
        return x, y, z
    grown = (radius + above) / (np.sqrt(x * x + dy * dy + dz * dz) + 1e-9)
    return x * grown, CENTRE_Y + dy * grown, CENTRE_Z + dz * grown


@compiled
def _splat(vertices: Floats, triangles: Indices, kind: int, apart: float, surface: Surface) -> None:
    head, torso, cover = surface
    # Of a fine mesh some triangles are enough; holes are filled.
    for t in range(0, triangles.shape[0], 1 + triangles.shape[0] // 12000):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        size = 0.0
        for axis in range(3):
            p, q = vertices[b, axis] - vertices[a, axis], vertices[c, axis] - vertices[a, axis]
            size = max(size, abs(p) + abs(q))
        steps = int(min(24.0, 1.0 + size / apart))
        middle = 1.0 / 3.0 if size < apart else 0.0
        for i in range(1 if middle > 0.0 else steps + 1):
            for j in range(1 if middle > 0.0 else steps + 1 - i):
                u, v = i / steps + middle, j / steps + middle
                w = 1.0 - u - v
                x = w * vertices[a, 0] + u * vertices[b, 0] + v * vertices[c, 0]
                y = w * vertices[a, 1] + u * vertices[b, 1] + v * vertices[c, 1]
                z = w * vertices[a, 2] + u * vertices[b, 2] + v * vertices[c, 2]
                if kind != CLOTH and y < (125.0 if z < 45.0 else 70.0):
                    dy, dz = y - CENTRE_Y, z - CENTRE_Z
                    length = np.sqrt(x * x + dy * dy + dz * dz)
                    p, q = _cell(x, dy, dz)
                    r, s = min(int(q), _SIZE - 1), min(int(p), _SIZE - 1)
                    if kind == BODY:
                        head[r, s] = max(head[r, s], length)
                    elif cover[r, s] == 0.0 or length < cover[r, s]:
                        cover[r, s] = length
                if kind != HAT and y > _TOP and not (z < 45.0 and y < 125.0):
                    dz = z - AXIS_Z
                    row = int((y - _TOP) / _ROW)
                    turn = quarter_turn(x, -dz)
                    column = int((turn if x >= 0.0 else 4.0 - turn) * (_COLUMNS / 4.0)) % _COLUMNS
                    if row < _ROWS:
                        torso[row, column] = max(torso[row, column], np.sqrt(x * x + dz * dz))


@compiled
def _fill(grid: Floats, passes: int, around: bool) -> None:
    """Holes take the mean of what surrounds them."""
    rows, columns = grid.shape
    for _ in range(passes):
        before = grid.copy()
        for j in range(rows):
            for i in range(columns):
                if before[j, i] > 0.0:
                    continue
                total, count = 0.0, 0
                for dj in range(-1, 2):
                    for di in range(-1, 2):
                        r, s = j + dj, i + di
                        if around:
                            s = s % columns
                        if 0 <= r < rows and 0 <= s < columns and before[r, s] > 0.0:
                            total += before[r, s]
                            count += 1
                if count > 0:
                    grid[j, i] = total / count


@compiled
def _widen_downwards(torso: Floats) -> None:
    """Shoulders that end go on downwards, and nothing hangs over."""
    for j in range(1, torso.shape[0]):
        for i in range(torso.shape[1]):
            if torso[j, i] < torso[j - 1, i] - 3.0:
                torso[j, i] = torso[j - 1, i] - 3.0


def build_surface(meshes: Sequence[tuple[Floats, Indices, int]], rough: float = 1.0) -> Surface:
    """The radius maps of some meshes.

    Args:
        meshes: For each its vertices (V, 3) mm in the head frame, its triangles (T, 3), and
            whether it is BODY (skin and ears), CLOTH or HAT.
        rough: How many times as far apart the meshes are sampled as at best; holes are filled.
    """
    head, cover = np.zeros((_SIZE, _SIZE)), np.zeros((_SIZE, _SIZE))
    surface = Surface(head, np.zeros((_ROWS, _COLUMNS)), cover)
    for vertices, triangles, kind in meshes:
        _splat(vertices, triangles, kind, 4.0 * rough, surface)
    _fill(head, 3, around=False)
    _fill(surface.torso, 3, around=True)
    if cover.any():
        _fill(cover, 2, around=False)
    _widen_downwards(surface.torso)
    return surface


@compiled
def covered(
    head: Floats, cover: Floats, x: float, y: float, z: float
) -> tuple[float, float, float]:
    """A point, pressed to the head so far that it lies below the hat."""
    dy, dz = y - CENTRE_Y, z - CENTRE_Z
    u, v = _cell(x, dy, dz)
    hat = cover[min(int(v), _SIZE - 1), min(int(u), _SIZE - 1)]
    if hat > 0.0:
        length = np.sqrt(x * x + dy * dy + dz * dz) + 1e-9
        most = max(hat - 3.0, head_radius(head, x, dy, dz) + 0.3)
        if length > most:
            grown = most / length
            return x * grown, CENTRE_Y + dy * grown, CENTRE_Z + dz * grown
    return x, y, z


@compiled
def is_covered(cover: Floats, x: float, y: float, z: float) -> bool:
    """Whether a hat is over this point, seen from the middle of the head."""
    u, v = _cell(x, y - CENTRE_Y, z - CENTRE_Z)
    return bool(cover[min(int(v), _SIZE - 1), min(int(u), _SIZE - 1)] > 0.0)


@compiled
def scattered(
    vertices: Floats,
    triangles: Indices,
    texture: Floats,
    density: Floats,
    count: int,
    seed: int,
    roots: Floats,
) -> int:
    """Scatters roots over a mesh, evenly by area times density.

    Args:
        vertices: (V, 3) mm.
        triangles: (T, 3).
        texture: (V, 3) face coordinates of the vertices, mm.
        density: (V,) 0 to 1.
        count: How many at most.
        seed: Of the scattering.
        roots: (count, 9), filled: place, normal (outwards), face coordinates.

    Returns:
        How many were placed.
    """
    reach = np.empty(triangles.shape[0])
    total = 0.0
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        mean = (density[a] + density[b] + density[c]) / 3.0
        if mean > 0.0:
            nx, ny, nz = _cross(vertices, a, b, c)
            total += mean * np.sqrt(nx * nx + ny * ny + nz * nz)
        reach[t] = total
    if total <= 0.0:
        return 0
    placed, t = 0, 0
    for index in range(count):
        goal = (index + hashed(index, 1, 0, seed)) / count * total
        while t < triangles.shape[0] - 1 and reach[t] < goal:
            t += 1
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        u, v = hashed(index, 2, 0, seed), hashed(index, 3, 0, seed)
        if u + v > 1.0:
            u, v = 1.0 - u, 1.0 - v
        w = 1.0 - u - v
        local = w * density[a] + u * density[b] + v * density[c]
        if smoothstep(0.0, 0.6, local) < hashed(index, 4, 0, seed):
            continue
        nx, ny, nz = _cross(vertices, a, b, c)
        length = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
        for axis in range(3):
            roots[placed, axis] = (
                w * vertices[a, axis] + u * vertices[b, axis] + v * vertices[c, axis]
            )
            roots[placed, 6 + axis] = (
                w * texture[a, axis] + u * texture[b, axis] + v * texture[c, axis]
            )
        # Outwards is away from the inside of the head, however the triangle is wound.
        outward = nx * roots[placed, 0] + ny * (roots[placed, 1] - CENTRE_Y)
        outward += nz * (roots[placed, 2] - CENTRE_Z)
        if outward < 0.0:
            length = -length
        roots[placed, 3], roots[placed, 4], roots[placed, 5] = nx / length, ny / length, nz / length
        placed += 1
    return placed


@compiled
def _cross(vertices: Floats, a: int, b: int, c: int) -> tuple[float, float, float]:
    px = vertices[b, 0] - vertices[a, 0]
    py = vertices[b, 1] - vertices[a, 1]
    pz = vertices[b, 2] - vertices[a, 2]
    qx = vertices[c, 0] - vertices[a, 0]
    qy = vertices[c, 1] - vertices[a, 1]
    qz = vertices[c, 2] - vertices[a, 2]
    return py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
