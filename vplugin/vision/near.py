"""A second look for faces that fill the picture, for detectors with a largest face.

A network knows faces up to the size that it was trained with. A copy of 160 pixels costs a
sixteenth of one of 640 and shows the largest faces at a size that any detector knows.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.vision.detect import Detector
from vplugin.vision.detections import Detections

__all__ = ["with_near_faces"]

_SIDE = 160  # px of the copy's longer side
_LEAST = 0.4  # shorter sides of the picture: smaller faces of the copy are left to the first look
_INSIDE = 0.7  # share of a box that lies in a better and larger one: a part of that face


def with_near_faces(
    detector: Detector,
    picture: npt.NDArray[Any],
    found: Detections,
    *,
    score: float = 0.5,
    iou: float = 0.4,
) -> Detections:
    """What was found, and the faces that are too large to be found so.

    Args:
        detector: Which found them.
        picture: (H, W, 3) uint8 RGB, in which.
        found: Its faces there.
        score: Least confidence, 0–1.
        iou: NMS threshold.
    """
    height, width = picture.shape[:2]
    scale = _SIDE / max(height, width)
    if scale > 0.5:
        return found
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    near = detector.detect([small], score=score, iou=iou)[0].moved(1.0 / scale)
    near = near.take(_areas(near.boxes) ** 0.5 >= _LEAST * min(height, width))
    if not len(near):
        return found
    both = Detections.join([near, found]).suppressed(iou, border=detector.border)
    return both.take(~_parts(both))


def _areas(boxes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1))


def _parts(faces: Detections) -> npt.NDArray[np.bool_]:
    """(N,) whether a box is a part of a better and larger one."""
    boxes, areas = faces.boxes, _areas(faces.boxes)
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    within = shared >= _INSIDE * np.maximum(areas, 1e-6)[:, None]
    larger = (areas[None] > 2 * areas[:, None]) & (faces.scores[None] >= faces.scores[:, None])
    return np.asarray((within & larger).any(1), np.bool_)
