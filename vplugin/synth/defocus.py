"""A picture thrown out of focus as a lens does it, and enlarged; exact arithmetic, compiled."""

from __future__ import annotations

from math import floor, sqrt

import numpy as np
import numpy.typing as npt

from vplugin.synth.exact import clamp, compiled

Picture = npt.NDArray[np.float32]


@compiled
def defocused(picture: Picture, radius: float) -> Picture:
    """The picture through a round aperture; bright points become discs.

    Args:
        picture: (H, W, 4) float32.
        radius: Of the disc, pixels.

    Returns:
        (H, W, 4) float32; the border is continued outside.
    """
    height, width = picture.shape[:2]
    reach = floor(radius) + 1
    sums = np.empty((height, width + 2 * reach + 2, 4))
    for y in range(height):
        for c in range(4):
            sums[y, 0, c] = 0.0
        for x in range(width + 2 * reach + 1):
            inside = min(max(x - reach, 0), width - 1)
            for c in range(4):
                sums[y, x + 1, c] = sums[y, x, c] + picture[y, inside, c]
    out = np.zeros((height, width, 4), np.float32)
    half = np.zeros(2 * reach + 1)
    area = 0.0
    for k in range(2 * reach + 1):
        dy = abs(k - reach) * 1.0
        if dy < radius + 0.5:
            fill = clamp(radius + 0.5 - dy, 0.0, 1.0)
            half[k] = max(sqrt(max(radius * radius - dy * dy, 0.0)), 0.5 * fill)
            half[k] = min(half[k], reach * 1.0)
            area += 2.0 * half[k]
    over = 1.0 / area
    row = np.zeros((width, 4))
    for y in range(height):
        row[:] = 0.0
        for k in range(2 * reach + 1):
            if half[k] <= 0.0:
                continue
            source = sums[min(max(y + k - reach, 0), height - 1)]
            start, stop = reach + 0.5 - half[k], reach + 0.5 + half[k]
            i, j = floor(start), floor(stop)
            fi, fj = start - i, stop - j
            for x in range(width):
                for c in range(4):
                    low = source[x + i, c] + fi * (source[x + i + 1, c] - source[x + i, c])
                    top = source[x + j, c] + fj * (source[x + j + 1, c] - source[x + j, c])
                    row[x, c] += top - low
        for x in range(width):
            for c in range(4):
                out[y, x, c] = row[x, c] * over
    return out


@compiled
def enlarged(picture: Picture, height: int, width: int) -> Picture:
    """The picture at another size, by quadratic splines (smooth, never sharper).

    Args:
        picture: (h, w, 4) float32.
        height: Of the result.
        width: Of the result.

    Returns:
        (H, W, 3) float32.
    """
    old_height, old_width = picture.shape[:2]
    between = np.empty((height, old_width, 3), np.float32)
    for y in range(height):
        at = (y + 0.5) * old_height / height
        middle = floor(at)
        t = at - middle - 0.5
        a, c = 0.5 * (0.5 - t) * (0.5 - t), 0.5 * (0.5 + t) * (0.5 + t)
        above, below = max(middle - 1, 0), min(middle + 1, old_height - 1)
        for x in range(old_width):
            for k in range(3):
                between[y, x, k] = (
                    a * picture[above, x, k]
                    + (1.0 - a - c) * picture[middle, x, k]
                    + c * picture[below, x, k]
                )
    out = np.empty((height, width, 3), np.float32)
    for x in range(width):
        at = (x + 0.5) * old_width / width
        middle = floor(at)
        t = at - middle - 0.5
        a, c = 0.5 * (0.5 - t) * (0.5 - t), 0.5 * (0.5 + t) * (0.5 + t)
        left, right = max(middle - 1, 0), min(middle + 1, old_width - 1)
        for y in range(height):
            for k in range(3):
                out[y, x, k] = (
                    a * between[y, left, k]
                    + (1.0 - a - c) * between[y, middle, k]
                    + c * between[y, right, k]
                )
    return out
