"""Soft masks: how much of a swapped face shows at each pixel.

All are float32 in 0–1, exactly 0 where the picture must stay as it is. Most are made in the space
of the crop and carried back with it; :func:`insightface_mask` is made in the picture, as that
library does it.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.picture import Rect
from vplugin.vision.align import shifted

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.float32]

# Half of the outline of a face in a frame of its own: x in eye distances from the middle, y from
# the eyes (0) to the mouth (1). Brows lie at −0.35, the chin at about 1.65, the cheekbones at 1.07;
# the outline stays inside them, so that hair, ears and jaw line remain the target's.
_HALF_OUTLINE = (
    (0.00, -0.72),
    (0.45, -0.69),
    (0.79, -0.55),
    (0.99, -0.24),
    (1.02, 0.20),
    (0.97, 0.65),
    (0.82, 1.08),
    (0.52, 1.42),
    (0.00, 1.56),
)
_CHEEKS = ((-0.5, 0.3), (-0.12, 0.15), (0.12, 0.15), (0.5, 0.3), (0.5, 0.75), (-0.5, 0.75))
_FEATURES = (
    (-0.75, -0.38),
    (-0.4, -0.5),
    (0.4, -0.5),
    (0.75, -0.38),
    (0.75, 0.15),
    (0.6, 0.9),
    (0.45, 1.2),
    (-0.45, 1.2),
    (-0.6, 0.9),
    (-0.75, 0.15),
)
_SKIN_FLOOR = (9.0, 4.0, 4.0)  # deviations of L, a, b below which no skin is taken to be
_WORKING_SIZE = 128  # masks are smooth: they are drawn at this size and enlarged


def face_outline(points: Array) -> npt.NDArray[np.float64]:
    """A closed curve inside the face, guessed from its five points.

    On a face that is turned aside the far half is narrower, the near half wider.

    Args:
        points: (5, 2), in any space.

    Returns:
        (K, 2) float64, in the same space.
    """
    places = np.asarray(points, np.float64)
    eyes, mouth = places[:2].mean(axis=0), places[3:].mean(axis=0)
    across, down = places[1] - places[0], mouth - eyes
    turn = _turn(places, eyes, across, down)
    half = np.asarray(_HALF_OUTLINE)
    right = half * [_half_width(turn), 1.0]
    left = half[-2:0:-1] * [-_half_width(-turn), 1.0]
    local = _closed_spline(np.concatenate([right, left]))
    return np.asarray(eyes + local[:, :1] * across + local[:, 1:] * down, np.float64)


def _half_width(away: float) -> float:
    """Width of one half of the outline, when the nose points ``away`` to its side."""
    return max(0.5, 1.0 - 2.0 * away) if away > 0 else 1.0 - 0.7 * away


def _turn(
    places: npt.NDArray[np.float64],
    eyes: npt.NDArray[np.float64],
    across: npt.NDArray[np.float64],
    down: npt.NDArray[np.float64],
) -> float:
    """Offset of the nose from the middle line in eye distances, in the face's own skewed frame."""
    frame = np.stack([across, down], axis=1)
    if abs(float(np.linalg.det(frame))) < 1e-9:
        return 0.0
    return float(np.clip(np.linalg.solve(frame, places[2] - eyes)[0], -0.6, 0.6))


def _closed_spline(knots: npt.NDArray[np.float64], steps: int = 6) -> npt.NDArray[np.float64]:
    """A Catmull-Rom curve through closed knots (K, 2): (K·steps, 2)."""
    t = (np.arange(steps) / steps)[None, :, None]
    before, start, end, after = (np.roll(knots, 1 - k, axis=0)[:, None] for k in range(4))
    curve = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * (start - end) + after - before) * t**3
    )
    return np.asarray(curve.reshape(-1, 2), np.float64)


def polygon_mask(polygon: Array, size: int, feather: float) -> Mask:
    """1 inside a polygon, falling smoothly to 0 at its border, 0 outside.

    Args:
        polygon: (K, 2), in pixels of the crop.
        size: Width and height of the crop.
        feather: Width of the fall in pixels of the crop, all of it inside the polygon.

    Returns:
        (size, size); 0 on the outermost pixels, so that a crop's border never shows.
    """
    small = min(size, _WORKING_SIZE)
    ratio = small / size
    places = (np.asarray(polygon, np.float64) + 0.5) * ratio - 0.5
    drawn = _drawn(places, small)
    drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1] = 0, 0, 0, 0
    depth = cv2.distanceTransform(drawn, cv2.DIST_L2, cv2.DIST_MASK_5)
    return _enlarged(_smoothstep(np.asarray(depth / max(feather * ratio, 1.0), np.float32)), size)


def hull_mask(landmarks: Array, size: int, feather: float) -> Mask:
    """:func:`polygon_mask` of the convex hull of dense landmarks (N, 2) in the crop."""
    hull = cv2.convexHull(np.asarray(landmarks, np.float32))
    return polygon_mask(hull[:, 0], size, feather)


def ellipse_mask(size: int, feather: float, fill: float = 0.88) -> Mask:
    """An upright ellipse about the middle of the crop, ``fill`` of its width and height."""
    angle = np.linspace(0.0, 2.0 * math.pi, 64, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return polygon_mask(ring * (fill * size / 2.0) + (size - 1) / 2.0, size, feather)


def box_mask(size: int, blur: float = 0.3, padding: float = 0.0) -> Mask:
    """The whole crop with soft borders, as facefusion does it.

    Args:
        size: Width and height of the crop.
        blur: Width of the soft border, as a share of half the crop.
        padding: Border that stays 0, as a share of the crop.
    """
    amount = int(size * 0.5 * blur)
    border = max(amount // 2, round(size * padding), 1)
    mask = np.zeros((size, size), np.float32)
    mask[border:-border, border:-border] = 1.0
    if amount > 0:
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), amount * 0.25))
        mask[0], mask[-1], mask[:, 0], mask[:, -1] = 0, 0, 0, 0
    return mask


def insightface_mask(matrix: Array, size: int, rect: Rect) -> Mask:
    """The mask of insightface's ``INSwapper.get``, for the region of the crop only.

    The crop's square, eroded and blurred by shares of its size; equal to what insightface computes
    over the whole picture.

    Args:
        matrix: (2, 3), picture → crop.
        size: Width and height of the crop.
        rect: Region of the picture that covers the crop, as :func:`vplugin.vision.align.crop_rect`
            gives it.

    Returns:
        (rect.height, rect.width).
    """
    white = cv2.warpAffine(
        np.full((size, size), 255, np.float32),
        shifted(matrix, rect),
        (rect.width, rect.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    white[white > 20] = 255
    rows, columns = np.nonzero(white == 255)
    if rows.size == 0:
        return np.zeros((rect.height, rect.width), np.float32)
    extent = int(math.sqrt(float(np.ptp(rows)) * float(np.ptp(columns))))
    shrink, soften = max(extent // 10, 10), 2 * max(extent // 20, 5) + 1
    # In bytes, which OpenCV erodes several times faster; blurred in floats as insightface does.
    eroded = cv2.erode(white.astype(np.uint8), np.ones((shrink, shrink), np.uint8))
    smooth = cv2.GaussianBlur(eroded.astype(np.float32), (soften, soften), 0)
    return np.asarray(smooth * np.float32(1.0 / 255.0))


def skin_mask(crop: Array, points: Array, tolerance: float = 2.5) -> Mask:
    """Where a face is skin or feature, and not hair, hat or hand: a guess from colour.

    What skin looks like is learnt from the nose and the cheeks of the very face. The features
    (brows, eyes, nose, mouth) count as face whatever their colour.

    Args:
        crop: (S, S, 3) RGB, uint8 or float32 in 0–1.
        points: (5, 2), in the crop.
        tolerance: Deviations from the face's own skin up to which a colour is skin.

    Returns:
        (S, S).
    """
    size = crop.shape[0]
    small = min(size, _WORKING_SIZE)
    ratio = small / size
    shrunk = cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA)
    unit = 1.0 / 255.0 if crop.dtype == np.uint8 else 1.0
    tiny = cv2.cvtColor(shrunk.astype(np.float32) * np.float32(unit), cv2.COLOR_RGB2Lab)
    places = (np.asarray(points, np.float64) + 0.5) * ratio - 0.5
    sample = tiny[_drawn(_local(places, _CHEEKS), small) > 0]
    if len(sample) < 8:
        return np.ones((size, size), np.float32)
    centre = np.median(sample, axis=0)
    # Robust deviations with floors: light may vary over a face, its colour hardly does.
    spread = 1.5 * np.median(np.abs(sample - centre), axis=0)
    distance = np.sqrt((((tiny - centre) / np.maximum(spread, _SKIN_FLOOR)) ** 2).sum(axis=-1))
    skin = 1.0 - _smoothstep(np.asarray((distance - tolerance) / (0.8 * tolerance), np.float32))
    features = _drawn(_local(places, _FEATURES), small).astype(np.float32) / 255.0
    eyes = float(np.linalg.norm(places[1] - places[0]))
    skin = cv2.medianBlur((skin * 255).astype(np.uint8), 5).astype(np.float32) / 255.0
    features = np.asarray(cv2.GaussianBlur(features, (0, 0), 0.08 * eyes))
    skin = np.asarray(cv2.GaussianBlur(skin, (0, 0), 0.05 * eyes))
    return _enlarged(np.maximum(skin, features), size)


def _drawn(polygon: Array, size: int) -> npt.NDArray[np.uint8]:
    """A filled polygon as (size, size), 0 or 255."""
    canvas = np.zeros((size, size), np.uint8)
    cv2.fillPoly(canvas, [np.rint(np.asarray(polygon) * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
    return canvas


def _local(points: Array, shape: tuple[tuple[float, float], ...]) -> npt.NDArray[np.float64]:
    """A shape given in the face's own frame (see ``_HALF_OUTLINE``) placed on a face."""
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    local = np.asarray(shape)
    return np.asarray(eyes + local[:, :1] * (points[1] - points[0]) + local[:, 1:] * (mouth - eyes))


def support(mask: Mask) -> Rect:
    """The smallest rectangle that holds all of a mask above 0."""
    columns, rows = mask.max(axis=0).nonzero()[0], mask.max(axis=1).nonzero()[0]
    if columns.size == 0:
        return Rect(0, 0, 0, 0)
    return Rect(
        int(columns[0]),
        int(rows[0]),
        int(columns[-1] - columns[0] + 1),
        int(rows[-1] - rows[0] + 1),
    )


def _smoothstep(values: Mask) -> Mask:
    t = np.clip(values, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


def _enlarged(mask: Mask, size: int) -> Mask:
    if mask.shape[0] == size:
        return mask
    return np.asarray(cv2.resize(mask, (size, size), interpolation=cv2.INTER_LINEAR))
