"""What the surfaces of a canvas show: bricks, windows, books, leaves, letters; compiled.

A pattern is seen in a surface's own coordinates and answers with a share of the second colour, a
gain and a tint, so that one kernel paints them all.
"""

from __future__ import annotations

from math import floor, sqrt

from vplugin.synth.exact import clamp, compiled, flat_noise, hashed

Shade = tuple[float, float, float, float, float]


@compiled
def lattice(x: int, y: int, seed: int) -> float:
    """A random number in [0, 1) of a cell."""
    value: float = hashed(x, y, 0, seed)
    return value


@compiled
def value_noise2(x: float, y: float, seed: int) -> float:
    """Smooth noise in [0, 1]."""
    value: float = 0.5 + 0.5 * flat_noise(x, y, seed)
    return value


@compiled
def _joint(u: float, v: float, wide: float, size: float) -> float:
    """1 on the joints of a grid of cells, 0 inside; ``size`` is the footprint of a pixel."""
    across = min(u, 1.0 - u)
    down = min(v, 1.0 - v)
    edge = min(across, down)
    return clamp((wide - edge) / (size + 0.02) + 0.5, 0.0, 1.0)


@compiled
def _masonry(
    code: int, x: float, y: float, across: float, down: float, seed: int, size: float
) -> Shade:
    """Bricks, tiles and planks: cells with joints of the second colour."""
    row = floor(y)
    if code == 2:
        x += 0.5 * (row - 2.0 * floor(0.5 * row))
    elif code == 4:
        x += 3.0 * lattice(int(row), 7, seed)
    column = floor(x)
    fx, fy = x - column, y - row
    foot = size * max(across, down)
    wide = 0.07 if code == 2 else (0.03 if code == 3 else 0.02)
    if code == 2:
        line = max(
            clamp((wide * 0.5 - min(fx, 1.0 - fx)) / (size * across + 0.02) + 0.5, 0.0, 1.0),
            clamp((wide - min(fy, 1.0 - fy)) / (size * down + 0.02) + 0.5, 0.0, 1.0),
        )
    else:
        line = _joint(fx, fy, wide, foot)
    fade = clamp(1.5 - foot, 0.0, 1.0)
    spread = 0.5 if code == 2 else (0.12 if code == 3 else 0.55)
    gain = 1.0 + spread * fade * (lattice(int(column), int(row), seed) - 0.5)
    if code == 4:
        gain *= 0.88 + 0.24 * value_noise2(x * 2.0, y * 24.0, seed + 3)
    return line * fade + (1.0 - fade) * 0.1, gain, 1.0, 1.0, 1.0


@compiled
def _windows(x: float, y: float, seed: int, size: float) -> Shade:
    """A front of windows, some of them lit."""
    column, row = floor(x), floor(y)
    fx, fy = x - column, y - row
    chance = lattice(int(column), int(row), seed)
    inside = 1.0 - _joint(fx, fy, 0.2, size)
    warm = lattice(int(column), int(row), seed + 1)
    gain = 1.0
    if inside > 0.5:
        gain = 0.15 + 1.6 * chance * chance + (0.5 * fy - 0.2)
    return inside, gain, 1.0, 1.0 - 0.2 * warm, 1.0 - 0.45 * warm


@compiled
def _folds(x: float, v: float, seed: int) -> Shade:
    """Hanging cloth."""
    wave = value_noise2(x * 2.0, v * 0.7, seed) * 0.7 + value_noise2(x * 5.0, v, seed + 1) * 0.3
    fall = x + 0.4 * wave
    fold = fall - floor(fall)
    hill = 4.0 * fold * (1.0 - fold)
    return 0.0, 0.45 + 0.7 * hill * (0.6 + 0.4 * wave), 1.0, 1.0, 1.0


@compiled
def _goods(code: int, x: float, y: float, seed: int) -> Shade:
    """Books or goods in rows on shelves of the second colour."""
    row = floor(y)
    fy = y - row
    shelf = 0.07 if code == 7 else 0.05
    if fy > 1.0 - shelf:
        return 1.0, 1.0, 1.0, 1.0, 1.0
    x += 0.7 * value_noise2(x * 0.5, row, seed + 9)
    column = floor(x)
    fx = x - column
    i, j = int(column), int(row)
    tall = 0.2 * lattice(i, j, seed + 5) if code == 7 else 0.75 * lattice(i, j, seed + 5)
    if lattice(i, j, seed + 6) < 0.07 or fy < 0.08 + tall:
        return 1.0, 0.3 + 0.25 * fy, 1.0, 1.0, 1.0
    tone = lattice(i, j, seed)
    gain = (0.15 + 1.5 * tone * tone) * (0.55 + 1.8 * fx * (1.0 - fx))
    if code == 7 and 0.3 < fy - tall < 0.42 and tone > 0.3:
        gain *= 0.5 + 1.2 * lattice(i, j, seed + 4)
    warm = lattice(i, j, seed + 2)
    cool = lattice(i, j, seed + 3)
    return 0.0, gain, 0.5 + warm, 0.45 + 0.5 * cool, 0.25 + 0.9 * (1.0 - warm) * cool + 0.15


@compiled
def _letters(u: float, x: float, y: float, seed: int) -> Shade:
    """Lines of something like words, in the second colour."""
    row = floor(y)
    fy = y - row
    start = lattice(int(row), 3, seed)
    stop = 0.55 + 0.4 * lattice(int(row), 4, seed)
    blank = lattice(int(row), 5, seed) < 0.12
    ink = 0.0
    if 0.25 < fy < 0.75 and 0.06 < u < stop and not blank:
        letter = floor(x * 3.0)
        gap = lattice(floor(letter * 0.28 + start * 3.0), int(row), seed + 1)
        ink = 0.0 if gap < 0.12 else 0.55 + 0.45 * lattice(int(letter), int(row), seed + 2)
    return ink, 1.0, 1.0, 1.0, 1.0


@compiled
def _natural(code: int, u: float, v: float, x: float, y: float, across: float, seed: int) -> Shade:
    """Leaves, clouds, veins and what has a middle."""
    if code == 11:
        big = value_noise2(x, y, seed)
        fine = value_noise2(x * 3.1, y * 3.1, seed + 1)
        leaf = value_noise2(x * 9.0, y * 9.0, seed + 2)
        share = clamp((0.5 * big + 0.3 * fine + 0.3 * leaf - 0.4) * 4.0, 0.0, 1.0)
        return share, 0.45 + 0.9 * leaf + 0.3 * (1.0 - v), 1.0, 1.0, 1.0
    if code == 12:
        dx, dy = 2.0 * u - 1.0, 2.0 * v - 1.0
        return clamp(sqrt(dx * dx + dy * dy), 0.0, 1.0), 1.0, 1.0, 1.0, 1.0
    if code == 13:
        total = 0.0
        weight = 0.5
        for octave in range(4):
            total += weight * value_noise2(x, y, seed + octave)
            x, y, weight = x * 2.03, y * 2.03, weight * 0.5
        return clamp((total - 0.38) * 4.0, 0.0, 1.0), 1.0, 1.0, 1.0, 1.0
    if code == 15:
        dx, dy = 2.0 * u - 1.0, 2.0 * v - 1.0
        reach = sqrt(dx * dx + dy * dy) * across
        fold = reach - floor(reach)
        return 1.0 if fold > 0.5 else 0.0, 1.0, 1.0, 1.0, 1.0
    if code == 16:
        bend = value_noise2(x, y, seed) + 0.5 * value_noise2(x * 2.3, y * 2.3, seed + 1)
        fold = 3.0 * bend
        fold -= floor(fold)
        edge = min(fold, 1.0 - fold)
        return clamp(1.0 - edge * 6.0, 0.0, 1.0), 0.9 + 0.2 * bend, 1.0, 1.0, 1.0
    return 0.0, 1.0, 1.0, 1.0, 1.0


@compiled
def pattern(
    code: int, u: float, v: float, across: float, down: float, seed: int, size: float
) -> Shade:
    """Of a point of a surface: share of the second colour, gain, and three tints.

    Args:
        code: A ``Pattern``.
        u: Across, 0 to 1.
        v: Down, 0 to 1.
        across: Repeats.
        down: Repeats.
        seed: Of its noise.
        size: How much of the surface one pixel covers.
    """
    x, y = u * across, v * down
    if code == 1:
        return v, 1.0, 1.0, 1.0, 1.0
    if code == 2 or code == 3 or code == 4:
        return _masonry(code, x, y, across, down, seed, size)
    if code == 5:
        return _windows(x, y, seed, size * max(across, down))
    if code == 6:
        return _folds(x, v, seed)
    if code == 7 or code == 14:
        return _goods(code, x, y, seed)
    if code == 8:
        fold = x - floor(x)
        edge = min(abs(fold - 0.5), min(fold, 1.0 - fold))
        side = 1.0 if fold > 0.5 else -1.0
        return clamp(0.5 + side * edge / (size * across + 1e-6), 0.0, 1.0), 1.0, 1.0, 1.0, 1.0
    if code == 9:
        odd = floor(x) + floor(y)
        return odd - 2.0 * floor(0.5 * odd), 1.0, 1.0, 1.0, 1.0
    if code == 10:
        return _letters(u, x, y, seed)
    return _natural(code, u, v, x, y, across, seed)
