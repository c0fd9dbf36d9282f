"""Paint of skin, as `vplugin.synth.skin`: tone, blood, spots, pores, wrinkles, lips, make-up."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vplugin.synth import skin as columns
from vplugin.synth.device.given import Given
from vplugin.synth.device.noise import flat_noise, smoothstep, table
from vplugin.synth.device.skin_detail import creases, lines, mottle, pores, spot
from vplugin.synth.device.skin_map import curve, hill, unrolled
from vplugin.synth.device.undercoat import undercoat
from vplugin.synth.skin_map import LOWER_BORDER, LOWER_LID, MOUTH_LINE, UPPER_BORDER, UPPER_LID
from vplugin.synth.undercoat import ENTRIES

# Where a scar runs: kind, from where, how it leans, half width and half length, and whether its
# length runs along y (or else along x).
_SCARS = (
    (1.0, (41.0, -24.0), 0.25, 0.9, 9.0, True),
    (2.0, (-40.0, 50.0), -0.9, 1.3, 11.0, True),
    (3.0, (8.0, 104.0), 0.2, 1.0, 7.0, False),
    (4.0, (9.0, 61.0), 0.1, 0.8, 6.0, True),
)


class Place(NamedTuple):
    """What several steps of the paint ask of places on the skin, each (N,).

    Attributes:
        x: Face coordinates, mm.
        y: Face coordinates, mm.
        z: Face coordinates, mm.
        a: |x|.
        u: Flat coordinates, mm.
        v: Flat coordinates, mm.
        sample: Width of a sample, mm; finer detail fades.
        seed: Of the texture.
        front: 1 on the face's front, 0 behind it.
        ear: 1 on an ear.
        lip: 1 on the red of the lips.
        bare: 1 off it.
        uneven: Noise, coarse.
        fine: Noise, fine.
        patch: Noise between them.
    """

    x: Tensor
    y: Tensor
    z: Tensor
    a: Tensor
    u: Tensor
    v: Tensor
    sample: Tensor
    seed: Tensor
    front: Tensor
    ear: Tensor
    lip: Tensor
    bare: Tensor
    uneven: Tensor
    fine: Tensor
    patch: Tensor

    @classmethod
    def of(cls, x: Tensor, y: Tensor, z: Tensor, sample: Tensor, given: Given) -> Place:
        """Finds it."""
        a, seed = x.abs(), given.seed(columns._SEED)
        u, v = unrolled(x, y, z)
        ear = smoothstep(64.0, 70.0, a) * smoothstep(60.0, 72.0, z) * smoothstep(60.0, 52.0, y)
        lip = _lip_share(x, y, z, 1.2 - 0.8 * given.at(columns._LIP_EDGE))
        fine = flat_noise(u * 0.55, v * 0.55, seed + 11)
        patch = flat_noise(u * 0.24, v * 0.24, seed + 12)
        noises = (mottle(u, v, seed), fine, patch)
        front = smoothstep(45.0, 15.0, z)
        return cls(x, y, z, a, u, v, sample, seed, front, ear, lip, 1.0 - lip, *noises)


class _Marks(NamedTuple):
    """Amounts of what is in the skin, and what stands out of it; each (N,)."""

    melanin: Tensor
    blood: Tensor
    mole: Tensor
    pimple: Tensor


class _Relief(NamedTuple):
    """Depth of lines and height, mm; depth of pores 0 to 1; blood of the lips' grooves."""

    depth: Tensor
    height: Tensor
    grain: Tensor
    groove: Tensor


def _lip_share(x: Tensor, y: Tensor, z: Tensor, edge: Tensor) -> Tensor:
    """1 on the red of the lips, 0 off it; ``edge`` is the width of the border, mm."""
    a, above = x.abs(), y < curve(MOUTH_LINE, x)
    border = torch.where(above, y - curve(UPPER_BORDER, x), curve(LOWER_BORDER, x) - y)
    share = smoothstep(-edge, edge, border) * smoothstep(25.6, 23.0, a)
    return torch.where((y >= 58.0) & (y <= 88.0) & (z <= 12.0), share, 0.0)


def _blood(p: Place, given: Given) -> Tensor:
    """Flush, lips; uneven everywhere."""
    flush = hill(p.a, p.y, 40.0, 32.0, 30.0, 26.0) + 0.8 * hill(p.x, p.y, 0.0, 43.0, 19.0, 15.0)
    chin = 0.3 * hill(p.x, p.y, 0.0, 104.0, 26.0, 16.0)
    flush = (flush + chin) * p.front + 0.9 * p.ear
    rough = 0.20 * p.uneven + 0.12 * p.fine + 0.08 * p.patch
    blood = given.at(columns._BLOOD) + rough * (0.25 + given.at(columns._MOTTLE))
    wings = 0.35 * hill(p.a, p.y, 19.5, 45.0, 6.0, 9.0) * p.front
    red = flush * (0.55 + 0.25 * p.uneven + 0.2 * p.patch) + wings
    blood = blood + given.at(columns._FLUSH) * red
    blood = blood + 0.20 * hill(p.a, p.y, 31.5, 1.0, 24.0, 14.0) * p.front
    return blood + p.lip * (0.30 + 0.75 * given.at(columns._LIPS)) * (1.0 + 0.12 * p.fine)


def _freckles(p: Place, given: Given, sun: Tensor) -> Tensor:
    strength = given.at(columns._FRECKLES)
    where = (0.25 + sun * p.front) * smoothstep(-0.5, 0.5, p.uneven + 0.3)
    chance = (strength * where).clamp_max(0.7) * p.bare
    spots = 0.30 * spot(p.u, p.v, 1.9, p.seed + 21, chance, 0.3, 0.85)
    spots = spots + 0.2 * spot(p.u + 0.7, p.v - 0.4, 3.1, p.seed + 22, 0.6 * chance, 0.5, 1.4)
    there = (strength > 0.02) & (p.sample < 2.5)
    return torch.where(there, (0.55 + 0.45 * p.fine) * spots, 0.0)


def _pigment(p: Place, given: Given) -> Tensor:
    """Sun, freckles, spots, what is dark about the eyes."""
    own = given.at(columns._MELANIN)
    sun = hill(p.x, p.y, 0.0, -40.0, 90.0, 60.0) + 0.7 * hill(p.x, p.y, 0.0, 34.0, 60.0, 28.0)
    melanin = own + given.at(columns._TAN) * (0.10 + 0.12 * sun * p.front)
    coarse = 0.02 * flat_noise(p.u * 0.05, p.v * 0.05, p.seed + 5)
    melanin = melanin + (0.035 * p.uneven + coarse) * given.at(columns._MOTTLE)
    lids = hill(p.a, p.y, 31.5, 1.0, 24.0, 14.0) * p.front
    below = hill(p.a, p.y, 29.0, 12.0, 17.0, 9.0) * p.front
    melanin = melanin + given.at(columns._CIRCLES) * (0.22 * below + 0.10 * lids) - 0.02 * p.ear
    melanin = melanin + _freckles(p, given, sun)
    aged = given.at(columns._SPOTS)
    chance = 0.3 * aged * (0.3 + smoothstep(30.0, 60.0, p.a))
    spots = 0.13 * p.bare * spot(p.u, p.v, 11.0, p.seed + 23, chance, 1.4, 4.2)
    melanin = melanin + torch.where(aged > 0.02, spots * (0.8 + 0.4 * p.fine), 0.0)
    lip = 0.05 + 0.10 * own - 0.12 * own * smoothstep(73.0, 78.0, p.y)
    return melanin + p.lip * lip


def _marks(p: Place, given: Given) -> _Marks:
    mole = p.bare * spot(p.u, p.v, 15.0, p.seed + 24, 0.09 * given.at(columns._MOLES), 0.5, 1.5)
    chance = 0.22 * given.at(columns._BLEMISHES)
    pimple = p.bare * spot(p.u, p.v, 8.0, p.seed + 25, chance, 0.7, 1.9)
    below = hill(p.a, p.y, 29.0, 12.0, 17.0, 9.0) * p.front
    melanin = _pigment(p, given) + 0.9 * mole * (1.1 - given.at(columns._MELANIN))
    blood = _blood(p, given) + given.at(columns._CIRCLES) * 0.25 * below + 0.7 * pimple
    return _Marks(melanin, blood, mole, pimple)


def _relief(p: Place, given: Given, marks: _Marks) -> _Relief:
    strengths = [given.at(columns._LINES + n) for n in range(8)]
    depth = lines(p.x, p.y, p.z, p.seed, strengths) * p.bare
    height = 0.35 * marks.mole + 0.18 * marks.pimple - depth
    none = torch.zeros_like(depth)
    if not bool((p.sample < 1.3).any()):
        return _Relief(depth, height, none, none)
    web = 0.10 * given.at(columns._WEB) * creases(p.u, p.v, p.seed + 31, 0.55)
    height = height + smoothstep(1.3, 0.6, p.sample) * p.bare * web
    fade = smoothstep(0.8, 0.35, p.sample)
    zone = 0.35 + hill(p.a, p.y, 14.0, 36.0, 34.0, 30.0) * p.front
    size = 1.15 - 0.25 * zone
    u, v = p.u / size + 0.4 * p.fine, p.v / size + 0.8 * p.patch
    grain = pores(u, v, p.seed + 32) * fade
    height = height - 0.16 * (0.15 + given.at(columns._PORES)) * zone * grain * p.bare
    bumps = 0.055 * flat_noise(p.u * 1.9, p.v * 1.9, p.seed + 33) + 0.04 * p.patch
    groove = flat_noise(p.x * 1.1 + 0.25 * p.fine, p.y * 0.16, p.seed + 34)
    groove = groove + 0.6 * flat_noise(p.x * 2.3, p.y * 0.3, p.seed + 35)
    groove = torch.where(p.sample < 1.2, p.lip * groove, 0.0)
    height = height + fade * bumps - 0.10 * groove * smoothstep(1.2, 0.5, p.sample)
    return _Relief(depth, height, grain, groove)


def _blended(albedo: Tensor, colour: Tensor, share: Tensor) -> Tensor:
    return albedo + (colour - albedo) * share[:, None]


def _coloured(p: Place, given: Given, marks: _Marks, relief: _Relief) -> Tensor:
    """(N, 3): amounts become a colour; scars."""
    melanin = marks.melanin.clamp_min(0.0)
    blood = (marks.blood + 0.10 * relief.groove).clamp_min(0.0) + 0.25 * relief.depth
    m, yellow = melanin * (0.75 + 0.25 * melanin), given.at(columns._YELLOW)
    red = 0.84 * (-2.05 * m - 0.10 * blood).exp()
    green = 0.70 * (-2.4 * m - 0.56 * blood - 0.04 * yellow).exp()
    blue = 0.62 * (-2.72 * m - 0.44 * blood - 0.32 * yellow).exp()
    albedo = torch.stack([red, green, blue], dim=-1)
    pale = albedo * table((1.15, 1.18, 1.2), albedo)
    return _blended(albedo, pale, 0.8 * _scarred(p, given) * p.front)


def _scarred(p: Place, given: Given) -> Tensor:
    """1 on the scar, if there is one."""
    kind, out = given.at(columns._SCAR), torch.zeros_like(p.x)
    for one, (x, y), lean, wide, long, upright in _SCARS:
        dx, dy = p.x - x, p.y - y
        along = dy if upright else dx
        away = dx - lean * dy if upright else dy - lean * p.x
        u, v = away / wide, along / long
        out = torch.where(kind == one, (1.0 - u * u - v * v).clamp_min(0.0), out)
    return out


def _bearded(p: Place) -> Tensor:
    """Where a beard grows, 0 to 1."""
    cheek = smoothstep(-6.0, 8.0, p.y - (62.0 - 0.45 * p.z.clamp_min(0.0)) + 0.10 * p.a)
    lip = smoothstep(52.0, 56.0, p.y) * smoothstep(30.0, 24.0, p.a)
    under = 1.0 - smoothstep(128.0, 150.0, p.y)
    side = 1.0 - smoothstep(58.0, 72.0, p.z)
    bare = hill(p.x, p.y, 0.0, 87.0, 14.0, 4.0) * 0.5
    return torch.maximum(cheek, lip) * under * side * (1.0 - bare)


def _shaven(p: Place, given: Given, albedo: Tensor) -> Tensor:
    """Hair under the skin takes more of the red than of the blue; grey hair hardly shows."""
    dots = flat_noise(p.u * 1.7, p.v * 1.7, p.seed + 41)
    dots = torch.where(p.sample < 0.9, dots, 0.0)
    beard = given.at(columns._STUBBLE) * _bearded(p) * p.bare
    beard = (beard * (0.42 + 0.2 * dots)).clamp(0.0, 0.7)
    beard = beard * (1.0 - 0.7 * given.at(columns._STUBBLE_GREY))
    return albedo * (1.0 - beard[:, None] * table((0.62, 0.56, 0.46), albedo))


def _colour(given: Given, first: int) -> Tensor:
    return torch.stack([given.at(first + channel) for channel in range(3)], dim=-1)


def _made_up(p: Place, given: Given, albedo: Tensor) -> Tensor:
    """Blush, eye shadow, liner, lipstick."""
    rouge = given.at(columns._BLUSH) * 0.5 * hill(p.a, p.y, 45.0, 28.0, 24.0, 17.0) * p.front
    albedo = _blended(albedo, albedo * table((0.95, 0.62, 0.68), albedo), rouge)
    rim, low = curve(UPPER_LID, p.x) - p.y, p.y - curve(LOWER_LID, p.x)
    span = smoothstep(15.0, 19.0, p.a) * smoothstep(53.0, 46.0, p.a) * p.front
    tint = given.at(columns._SHADOW) * 0.75 * smoothstep(14.0, 2.0, rim)
    tint = tint * smoothstep(-1.5, 0.5, rim) * span
    albedo = _blended(albedo, _colour(given, columns._SHADE_R), tint)
    ink = smoothstep(1.9, 0.7, rim) * smoothstep(-1.0, 0.0, rim)
    ink = torch.maximum(ink, 0.5 * smoothstep(1.1, 0.4, low) * smoothstep(-0.8, 0.0, low))
    black = table((0.012, 0.010, 0.010), albedo)
    albedo = _blended(albedo, black, given.at(columns._LINER) * 0.9 * ink * span)
    return _blended(
        albedo, _colour(given, columns._LIP_R), given.at(columns._LIPSTICK) * 0.9 * p.lip
    )


def _nostril(p: Place) -> Tensor:
    """1 inside, which is dark whatever the light."""
    across = (p.a - (6.6 + 0.16 * (p.z + 26.5))) / 3.3
    along = (p.z + 26.5) / 5.2
    inside = smoothstep(1.1, 0.6, across * across + along * along)
    return inside * smoothstep(51.6, 50.0, p.y) * smoothstep(37.0, 39.0, p.y)


def _glossy(p: Place, given: Given, inside: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gloss, roughness and wetness."""
    oily = hill(p.x, p.y, 0.0, -42.0, 46.0, 34.0) + hill(p.x, p.y, 0.0, 28.0, 15.0, 34.0)
    oily = oily + 0.6 * hill(p.x, p.y, 0.0, 104.0, 18.0, 12.0)
    oily = (oily + 0.5 * hill(p.a, p.y, 42.0, 20.0, 20.0, 14.0)).clamp_max(1.0)
    oil, shine = given.at(columns._OIL), given.at(columns._LIP_GLOSS)
    stick = given.at(columns._LIPSTICK) * shine
    gloss = 0.22 + oil * (0.18 + 0.42 * oily * p.front) + 0.06 * p.fine
    # Where the lips touch is no highlight.
    touch = smoothstep(0.0, 1.6, (p.y - curve(MOUTH_LINE, p.x)).abs())
    touch = torch.where(p.lip > 0.0, touch, 1.0)
    gloss = (gloss + p.lip * (0.22 + 0.5 * stick)) * touch
    powder = 1.0 - 0.5 * given.at(columns._POWDER) * p.bare
    gloss = (gloss * powder * (1.0 - 0.9 * inside)).clamp(0.0, 1.0)
    rough = 0.58 - 0.16 * oil * oily - 0.16 * p.lip - 0.2 * p.lip * shine
    return gloss, rough.clamp(0.12, 0.9), p.lip * touch * (0.25 + 0.3 * stick)


def paint(x: Tensor, y: Tensor, z: Tensor, sample: Tensor, given: Given) -> Tensor:
    """(N, 8) albedo r g b, gloss, roughness, height mm, thin, wet.

    Args:
        x: Face coordinates, mm.
        y: Face coordinates, mm.
        z: Face coordinates, mm.
        sample: Width of a sample, mm, by which detail that would be too fine is left out.
        given: Rows of :func:`vplugin.synth.skin.skin_parameters`.
    """
    p = Place.of(x, y, z, sample, given)
    marks = _marks(p, given)
    relief = _relief(p, given, marks)
    albedo = _coloured(p, given, marks, relief)
    albedo = _made_up(p, given, _shaven(p, given, albedo))
    inside = _nostril(p)
    shade = 1.0 - 0.30 * (relief.depth * 1.4).clamp(0.0, 1.0)
    shade = shade - 0.16 * given.at(columns._PORES) * relief.grain * p.bare
    albedo = (albedo * (shade * (1.0 - 0.95 * inside))[:, None]).clamp(0.004, 0.92)
    gloss, rough, wet = _glossy(p, given, inside)
    wing = hill(p.a, y, 16.0, 45.0, 7.0, 8.0) * p.front
    thin = (0.9 * p.ear + 0.45 * wing + 0.15 * p.lip).clamp(0.0, 1.0)
    last = given.numbers.shape[1] - ENTRIES
    below = Given(given.numbers[:, last:], given.whole[:, last:], given.row)
    albedo, gloss = undercoat(x, y, z, below, albedo, gloss)
    rest = torch.stack([gloss, rough, relief.height, thin, wet], dim=-1)
    return torch.cat([albedo, rest], dim=-1)
