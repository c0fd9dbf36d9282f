"""Faces between two looks of a detector: where they were, as their landmarks say they have moved.

A landmark net costs a fraction of a detector and gives the points that are wanted anyway. What it
cannot see is a new face, or that a face has gone: so the detector looks again after a few frames,
at every cut, and whenever landmarks go astray. Who is who over time is
:mod:`vplugin.vision.track`'s business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.vision.cut import CUT_SIZE, CutDetector
from vplugin.vision.detections import Detections

__all__ = ["Follower", "Refine"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
#: As :meth:`vplugin.vision.points.PointRefiner.refined`.
Refine: TypeAlias = Callable[[Array, Detections], tuple[Detections, list[Floats | None]]]


class Follower:
    """Follows the faces of one stream."""

    def __init__(self) -> None:
        self._held: Detections | None = None
        self._shape: tuple[int, ...] = ()
        self._age = 0
        self._cuts = CutDetector()

    def follow(
        self, picture: Array, time: float, every: int, refine: Refine
    ) -> tuple[Detections, list[Floats | None]] | None:
        """The faces of the next picture, if they can be told without the detector.

        Args:
            picture: (H, W, 3) uint8 RGB.
            time: Seconds.
            every: Pictures from one look of the detector to the next.
            refine: Finds the points of faces whose boxes are about right.

        Returns:
            The faces and their landmarks, or None: the detector must look, and :meth:`looked` be
            told what it saw.
        """
        luma = cv2.cvtColor(_small(picture), cv2.COLOR_RGB2GRAY)
        cut = self._cuts.update(np.asarray(luma, np.uint8), time)
        self._age += 1
        held = self._held
        if held is None or cut or self._age >= every or picture.shape != self._shape:
            return None
        found, dense = refine(picture, held)
        if any(one is None for one in dense):
            return None
        self._held = _carried(held, found)
        return self._held, dense

    def looked(self, picture: Array, found: Detections) -> None:
        """Take what the detector saw in this picture, its points refined."""
        self._held, self._shape, self._age = found, picture.shape, 0


def _small(picture: Array) -> Array:
    width, height = CUT_SIZE if picture.shape[1] >= picture.shape[0] else CUT_SIZE[::-1]
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))


def _carried(before: Detections, now: Detections) -> Detections:
    """Boxes moved and scaled as their points have been."""
    if before.points is None or now.points is None or not len(before):
        return now
    middles = [one.points.mean(axis=1) for one in (before, now) if one.points is not None]
    spread = [
        np.linalg.norm(one.points - middle[:, None], axis=2).mean(axis=1)
        for one, middle in zip((before, now), middles, strict=True)
        if one.points is not None
    ]
    scale = (spread[1] / np.maximum(spread[0], 1e-6))[:, None, None]
    corners = before.boxes.reshape(-1, 2, 2)
    moved = (corners - middles[0][:, None]) * scale + middles[1][:, None]
    return Detections(moved.reshape(-1, 4).astype(np.float32), before.scores, now.points)
