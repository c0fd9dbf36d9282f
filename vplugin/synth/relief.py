"""The features of the mean face as relief on the rings: sockets, lids, nose, lips, chin, neck.

Everything is a function of face coordinates (mm, see `parts.py`), built from smooth pieces with a
bounded reach; set-up code in exact arithmetic only (no powers, no libm).
"""

from __future__ import annotations

import numpy as np

from vplugin.synth.cage import spline
from vplugin.synth.parts import Floats

EYE_X = 31.5
EYE_RADIUS = 12.0
LID_RADIUS = 13.2
EYE_INNER, EYE_OUTER = 16.2, 46.0
MOUTH_HALF = 25.0


def hill(x: Floats, y: Floats, centre: tuple[float, float], radii: tuple[float, float]) -> Floats:
    """1 at the centre, 0 beyond the radii, twice smooth."""
    u, v = (x - centre[0]) / radii[0], (y - centre[1]) / radii[1]
    left = np.maximum(0.0, 1.0 - u * u - v * v)
    return left * left * left


def step(low: float, high: float, x: Floats) -> Floats:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def nearer(a: Floats, b: Floats, round_by: float) -> Floats:
    """The smaller of two depths, the edge between them rounded."""
    h = np.clip(0.5 + 0.5 * (b - a) / round_by, 0.0, 1.0)
    return np.asarray(b + (a - b) * h - round_by * h * (1.0 - h))


def table(x: Floats, start: float, pitch: float, values: tuple[float, ...]) -> Floats:
    """A smooth curve through values that are ``pitch`` apart, level beyond the ends."""
    at = np.clip((x - start) / pitch, 0.0, len(values) - 1.0)
    shape = at.shape
    return spline(np.array(values, np.float64), at.reshape(-1)).reshape(shape)


def upper_lid(x: Floats) -> Floats:
    """y of the upper lid's rim at |x|; beyond the corners that of the corner."""
    u = np.clip((np.abs(x) - EYE_INNER) / (EYE_OUTER - EYE_INNER), 0.0, 1.0)
    p = 4.0 * u * (1.0 - u)
    return np.asarray(
        2.0 - 2.6 * u - 5.4 * (0.45 * p + 0.55 * np.sqrt(p)) * (1.0 + 0.22 * (0.5 - u))
    )


def lower_lid(x: Floats) -> Floats:
    """y of the lower lid's rim at |x|; beyond the corners that of the corner."""
    u = np.clip((np.abs(x) - EYE_INNER) / (EYE_OUTER - EYE_INNER), 0.0, 1.0)
    p = 4.0 * u * (1.0 - u)
    return np.asarray(2.0 - 2.6 * u + 4.8 * (0.7 * p + 0.3 * np.sqrt(p)) * (1.0 - 0.35 * (0.5 - u)))


def mouth_line(x: Floats) -> Floats:
    """y where the closed lips meet, at |x|."""
    return table(np.abs(x), 0.0, 5.0, (72.3, 71.7, 71.2, 71.5, 72.2, 72.6, 72.6))


def upper_border(x: Floats) -> Floats:
    """y of the upper lip's border (cupid's bow) at |x|."""
    return table(np.abs(x), 0.0, 5.0, (64.9, 63.7, 65.4, 67.7, 70.1, 72.5, 72.5))


def lower_border(x: Floats) -> Floats:
    """y of the lower lip's border at |x|."""
    return table(np.abs(x), 0.0, 5.0, (81.4, 81.2, 80.1, 78.0, 75.3, 72.7, 72.7))


def _ball(
    x: Floats, y: Floats, centre: tuple[float, float, float], radii: tuple[float, ...]
) -> Floats:
    """Depth of an ellipsoid's front; beyond its outline it goes on as a steep cone."""
    u, v = (x - centre[0]) / radii[0], (y - centre[1]) / radii[1]
    rho = np.sqrt(u * u + v * v)
    inside = np.minimum(rho, 0.94)
    return np.asarray(
        centre[2] - radii[2] * np.sqrt(1.0 - inside * inside) + 2.755 * radii[2] * (rho - inside)
    )


def _nose(x: Floats, y: Floats, z: Floats) -> Floats:
    ridge = table(y, -24.0, 8.0, (0.0, 1.0, 3.2, 6.6, 9.4, 13.0, 17.2, 20.4, 20.0, 12.0, 0.0))
    half = table(y, -24.0, 8.0, (20.0, 17.0, 14.0, 13.0, 14.5, 16.0, 17.0, 17.0, 15.0, 12.0, 10.0))
    u = np.minimum(1.0, np.abs(x) / half)
    fall = 1.0 - u * u
    depth = z - ridge * fall * fall * (0.6 + 0.4 * fall)
    near = (np.abs(x) < 30.0) & (y > 26.0) & (y < 60.0)
    tip = _ball(x, y, (0.0, 41.0, -31.5), (9.6, 8.6, 12.0))
    stem = _ball(x, y, (0.0, 46.5, -27.5), (3.9, 5.4, 10.5))
    wing = _ball(np.abs(x), y, (11.8, 44.2, -21.5), (6.4, 6.9, 10.0))
    whole = nearer(nearer(tip, stem, 3.0), wing, 3.4)
    return np.where(near, nearer(depth, whole, 2.2), depth)


def _lids(x: Floats, y: Floats, z: Floats) -> Floats:
    u, v = np.abs(x) - EYE_X, y
    square = u * u + v * v
    inside = np.minimum(square, 0.9 * LID_RADIUS * LID_RADIUS)
    ball = -np.sqrt(LID_RADIUS * LID_RADIUS - inside) + 0.16 * (square - inside)
    bed = z + 1.6 * hill(np.abs(x), y, (24.0, -9.0), (13.0, 9.0))
    bed = bed + 1.2 * hill(np.abs(x), y, (26.0, 13.0), (17.0, 8.0))
    return np.where(square < 900.0, nearer(bed, ball, 1.4), z)


def _lips(x: Floats, y: Floats, z: Floats) -> Floats:
    line, up, low = mouth_line(x), upper_border(x), lower_border(x)
    side = np.maximum(0.0, 1.0 - (x / 27.5) * (x / 27.5))
    side = 0.35 * side + 0.65 * np.sqrt(side)
    v = (line - y) / np.maximum(line - up, 0.8)
    w = (y - line) / np.maximum(low - line, 0.8)
    above = table(v, 0.0, 0.25, (2.2, -3.4, -4.6, -4.3, -3.6, -2.7, -2.1, -1.5, -0.9, -0.4, 0.0))
    below = table(w, 0.0, 0.25, (2.2, -3.6, -5.2, -4.6, -2.6, -1.0, -0.3, 0.0, 0.0))
    return z + np.where(y < line, above, below) * side


def _muzzle(x: Floats, y: Floats, z: Floats) -> Floats:
    a = np.abs(x)
    z = z + 1.3 * hill(x, y, (0.0, 58.0), (3.6, 8.5)) - 0.9 * hill(a, y, (4.6, 58.5), (3.0, 8.0))
    z = (
        z
        + 2.2 * hill(x, y, (0.0, 88.5), (22.0, 8.0))
        - 3.6 * hill(x, y, (0.0, 102.0), (20.0, 15.0))
    )
    z = (
        z
        + 1.4 * hill(a, y, (27.0, 73.0), (7.0, 8.0))
        - 1.6 * hill(a, y, (34.0, 66.0), (15.0, 20.0))
    )
    fold = a - (18.0 + 0.34 * (y - 44.0))
    groove = np.maximum(0.0, 1.0 - (fold / 5.0) * (fold / 5.0))
    return z + 1.1 * groove * groove * step(40.0, 48.0, y) * (1.0 - step(60.0, 76.0, y))


def _bones(x: Floats, y: Floats, z: Floats) -> Floats:
    a = np.abs(x)
    z = (
        z
        - 2.2 * hill(a, y, (18.0, -21.0), (17.0, 9.0))
        - 2.0 * hill(a, y, (40.0, -20.0), (19.0, 9.0))
    )
    z = (
        z
        + 1.6 * hill(x, y, (0.0, -22.0), (9.0, 12.0))
        - 1.6 * hill(a, y, (26.0, -45.0), (22.0, 18.0))
    )
    z = (
        z
        - 2.6 * hill(a, y, (44.0, 24.0), (22.0, 15.0))
        + 1.5 * hill(a, y, (46.0, 52.0), (18.0, 20.0))
    )
    return z - 1.5 * hill(a, y, (30.0, 30.0), (16.0, 14.0))


def _neck(x: Floats, y: Floats, z: Floats) -> Floats:
    """Larynx, the two strap muscles, the pit between the collar bones, the bones themselves."""
    a = np.abs(x)
    front = 1.0 - step(70.0, 95.0, z)
    z = z - 3.0 * hill(x, y, (0.0, 146.0), (11.0, 14.0)) * front
    muscle = (a - (13.0 + (196.0 - y) * 0.62)) / 9.0
    band = np.maximum(0.0, 1.0 - muscle * muscle)
    z = z - 3.0 * band * band * step(118.0, 150.0, y) * (1.0 - step(192.0, 204.0, y)) * front
    z = z + 4.5 * hill(x, y, (0.0, 201.0), (12.0, 10.0)) * front
    bone = (y - (210.0 - 0.085 * a)) / 7.5
    ridge = np.maximum(0.0, 1.0 - bone * bone)
    z = z - 4.2 * ridge * ridge * step(7.0, 22.0, a) * (1.0 - step(100.0, 150.0, a)) * front
    hollow = hill(a, y, (62.0, 198.0), (34.0, 9.0))
    return z + 4.0 * hollow * front


def relief(points: Floats) -> Floats:
    """The rings' points (..., 3) with all features of the mean face."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    front = 1.0 - step(30.0, 48.0, z)
    shaped = _lids(x, y, _bones(x, y, z))
    shaped = _lips(x, y, _muzzle(x, y, _nose(x, y, shaped)))
    shaped = z + (shaped - z) * front
    return np.stack([x, y, _neck(x, y, shaped)], axis=-1)
