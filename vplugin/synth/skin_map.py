"""What is where on the skin, in face coordinates: borders of lips and lids, labels of pixels."""

from __future__ import annotations

import math

import numpy as np

from vplugin.synth.exact import compiled, smoothstep
from vplugin.synth.parts import Floats, Segment
from vplugin.synth.relief import (
    MOUTH_HALF,
    lower_border,
    lower_lid,
    mouth_line,
    upper_border,
    upper_lid,
)

_PITCH = 0.5
_AT = np.arange(0.0, 60.0, _PITCH)
# Rows: border of the upper lip, line between the lips, border of the lower lip, rims of the lids.
_CURVES = np.stack(
    [upper_border(_AT), mouth_line(_AT), lower_border(_AT), upper_lid(_AT), lower_lid(_AT)]
)
UPPER_BORDER, MOUTH_LINE, LOWER_BORDER, UPPER_LID, LOWER_LID = range(5)
# Half width of the nose from y = -8 on, each 6 mm.
_NOSE = np.array([3.0, 7.0, 8.5, 10.0, 11.5, 13.0, 15.0, 18.0, 20.0, 19.5, 9.0])
_SKIN, _NOSE_LABEL, _NECK = int(Segment.SKIN), int(Segment.NOSE), int(Segment.NECK)
_UPPER, _LOWER = int(Segment.UPPER_LIP), int(Segment.LOWER_LIP)


@compiled
def curve(which: int, x: float) -> float:
    """y of one of the curves above at |x|."""
    at = abs(x) / _PITCH
    if at > 118.0:
        at = 118.0
    k = int(at)
    share = at - k
    value: float = _CURVES[which, k] + (_CURVES[which, k + 1] - _CURVES[which, k]) * share
    return value


@compiled
def skin_label(x: float, y: float, z: float) -> int:
    """The segment of a place on the skin of face and neck.

    Args:
        x: Face coordinates, mm.
        y: Face coordinates, mm.
        z: Face coordinates, mm.

    Returns:
        Of :class:`~vplugin.synth.parts.Segment`: SKIN, NOSE, UPPER_LIP, LOWER_LIP or NECK.
    """
    a = abs(x)
    if y > 86.0 and y > 115.0 - 0.37 * (min(z, 60.0) + 9.0):
        return _NECK
    if z > 8.0:
        return _SKIN
    if a < MOUTH_HALF and 60.0 < y < 84.0:
        line = curve(MOUTH_LINE, x)
        if y < line:
            return _UPPER if y > curve(UPPER_BORDER, x) else _SKIN
        return _LOWER if y < curve(LOWER_BORDER, x) else _SKIN
    if -8.0 < y < 52.0:
        at = (y + 8.0) / 6.0
        k = math.floor(at)
        half = _NOSE[k] + (_NOSE[k + 1] - _NOSE[k]) * (at - k)
        if a < half:
            return _NOSE_LABEL
    return _SKIN


@compiled
def hill(x: float, y: float, at_x: float, at_y: float, wide: float, high: float) -> float:
    """1 at a place, falling smoothly to 0 at the radii."""
    # Most places are out of reach of most hills, and divisions take long.
    if abs(x - at_x) >= wide or abs(y - at_y) >= high:
        return 0.0
    u, v = (x - at_x) / wide, (y - at_y) / high
    left = 1.0 - u * u - v * v
    return left * left if left > 0.0 else 0.0


@compiled
def line(away: float, wide: float) -> float:
    """1 on a line, falling smoothly to 0 at its half width."""
    t = 1.0 - (away / wide) * (away / wide)
    return t * t if t > 0.0 else 0.0


@compiled
def unrolled(x: float, y: float, z: float, out: Floats) -> None:
    """Flat coordinates (mm) over face, sides and neck, for fine texture: written to (2,)."""
    back = z + 2.0 if z > -2.0 else 0.0
    out[0] = x + back if x >= 0.0 else x - back
    top = -55.0 - y if y < -55.0 else 0.0
    # Below the chin the way goes back before it goes down.
    under = smoothstep(104.0, 115.0, y) * (z + 9.0 if z > -9.0 else 0.0)
    out[1] = y - 0.4 * top + min(under, 44.0)
