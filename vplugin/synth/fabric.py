"""Paint of everything that is neither skin nor eye nor mouth: cloth, felt, paper, plastic, metal.

Textures are in mm (around or across, along, and a mark that parts may use), so a stripe is as wide
on a child as on a giant.
"""

from __future__ import annotations

from enum import IntEnum
from math import floor

from vplugin.synth.assembly import BLUE, GLOSS, GREEN, MATERIAL, PATTERN, RED, SEED
from vplugin.synth.exact import clamp, compiled, flat_fractal, flat_noise, hashed
from vplugin.synth.parts import Floats


class Weave(IntEnum):
    """Values of :attr:`vplugin.synth.parts.Part.pattern`."""

    PLAIN = 0
    STRIPES = 1
    CHECKS = 2
    KNIT = 3
    PRINT = 4
    DENIM = 5
    PINSTRIPES = 6
    DOTS = 7
    LETTERS = 8
    UPRIGHT_STRIPES = 9
    RIBS = 10
    LEATHER = 11
    GRILLE = 12


_CLOTH, _FELT, _PAPER = 4, 8, 9


@compiled
def _band(value: float, width: float) -> float:
    """1 in a share ``width`` of each cell of size 1, with soft borders."""
    at = value - floor(value)
    inside = min(at, width - at) if at < width else -min(at - width, 1.0 - at)
    return clamp(0.5 + inside * 12.0, 0.0, 1.0)


@compiled
def _second(pattern: int, x: float, y: float, seed: int) -> float:
    """Share of the second colour."""
    size = 8.0 + 34.0 * hashed(seed, 1, 0, 5)
    width = 0.15 + 0.5 * hashed(seed, 2, 0, 5)
    if pattern == 1:
        return _band(y / size, width)
    if pattern == 9:
        return _band(x / size, width)
    if pattern == 2:
        a, b = _band(x / size, width), _band(y / size, width)
        fine = _band(x / size + 0.31, 0.06) + _band(y / size + 0.31, 0.06)
        return clamp(0.45 * (a + b) + 0.5 * fine, 0.0, 1.0)
    if pattern == 4:
        rough = flat_noise(x / size, y / size, seed) + 0.5 * flat_noise(
            x / size * 2.3, y / size * 2.3, seed + 1
        )
        return clamp(0.5 + rough * 5.0, 0.0, 1.0)
    if pattern == 6:
        return 0.55 * _band(x / 11.0, 0.08)
    if pattern == 7:
        row = floor(y / size)
        u = x / size + 0.5 * (row - 2.0 * floor(0.5 * row))
        u, v = u - floor(u) - 0.5, y / size - row - 0.5
        reach = 0.16 + 0.2 * width
        return clamp(0.5 + (reach * reach - u * u - v * v) * 40.0, 0.0, 1.0)
    if pattern == 8:
        row = floor(y / 24.0)
        v = y / 24.0 - row
        if v < 0.2 or v > 0.85 or abs(x) > 60.0:
            return 0.0
        letter = floor(x / 9.0)
        u = x / 9.0 - letter
        if u > 0.8 or hashed(int(letter), int(row), 0, seed) < 0.18:
            return 0.0
        cell = hashed(int(letter), int(row), int(u * 3.7) + 4 * int(v * 5.0), seed + 1)
        return 1.0 if cell < 0.62 else 0.0
    return 0.0


@compiled
def _wire(x: float, y: float) -> float:
    """1 on the wires of a fine mesh, 0 in its holes."""
    u, v = (x + y) / 3.4, (x - y) / 3.4
    u, v = abs(u - floor(u) - 0.5), abs(v - floor(v) - 0.5)
    return clamp(4.0 * max(u, v) - 1.0, 0.0, 1.0)


@compiled
def _relief(pattern: int, material: int, x: float, y: float, seed: int) -> float:
    """Height of folds and threads, mm."""
    if pattern == 12:
        return 0.9 * _wire(x, y)
    if material != _CLOTH and material != _FELT:
        return 0.0
    # Folds run from the shoulders down to the middle, as cloth hangs.
    side = clamp(x / 70.0, -1.0, 1.0)
    u, v = x + 0.55 * side * y, y - 0.25 * side * x
    bend = flat_fractal(u / 60.0, v / 95.0, seed + 11, 2)
    ridge = 1.0 - abs(flat_noise(u / 46.0 + 0.7 * bend, v / 150.0, seed + 13))
    where = clamp(0.5 + 1.5 * flat_noise(x / 90.0, y / 90.0, seed + 15), 0.0, 1.0)
    height = 1.8 * bend + 2.6 * where * ridge * ridge
    if pattern == 3:
        column = x / 4.6
        u = column - floor(column)
        v = y / 3.4 + 0.8 * abs(u - 0.5)
        v -= floor(v)
        height = 0.5 * height + 1.1 * u * (1.0 - u) * 4.0 * (0.5 + 0.5 * v)
    elif pattern == 10:
        u = x / 3.6
        u -= floor(u)
        height = 0.3 * height + 1.3 * u * (1.0 - u) * 4.0
    elif pattern == 11:
        height += 0.25 * flat_noise(x / 2.2, y / 2.2, seed + 17)
    else:
        height += 0.05 * flat_noise(x / 0.9, y / 0.9, seed + 17)
    if material == _FELT:
        height = 0.35 * height + 0.12 * flat_noise(x / 1.4, y / 1.4, seed + 19)
    return height


@compiled
def _shades(pattern: int, x: float, y: float, seed: int) -> float:
    """Gain of the colour by threads and wear."""
    worn = 1.0 + 0.10 * flat_fractal(x / 30.0, y / 30.0, seed + 23, 2)
    if pattern == 5:
        thread = flat_noise(x * 0.8 + y * 0.8, (y - x) * 0.12, seed + 29)
        return worn * (1.0 + 0.35 * thread + 0.25 * flat_noise(x / 40.0, y / 60.0, seed + 31))
    thread = flat_noise(x * 1.1, y * 1.1, seed + 29)
    return worn * (1.0 + 0.07 * thread)


@compiled
def paint_cloth(x: float, y: float, z: float, given: Floats, out: Floats) -> None:
    """What a point of a worn or held thing looks like.

    Args:
        x: Around or across, mm.
        y: Along, mm.
        z: Not read.
        given: A row of :class:`vplugin.synth.assembly.Mesh`.
        out: (8,) written: albedo r g b, gloss, roughness, height in mm, thin, wet.
    """
    pattern, seed, material = int(given[PATTERN]), int(given[SEED]), int(given[MATERIAL])
    share = _second(pattern, x, y, seed)
    soft = material in (_CLOTH, _FELT)
    gain = _shades(pattern, x, y, seed) if soft else 1.0
    if pattern == 12:
        gain = 0.25 + 0.75 * _wire(x, y)
    if material == _PAPER:
        gain = 1.0 + 0.03 * flat_noise(x / 9.0, y / 9.0, seed)
    light = 0.299 * given[RED] + 0.587 * given[GREEN] + 0.114 * given[BLUE]
    # The second colour is far in lightness from the first one, and of its own hue.
    base, spread = (0.02, 0.3) if light > 0.22 else (0.25, 0.5)
    for channel in range(3):
        first = given[RED + channel]
        second = base + spread * hashed(seed, channel, 7, 9)
        out[channel] = clamp((first + share * (second - first)) * gain, 0.0, 1.0)
    out[3], out[4] = given[GLOSS], 0.9 - 0.8 * given[GLOSS]
    out[5], out[6], out[7] = _relief(pattern, material, x, y, seed), 0.0, 0.0
