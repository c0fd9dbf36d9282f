"""Eyeballs: a sphere with the bulge of the cornea, turned to where the eye looks."""

from __future__ import annotations

from functools import cache

import numpy as np

from vplugin.synth.anatomy import Anatomy, strip
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


def lid_part(
    points: Floats, anatomy: Anatomy, side: int, label: Segment, size: float = 1.0
) -> Part:
    """The margins of an eye's lids and the flesh in its corners, from the rims to the eyeball.

    Args:
        points: (V, 3) mm of the whole head.
        anatomy: What the points are.
        side: 0 the right eye, 1 the left.
        label: Whose eye it is.
        size: Of the eyeball, relative to the mean.
    """
    centre = points[anatomy.anchors + side]
    rims = anatomy.lids[side]
    count = rims.shape[1]
    vertices, texture = [], []
    for k, sign in ((0, -1.0), (1, 1.0)):
        rim = points[rims[k]]
        away = rim - centre
        far = np.sqrt(away[:, 0] * away[:, 0] + away[:, 1] * away[:, 1] + away[:, 2] * away[:, 2])
        touching = centre + away * ((EYE_RADIUS * size + 0.08) / far)[:, None]
        hidden = centre + (touching - centre) * 0.93 + np.array([0.0, 2.5 * sign, 0.0])
        mean = anatomy.points[rims[k]]
        for number, row in enumerate((rim, touching, hidden)):
            vertices.append(row)
            texture.append(np.stack([mean[:, 0], mean[:, 1], np.full(count, float(number))], -1))
    index = np.arange(6 * count).reshape(6, count)
    pairs = ((0, 1), (1, 2), (3, 4), (4, 5))
    triangles = np.concatenate([strip(index[a], index[b]) for a, b in pairs])
    return Part(np.concatenate(vertices), triangles, Material.MOUTH, label, np.concatenate(texture))
