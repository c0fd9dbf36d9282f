"""The mean ear: helix, antihelix, tragus, concha and lobe, as a mesh of its own.

The ear is a disc of rings about the ear canal. A ring's outline and how far each of its points
stands out are smooth functions of angle and ring, so the rim rolls over, the bowl is a bowl and the
back of the ear closes towards the head.
"""

from __future__ import annotations

import numpy as np

from vplugin.synth.cage import spline
from vplugin.synth.parts import Floats, Indices

AROUND, RINGS = 56, 20
# The canal's mouth, and the plane of the ear: 25 degrees off the head, leaning back a little.
ROOT = (70.2, 17.0, 80.5)
_COS, _SIN, _LEAN = 0.90, 0.44, 0.16
# Outline of the ear about the canal from the front, anti-clockwise as seen from its side:
# the front, up to the root of the helix, the top, the back, the lobe, and back to the tragus.
_OUTLINE = (
    (-3.5, 0.0), (-5.0, -9.0), (-4.5, -18.0), (0.5, -27.0), (9.0, -32.0), (18.5, -30.0),
    (25.0, -22.5), (27.0, -12.0), (25.5, -1.0), (21.5, 9.0), (16.0, 17.0), (12.0, 24.0),
    (7.0, 29.5), (1.0, 30.0), (-3.0, 25.5), (-4.5, 17.0), (-4.5, 9.0),
)  # fmt: skip
_BOWL = (
    (-2.2, 0.0), (-2.6, -3.5), (-1.5, -7.0), (1.0, -9.5), (4.5, -10.8), (8.0, -10.2),
    (10.8, -7.5), (12.2, -3.5), (12.2, 0.5), (11.0, 4.5), (9.0, 7.5), (6.8, 9.6),
    (4.4, 10.4), (2.0, 10.0), (0.0, 8.6), (-1.6, 6.0), (-2.2, 3.0),
)  # fmt: skip


def _closed(places: tuple[tuple[float, float], ...]) -> Floats:
    """(AROUND, 2) a smooth closed curve through the places."""
    table = np.array(places, np.float64)
    wide = np.concatenate([table[-3:], table, table[:4]])
    return spline(wide, 3.0 + np.arange(AROUND, dtype=np.float64) * (len(places) / AROUND))


def _bump(x: Floats, at: float, wide: float) -> Floats:
    left = np.maximum(0.0, 1.0 - ((x - at) / wide) * ((x - at) / wide))
    return np.asarray(left * left)


def ear_mesh() -> tuple[Floats, Indices]:
    """The person's left ear: (V, 3) mm in the head frame, (T, 3) triangles."""
    outline, bowl = _closed(_OUTLINE), _closed(_BOWL)
    around = np.arange(AROUND, dtype=np.float64) * (
        17.0 / AROUND
    )  # in steps of the outline's places
    helix = np.clip(_bump(around, 5.5, 6.4) * 1.6, 0.0, 1.0)
    lobe = _bump(around, 12.8, 2.6)
    front = np.clip(_bump(around, 0.0, 2.4) + _bump(around, 17.0, 3.2), 0.0, 1.0)
    anti = np.clip(_bump(around, 7.4, 5.0) * 1.5, 0.0, 1.0)
    tragus = np.clip(_bump(around, 16.6, 1.5) + _bump(around, -0.4, 1.5), 0.0, 1.0)
    rings = [
        _ring(k / (RINGS - 1.0), outline, bowl, helix, lobe, front, anti, tragus)
        for k in range(RINGS)
    ]
    points = _placed(np.concatenate(rings))
    index = np.arange(AROUND * RINGS).reshape(RINGS, AROUND)
    following = np.roll(index, -1, axis=1)
    a, b, c, d = index[:-1], following[:-1], index[1:], following[1:]
    triangles = np.stack([np.stack([a, b, c], -1), np.stack([b, d, c], -1)], axis=2)
    return points, np.ascontiguousarray(triangles.reshape(-1, 3), np.int32)


def _ring(
    r: float,
    outline: Floats,
    bowl: Floats,
    helix: Floats,
    lobe: Floats,
    front: Floats,
    anti: Floats,
    tragus: Floats,
) -> Floats:
    """One ring, (AROUND, 3): back, down and out from the canal, in the plane of the ear.

    ``r`` runs from the canal (0) over the concha's edge (0.3), the fold (0.45), the furrow (0.6)
    and the rolled rim (0.78) to the back of the ear (1).
    """
    high = _height(r, helix, lobe, front, anti, tragus)
    if r <= 0.3:
        flat = bowl * (0.12 + 0.88 * r / 0.3)
    elif r <= 0.8:
        share = (r - 0.3) / 0.5
        flat = bowl + (outline - bowl) * (share * (1.6 - 0.6 * share))
    else:
        share = (r - 0.8) / 0.2
        flat = outline * (1.0 - 0.42 * share * share)
    return np.stack([flat[:, 0], flat[:, 1], high], -1)


def _height(
    r: float, helix: Floats, lobe: Floats, front: Floats, anti: Floats, tragus: Floats
) -> Floats:
    """How far out of the ear's plane a ring is, mm, by angle."""
    knots = (0.0, 0.15, 0.3, 0.42, 0.55, 0.66, 0.76, 0.84, 0.92, 1.0)
    flat = (-6.0, -5.2, -1.5, 0.0, 0.0, 0.0, 0.0, -2.5, -6.0, -13.0)
    rim = (0.0, 0.0, 0.0, -0.4, -1.6, -0.4, 3.2, 2.0, 0.0, 0.0)
    fold = (0.0, 0.2, 2.6, 4.2, 1.6, 0.0, 0.0, 0.0, 0.0, 0.0)
    soft = (0.0, 0.0, 0.0, 1.2, 1.8, 1.4, 0.6, 0.0, 0.0, 0.0)
    flap = (0.0, 1.0, 3.4, 4.6, 3.0, 1.2, 0.0, 0.0, 0.0, 0.0)
    ahead = (0.0, 0.0, 0.6, 0.4, -0.4, -1.6, -3.4, -5.0, -5.0, 0.0)
    at = [_between(r, knots, row) for row in (flat, rim, fold, soft, flap, ahead)]
    return np.asarray(
        at[0] + at[1] * helix + at[2] * anti + at[3] * lobe + at[4] * tragus + at[5] * front
    )


def _between(r: float, knots: tuple[float, ...], values: tuple[float, ...]) -> float:
    """Smooth between the knots."""
    k = 0
    while k < len(knots) - 2 and r > knots[k + 1]:
        k += 1
    t = min(1.0, max(0.0, (r - knots[k]) / (knots[k + 1] - knots[k])))
    return values[k] + (values[k + 1] - values[k]) * t * t * (3.0 - 2.0 * t)


def _placed(points: Floats) -> Floats:
    """From the ear's plane (back, down, out) to the head's frame."""
    back, down, out = points[:, 0], points[:, 1], points[:, 2]
    lean = back - _LEAN * down
    cup = 0.010 * np.maximum(0.0, lean) * np.maximum(0.0, lean)
    x = ROOT[0] + lean * _SIN + out * _COS - cup * 0.25
    z = ROOT[2] + lean * _COS - out * _SIN
    y = ROOT[1] + down + 0.06 * back
    return np.stack([x, y, z], -1)
