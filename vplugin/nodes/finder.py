"""A detector, and the landmark net that betters its points where it has one; not a node.

The house detector is known by its catalogue name: the same file by its path is any SCRFD.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.models.session import Session
from vplugin.vision.detect import open_detector
from vplugin.vision.detections import Detections
from vplugin.vision.landmarks import Landmarker
from vplugin.vision.near import with_near_faces
from vplugin.vision.points import PointRefiner

__all__ = ["AUTO", "FaceFinder", "landmarks_for"]

AUTO = "auto"
_DETECTOR, _LANDMARKS = "house/detector", "house/landmarks"

Floats = npt.NDArray[np.float32]


def landmarks_for(detector: str, wanted: str) -> str | None:
    """Which model refines the points of a detector.

    Args:
        detector: Its name.
        wanted: A name, ``none``, or ``auto``: the house landmarks after the house detector, whose
            points are coarse, and nothing after others.
    """
    if wanted == AUTO:
        return _LANDMARKS if detector == _DETECTOR else None
    return None if wanted == "none" else wanted


class FaceFinder:
    """Finds faces and refines their points.

    Args:
        open_model: Opens a model by name: its session and its file.
        detector: Name or file of a detector.
        landmarks: See :func:`landmarks_for`.

    Attributes:
        detector: The detector.
        facts: What ran, for reports.

    Raises:
        ModelError: A model is missing, damaged, not licensed for this use, or of another contract.
    """

    def __init__(
        self,
        open_model: Callable[[str], tuple[Session, Path]],
        detector: str,
        landmarks: str = AUTO,
    ) -> None:
        session, path = open_model(detector)
        self._sessions = [session]
        self._near = detector == _DETECTOR  # whose largest face has 350 pixels
        self._refiner: PointRefiner | None = None
        try:
            self.detector = open_detector(session, where=path)
            self.facts: dict[str, Any] = {
                "runtime": asdict(session.ran),
                "contract": self.detector.contract,
            }
            if name := landmarks_for(detector, landmarks):
                session, _ = open_model(name)
                self._sessions.append(session)
                self._refiner = PointRefiner(Landmarker(session, name=name))
                self.facts["landmarks"] = {"model": name, "runtime": asdict(session.ran)}
        except BaseException:
            self.close()
            raise

    def detect(
        self,
        pictures: Sequence[npt.NDArray[Any]],
        *,
        score: float = 0.5,
        iou: float = 0.4,
        max_faces: int = 0,
    ) -> list[Detections]:
        """As :meth:`vplugin.vision.detect.Detector.detect`; faces of any size with the house's."""
        found = self.detector.detect(pictures, score=score, iou=iou)
        return [
            self.with_near(picture, faces, score=score, iou=iou).foremost(
                max_faces, picture.shape[1], picture.shape[0]
            )
            for picture, faces in zip(pictures, found, strict=True)
        ]

    def with_near(
        self, picture: npt.NDArray[Any], found: Detections, *, score: float, iou: float
    ) -> Detections:
        """With the faces that are too large for the house detector; no change with others."""
        if not self._near:
            return found
        return with_near_faces(self.detector, picture, found, score=score, iou=iou)

    def refined(
        self, image: npt.NDArray[Any], found: Detections
    ) -> tuple[Detections, list[Floats | None]]:
        """As :meth:`vplugin.vision.points.PointRefiner.refined`; unchanged without landmarks."""
        if self._refiner is None:
            return found, [None] * len(found)
        return self._refiner.refined(image, found)

    def close(self) -> None:
        """Free the models."""
        for session in self._sessions:
            session.close()
        self._sessions = []
