"""The mean ear: a bowl with helix, antihelix, tragus, concha and lobe, as a mesh of its own."""

from __future__ import annotations

import numpy as np

from vplugin.synth.exact import cosines, sines
from vplugin.synth.parts import Floats, Indices

_AROUND, _RINGS = 48, 14
ROOT = (68.5, 16.0, 82.0)


def _outline(turn: Floats) -> tuple[Floats, Floats]:
    """Half-sizes of the outline at an angle: (backwards, down) mm."""
    c, s = cosines(turn), sines(turn)
    wide = 15.5 + 3.5 * np.maximum(0.0, -s)
    high = 31.0 + 1.0 * s
    return c * wide, s * high


def ear_mesh() -> tuple[Floats, Indices]:
    """The person's left ear: (V, 3) mm in the head frame, (T, 3) triangles."""
    turn = np.arange(_AROUND) * (2.0 * 3.141592653589793 / _AROUND)
    u, v = _outline(turn)
    rings = []
    for k in range(_RINGS):
        r = k / (_RINGS - 1.0)
        rings.append(_ring(u, v, turn, r))
    points = np.concatenate(rings)
    index = np.arange(_AROUND * _RINGS).reshape(_RINGS, _AROUND)
    following = np.roll(index, -1, axis=1)
    a, b, c, d = index[:-1], following[:-1], index[1:], following[1:]
    triangles = np.stack([np.stack([a, b, c], -1), np.stack([b, d, c], -1)], axis=2)
    return points, np.ascontiguousarray(triangles.reshape(-1, 3), np.int32)


def _ring(u: Floats, v: Floats, turn: Floats, r: float) -> Floats:
    """One ring from the concha (r = 0) over the rim to the back of the ear (r = 1)."""
    size = r / 0.62 if r < 0.62 else 1.0 - 0.45 * (r - 0.62) / 0.38
    front = np.maximum(0.0, -cosines(turn))
    out = 14.0 * r / 0.62 if r < 0.62 else 14.0 - 14.0 * (r - 0.62) / 0.38
    back = u * size
    x = ROOT[0] + out * (0.35 + 0.65 * (0.5 + 0.5 * cosines(turn))) * (1.0 - 0.7 * front)
    return np.stack([x, ROOT[1] + v * size, ROOT[2] + 9.0 + back - 0.12 * v * size], -1)
