"""What the skin has at the scale of millimetres, as `vplugin.synth.skin_detail`."""

from __future__ import annotations

import torch
from torch import Tensor

from vplugin.synth.device.noise import flat_fractal, flat_noise, hashed, hashes, smoothstep
from vplugin.synth.device.skin_map import between, curve, hill, line
from vplugin.synth.skin_map import LOWER_LID


def spot(
    u: Tensor, v: Tensor, cell: float, seed: Tensor, chance: Tensor, small: float, large: float
) -> Tensor:
    """Round spots strewn about: 0 outside, up to 1 in the middle.

    Args:
        u: Flat coordinates, mm.
        v: Flat coordinates, mm.
        cell: Width of the cells, mm; at most one spot in each.
        seed: Which spots.
        chance: That a cell has one, 0 to 1.
        small: Least radius, mm.
        large: Greatest radius, mm.
    """
    i, j = (u / cell).floor(), (v / cell).floor()
    there, size, across, down = hashes(i.long(), j.long(), 0, 4, seed)
    radius = small + (large - small) * size
    room = cell - 2.0 * radius
    x = u - i * cell - radius - room * across
    y = v - j * cell - radius - room * down
    away = ((x * x + y * y).sqrt() / radius).clamp_max(1.0)
    return torch.where(there < chance, 1.0 - away * away * (3.0 - 2.0 * away), 0.0)


def pores(u: Tensor, v: Tensor, seed: Tensor) -> Tensor:
    """Depth of the pores, 0 to 1, in cells of size 1."""
    i, j = (u - 0.5).ceil().long() - 1, (v - 0.5).ceil().long() - 1
    deepest = torch.zeros_like(u)
    for a in (i, i + 1):
        for b in (j, j + 1):
            across, down, wide = hashes(a, b, 5, 3, seed)
            x, y = u - a - 0.2 - 0.6 * across, v - b - 0.2 - 0.6 * down
            size = 0.14 + 0.22 * wide
            deepest = torch.maximum(deepest, 1.0 - (x * x + y * y) / (size * size))
    return deepest


def lines(x: Tensor, y: Tensor, z: Tensor, seed: Tensor, given: list[Tensor]) -> Tensor:
    """Depth of the face's wrinkles, mm.

    Args:
        x: Face coordinates, mm.
        y: Face coordinates, mm.
        z: Face coordinates, mm.
        seed: Of their course.
        given: Strength of forehead, frown, crow's feet left, right, nose to mouth left, right,
            mouth to chin, neck; those of 0.01 and less draw nothing.
    """
    wobble = flat_noise(x * 0.05, y * 0.05, seed)
    strong = [torch.where(one > 0.01, one, 0.0) for one in given]
    crow = torch.where(x > 0.0, strong[2], strong[3])
    fold = torch.where(x > 0.0, strong[4], strong[5])
    depth = strong[0] * _forehead(x, y, wobble, seed) + strong[1] * _frown(x, y, wobble)
    depth = depth + crow * (_crow(x, y, z, wobble, seed) + _below_eye(x, y, wobble))
    depth = depth + fold * _fold(x, y, z, fold)
    depth = depth + strong[6] * _mouth(x, y, z, wobble)
    return depth + strong[7] * _neck(x, y, z, wobble)


def _forehead(x: Tensor, y: Tensor, wobble: Tensor, seed: Tensor) -> Tensor:
    at = (y + 3.0 * wobble - 0.0022 * x * x + 27.0) / 9.5
    k = (at + 0.5).floor()
    part = smoothstep(-0.35, 0.35, flat_noise(x * 0.035 + 7.7 * k, 3.1 * k, seed + 3))
    ends = smoothstep(58.0, 40.0, x.abs()) * smoothstep(-26.0, -31.0, y)
    return 0.55 * line(at - k, 0.20) * part * ends * smoothstep(-72.0, -64.0, y)


def _frown(x: Tensor, y: Tensor, wobble: Tensor) -> Tensor:
    a = x.abs()
    upright = line(a - 6.2 - 0.06 * (y + 22.0) - 0.8 * wobble, 1.3)
    depth = 0.7 * upright * hill(torch.zeros_like(y), y, 0.0, -21.0, 1.0, 14.0)
    depth = depth + 0.35 * line(y + 5.0 + 0.4 * wobble, 1.1) * smoothstep(12.0, 5.0, a)
    return torch.where((a < 22.0) & between(y, -36.0, -8.0), depth, 0.0)


def _crow(x: Tensor, y: Tensor, z: Tensor, wobble: Tensor, seed: Tensor) -> Tensor:
    a = x.abs()
    u, v = (a - 40.0).clamp_min(0.0), y + 1.0 + 2.0 * wobble
    out = (u * u + v * v).sqrt()
    fan = v / (u + 6.0) * 7.0
    k = (fan + 0.5).floor()
    reach = smoothstep(8.0, 10.5, out) * smoothstep(27.0, 15.0, out)
    part = 0.35 + 0.65 * hashed(k.long() + 9, torch.where(x > 0.0, 1, 2), 3, seed)
    depth = 0.42 * part * line(fan - k, 0.34) * reach * smoothstep(4.5, 2.0, fan.abs())
    return torch.where((a > 44.0) & between(y, -22.0, 22.0) & (z < 40.0), depth, 0.0)


def _below_eye(x: Tensor, y: Tensor, wobble: Tensor) -> Tensor:
    a = x.abs()
    below = y - curve(LOWER_LID, a)
    fine = line(below - 3.2 - 0.7 * wobble, 0.7) + line(below - 5.8 + 0.8 * wobble, 0.8)
    depth = 0.22 * fine * hill(a, torch.zeros_like(a), 34.0, 0.0, 16.0, 1.0)
    return torch.where((a < 52.0) & between(below, 1.0, 13.0), depth, 0.0)


def _fold(x: Tensor, y: Tensor, z: Tensor, fold: Tensor) -> Tensor:
    a, d = x.abs(), y - 38.0
    deep = 2.4 * fold.clamp_max(1.0) * (d / 20.0).clamp_max(1.0)
    bend = 18.3 + 0.52 * d - 0.0042 * d * d + deep
    ends = smoothstep(37.0, 45.0, y) * smoothstep(84.0, 66.0, y)
    there = between(y, 36.0, 92.0) & (a < 46.0) & (z < 20.0)
    return torch.where(there, 0.5 * line(a - bend, 2.3) * ends, 0.0)


def _mouth(x: Tensor, y: Tensor, z: Tensor, wobble: Tensor) -> Tensor:
    """From the mouth to the chin, and upright over the upper lip."""
    a = x.abs()
    ends = smoothstep(75.0, 80.0, y) * smoothstep(104.0, 92.0, y)
    down = 0.5 * line(a - 26.5 - 0.16 * (y - 76.0) - wobble, 1.4)
    down = (down + 0.25 * line(a - 33.0 - 0.2 * (y - 70.0), 1.2)) * ends
    there = between(y, 74.0, 104.0) & between(a, 18.0, 42.0) & (z < 25.0)
    at = x / 3.1 + 0.5 * wobble
    upright = 0.16 * line(at - (at + 0.5).floor(), 0.2) * smoothstep(53.0, 60.0, y)
    over = between(y, 53.0, 66.0) & (a < 18.0)
    return torch.where(there, down, 0.0) + torch.where(over, upright, 0.0)


def _neck(x: Tensor, y: Tensor, z: Tensor, wobble: Tensor) -> Tensor:
    at = (y + 4.0 * wobble - 0.0012 * x * x - 128.0) / 17.0
    ends = smoothstep(120.0, 126.0, y) * smoothstep(190.0, 176.0, y)
    ends = ends * smoothstep(60.0, 30.0, x.abs())
    depth = 0.6 * line(at - (at + 0.5).floor(), 0.08) * ends
    return torch.where((y > 118.0) & (z < 75.0), depth, 0.0)


def creases(u: Tensor, v: Tensor, seed: Tensor, fine: float) -> Tensor:
    """The web of fine lines that old skin has, -1 to 1; ``fine`` is its scale in 1/mm."""
    warp = flat_noise(u * 0.3 * fine, v * 0.3 * fine, seed)
    a = flat_noise((u + v * 0.6) * fine + warp, (v - 0.6 * u) * 0.35 * fine, seed + 1)
    b = flat_noise((u - v * 0.7) * fine, (v + 0.7 * u) * 0.35 * fine + warp, seed + 2)
    return torch.minimum(a.abs(), b.abs()) * -2.0 + 0.6


def mottle(u: Tensor, v: Tensor, seed: Tensor) -> Tensor:
    """Uneven colour at a scale of a centimetre, -1 to 1."""
    return flat_fractal(u * 0.11, v * 0.11, seed, 3)
