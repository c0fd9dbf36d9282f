"""Eyeballs: a sphere with the bulge of the cornea, turned to where the eye looks."""

from __future__ import annotations

from functools import cache

import numpy as np

from vplugin.synth.exact import cosines, sines
from vplugin.synth.parts import Floats, Indices, Material, Part, Segment
from vplugin.synth.relief import EYE_RADIUS

IRIS_RADIUS = 5.9
_RINGS, _AROUND = 22, 32


@cache
def _ball() -> tuple[Floats, Indices]:
    """The eye looking along -z, (V, 3) mm about its centre; the first vertex is the pupil's."""
    turn = np.arange(_AROUND) * (2.0 * 3.141592653589793 / _AROUND)
    tilt = 2.0 * np.concatenate([np.arange(14) / 14.0 * 0.42, 0.42 + np.arange(9) / 8.0 * 0.75])
    s, c = sines(tilt), cosines(tilt)
    away = EYE_RADIUS * s
    bulge = np.maximum(0.0, 1.0 - (away / 6.3) * (away / 6.3)) * (c > 0)
    depth = -EYE_RADIUS * c - 1.1 * bulge
    x, y = away[:, None] * cosines(turn), away[:, None] * sines(turn)
    points = np.stack([x, y, np.broadcast_to(depth[:, None], x.shape)], -1)
    index = np.arange(len(tilt) * _AROUND).reshape(len(tilt), _AROUND)
    following = np.roll(index, -1, axis=1)
    a, b, e, d = index[:-1], following[:-1], index[1:], following[1:]
    triangles = np.stack([np.stack([a, b, e], -1), np.stack([b, d, e], -1)], axis=2).reshape(-1, 3)
    return points.reshape(-1, 3), np.ascontiguousarray(triangles, np.int32)


def eye_part(
    centre: Floats, gaze: tuple[float, float], label: Segment, size: float = 1.0
) -> tuple[Part, Floats]:
    """An eyeball and the centre of its pupil.

    Args:
        centre: (3,) mm.
        gaze: Degrees to the picture's right and down.
        label: Whose eye it is.
        size: Relative to the mean eye.
    """
    ball, triangles = _ball()
    angles = np.array(gaze) * (3.141592653589793 / 180.0)
    (sx, sy), (cx, cy) = sines(angles), cosines(angles)
    x, y, z = ball[:, 0] * size, ball[:, 1] * size, ball[:, 2] * size
    high, deep = y * cy - z * sy, y * sy + z * cy
    turned = (x * cx - deep * sx, high, x * sx + deep * cx)
    vertices = np.stack(turned, -1) + centre
    front = np.array([sx * cy, sy, -cx * cy])
    pupil = centre + front * (10.6 * size)
    return Part(vertices, triangles, Material.EYE, label, ball, gloss=0.9), pupil
