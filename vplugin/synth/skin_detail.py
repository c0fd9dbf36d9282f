"""What the skin has at the scale of millimetres: spots of all kinds, lines, pores."""

from __future__ import annotations

import math

from vplugin.synth.exact import compiled, flat_fractal, flat_noise, hashed, smoothstep
from vplugin.synth.parts import Floats
from vplugin.synth.skin_map import LOWER_LID, curve, hill, line


@compiled
def spot(
    u: float, v: float, cell: float, seed: int, chance: float, small: float, large: float
) -> float:
    """Round spots strewn about, at most one in each cell.

    Args:
        u: Flat coordinates, mm.
        v: Flat coordinates, mm.
        cell: Width of the cells, mm.
        seed: Which spots.
        chance: That a cell has one, 0 to 1.
        small: Least radius, mm.
        large: Greatest radius, mm; below half a cell.

    Returns:
        0 outside, up to 1 in the middle of a spot.
    """
    i, j = math.floor(u / cell), math.floor(v / cell)
    if hashed(int(i), int(j), 0, seed) >= chance:
        return 0.0
    radius = small + (large - small) * hashed(int(i), int(j), 1, seed)
    room = cell - 2.0 * radius
    x = u - i * cell - radius - room * hashed(int(i), int(j), 2, seed)
    y = v - j * cell - radius - room * hashed(int(i), int(j), 3, seed)
    away = math.sqrt(x * x + y * y) / radius
    return 1.0 - away * away * (3.0 - 2.0 * away) if away < 1.0 else 0.0


@compiled
def pores(u: float, v: float, seed: int) -> float:
    """Depth of the pores, 0 to 1, in cells of size 1."""
    i, j = math.floor(u), math.floor(v)
    deepest = 0.0
    for di in range(-1, 1):
        for dj in range(-1, 1):
            # Of the four cells about the nearest corner.
            a = int(i + di + (1 if u - i > 0.5 else 0))
            b = int(j + dj + (1 if v - j > 0.5 else 0))
            x = u - a - 0.2 - 0.6 * hashed(a, b, 5, seed)
            y = v - b - 0.2 - 0.6 * hashed(a, b, 6, seed)
            size = 0.14 + 0.22 * hashed(a, b, 7, seed)
            deep = 1.0 - (x * x + y * y) / (size * size)
            if deep > deepest:
                deepest = deep
    return deepest


@compiled
def lines(x: float, y: float, z: float, seed: int, given: Floats) -> float:
    """Depth of the face's wrinkles, mm.

    Args:
        x: Face coordinates, mm.
        y: Face coordinates, mm.
        z: Face coordinates, mm.
        seed: Of their course.
        given: (8,) strength of forehead, frown, crow's feet left, right, nose to mouth left,
            right, mouth to chin, neck.
    """
    a = abs(x)
    wobble = flat_noise(x * 0.05, y * 0.05, seed)
    depth = 0.0
    if y < -26.0 and y > -72.0 and given[0] > 0.01:
        at = (y + 3.0 * wobble - 0.0022 * x * x + 27.0) / 9.5
        k = math.floor(at + 0.5)
        part = smoothstep(-0.35, 0.35, flat_noise(x * 0.035 + 7.7 * k, 3.1 * k, seed + 3))
        ends = smoothstep(58.0, 40.0, a) * smoothstep(-26.0, -31.0, y) * smoothstep(-72.0, -64.0, y)
        depth += given[0] * 0.55 * line(at - k, 0.20) * part * ends
    if a < 22.0 and -36.0 < y < -8.0 and given[1] > 0.01:
        away = a - 6.2 - 0.06 * (y + 22.0) - 0.8 * wobble
        depth += given[1] * 0.7 * line(away, 1.3) * hill(0.0, y, 0.0, -21.0, 1.0, 14.0)
        depth += given[1] * 0.35 * line(y + 5.0 + 0.4 * wobble, 1.1) * smoothstep(12.0, 5.0, a)
    crow = given[2] if x > 0.0 else given[3]
    if crow > 0.01 and a > 44.0 and -22.0 < y < 22.0 and z < 40.0:
        u, v = a - 40.0, y + 1.0 + 2.0 * wobble
        out = math.sqrt(u * u + v * v)
        fan = v / (u + 6.0) * 7.0
        k = math.floor(fan + 0.5)
        reach = smoothstep(8.0, 10.5, out) * smoothstep(27.0, 15.0, out)
        part = 0.35 + 0.65 * hashed(int(k) + 9, 1 if x > 0.0 else 2, 3, seed)
        depth += crow * 0.42 * part * line(fan - k, 0.34) * reach * smoothstep(4.5, 2.0, abs(fan))
    below = y - curve(LOWER_LID, a)
    if a < 52.0 and 1.0 < below < 13.0 and crow > 0.01:
        fine = line(below - 3.2 - 0.7 * wobble, 0.7) + line(below - 5.8 + 0.8 * wobble, 0.8)
        depth += 0.22 * crow * fine * hill(a, 0.0, 34.0, 0.0, 16.0, 1.0)
    fold = given[4] if x > 0.0 else given[5]
    if fold > 0.01 and 36.0 < y < 92.0 and a < 46.0 and z < 20.0:
        d = y - 38.0
        bend = 18.3 + 0.52 * d - 0.0042 * d * d + 2.4 * min(1.0, fold) * min(1.0, d / 20.0)
        ends = smoothstep(37.0, 45.0, y) * smoothstep(84.0, 66.0, y)
        depth += fold * 0.5 * line(a - bend, 2.3) * ends
    if given[6] > 0.01 and 74.0 < y < 104.0 and 18.0 < a < 42.0 and z < 25.0:
        ends = smoothstep(75.0, 80.0, y) * smoothstep(104.0, 92.0, y)
        depth += given[6] * 0.5 * line(a - 26.5 - 0.16 * (y - 76.0) - wobble, 1.4) * ends
        depth += given[6] * 0.25 * line(a - 33.0 - 0.2 * (y - 70.0), 1.2) * ends
    if given[6] > 0.01 and 53.0 < y < 66.0 and a < 18.0:
        at = x / 3.1 + 0.5 * wobble
        depth += given[6] * 0.16 * line(at - math.floor(at + 0.5), 0.2) * smoothstep(53.0, 60.0, y)
    if y > 118.0 and given[7] > 0.01 and z < 75.0:
        at = (y + 4.0 * wobble - 0.0012 * x * x - 128.0) / 17.0
        k = math.floor(at + 0.5)
        ends = smoothstep(120.0, 126.0, y) * smoothstep(190.0, 176.0, y) * smoothstep(60.0, 30.0, a)
        depth += given[7] * 0.6 * line(at - k, 0.08) * ends
    return depth


@compiled
def creases(u: float, v: float, seed: int, fine: float) -> float:
    """The web of fine lines that old skin has, -1 to 1; ``fine`` is its scale in 1/mm."""
    warp = flat_noise(u * 0.3 * fine, v * 0.3 * fine, seed)
    a = flat_noise((u + v * 0.6) * fine + warp, (v - 0.6 * u) * 0.35 * fine, seed + 1)
    b = flat_noise((u - v * 0.7) * fine, (v + 0.7 * u) * 0.35 * fine + warp, seed + 2)
    return min(abs(a), abs(b)) * -2.0 + 0.6


@compiled
def mottle(u: float, v: float, seed: int) -> float:
    """Uneven colour at a scale of a centimetre, -1 to 1."""
    return flat_fractal(u * 0.11, v * 0.11, seed, 3)
