"""Greedy non-maximum suppression of boxes, in the two conventions that detectors are tuned for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["iou_matrix", "nms"]

Floats = npt.NDArray[np.floating[Any]]


def nms(
    boxes: Floats, scores: Floats, iou: float = 0.4, *, border: float = 1.0
) -> npt.NDArray[np.intp]:
    """Keep the best of each group of overlapping boxes.

    Args:
        boxes: (N, 4) x0, y0, x1, y1.
        scores: (N,).
        iou: A box that overlaps a better one by more than this is dropped.
        border: Added to each side length: 1 where x1 is the last column of the box (insightface),
            0 where it is an edge (OpenCV).

    Returns:
        Indices of the kept boxes, best first; equal scores keep their order.
    """
    order = np.argsort(-scores, kind="stable")
    low, high = boxes[:, :2], boxes[:, 2:] + border
    areas = np.prod(high - low, axis=1)
    keep: list[int] = []
    while order.size:
        best, rest = order[0], order[1:]
        keep.append(int(best))
        sides = np.minimum(high[best], high[rest]) - np.maximum(low[best], low[rest])
        common = np.prod(np.maximum(sides, 0), axis=1)
        overlap = common / (areas[best] + areas[rest] - common)
        order = rest[overlap <= iou]
    return np.asarray(keep, np.intp)


def iou_matrix(first: Floats, second: Floats) -> npt.NDArray[np.float64]:
    """Intersection over union of every box of (N, 4) with every box of (M, 4), as (N, M)."""
    a, b = first[:, None].astype(np.float64), second[None].astype(np.float64)
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    common = np.prod(np.maximum(sides, 0), axis=-1)
    areas = [np.prod(np.maximum(box[..., 2:] - box[..., :2], 0), axis=-1) for box in (a, b)]
    union = areas[0] + areas[1] - common
    return np.asarray(np.divide(common, union, out=np.zeros_like(common), where=union > 0))
