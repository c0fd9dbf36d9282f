"""What hair does to the skin below it, as `vplugin.synth.undercoat`, and where hair grows."""

from __future__ import annotations

import torch
from torch import Tensor

from vplugin.synth import undercoat as columns
from vplugin.synth.beard import _CHEEK, _LIPS
from vplugin.synth.device.given import Given
from vplugin.synth.device.noise import fractal, mix, noise, smoothstep
from vplugin.synth.device.skin_map import interpolated
from vplugin.synth.hairline import TABLE
from vplugin.synth.scalp import CENTRE_Y, CENTRE_Z


def quarter_turn(x: Tensor, forward: Tensor) -> Tensor:
    """How far to the side: 0 straight ahead, 1 an ear, 2 the back."""
    side = x.abs()
    turn = side / (side + forward.abs() + 1e-12)
    return torch.where(forward >= 0.0, turn, 2.0 - turn)


def hair_density(given: Given, first: int, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """How densely scalp hair grows, 0 to 1.

    Args:
        given: Numbers of paints, in which those of :func:`hairline.hairline` begin at ``first``.
        first: See there.
        x: Face coordinates, mm.
        y: Face coordinates, mm.
        z: Face coordinates, mm.
    """
    dy, dz = y - CENTRE_Y, z - CENTRE_Z
    length = (x * x + dy * dy + dz * dz).sqrt() + 1e-9
    rise = -dy / length
    place = (quarter_turn(x, -dz) * 0.5 * (TABLE - 1)).clamp(0.0, TABLE - 1.001)
    i = place.long()
    line, following = given.several(first + i), given.several(first + i + 1)
    line = line + (following - line) * (place - i)
    seed = given.seed(first + TABLE + 3)
    line = line + 0.025 * noise(x * 0.12, y * 0.12, z * 0.12, seed)
    density = smoothstep(line - 0.02, line + 0.07, rise)
    crown = given.at(first + TABLE)
    cy, cz = dy / length + 0.80, dz / length - 0.60
    off = ((x / length) * (x / length) + cy * cy + cz * cz).sqrt()
    off = off + 0.05 * noise(x * 0.06, y * 0.06, z * 0.06, seed + 1)
    bald = smoothstep(0.62 * crown - 0.12, 0.62 * crown + 0.12, off)
    density = torch.where(crown > 0.0, density * bald, density)
    ringed = given.at(first + TABLE + 1) > 0.0
    density = torch.where(ringed, density * smoothstep(0.50, 0.34, rise), density)
    return density * given.at(first + TABLE + 2)


def _cheek(given: Given, first: int, x: Tensor, y: Tensor, z: Tensor, turn: Tensor) -> Tensor:
    """Where a beard grows on cheeks and below the jaw."""
    line = interpolated(_CHEEK, turn, 1) - 9.0 * given.at(first + 5) * smoothstep(0.2, 0.4, turn)
    line = line + 3.0 * noise(x * 0.08, y * 0.08, z * 0.08, given.seed(first + 9))
    upper, lower = smoothstep(0.96, 0.88, turn), smoothstep(0.98, 0.86, turn)
    return smoothstep(line - 1.0, line + 9.0, y) * torch.where(y < 60.0, upper, lower)


def _mouth(
    given: Given, first: int, a: Tensor, y: Tensor, z: Tensor, upper: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Moustache, chin and the ring between them."""
    front = (z < 14.0).float()
    lip = smoothstep(52.5, 56.0, y) * smoothstep(32.0, 26.0, a) * front
    lip = torch.where(a > 25.0, lip * smoothstep(upper + 9.0, upper + 1.0, y), lip)
    lip = torch.where(y > 60.0, lip, lip * smoothstep(0.5, 4.5, a))
    moustache = torch.where((y < 76.0) & (y < upper + 7.0), given.at(first + 1) * lip, 0.0)
    chin = smoothstep(24.0, 17.0, a) * smoothstep(84.0, 89.0, y)
    chin = torch.maximum(chin, smoothstep(5.5, 3.0, a) * smoothstep(80.0, 83.0, y))
    chin = given.at(first + 2) * chin * front * smoothstep(128.0, 116.0, y)
    ring = smoothstep(19.0, 23.0, a) * smoothstep(34.0, 29.0, a) * front
    ring = ring * smoothstep(60.0, 66.0, y) * smoothstep(108.0, 98.0, y)
    return moustache, chin, given.at(first + 3) * ring


def beard_density(given: Given, first: int, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """How densely a beard grows, 0 to 1; arguments as of :func:`hair_density`."""
    a, turn = x.abs(), quarter_turn(x, CENTRE_Z - z)
    cheek = _cheek(given, first, x, y, z, turn)
    low = 112.0 + 22.0 * given.at(first + 6)
    under = torch.where(z > 12.0, smoothstep(low + 6.0, low - 8.0, y), 1.0)
    upper, lower = interpolated(_LIPS, a, 1), interpolated(_LIPS, a, 2)
    chops = given.at(first + 4) * cheek * smoothstep(0.52, 0.60, turn) * smoothstep(84.0, 72.0, y)
    density = torch.maximum(given.at(first) * cheek * under, chops)
    for one in _mouth(given, first, a, y, z, upper):
        density = torch.maximum(density, one)
    front = z < 14.0
    soul = torch.maximum(smoothstep(5.0, 3.0, a), smoothstep(80.0, 88.0, y) * 0.9 + 0.1)
    density = torch.where(front & (a < 19.0) & (lower <= y) & (y < 88.0), density * soul, density)
    thin = noise(x * 0.055, y * 0.055, z * 0.055, given.seed(first + 9) + 3) + 0.45
    patches = given.at(first + 7) * smoothstep(0.2, -0.5, thin) * smoothstep(0.2, 0.5, turn)
    density = (density * (1.0 - patches) * given.at(first + 8)).clamp(0.0, 1.0)
    lips = front & (a < 25.5) & (upper - 0.8 < y) & (y < lower + 0.8)
    outside = (y < -25.0) | (y > 150.0) | (z > 95.0) | (given.at(first + 8) <= 0.0)
    return torch.where(lips | outside, 0.0, density)


def _colour(given: Given, first: int) -> Tensor:
    return torch.stack([given.at(first + channel) for channel in range(3)], dim=-1)


def _below_hair(given: Given, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """How far the colour of hair covers that of skin, 0 to 1."""
    cover = given.at(columns._COVER) * hair_density(given, columns._HAIR, x, y, z)
    rise = -(y + 20.0) / (x * x + (y + 20.0) * (y + 20.0) + (z - 78.0) * (z - 78.0)).sqrt()
    # Clipped sides are a shade lighter than the top.
    fade = given.at(columns._FADE)
    cover = cover * mix(0.62, torch.ones_like(x), smoothstep(fade - 0.2, fade + 0.05, rise))
    line = given.at(columns._PART) * smoothstep(190.0, 60.0, z)
    near = smoothstep(3.2, 0.8, (x - line).abs()) * smoothstep(150.0, 110.0, z)
    cover = cover * (1.0 - 0.75 * near * smoothstep(0.25, 0.4, rise))
    grain = fractal(x * 0.9, y * 0.9, z * 0.9, torch.full_like(given.row, 77), 2)
    cover = (cover * (1.0 + 0.25 * grain)).clamp_max(0.97)
    return torch.where((y < columns._BROWS) | (z > columns._EARS - 25.0), cover, 0.0)


def _below_beard(given: Given, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    cover = given.at(columns._BEARD_COVER) * beard_density(given, columns._BEARD, x, y, z)
    grain = fractal(x * 1.1, y * 1.1, z * 1.1, torch.full_like(given.row, 78), 2)
    return torch.where((z < 95.0) & (y > columns._BROWS), cover * (1.0 + 0.3 * grain), 0.0)


def undercoat(
    x: Tensor, y: Tensor, z: Tensor, given: Given, albedo: Tensor, gloss: Tensor
) -> tuple[Tensor, Tensor]:
    """Albedo (N, 3) and gloss (N,) of skin, darkened by the hair that grows there.

    Args:
        x: Face coordinates, mm.
        y: Face coordinates, mm.
        z: Face coordinates, mm.
        given: Rows of :func:`undercoat.undercoat_parameters`.
        albedo: (N, 3) of the skin.
        gloss: (N,) of the skin.
    """
    cover = _below_hair(given, x, y, z)
    albedo = mix(albedo, _colour(given, columns._HAIR_COLOUR), cover[:, None])
    cover, gloss = _below_beard(given, x, y, z), gloss * (1.0 - 0.7 * cover)
    # Roots shine bluish through the skin.
    roots = _colour(given, columns._BEARD_COLOUR) + 0.012 * torch.arange(3, device=x.device)
    return mix(albedo, roots, cover[:, None]), gloss * (1.0 - 0.5 * cover)
