"""Where on a head hair and beard grow, in face coordinates, as densities from 0 to 1.

Strands are scattered by it, and skin is darkened by it: under dense hair no bright skin may shine
through, a shaved cheek has a shadow, a receding line is soft.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from vplugin.synth.exact import clamp, compiled, noise, smoothstep
from vplugin.synth.parts import Floats
from vplugin.synth.scalp import CENTRE_Y, CENTRE_Z, quarter_turn

TABLE = 41  # entries of the line, from the front (0) around the ear (20) to the nape (40)

# Quarter turns from the front, sine of the elevation over the head's centre where hair begins.
_LINE = (
    (0.00, 0.47), (0.20, 0.47), (0.32, 0.49), (0.42, 0.47), (0.50, 0.38), (0.57, 0.26),
    (0.63, 0.10), (0.70, -0.08), (0.78, -0.20), (0.88, -0.26), (0.93, -0.20), (0.97, 0.02),
    (1.08, 0.08), (1.18, 0.0), (1.26, -0.22), (1.34, -0.38), (1.45, -0.50), (1.60, -0.58),
    (1.80, -0.63), (2.00, -0.64),
)  # fmt: skip


def hairline(
    front: float, corners: float, peak: float, crown: float, ring: float, density: float, seed: int
) -> Floats:
    """What :func:`hair_density` reads.

    Args:
        front: How far the whole front has moved back, 0 to 1.
        corners: How far the corners over the temples have moved back, 0 to 1.
        peak: Widow's peak, 0 to 1.
        crown: Bald spot on the crown, 0 to 1.
        ring: 1 where only a ring around the head is left.
        density: Of the hair, 0 to 1.
        seed: Of the line's irregularity.

    Returns:
        (46,) numbers.
    """
    out = np.zeros(TABLE + 5)
    for i in range(TABLE):
        turn = 2.0 * i / (TABLE - 1)
        line = _interpolated(turn)
        before = min(1.0, max(0.0, (0.75 - turn) / 0.35))
        aside, middle = (turn - 0.38) / 0.24, turn / 0.12
        corner = max(0.0, 1.0 - aside * aside)
        line += before * front * 0.36 + corner * corners * 0.36
        line -= max(0.0, 1.0 - middle * middle) * peak * 0.09
        if ring > 0.0:
            line += ring * min(1.0, max(0.0, (0.74 - turn) / 0.12))
        out[i] = line
    out[TABLE:] = (crown, ring, density, float(seed), 0.0)
    return out


def _interpolated(turn: float) -> float:
    for (a, p), (b, q) in pairwise(_LINE):
        if turn <= b:
            return p + (q - p) * (turn - a) / (b - a)
    return _LINE[-1][1]


@compiled
def hair_density(given: Floats, x: float, y: float, z: float) -> float:
    """How densely scalp hair grows at a point in face coordinates (mm), 0 to 1."""
    dy, dz = y - CENTRE_Y, z - CENTRE_Z
    length = np.sqrt(x * x + dy * dy + dz * dz) + 1e-9
    rise = -dy / length
    turn = quarter_turn(x, -dz)
    place = clamp(turn * 0.5 * (TABLE - 1), 0.0, TABLE - 1.001)
    i = int(place)
    line = given[i] + (given[i + 1] - given[i]) * (place - i)
    seed = int(given[TABLE + 3])
    line += 0.025 * noise(x * 0.12, y * 0.12, z * 0.12, seed)
    density = smoothstep(line - 0.02, line + 0.07, rise)
    crown = given[TABLE]
    if crown > 0.0:
        cy, cz = dy / length + 0.80, dz / length - 0.60
        off = np.sqrt((x / length) * (x / length) + cy * cy + cz * cz)
        off += 0.05 * noise(x * 0.06, y * 0.06, z * 0.06, seed + 1)
        density *= smoothstep(0.62 * crown - 0.12, 0.62 * crown + 0.12, off)
    if given[TABLE + 1] > 0.0:
        density *= smoothstep(0.50, 0.34, rise)
    return float(density * given[TABLE + 2])


@compiled
def hair_densities(given: Floats, face: Floats) -> Floats:
    """(V,) :func:`hair_density` of (V, 3) face coordinates."""
    out = np.empty(face.shape[0])
    for i in range(face.shape[0]):
        out[i] = hair_density(given, face[i, 0], face[i, 1], face[i, 2])
    return out
