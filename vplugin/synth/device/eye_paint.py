"""Paint of eyeballs, as `vplugin.synth.eye_paint`."""

from __future__ import annotations

import torch
from torch import Tensor

from vplugin.synth import eye_paint as columns
from vplugin.synth.device.given import Given
from vplugin.synth.device.noise import flat_noise, mix, smoothstep, table


def _iris(x: Tensor, y: Tensor, away: Tensor, given: Given) -> Tensor:
    """(N, 3) the coloured part, by distance and direction from the middle."""
    seed, turn = given.seed(columns._SEED), torch.atan2(y, x)
    r = away / given.at(columns._SIZE)
    # Mirrored halves hide the seam.
    around, side = turn.abs() * 13.0, torch.where(turn < 0.0, 40.0, 0.0)
    fibre = flat_noise(around + side, r * 2.2, seed + 51)
    fibre = fibre + 0.6 * flat_noise(around * 2.3 + side, r * 3.5, seed + 52)
    crypt = flat_noise(around * 0.45 + side, r * 5.0, seed + 53)
    bright = 1.0 + given.at(columns._FIBRES) * (0.45 * fibre + 0.25 * crypt)
    bright = bright * (0.72 + 0.55 * smoothstep(0.25, 0.75, r) * smoothstep(1.05, 0.7, r))
    edge = 0.42 + 0.07 * flat_noise(around * 0.7 + side, 0.5, seed + 54)
    collar = given.at(columns._COLLAR) * smoothstep(edge + 0.16, edge - 0.04, r)
    ring = 1.0 - (0.35 + 0.5 * given.at(columns._RING)) * smoothstep(0.80, 0.98, r)
    colour = torch.stack([given.at(columns._RED + channel) for channel in range(3)], dim=-1)
    amber = table((0.20, 0.11, 0.04), x)
    tinted = mix(colour, amber, (0.7 * collar)[:, None])
    return (bright.clamp(0.25, 2.0) * ring)[:, None] * tinted


def _vein(x: Tensor, y: Tensor, away: Tensor, given: Given) -> Tensor:
    seed = given.seed(columns._SEED)
    warp = 1.6 * flat_noise(x * 0.35, y * 0.35, seed + 61)
    thread = flat_noise(x * 0.16, y * 0.75 + warp, seed + 62).abs()
    return smoothstep(0.10, 0.0, thread) * smoothstep(6.5, 11.0, away)


def paint_eye(x: Tensor, y: Tensor, z: Tensor, given: Given) -> Tensor:
    """(N, 8) albedo, gloss, roughness, height, thin and wet of places (mm) of eyeballs."""
    away = (x * x + y * y).sqrt()
    away = torch.where(z > 0.0, 24.0 - away, away)
    white, veins = given.at(columns._WHITE), given.at(columns._VEINS)
    vein, flesh = veins * _vein(x, y, away, given), smoothstep(8.5, 13.0, away)
    sore = 0.10 + 0.14 * veins
    red = 0.60 - 0.05 * vein - 0.06 * flesh
    green = 0.545 + 0.045 * white - 0.26 * vein - sore * flesh
    blue = 0.46 + 0.115 * white - 0.24 * vein - sore * flesh
    sclera = torch.stack([red, green, blue], dim=-1)
    size, pupil = given.at(columns._SIZE), given.at(columns._PUPIL)
    iris = smoothstep(size + 0.28, size - 0.32, away)
    inner = _iris(x, y, away, given) * smoothstep(pupil - 0.18, pupil + 0.14, away)[:, None]
    albedo = mix(sclera, inner + 0.004, iris[:, None]).clamp(0.003, 0.9)
    # The upper lid and its lashes shade the ball; the corners lie deep.
    lid = (1.0 - 0.5 * smoothstep(-0.5, -5.8, y)) * (1.0 - 0.12 * smoothstep(3.5, 6.0, y))
    lid = lid * (1.0 - 0.3 * smoothstep(6.0, 11.5, x.abs()))
    one = torch.ones_like(x)
    rest = [0.9 * one, 0.08 + 0.10 * (1.0 - iris), 0.0 * one, 0.15 * (1.0 - iris), one]
    return torch.cat([albedo * lid[:, None], torch.stack(rest, dim=-1)], dim=-1)
