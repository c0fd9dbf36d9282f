"""Paint of eyeballs: iris with fibres and rings, pupil, sclera with veins."""

from __future__ import annotations

import math

import numpy as np

from vplugin.synth.exact import angle_of, clamp, compiled, flat_noise, smoothstep
from vplugin.synth.parts import Floats
from vplugin.synth.person import Person

_SEED, _RED, _GREEN, _BLUE, _RING, _COLLAR, _FIBRES, _SIZE, _PUPIL, _WHITE, _VEINS = range(11)


def eye_parameters(person: Person) -> Floats:
    """What :func:`paint_eye` reads, (K,) float64."""
    iris = person.iris
    light = 1.0 - iris.melanin
    # From blue over green to amber, all of them darkened to brown by pigment.
    blue, green, amber = (0.17, 0.27, 0.40), (0.20, 0.27, 0.17), (0.36, 0.22, 0.07)
    at = 2.0 * iris.green
    a, b, share = (blue, green, at) if at < 1.0 else (green, amber, at - 1.0)
    vivid = [p + (q - p) * share for p, q in zip(a, b, strict=True)]
    mean = sum(vivid) / 3.0
    vivid = [c + (mean - c) * 0.8 * iris.grey for c in vivid]
    dark = (0.16 - 0.11 * iris.melanin, 0.075 - 0.055 * iris.melanin, 0.03 - 0.022 * iris.melanin)
    weight = min(1.0, max(0.0, (light - 0.3) / 0.35))
    colour = [d + (c - d) * weight for c, d in zip(vivid, dark, strict=True)]
    old = max(0.0, person.age - 40.0) / 50.0
    return np.array(
        [
            float(person.texture), *colour, iris.ring, iris.collar, iris.fibres, iris.size,
            iris.pupil, max(0.0, iris.white - 0.35 * old - 0.25 * person.tone.melanin), iris.veins,
        ],
        np.float64,
    )  # fmt: skip


@compiled
def _iris(x: float, y: float, away: float, given: Floats, out: Floats) -> None:
    """The coloured part: writes out[0:3] by distance and direction from the middle."""
    seed = int(given[_SEED])
    turn = angle_of(y, x)
    r = away / given[_SIZE]
    # Fibres: noise that is fine around and coarse outwards; mirrored halves hide the seam.
    around = abs(turn) * 13.0
    side = 40.0 if turn < 0.0 else 0.0
    fibre = flat_noise(around + side, r * 2.2, seed + 51) + 0.6 * flat_noise(
        around * 2.3 + side, r * 3.5, seed + 52
    )
    crypt = flat_noise(around * 0.45 + side, r * 5.0, seed + 53)
    bright = 1.0 + given[_FIBRES] * (0.45 * fibre + 0.25 * crypt)
    bright *= 0.72 + 0.55 * smoothstep(0.25, 0.75, r) * smoothstep(1.05, 0.7, r)
    edge = 0.42 + 0.07 * flat_noise(around * 0.7 + side, 0.5, seed + 54)
    collar = given[_COLLAR] * smoothstep(edge + 0.16, edge - 0.04, r)
    ring = 1.0 - (0.35 + 0.5 * given[_RING]) * smoothstep(0.80, 0.98, r)
    shade = clamp(bright, 0.25, 2.0) * ring
    out[0] = shade * (given[_RED] + (0.20 - given[_RED]) * 0.7 * collar)
    out[1] = shade * (given[_GREEN] + (0.11 - given[_GREEN]) * 0.7 * collar)
    out[2] = shade * (given[_BLUE] + (0.04 - given[_BLUE]) * 0.7 * collar)


@compiled
def _vein(x: float, y: float, away: float, given: Floats) -> float:
    """Red threads that run from the back towards the iris, 0 to 1."""
    seed = int(given[_SEED])
    warp = 1.6 * flat_noise(x * 0.35, y * 0.35, seed + 61)
    thread = abs(flat_noise(x * 0.16, y * 0.75 + warp, seed + 62))
    return smoothstep(0.10, 0.0, thread) * smoothstep(6.5, 11.0, away)


@compiled
def paint_eye(x: float, y: float, z: float, given: Floats, out: Floats) -> None:
    """Paints one place of an eyeball.

    Args:
        x: mm from its centre; the pupil is at (0, 0, -13).
        y: mm from its centre.
        z: mm from its centre.
        given: From :func:`eye_parameters`.
        out: (8,) albedo r g b, gloss, roughness, height mm, thin, wet; all but height 0 to 1.
    """
    away = math.sqrt(x * x + y * y)
    if z > 0.0:
        away = 24.0 - away
    white = given[_WHITE]
    red, green, blue = 0.60, 0.545 + 0.045 * white, 0.46 + 0.115 * white
    vein = given[_VEINS] * _vein(x, y, away, given)
    flesh = smoothstep(8.5, 13.0, away)
    red -= 0.05 * vein + 0.06 * flesh
    green -= 0.26 * vein + (0.10 + 0.14 * given[_VEINS]) * flesh
    blue -= 0.24 * vein + (0.10 + 0.14 * given[_VEINS]) * flesh
    iris = smoothstep(given[_SIZE] + 0.28, given[_SIZE] - 0.32, away)
    if iris > 0.0:
        _iris(x, y, away, given, out)
        pupil = smoothstep(given[_PUPIL] - 0.18, given[_PUPIL] + 0.14, away)
        red += (out[0] * pupil + 0.004 - red) * iris
        green += (out[1] * pupil + 0.004 - green) * iris
        blue += (out[2] * pupil + 0.004 - blue) * iris
    out[0], out[1], out[2] = (
        clamp(red, 0.003, 0.9),
        clamp(green, 0.003, 0.9),
        clamp(blue, 0.003, 0.9),
    )
    # The upper lid and its lashes shade the ball; the corners lie deep.
    lid = (1.0 - 0.5 * smoothstep(-0.5, -5.8, y)) * (1.0 - 0.12 * smoothstep(3.5, 6.0, y))
    lid *= 1.0 - 0.3 * smoothstep(6.0, 11.5, abs(x))
    for k in range(3):
        out[k] *= lid
    out[3] = 0.9
    out[4] = 0.08 + 0.10 * (1.0 - iris)
    out[5] = 0.0
    out[6] = 0.15 * (1.0 - iris)
    out[7] = 1.0
