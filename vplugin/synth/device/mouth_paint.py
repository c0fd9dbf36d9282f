"""Paint of teeth, gums, tongue and lids' margins, as `vplugin.synth.mouth_paint`."""

from __future__ import annotations

import torch
from torch import Tensor

from vplugin.synth import mouth_paint as columns
from vplugin.synth.device.given import Given
from vplugin.synth.device.noise import flat_noise, smoothstep


def _tooth(x: Tensor, y: Tensor, z: Tensor, given: Given) -> list[Tensor]:
    seed, age = given.seed(columns._SEED), given.at(columns._WEB)
    upper = (y < 73.6) & ~((y > 72.7) & (z > -12.6))
    from_edge = torch.where(upper, 74.2 - y, y - 72.8)
    clear = smoothstep(1.6, 0.2, from_edge)
    stain = flat_noise(x * 0.8, y * 0.5, seed + 71) + flat_noise(x * 0.13, 0.5, seed + 72)
    shade = (1.0 - 0.72 * smoothstep(-8.0, 26.0, z)) * (1.0 + 0.05 * stain)
    yellow = 0.10 + 0.28 * age + 0.35 * smoothstep(3.0, 9.5, from_edge)
    one = torch.ones_like(x)
    return [
        shade * (0.72 - 0.06 * age - 0.10 * clear),
        shade * (0.68 - 0.10 * age - 0.09 * yellow - 0.08 * clear),
        shade * (0.60 - 0.10 * age - 0.30 * yellow - 0.03 * clear),
        *(0.75 * one, 0.18 * one, 0.0 * one, 0.25 * one, 0.8 * one),
    ]


def _lid(x: Tensor, y: Tensor, row: Tensor, given: Given) -> list[Tensor]:
    """The margin of a lid from the skin (row 0) to the eyeball (1), and flesh in the corners."""
    dark = 0.9 - 0.62 * given.at(columns._MELANIN)
    wet = smoothstep(0.5, 1.0, row)
    flesh = torch.maximum(wet, smoothstep(22.5, 18.0, x.abs()))
    grain = 1.0 + 0.08 * flat_noise(x * 1.3, y * 1.3, given.seed(columns._SEED) + 73)
    skin = (0.58 * dark, 0.34 * dark, 0.27 * dark)
    inside = (0.58, 0.29, 0.26)
    colour = [grain * (a + (b - a) * flesh) for a, b in zip(skin, inside, strict=True)]
    zero = torch.zeros_like(x)
    return [*colour, 0.4 + 0.4 * wet, 0.4 - 0.2 * wet, zero, zero + 0.3, wet]


def _flesh(x: Tensor, y: Tensor, z: Tensor, given: Given) -> list[Tensor]:
    """Tongue (40 mm lower than it is) and walls."""
    tongue = y > 106.0
    grain = flat_noise(x * 0.9, z * 0.9, given.seed(columns._SEED) + 74)
    deep = torch.where(tongue, smoothstep(-4.0, 34.0, z), smoothstep(-9.0, 24.0, z))
    shade = torch.where(
        tongue,
        (1.0 - 0.88 * deep) * (1.0 + 0.10 * grain),
        (1.0 - 0.93 * deep) * (1.0 + 0.06 * grain),
    )
    coat = smoothstep(-4.0, 14.0, z) * smoothstep(16.0, 6.0, x.abs())
    brown = shade * (1.0 - 0.35 * given.at(columns._MELANIN))
    return [
        torch.where(tongue, 0.52 + 0.04 * coat, 0.50) * brown,
        torch.where(tongue, 0.20 + 0.08 * coat, 0.20) * brown,
        torch.where(tongue, 0.19 + 0.07 * coat, 0.19) * brown,
        torch.where(tongue, 0.35, 0.5) * (1.0 - 0.95 * deep),
        (0.46 + 0.1 * grain).clamp(0.1, 0.7),
        torch.where(tongue, 0.07, 0.05) * grain,
        torch.full_like(x, 0.2),
        torch.where(tongue, 0.25, 0.6) * (1.0 - deep),
    ]


def paint_mouth(x: Tensor, y: Tensor, z: Tensor, teeth: Tensor, given: Given) -> Tensor:
    """(N, 8) albedo, gloss, roughness, height, thin and wet.

    Args:
        x: Face coordinates, mm.
        y: Face coordinates, mm; of the tongue 40 more.
        z: Face coordinates, mm; of lids 0 at the skin, 1 at the eyeball.
        teeth: (N,) bool, whether a place is of teeth.
        given: Rows of :func:`skin.skin_parameters`.
    """
    tooth, lid, flesh = (
        torch.stack(paint(x, y, z, given), dim=-1) for paint in (_tooth, _lid, _flesh)
    )
    other = torch.where((y < 30.0)[:, None], lid, flesh)
    return torch.where(teeth[:, None], tooth, other)
