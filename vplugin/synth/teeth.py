"""Teeth, gums and tongue of the mean head, as meshes that ride on the skull or on the jaw."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vplugin.synth.exact import hashed
from vplugin.synth.parts import Floats, Indices


class _Arch(NamedTuple):
    """One row of teeth: the first of each list is the middle incisor."""

    widths: tuple[float, ...]
    heights: tuple[float, ...]
    edge: float  # y of the cutting edges, mm
    front: float  # z of the middle of the arch, mm
    curve: float  # z grows by this times x squared, and by a little of its fourth power
    sign: float  # where the gum is: -1 above, 1 below


_UPPER = _Arch(
    (8.6, 6.7, 7.7, 7.0, 6.8, 9.6, 9.0),
    (10.2, 8.9, 9.9, 8.4, 7.8, 7.2, 6.6),
    74.2,
    -13.4,
    0.018,
    -1.0,
)
_LOWER = _Arch(
    (5.5, 6.1, 6.9, 7.1, 7.2, 10.6, 10.0),
    (8.6, 8.8, 9.8, 8.4, 7.8, 7.2, 6.6),
    72.8,
    -11.2,
    0.021,
    1.0,
)
_ACROSS, _DOWN = 9, 8


@dataclass(frozen=True)
class Inside:
    """What is in the mouth, on the mean head (mm).

    Attributes:
        teeth: (V, 3) of both rows, the lower from ``lower`` on.
        teeth_triangles: (T, 3).
        lower: First vertex of the lower teeth.
        gums: (V, 3).
        gum_triangles: (T, 3).
        lower_gum: First vertex of the lower gum.
        tongue: (V, 3).
        tongue_triangles: (T, 3).
    """

    teeth: Floats
    teeth_triangles: Indices
    lower: int
    gums: Floats
    gum_triangles: Indices
    lower_gum: int
    tongue: Floats
    tongue_triangles: Indices


def grid_triangles(rows: int, across: int, first: int = 0) -> Indices:
    """(T, 3) of a grid of vertices, row by row."""
    index = first + np.arange(rows * across).reshape(rows, across)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    triangles = np.stack([np.stack([a, b, c], -1), np.stack([b, d, c], -1)], axis=2)
    return np.ascontiguousarray(triangles.reshape(-1, 3), np.int32)


_FOURTH = 4.0e-5


def _depth(arch: _Arch, x: Floats) -> Floats:
    """z of the arch at x."""
    return np.asarray(arch.front + arch.curve * x * x + _FOURTH * x * x * x * x)


def _slope(arch: _Arch, x: float) -> tuple[float, float]:
    """The arch's tangent at x, of length 1: (along x, along z)."""
    rise = 2.0 * arch.curve * x + 4.0 * _FOURTH * x * x * x
    scale = 1.0 / float(np.sqrt(1.0 + rise * rise))
    return scale, rise * scale


def _tooth(arch: _Arch, x: float, width: float, height: float, number: int, turn: float) -> Floats:
    """One tooth's shell, (rows * across, 3), its middle at x on the arch."""
    u = np.linspace(-1.0, 1.0, _ACROSS)[None, :]
    v = np.linspace(0.0, 1.0, _DOWN)[:, None]  # 0 at the cutting edge, 1 below the gum
    biting = max(0.0, number - 2.5)
    corner = 1.0 - 0.07 * (1.0 - v) * (1.0 - v) * (1.0 + 0.8 * (number == 2)) - 0.14 * v * v * v
    across = u * 0.515 * width * corner
    edge = (0.05 + 0.10 * (number == 2)) * height * u * u * u * u * (1.0 - v)
    bulge = (1.0 - u * u * u * u) * (0.35 + 1.0 * v * (1.6 - v)) * (1.6 + 0.5 * biting)
    across_full, v_full = np.broadcast_arrays(across, v)
    tx, tz = _slope(arch, x)
    tx, tz = tx - turn * tz, tz + turn * tx
    z0 = float(_depth(arch, np.array(x)))
    rise = height * v_full + edge + 0.6 * (number in (1, 3))
    return np.stack(
        [
            x + across_full * tx + bulge * tz,
            arch.edge + arch.sign * rise,
            z0 + across_full * tz - bulge * tx,
        ],
        -1,
    ).reshape(-1, 3)


def _row(
    arch: _Arch, size: float, mess: float, seed: int
) -> tuple[list[Floats], list[tuple[float, float]]]:
    """Shells of one row, and (x, height) of each tooth, the right side first."""
    shells, tops = [], []
    for sign in (-1.0, 1.0):
        x = 0.0
        for number, (width, height) in enumerate(zip(arch.widths, arch.heights, strict=True)):
            chance = [hashed(number, int(sign), k, seed) - 0.5 for k in range(3)]
            wide = width * size
            step = wide * _slope(arch, x)[0]
            x += 0.5 * step
            gap = mess * 0.5 * max(0.0, chance[0])
            turn = mess * 0.14 * chance[1]
            tall = height * (0.9 + 0.1 * size) * (1.0 + 0.05 * mess * chance[2])
            shells.append(_tooth(arch, sign * (x + 0.5 * gap), wide, tall, number, turn))
            tops.append((sign * x, tall))
            x += 0.5 * step + gap
    return shells, tops


def _gum(arch: _Arch, tops: list[tuple[float, float]]) -> Floats:
    """A scalloped band behind and above the necks of the teeth."""
    order = sorted(tops)
    at = np.linspace(order[0][0] - 4.0, order[-1][0] + 4.0, 97)
    middles = np.array([x for x, _ in order])
    heights = np.array([h for _, h in order])
    near = np.argmin(np.abs(at[:, None] - middles[None, :]), axis=1)
    gap = np.abs(at - middles[near]) / 4.2
    neck = heights[near] * (0.84 - 0.16 * np.minimum(1.0, gap * gap))
    rows = []
    for rise, back in ((0.0, 0.9), (0.6, -0.5), (2.6, -1.1), (6.0, -0.9), (10.0, 1.0), (13.0, 5.0)):
        z = _depth(arch, at) + back
        rows.append(np.stack([at, arch.edge + arch.sign * (neck + rise), z], -1))
    return np.stack(rows).reshape(-1, 3)


def _tongue() -> tuple[Floats, Indices]:
    """A flat tongue with a groove, its tip behind the lower teeth."""
    rows, across = 20, 17
    v = np.linspace(0.0, 1.0, rows)[:, None]
    v = v * (0.35 + 0.65 * v)
    u = np.linspace(-1.0, 1.0, across)[None, :]
    tip = np.sqrt(np.maximum(0.0, 1.0 - (1.0 - v) * (1.0 - v) * (1.0 - v) * (1.0 - v)))
    half = 19.0 * tip * (0.85 + 0.15 * v)
    edge = np.sqrt(np.maximum(0.0, 1.0 - u * u))
    groove = 1.3 * np.maximum(0.0, 1.0 - 16.0 * u * u) * np.minimum(1.0, 4.0 * v)
    high = 7.5 * edge * tip * (0.55 + 0.9 * v * (1.3 - v)) - groove
    x = u * half
    y = 81.0 - high - 3.0 * v + 0.0 * u
    z = -7.5 + 46.0 * v + 0.0 * x
    top = np.stack(np.broadcast_arrays(x, y, z), -1).reshape(-1, 3)
    low = np.stack(np.broadcast_arrays(x, 81.0 + 2.5 * edge * tip - 1.0 * v, z + 0.6), -1).reshape(
        -1, 3
    )
    triangles = np.concatenate(
        [grid_triangles(rows, across), grid_triangles(rows, across, rows * across)]
    )
    return np.concatenate([top, low]), triangles


@lru_cache(maxsize=64)
def inside(size: float, mess: float, seed: int) -> Inside:
    """Teeth, gums and tongue.

    Args:
        size: Of the teeth, relative to the mean.
        mess: 0 even teeth to 2 gaps and turns.
        seed: Which gaps and turns.
    """
    shells, gums, counts = [], [], []
    for arch in (_UPPER, _LOWER):
        row, tops = _row(arch, size, mess, seed)
        shells.extend(row)
        gums.append(_gum(arch, tops))
        counts.append(len(row) * _DOWN * _ACROSS)
    one = grid_triangles(_DOWN, _ACROSS)
    triangles = np.concatenate([one + k * _DOWN * _ACROSS for k in range(len(shells))])
    band = grid_triangles(6, 97)
    tongue, tongue_triangles = _tongue()
    return Inside(
        np.concatenate(shells),
        np.ascontiguousarray(triangles, np.int32),
        counts[0],
        np.concatenate(gums),
        np.ascontiguousarray(np.concatenate([band, band + len(gums[0])]), np.int32),
        len(gums[0]),
        tongue,
        tongue_triangles,
    )
