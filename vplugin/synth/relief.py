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


def nearer(a: Floats, b: Floats, round_by: float | Floats) -> Floats:
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
        2.0 - 2.6 * u - 4.9 * (0.45 * p + 0.55 * np.sqrt(p)) * (1.0 + 0.22 * (0.5 - u))
    )


def lower_lid(x: Floats) -> Floats:
    """y of the lower lid's rim at |x|; beyond the corners that of the corner."""
    u = np.clip((np.abs(x) - EYE_INNER) / (EYE_OUTER - EYE_INNER), 0.0, 1.0)
    p = 4.0 * u * (1.0 - u)
    return np.asarray(2.0 - 2.6 * u + 4.8 * (0.7 * p + 0.3 * np.sqrt(p)) * (1.0 - 0.35 * (0.5 - u)))


def mouth_line(x: Floats) -> Floats:
    """y where the closed lips meet, at |x|."""
    return table(np.abs(x), 0.0, 5.0, (72.3, 71.8, 71.2, 71.2, 71.4, 71.5, 71.5))


def upper_border(x: Floats) -> Floats:
    """y of the upper lip's border (cupid's bow) at |x|."""
    return table(np.abs(x), 0.0, 5.0, (64.9, 63.8, 65.3, 67.4, 69.6, 71.4, 71.4))


def lower_border(x: Floats) -> Floats:
    """y of the lower lip's border at |x|."""
    return table(np.abs(x), 0.0, 5.0, (81.4, 81.1, 79.8, 77.3, 74.3, 71.6, 71.6))


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
    ridge = table(y, -24.0, 8.0, (0.0, 1.2, 3.4, 6.4, 9.2, 12.6, 16.6, 20.0, 20.5, 12.0, 0.0))
    half = table(y, -24.0, 8.0, (22.0, 18.0, 15.0, 13.5, 14.5, 16.5, 18.5, 19.5, 18.0, 13.0, 10.0))
    u = np.minimum(1.0, np.abs(x) / half)
    fall = 1.0 - u * u
    depth = z - ridge * fall * fall * (0.55 + 0.45 * fall)
    near = (np.abs(x) < 30.0) & (y > 26.0) & (y < 60.0)
    tip = _ball(x, y, (0.0, 41.0, -29.5), (9.0, 9.0, 13.4))
    stem = _ball(x, y, (0.0, 46.8, -26.0), (4.6, 5.2, 10.5))
    wing = _ball(np.abs(x), y, (10.4, 44.6, -17.0), (7.6, 6.8, 10.6))
    whole = nearer(nearer(tip, stem, 5.0), wing, 9.0)
    return np.where(near, nearer(depth, whole, 4.0), depth)


def _lids(x: Floats, y: Floats, z: Floats) -> Floats:
    a = np.abs(x)
    u, v = a - EYE_X, y
    square = u * u + v * v
    inside = np.minimum(square, 0.9 * LID_RADIUS * LID_RADIUS)
    ball = -np.sqrt(LID_RADIUS * LID_RADIUS - inside) + 0.16 * (square - inside)
    bed = z - 3.6 * hill(a, y, (36.0, -13.0), (25.0, 12.0))
    bed = bed + 1.0 * hill(a, y, (21.0, -8.0), (9.0, 9.0))
    bed = bed - 3.4 * hill(a, y, (32.0, 12.0), (25.0, 12.0))
    bed = bed - 2.2 * hill(a, y, (47.0, 1.0), (14.0, 12.0))
    round_by = 1.2 + 3.6 * step(-5.0, 4.0, v)
    return np.where(square < 900.0, nearer(bed, ball, round_by), z)


def _lips(x: Floats, y: Floats, z: Floats) -> Floats:
    line, up, low = mouth_line(x), upper_border(x), lower_border(x)
    side = np.maximum(0.0, 1.0 - (x / 25.6) * (x / 25.6))
    side = 0.35 * side + 0.65 * np.sqrt(side)
    v = (line - y) / np.maximum(line - up, 0.8)
    w = (y - line) / np.maximum(low - line, 0.8)
    above = table(v, 0.0, 0.25, (1.8, -2.6, -4.2, -4.4, -3.9, -2.9, -2.1, -1.5, -0.9, -0.4, 0.0))
    below = table(w, 0.0, 0.25, (1.8, -2.4, -4.2, -4.7, -3.9, -2.3, -1.1, -0.4, 0.0))
    return z + np.where(y < line, above, below) * side


def _muzzle(x: Floats, y: Floats, z: Floats) -> Floats:
    a = np.abs(x)
    z = z + 0.8 * hill(x, y, (0.0, 58.5), (4.6, 9.5)) - 0.6 * hill(a, y, (5.2, 59.0), (4.4, 9.0))
    z = (
        z
        + 1.8 * hill(x, y, (0.0, 88.5), (24.0, 9.0))
        - 3.4 * hill(x, y, (0.0, 102.0), (22.0, 16.0))
    )
    z = (
        z
        + 1.2 * hill(a, y, (27.5, 73.0), (8.0, 9.0))
        - 1.6 * hill(a, y, (35.0, 66.0), (17.0, 22.0))
    )
    fold = (a - (20.0 + 0.4 * (y - 44.0))) / 8.5
    groove = np.maximum(0.0, 1.0 - fold * fold)
    return z + 0.7 * groove * groove * groove * step(38.0, 50.0, y) * (1.0 - step(58.0, 82.0, y))


def _bones(x: Floats, y: Floats, z: Floats) -> Floats:
    a = np.abs(x)
    z = (
        z
        - 1.0 * hill(a, y, (19.0, -20.0), (20.0, 14.0))
        - 0.8 * hill(a, y, (42.0, -19.0), (20.0, 14.0))
    )
    z = (
        z
        + 1.0 * hill(x, y, (0.0, -24.0), (13.0, 16.0))
        - 1.0 * hill(a, y, (27.0, -46.0), (28.0, 22.0))
    )
    z = (
        z
        - 2.2 * hill(a, y, (46.0, 24.0), (26.0, 18.0))
        + 1.2 * hill(a, y, (46.0, 54.0), (22.0, 22.0))
    )
    return z - 1.6 * hill(a, y, (30.0, 30.0), (20.0, 18.0))


def _neck(x: Floats, y: Floats, z: Floats) -> Floats:
    """Larynx, the two strap muscles, the pit between the collar bones, the bones themselves."""
    a = np.abs(x)
    front = 1.0 - step(70.0, 95.0, z)
    z = z - 2.4 * hill(x, y, (0.0, 146.0), (12.0, 16.0)) * front
    muscle = (a - (11.0 + (196.0 - y) * 0.6)) / 13.0
    band = np.maximum(0.0, 1.0 - muscle * muscle)
    z = z - 3.2 * band * band * band * step(112.0, 160.0, y) * (1.0 - step(186.0, 206.0, y)) * front
    z = z + 4.0 * hill(x, y, (0.0, 201.0), (13.0, 12.0)) * front
    bone = (y - (211.0 - 0.09 * a)) / 9.0
    ridge = np.maximum(0.0, 1.0 - bone * bone)
    z = z - 4.0 * ridge * ridge * step(6.0, 24.0, a) * (1.0 - step(90.0, 150.0, a)) * front
    hollow = hill(a, y, (60.0, 197.0), (36.0, 11.0))
    return z + 3.5 * hollow * front


def nostrils(points: Floats) -> Floats:
    """Points (V, 3) of the mean face with the nostrils hollowed out: upwards, in two ovals."""
    a, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    # The ovals lean: their front ends are nearer to the middle.
    across = (a - (6.6 + 0.16 * (z + 25.0))) / 3.3
    along = (z + 25.6) / 5.2
    square = across * across + along * along
    below = step(47.6, 49.2, y) * (1.0 - step(53.0, 55.0, y))
    deep = (1.0 - step(0.35, 1.0, square)) * below
    # The rims of the wings arch, so that the openings show from the front.
    arch = (1.0 - step(0.5, 2.4, square)) * step(46.0, 49.5, y) * (1.0 - step(53.0, 55.0, y))
    moved = points.copy()
    moved[:, 1] = y - 8.0 * deep - 1.9 * arch * step(3.2, 5.2, a) * (1.0 - step(-27.0, -19.0, z))
    moved[:, 2] = z + 1.5 * deep
    return moved


def relief(points: Floats) -> Floats:
    """The rings' points (..., 3) with all features of the mean face."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    front = 1.0 - step(30.0, 48.0, z)
    shaped = _lids(x, y, _bones(x, y, z))
    shaped = _lips(x, y, _muzzle(x, y, _nose(x, y, shaped)))
    shaped = z + (shaped - z) * front
    # Room for the bowl of the ear; the hollow behind the jaw's ramus.
    inwards = 8.5 * hill(z, y, (88.0, 15.0), (17.0, 23.0)) * step(40.0, 60.0, np.abs(x))
    inwards = inwards + 5.0 * hill(z, y, (88.0, 74.0), (27.0, 34.0)) * step(30.0, 48.0, np.abs(x))
    return np.stack([x - np.where(x < 0.0, -inwards, inwards), y, _neck(x, y, shaped)], axis=-1)
