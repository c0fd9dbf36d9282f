"""Paint of skin, per pixel in face coordinates: tone, blood, spots, pores, wrinkles, lips."""

from __future__ import annotations

from vplugin.synth.exact import compiled, fractal, smoothstep
from vplugin.synth.expression import Expression
from vplugin.synth.parts import Floats
from vplugin.synth.person import Person

import numpy as np

from vplugin.synth.undercoat import undercoat, undercoat_parameters


def skin_parameters(person: Person, expression: Expression) -> Floats:
    """What :func:`paint` reads, (K,) float64."""
    own = np.array([0.55, 0.32, 0.24, float(person.texture)], np.float64)
    return np.concatenate([own, undercoat_parameters(person.hair, person.beard)])


@compiled
def paint(x: float, y: float, z: float, given: Floats, out: Floats) -> None:
    """Paints one place of the skin.

    Args:
        x: Face coordinates, mm.
        y: Face coordinates, mm.
        z: Face coordinates, mm.
        given: From :func:`skin_parameters`.
        out: (8,) albedo r g b, gloss, roughness, height mm, thin, wet; all but height 0 to 1.
    """
    mottle = 1.0 + 0.06 * fractal(x * 0.12, y * 0.12, z * 0.12, int(given[3]), 3)
    lip = smoothstep(2.0, 0.0, abs(y - 72.0) - 6.0) * smoothstep(24.0, 20.0, abs(x))
    out[0] = given[0] * mottle * (1.0 - 0.1 * lip)
    out[1] = given[1] * mottle * (1.0 - 0.35 * lip)
    out[2] = given[2] * mottle * (1.0 - 0.25 * lip)
    out[3] = 0.35
    out[4] = 0.5
    out[5] = 0.0
    out[6] = 0.0
    out[7] = 0.3 * lip
    undercoat(x, y, z, given[4:], out)
