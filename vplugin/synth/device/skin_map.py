"""What is where on the skin, as `vplugin.synth.skin_map`, for all places at once."""

from __future__ import annotations

import torch
from torch import Tensor

from vplugin.synth.device.noise import smoothstep, table
from vplugin.synth.parts import Segment
from vplugin.synth.relief import MOUTH_HALF
from vplugin.synth.skin_map import (
    _CURVES,
    _NOSE,
    _PITCH,
    LOWER_BORDER,
    MOUTH_LINE,
    UPPER_BORDER,
)


def curve(which: int, x: Tensor) -> Tensor:
    """y of one of the curves of `vplugin.synth.skin_map` at |x|."""
    at = (x.abs() / _PITCH).clamp_max(118.0)
    k = at.long()
    values = table(_CURVES[which], x)
    return values[k] + (values[k + 1] - values[k]) * (at - k)


def hill(x: Tensor, y: Tensor, at_x: float, at_y: float, wide: float, high: float) -> Tensor:
    """1 at a place, falling smoothly to 0 at the radii."""
    u, v = (x - at_x) / wide, (y - at_y) / high
    left = (1.0 - u * u - v * v).clamp_min(0.0)
    return left * left


def line(away: Tensor, wide: float) -> Tensor:
    """1 on a line, falling smoothly to 0 at its half width."""
    t = (1.0 - (away / wide) * (away / wide)).clamp_min(0.0)
    return t * t


def between(x: Tensor, low: float, high: float) -> Tensor:
    """Whether x lies between two bounds, neither of them included."""
    return (x > low) & (x < high)


def unrolled(x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """Flat coordinates (mm) over face, sides and neck, for fine texture."""
    back = (z + 2.0).clamp_min(0.0)
    top = (-55.0 - y).clamp_min(0.0)
    under = smoothstep(104.0, 115.0, y) * (z + 9.0).clamp_min(0.0)
    return x + torch.where(x >= 0.0, back, -back), y - 0.4 * top + under.clamp_max(44.0)


def skin_label(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """(N,) int64 segments of places on the skin of face and neck."""
    a = x.abs()
    label = torch.full_like(x, int(Segment.SKIN), dtype=torch.int64)
    halves = table(_NOSE, x)
    at = ((y + 8.0) / 6.0).clamp(0.0, 9.99)
    k = at.long()
    half = halves[k] + (halves[k + 1] - halves[k]) * (at - k)
    label[between(y, -8.0, 52.0) & (a < half)] = int(Segment.NOSE)
    # The lips begin below the nose, so neither hides the other.
    middle = curve(MOUTH_LINE, x)
    mouth, above = (a < MOUTH_HALF) & between(y, 60.0, 84.0), y < middle
    label[mouth & above & (y > curve(UPPER_BORDER, x))] = int(Segment.UPPER_LIP)
    label[mouth & ~above & (y < curve(LOWER_BORDER, x))] = int(Segment.LOWER_LIP)
    label[z > 8.0] = int(Segment.SKIN)
    neck = (y > 86.0) & (y > 115.0 - 0.37 * (z.clamp_max(60.0) + 9.0))
    label[neck] = int(Segment.NECK)
    return label


def interpolated(columns: object, x: Tensor, column: int) -> Tensor:
    """A column of a table whose first column is x, straight between its rows, level beyond.

    Args:
        columns: (R, C) numbers, the first column rising.
        x: (N,).
        column: Which.
    """
    rows = table(columns, x)
    k = torch.searchsorted(rows[1:-1, 0].contiguous(), x.contiguous())
    low, high = rows[k], rows[k + 1]
    t = ((x - low[:, 0]) / (high[:, 0] - low[:, 0])).clamp_max(1.0)
    return low[:, column] + (high[:, column] - low[:, column]) * t
