"""Which triangle is seen in which sample: perspective-correct depth and nothing else.

Colour, normals and texture are found later from the triangle's number, so this loop stays short.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vplugin.synth.exact import compiled
from vplugin.synth.parts import Floats, Indices

Singles = npt.NDArray[np.float32]

# Nothing nearer than this is drawn, mm.
NEAR = 20.0


@compiled
def projected(vertices: Floats, focal: float, centre_x: float, centre_y: float) -> Floats:
    """(V, 3): place in the picture in samples, and 1 / z; 0 of what is not before the camera."""
    out = np.zeros_like(vertices)
    for i in range(vertices.shape[0]):
        z = vertices[i, 2]
        if z > NEAR:
            out[i, 0] = centre_x + focal * vertices[i, 0] / z
            out[i, 1] = centre_y + focal * vertices[i, 1] / z
            out[i, 2] = 1.0 / z
    return out


@compiled
def widen(bounds: Floats, points: Floats, focal: float, centre_x: float, centre_y: float) -> None:
    """Widens ``bounds`` (4,) left, top, right, bottom so that the projected points are inside."""
    for i in range(points.shape[0]):
        z = points[i, 2]
        if z > NEAR:
            x, y = centre_x + focal * points[i, 0] / z, centre_y + focal * points[i, 1] / z
            bounds[0], bounds[1] = min(bounds[0], x), min(bounds[1], y)
            bounds[2], bounds[3] = max(bounds[2], x), max(bounds[3], y)


@compiled
def rasterise(places: Floats, triangles: Indices, nearness: Singles, seen: Indices) -> None:
    """Writes the number of the nearest triangle into each sample it covers the middle of.

    Args:
        places: (V, 3) as of :func:`projected`.
        triangles: (T, 3).
        nearness: (h, w) 1 / z of what is there, 0 where nothing; updated.
        seen: (h, w) number of the triangle, -1 where none; updated.
    """
    height, width = nearness.shape
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, un = places[i, 0], places[i, 1], places[i, 2]
        vx, vy, vn = places[j, 0], places[j, 1], places[j, 2]
        wx, wy, wn = places[k, 0], places[k, 1], places[k, 2]
        if un == 0.0 or vn == 0.0 or wn == 0.0:
            continue
        area = (vx - ux) * (wy - uy) - (vy - uy) * (wx - ux)
        if area == 0.0:
            continue
        left = max(0, math.ceil(min(ux, vx, wx) - 0.5))
        right = min(width - 1, math.floor(max(ux, vx, wx) - 0.5))
        top = max(0, math.ceil(min(uy, vy, wy) - 0.5))
        bottom = min(height - 1, math.floor(max(uy, vy, wy) - 0.5))
        if left > right or top > bottom:
            continue
        scale = 1.0 / area
        # Weight of v and of w, and nearness, are linear over the picture.
        v_x, v_y = (wy - uy) * scale, -(wx - ux) * scale
        w_x, w_y = -(vy - uy) * scale, (vx - ux) * scale
        n_x, n_y = (vn - un) * v_x + (wn - un) * w_x, (vn - un) * v_y + (wn - un) * w_y
        for y in range(top, bottom + 1):
            dy, dx = y + 0.5 - uy, left + 0.5 - ux
            a = dx * v_x + dy * v_y
            b = dx * w_x + dy * w_y
            n = un + dx * n_x + dy * n_y
            for x in range(left, right + 1):
                if a >= 0.0 and b >= 0.0 and a + b <= 1.0 and n > nearness[y, x]:
                    nearness[y, x] = n
                    seen[y, x] = t
                a += v_x
                b += w_x
                n += n_x
