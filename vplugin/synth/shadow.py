"""What the key light reaches: a map of solids and a deep map of hair, seen from the light.

The light is far away, so the map is a parallel projection. Shadows soften with the distance from
what throws them (percentage-closer soft shadows, Fernando 2005).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth.exact import clamp, compiled
from vplugin.synth.parts import Floats, Indices
from vplugin.synth.raster import rasterise

Singles = npt.NDArray[np.float32]

# Twelve points of a disc (Vogel's spiral), and eight turns of it.
_DISC = np.array(
    [
        (0.2041, 0.0000), (-0.2607, 0.2388), (0.0399, -0.4547), (0.3286, 0.4286),
        (-0.6031, -0.1066), (0.5706, -0.3629), (-0.1907, 0.7109), (-0.3777, -0.6940),
        (0.7838, 0.2862), (-0.7978, 0.3875), (0.3473, -0.8684), (0.3521, 0.9131),
    ]
)  # fmt: skip
_TURNS = np.array(
    [
        (1.0, 0.0), (0.7071, 0.7071), (0.9239, 0.3827), (0.3827, 0.9239),
        (0.9808, 0.1951), (0.5556, 0.8315), (0.8315, 0.5556), (0.1951, 0.9808),
    ]
)  # fmt: skip


class ShadowMap(NamedTuple):
    """The scene from the key light.

    Attributes:
        solid: (S, S) float32, distance along the light's way of the first solid, mm; 1e9 none.
        hair: (S, S, 4) float32, distance of the first hair, then how dense the hair is in the
            first 3, the next 9 and the next 30 mm (area of hairs by area of texel).
        frame: (13,) the axes right, down, away from the light (3 each), the map's left and top in
            mm, texels in a mm, tangent of the light's half angle.
    """

    solid: Singles
    hair: Singles
    frame: Floats


def light_axes(direction: tuple[float, float, float]) -> Floats:
    """(9,) right, down and away, as unit vectors, of a view along the light.

    Args:
        direction: Unit vector to the light.
    """
    away = (-direction[0], -direction[1], -direction[2])
    helper = (0.0, 1.0, 0.0) if abs(away[1]) < 0.9 else (0.0, 0.0, 1.0)
    rx = helper[1] * away[2] - helper[2] * away[1]
    ry = helper[2] * away[0] - helper[0] * away[2]
    rz = helper[0] * away[1] - helper[1] * away[0]
    length = math.sqrt(rx * rx + ry * ry + rz * rz)
    rx, ry, rz = rx / length, ry / length, rz / length
    down = (
        away[1] * rz - away[2] * ry,
        away[2] * rx - away[0] * rz,
        away[0] * ry - away[1] * rx,
    )
    return np.array([rx, ry, rz, *down, *away])


@compiled
def _along(points: Floats, axes: Floats) -> Floats:
    out = np.empty_like(points)
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        for axis in range(3):
            out[i, axis] = x * axes[3 * axis] + y * axes[3 * axis + 1] + z * axes[3 * axis + 2]
    return out


def shadow_map(
    vertices: Floats,
    triangles: Indices,
    strands: Floats,
    links: Floats,
    direction: tuple[float, float, float],
    half_angle: float,
    size: int,
) -> ShadowMap:
    """The map of everything that throws shadows.

    Args:
        vertices: (V, 3) of solids, the scene's space, mm.
        triangles: (T, 3).
        strands: (P, 3) points of all hairs.
        links: (P,) mm of width times opacity of the piece from this point to the next; 0 of the
            last point of a hair and of hairs that others stand for.
        direction: Unit vector to the light.
        half_angle: Tangent of half the angle under which the light is seen.
        size: Texels along a side.
    """
    axes = light_axes(direction)
    seen = _along(vertices, axes)
    bounds = np.array([1e9, 1e9, -1e9, -1e9, -1e9])
    _widen(bounds, vertices, np.ones(1), axes)
    _widen(bounds, strands, links, axes)
    scale = (size - 4) / max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1.0)
    left, top = bounds[0] - 2.0 / scale, bounds[1] - 2.0 / scale
    frame = np.array([*axes, left, top, scale, half_angle])
    places = np.empty_like(seen)
    places[:, 0] = (seen[:, 0] - left) * scale
    places[:, 1] = (seen[:, 1] - top) * scale
    # The rasteriser keeps the largest; a parallel projection keeps depth linear.
    far = bounds[4] + 10.0
    places[:, 2] = far - seen[:, 2]
    nearness = np.zeros((size, size), np.float32)
    rasterise(places, triangles, nearness, np.full((size, size), -1, np.int32))
    solid = np.where(nearness > 0, np.float32(far) - nearness, np.float32(1e9))
    hair = np.zeros((size, size, 4), np.float32)
    hair[:, :, 0] = 1e9
    for first in (True, False):
        _deepen(strands, links, frame, hair, first)
    return ShadowMap(solid.astype(np.float32, copy=False), hair, frame)


@compiled
def _widen(bounds: Floats, points: Floats, links: Floats, axes: Floats) -> None:
    """Widens left, top, right, bottom, far by those points that throw shadows."""
    for i in range(points.shape[0]):
        if links[i if links.size > 1 else 0] <= 0.0:
            continue
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        a = x * axes[0] + y * axes[1] + z * axes[2]
        b = x * axes[3] + y * axes[4] + z * axes[5]
        bounds[0], bounds[1] = min(bounds[0], a), min(bounds[1], b)
        bounds[2], bounds[3] = max(bounds[2], a), max(bounds[3], b)
        bounds[4] = max(bounds[4], x * axes[6] + y * axes[7] + z * axes[8])


@compiled
def _deepen(strands: Floats, links: Floats, frame: Floats, hair: Singles, first: bool) -> None:
    """Finds the first hair of each texel, then (not ``first``) adds up what is behind it."""
    size, scale = hair.shape[0], frame[11]
    for i in range(strands.shape[0] - 1):
        if links[i] <= 0.0:
            continue
        x, y, d = _flat(strands, i, frame)
        dx, dy, dd = _flat(strands, i + 1, frame)
        dx, dy, dd = dx - x, dy - y, dd - d
        length = math.sqrt(dx * dx + dy * dy)
        steps = int(length) + 1
        share = links[i] * scale * length / steps
        for step in range(steps):
            t = (step + 0.5) / steps
            u, v, deep = int(x + t * dx), int(y + t * dy), d + t * dd
            if u < 0 or v < 0 or u >= size or v >= size:
                continue
            if first:
                hair[v, u, 0] = min(hair[v, u, 0], deep)
            else:
                behind = deep - hair[v, u, 0]
                layer = 1 if behind < 3.0 else (2 if behind < 12.0 else 3)
                hair[v, u, layer] += share


@compiled
def _flat(points: Floats, i: int, f: Floats) -> tuple[float, float, float]:
    x, y, z = points[i, 0], points[i, 1], points[i, 2]
    a = x * f[0] + y * f[1] + z * f[2]
    b = x * f[3] + y * f[4] + z * f[5]
    return (a - f[9]) * f[11], (b - f[10]) * f[11], x * f[6] + y * f[7] + z * f[8]


@compiled
def _texel(map: ShadowMap, x: float, y: float, z: float) -> tuple[float, float, float]:
    f = map.frame
    a = x * f[0] + y * f[1] + z * f[2]
    b = x * f[3] + y * f[4] + z * f[5]
    return (a - f[9]) * f[11], (b - f[10]) * f[11], x * f[6] + y * f[7] + z * f[8]


@compiled
def _dense(layers: Singles, deep: float) -> float:
    """How much light comes through the hair of one texel down to this depth."""
    d = deep - layers[0] - 0.5
    if d <= 0.0:
        return 1.0
    s = layers[1] * clamp(d * 0.3333, 0.0, 1.0)
    s += layers[2] * clamp((d - 3.0) * 0.1111, 0.0, 1.0)
    s += layers[3] * clamp((d - 12.0) * 0.0333, 0.0, 1.0)
    passed: float = 1.0 / (1.0 + s + 0.5 * s * s)
    return passed


@compiled
def _between(map: ShadowMap, u: float, v: float, deep: float) -> float:
    """Of hair, at a place of the map in texels."""
    u, v = u - 0.5, v - 0.5
    size = map.hair.shape[0]
    i, j = math.floor(u), math.floor(v)
    if i < 0 or j < 0 or i > size - 2 or j > size - 2:
        return 1.0
    u, v = u - i, v - j
    a = _dense(map.hair[j, i], deep) * (1.0 - u) + _dense(map.hair[j, i + 1], deep) * u
    b = _dense(map.hair[j + 1, i], deep) * (1.0 - u) + _dense(map.hair[j + 1, i + 1], deep) * u
    return a * (1.0 - v) + b * v


@compiled
def through(map: ShadowMap, x: float, y: float, z: float) -> float:
    """The share of the key light that the hair before this point lets through, 0 to 1."""
    u, v, deep = _texel(map, x, y, z)
    return _between(map, u, v, deep)


@compiled
def softly_through(map: ShadowMap, x: float, y: float, z: float, turn: int) -> float:
    """As :func:`through`, as soft as the light is wide; ``turn`` as of :func:`softly_lit`."""
    u, v, deep = _texel(map, x, y, z)
    wide = (0.8 + 9.0 * map.frame[12]) * map.frame[11]
    cos, sin = _TURNS[turn, 0] * wide, _TURNS[turn, 1] * wide
    total = _between(map, u + cos, v + sin, deep) + _between(map, u - cos, v - sin, deep)
    total += _between(map, u - sin, v + cos, deep) + _between(map, u + sin, v - cos, deep)
    return 0.25 * total


@compiled
def lit(map: ShadowMap, x: float, y: float, z: float) -> float:
    """Whether no solid is between this point and the key light, with a slightly soft edge."""
    u, v, deep = _texel(map, x, y, z)
    size = map.solid.shape[0]
    total = 0.0
    for n in range(4):
        i, j = int(u + (n & 1) - 0.5), int(v + (n >> 1) - 0.5)
        if i < 0 or j < 0 or i >= size or j >= size:
            total += 1.0
        else:
            total += clamp((map.solid[j, i] - deep + 3.0) * 0.5, 0.0, 1.0)
    return 0.25 * total


@compiled
def softly_lit(map: ShadowMap, x: float, y: float, z: float, turn: int) -> float:
    """As :func:`lit`, with a penumbra as wide as the light and the distance make it.

    Args:
        map: Of the scene.
        x: Where, mm; a little before the surface.
        y: Where.
        z: Where.
        turn: 0 to 7, another for neighbouring pixels, so that the steps of twelve taps dissolve.
    """
    u, v, deep = _texel(map, x, y, z)
    size, scale = map.solid.shape[0], map.frame[11]
    cos, sin = _TURNS[turn, 0], _TURNS[turn, 1]
    wide = (2.0 + 45.0 * map.frame[12]) * scale
    blockers, distance = 0, 0.0
    for n in range(12):
        a, b = _DISC[n, 0] * wide, _DISC[n, 1] * wide
        i, j = int(u + cos * a - sin * b), int(v + sin * a + cos * b)
        if i >= 0 and j >= 0 and i < size and j < size and map.solid[j, i] < deep - 1.0:
            blockers += 1
            distance += deep - map.solid[j, i]
    if blockers == 0:
        return 1.0
    wide = clamp(distance / blockers * map.frame[12] * scale, 1.0, wide)
    slack = 0.7 + 0.35 * wide / scale
    total = 0.0
    for n in range(12):
        a, b = _DISC[n, 0] * wide, _DISC[n, 1] * wide
        i, j = int(u + cos * a - sin * b), int(v + sin * a + cos * b)
        if i < 0 or j < 0 or i >= size or j >= size:
            total += 1.0
        else:
            total += clamp((map.solid[j, i] - deep) / slack + 1.0, 0.0, 1.0)
    return total * (1.0 / 12.0)


@compiled
def thinness(map: ShadowMap, x: float, y: float, z: float) -> float:
    """1 where hardly any flesh is between this point and the light, 0 behind a centimetre."""
    u, v, deep = _texel(map, x, y, z)
    size = map.solid.shape[0]
    total = 0.0
    for n in range(4):
        i, j = int(u + 1.5 * (n & 1) - 0.75), int(v + 1.5 * (n >> 1) - 0.75)
        if i >= 0 and j >= 0 and i < size and j < size:
            thick = max(0.0, deep - map.solid[j, i] - 0.5) * 0.28
            total += 1.0 / (1.0 + thick * thick * thick)
    return 0.25 * total
