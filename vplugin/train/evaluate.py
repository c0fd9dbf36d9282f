"""How good a detector is: average precision, and recall at so many false alarms a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.vision.detections import Detections

__all__ = ["Judged", "average_precision", "judge", "point_error", "recall_at"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Judged:
    """All detections of a set of pictures, best first, each right or wrong.

    Attributes:
        scores: (D,) of detections that count.
        right: (D,) whether each is the first to find a face.
        errors: (D,) mean distance of its five points from the truth's in shares of the truth's box
            (the root of its area); NaN where wrong.
        sizes: (D,) that root in pixels, NaN where wrong.
        faces: Number of faces to be found.
        pictures: Number of pictures.
    """

    scores: Array
    right: Array
    errors: Array
    sizes: Array
    faces: int
    pictures: int


def judge(
    found: Sequence[Detections],
    truths: Sequence[tuple[Array, Array, Array]],
    *,
    least: float = 0.5,
) -> Judged:
    """Match detections with faces, greedily by score.

    Args:
        found: Of each picture.
        truths: Of each picture: boxes (G, 4), points (G, 5, 2), and (G,) whether the face has to be
            found; detections of the others do not count at all.
        least: IoU from which a face is found.
    """
    rows = [
        row
        for faces, truth in zip(found, truths, strict=True)
        for row in _judge_picture(faces, truth, least)
    ]
    table = np.array(rows, np.float64).reshape(-1, 4)
    table = table[np.argsort(-table[:, 0], kind="stable")]
    count = sum(int(np.sum(wanted)) for _, _, wanted in truths)
    right = table[:, 1] > 0
    return Judged(table[:, 0], right, table[:, 2], table[:, 3], count, len(truths))


def _judge_picture(
    faces: Detections, truth: tuple[Array, Array, Array], least: float
) -> Iterable[tuple[float, float, float, float]]:
    """(score, right, point error, size) of the detections of one picture that count."""
    boxes, points, wanted = truth
    free = np.ones(len(boxes), bool)
    for row in np.argsort(-faces.scores, kind="stable"):
        iou = _overlaps(faces.boxes[row], boxes) if len(boxes) else np.zeros(0)
        best = int(np.argmax(np.where(free, iou, 0))) if len(iou) else -1
        if best < 0 or not free[best] or iou[best] < least:
            spared = len(iou) > 0 and bool(np.any((iou >= 0.3) & ~wanted.astype(bool)))
            if not spared:
                yield float(faces.scores[row]), 0.0, np.nan, np.nan
            continue
        free[best] = False
        if wanted[best]:
            size = float(np.sqrt(np.prod(boxes[best, 2:] - boxes[best, :2])))
            error = np.nan
            if faces.points is not None:
                error = point_error(faces.points[row], points[best], size)
            yield float(faces.scores[row]), 1.0, error, size


def point_error(points: Array, truth: Array, size: float) -> float:
    """Mean distance of points (5, 2) from the truth's, over a size."""
    return float(np.linalg.norm(points - truth, axis=-1).mean() / size)


def average_precision(judged: Judged) -> float:
    """Area under precision over recall, precision made monotonous (as VOC 2010 has it)."""
    if not judged.faces or not len(judged.scores):
        return 0.0
    hits = np.cumsum(judged.right)
    recall = hits / judged.faces
    precision = hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0.0], recall])) * precision))


def recall_at(judged: Judged, alarms: float) -> tuple[float, float]:
    """Recall at so many false alarms a picture, and the score from which detections are taken."""
    if not len(judged.scores) or not judged.faces:
        return 0.0, 1.0
    wrong = np.cumsum(~judged.right)
    within = np.flatnonzero(wrong <= alarms * judged.pictures)
    if not len(within):
        return 0.0, 1.0
    last = int(within[-1])
    return float(np.sum(judged.right[: last + 1]) / judged.faces), float(judged.scores[last])


def _overlaps(box: Array, boxes: Array) -> Array:
    """IoU of one box with others."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(box[2:] - box[:2]) + np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return np.asarray(shared / np.maximum(areas - shared, 1e-9))
