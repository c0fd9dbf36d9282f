"""Better points for the faces of a detector whose own are coarse.

Detectors see a face at a few pixels a cell; a landmark net sees it large and upright. Its points
take the place of the detector's where the two agree on where the face is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.vision.detections import Detections
from vplugin.vision.landmarks import Landmarker, five_points

__all__ = ["PointRefiner"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
_SMALLEST = 20.0  # px: of smaller faces a landmark net sees no more than the detector
_AGREE = 0.25  # sides of the box by which the points may move in the mean


class PointRefiner:
    """Refines detections.

    Args:
        landmarker: Gives 106 points.
    """

    def __init__(self, landmarker: Landmarker) -> None:
        self._landmarker = landmarker

    def refined(self, image: Array, found: Detections) -> tuple[Detections, list[Floats | None]]:
        """Better points.

        Args:
            image: (H, W, 3) uint8 RGB, what was searched.
            found: Faces in its pixels.

        Returns:
            The detections, with better points where they could be had, and the 106 landmarks
            (106, 2) float32 of each face, None where they could not.
        """
        dense: list[Floats | None] = [None] * len(found)
        if found.points is None or not len(found):
            return found, dense
        boxes, points = found.boxes, found.points.copy()
        sides = np.sqrt(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1))
        rows = np.flatnonzero((sides >= _SMALLEST) & _visible(boxes, image))
        eyes = points[rows, 1] - points[rows, 0]
        turns = np.arctan2(eyes[:, 1], eyes[:, 0])
        for row, landmarks in zip(
            rows, self._landmarker.of_faces(image, boxes[rows], turns), strict=True
        ):
            better = five_points(landmarks)
            moved = float(np.hypot(*(better - points[row]).T).mean())
            if moved <= _AGREE * sides[row]:
                points[row], dense[row] = better, landmarks
        return Detections(boxes, found.scores, points), dense


def _visible(boxes: Floats, image: Array) -> npt.NDArray[np.bool_]:
    """(N,) whether the centre of a box lies in the picture."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.asarray(((centre >= 0) & (centre < image.shape[1::-1])).all(1), np.bool_)
