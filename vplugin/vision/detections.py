"""Faces found in one picture, as arrays: what detectors give and what is merged, cut and moved.

Rows belong together: row i of each array is one face. For single faces in a graph there is
:class:`vplugin.frame.Face`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.vision.nms import nms

__all__ = ["Detections"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Detections:
    """Faces in one picture.

    Attributes:
        boxes: (N, 4) float32, x0, y0, x1, y1 in pixels; may reach beyond the picture.
        scores: (N,) float32, confidence in 0–1.
        points: (N, 5, 2) float32, left eye, right eye, nose tip, left and right mouth corner (left
            as seen in the picture); None where the model gives none.
    """

    boxes: Floats
    scores: Floats
    points: Floats | None = None

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def empty(cls, *, points: bool = True) -> Detections:
        """No face."""
        return cls(
            np.zeros((0, 4), np.float32),
            np.zeros(0, np.float32),
            np.zeros((0, 5, 2), np.float32) if points else None,
        )

    @classmethod
    def join(cls, parts: Sequence[Detections]) -> Detections:
        """All rows of several, in order; points only if all have them."""
        if not parts:
            return cls.empty()
        points = [part.points for part in parts if part.points is not None]
        return cls(
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate(points) if len(points) == len(parts) else None,
        )

    def take(self, rows: npt.NDArray[Any]) -> Detections:
        """The chosen rows: indices or a boolean mask."""
        return Detections(
            self.boxes[rows],
            self.scores[rows],
            None if self.points is None else self.points[rows],
        )

    def moved(self, scale: float = 1.0, x: float = 0.0, y: float = 0.0) -> Detections:
        """Scaled about the origin, then shifted by (x, y)."""
        shift = np.array([x, y], np.float32)
        return Detections(
            self.boxes * np.float32(scale) + np.tile(shift, 2),
            self.scores,
            None if self.points is None else self.points * np.float32(scale) + shift,
        )

    def suppressed(self, iou: float, *, border: float) -> Detections:
        """Best first, without those that overlap a better one; ``border`` as :func:`nms` has it."""
        return self.take(nms(self.boxes, self.scores, iou, border=border))

    def foremost(self, count: int, width: int, height: int) -> Detections:
        """At most ``count`` faces of a width x height picture, large and central ones first.

        The weight is insightface's: area − 2 · (distance from the centre)². A count of 0 keeps all.
        """
        if not 0 < count < len(self):
            return self
        low, high = self.boxes[:, :2], self.boxes[:, 2:]
        offset = (low + high) / 2 - np.array([width // 2, height // 2], np.float32)
        weight = np.prod(high - low, axis=1) - 2.0 * np.sum(offset**2, axis=1)
        return self.take(np.argsort(weight)[::-1][:count])
