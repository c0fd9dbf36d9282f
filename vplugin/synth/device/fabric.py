"""Paint of cloth, felt, paper, plastic and metal, as `vplugin.synth.fabric`."""

from __future__ import annotations

import torch
from torch import Tensor

from vplugin.synth.assembly import BLUE, GLOSS, GREEN, MATERIAL, PATTERN, RED, SEED
from vplugin.synth.device.given import Given
from vplugin.synth.device.noise import flat_fractal, flat_noise, hashed
from vplugin.synth.fabric import _CLOTH, _FELT, _PAPER, Weave


def _band(value: Tensor, width: Tensor | float) -> Tensor:
    """1 in a share ``width`` of each cell of size 1, with soft borders."""
    at = value - value.floor()
    inside = torch.where(
        at < width, torch.minimum(at, width - at), -torch.minimum(at - width, 1.0 - at)
    )
    return (0.5 + inside * 12.0).clamp(0.0, 1.0)


def _checks(x: Tensor, y: Tensor, width: Tensor) -> Tensor:
    fine = _band(x + 0.31, 0.06) + _band(y + 0.31, 0.06)
    return (0.45 * (_band(x, width) + _band(y, width)) + 0.5 * fine).clamp(0.0, 1.0)


def _print(x: Tensor, y: Tensor, seed: Tensor) -> Tensor:
    rough = flat_noise(x, y, seed) + 0.5 * flat_noise(x * 2.3, y * 2.3, seed + 1)
    return (0.5 + rough * 5.0).clamp(0.0, 1.0)


def _dots(x: Tensor, y: Tensor, width: Tensor) -> Tensor:
    row = y.floor()
    u = x + 0.5 * (row - 2.0 * (0.5 * row).floor())
    u, v = u - u.floor() - 0.5, y - row - 0.5
    reach = 0.16 + 0.2 * width
    return (0.5 + (reach * reach - u * u - v * v) * 40.0).clamp(0.0, 1.0)


def _letters(x: Tensor, y: Tensor, seed: Tensor) -> Tensor:
    row, letter = (y / 24.0).floor(), (x / 9.0).floor()
    u, v = x / 9.0 - letter, y / 24.0 - row
    i, j = letter.long(), row.long()
    blank = (v < 0.2) | (v > 0.85) | (x.abs() > 60.0) | (u > 0.8)
    blank = blank | (hashed(i, j, 0, seed) < 0.18)
    cell = hashed(i, j, (u * 3.7).long() + 4 * (v * 5.0).long(), seed + 1)
    return ((cell < 0.62) & ~blank).float()


def _second(pattern: Tensor, x: Tensor, y: Tensor, seed: Tensor) -> Tensor:
    """Share of the second colour."""
    size = 8.0 + 34.0 * hashed(seed, 1, 0, torch.full_like(seed, 5))
    width = 0.15 + 0.5 * hashed(seed, 2, 0, torch.full_like(seed, 5))
    across, down = x / size, y / size
    shares = (
        (Weave.STRIPES, _band(down, width)),
        (Weave.UPRIGHT_STRIPES, _band(across, width)),
        (Weave.CHECKS, _checks(across, down, width)),
        (Weave.PRINT, _print(across, down, seed)),
        (Weave.PINSTRIPES, 0.55 * _band(x / 11.0, 0.08)),
        (Weave.DOTS, _dots(across, down, width)),
        (Weave.LETTERS, _letters(x, y, seed)),
    )
    out = torch.zeros_like(x)
    for weave, share in shares:
        out = torch.where(pattern == int(weave), share, out)
    return out


def _wire(x: Tensor, y: Tensor) -> Tensor:
    """1 on the wires of a fine mesh, 0 in its holes."""
    u, v = (x + y) / 3.4, (x - y) / 3.4
    u, v = (u - u.floor() - 0.5).abs(), (v - v.floor() - 0.5).abs()
    return (4.0 * torch.maximum(u, v) - 1.0).clamp(0.0, 1.0)


def _folds(x: Tensor, y: Tensor, seed: Tensor) -> Tensor:
    """From the shoulders down to the middle, as cloth hangs."""
    side = (x / 70.0).clamp(-1.0, 1.0)
    u, v = x + 0.55 * side * y, y - 0.25 * side * x
    bend = flat_fractal(u / 60.0, v / 95.0, seed + 11, 2)
    ridge = 1.0 - flat_noise(u / 46.0 + 0.7 * bend, v / 150.0, seed + 13).abs()
    where = (0.5 + 1.5 * flat_noise(x / 90.0, y / 90.0, seed + 15)).clamp(0.0, 1.0)
    return 1.8 * bend + 2.6 * where * ridge * ridge


def _relief(pattern: Tensor, material: Tensor, x: Tensor, y: Tensor, seed: Tensor) -> Tensor:
    """Height of folds and threads, mm."""
    folds = _folds(x, y, seed)
    u, rib = x / 4.6, x / 3.6
    u, rib = u - u.floor(), rib - rib.floor()
    v = y / 3.4 + 0.8 * (u - 0.5).abs()
    knit = 0.5 * folds + 1.1 * u * (1.0 - u) * 4.0 * (0.5 + 0.5 * (v - v.floor()))
    ribs = 0.3 * folds + 1.3 * rib * (1.0 - rib) * 4.0
    leather = folds + 0.25 * flat_noise(x / 2.2, y / 2.2, seed + 17)
    height = folds + 0.05 * flat_noise(x / 0.9, y / 0.9, seed + 17)
    for weave, other in ((Weave.KNIT, knit), (Weave.RIBS, ribs), (Weave.LEATHER, leather)):
        height = torch.where(pattern == int(weave), other, height)
    felt = 0.35 * height + 0.12 * flat_noise(x / 1.4, y / 1.4, seed + 19)
    height = torch.where(material == _FELT, felt, height)
    height = torch.where((material == _CLOTH) | (material == _FELT), height, 0.0)
    return torch.where(pattern == int(Weave.GRILLE), 0.9 * _wire(x, y), height)


def _shades(pattern: Tensor, x: Tensor, y: Tensor, seed: Tensor) -> Tensor:
    """Gain of the colour by threads and wear."""
    worn = 1.0 + 0.10 * flat_fractal(x / 30.0, y / 30.0, seed + 23, 2)
    thread = flat_noise(x * 0.8 + y * 0.8, (y - x) * 0.12, seed + 29)
    denim = 1.0 + 0.35 * thread + 0.25 * flat_noise(x / 40.0, y / 60.0, seed + 31)
    plain = 1.0 + 0.07 * flat_noise(x * 1.1, y * 1.1, seed + 29)
    return worn * torch.where(pattern == int(Weave.DENIM), denim, plain)


def paint_cloth(x: Tensor, y: Tensor, given: Given) -> Tensor:
    """(N, 8) albedo, gloss, roughness, height, thin and wet of worn or held things.

    Args:
        x: Around or across, mm.
        y: Along, mm.
        given: Rows of :class:`vplugin.synth.assembly.Mesh`.
    """
    pattern, seed, material = (given.seed(column) for column in (PATTERN, SEED, MATERIAL))
    soft = (material == _CLOTH) | (material == _FELT)
    gain = torch.where(soft, _shades(pattern, x, y, seed), 1.0)
    gain = torch.where(pattern == int(Weave.GRILLE), 0.25 + 0.75 * _wire(x, y), gain)
    paper = 1.0 + 0.03 * flat_noise(x / 9.0, y / 9.0, seed)
    gain = torch.where(material == _PAPER, paper, gain)
    first = torch.stack([given.at(RED), given.at(GREEN), given.at(BLUE)])
    light = 0.299 * first[0] + 0.587 * first[1] + 0.114 * first[2]
    # The second colour is far in lightness from the first one, and of its own hue.
    base, spread = torch.where(light > 0.22, 0.02, 0.25), torch.where(light > 0.22, 0.3, 0.5)
    nine = torch.full_like(seed, 9)
    hues = torch.stack([hashed(seed, channel, 7, nine) for channel in range(3)])
    share = _second(pattern, x, y, seed)
    albedo = ((first + share * (base + spread * hues - first)) * gain).clamp(0.0, 1.0)
    gloss, zero = given.at(GLOSS), torch.zeros_like(x)
    height = _relief(pattern, material, x, y, seed)
    return torch.stack([*albedo, gloss, 0.9 - 0.8 * gloss, height, zero, zero], dim=-1)
