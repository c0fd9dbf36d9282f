"""Finds the faces in each frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from vplugin.frame import Face, Frame
from vplugin.media.picture_io import Scaler, View
from vplugin.node import Context, Node, Params, Result
from vplugin.nodes.finder import AUTO, FaceFinder
from vplugin.nodes.models import Models
from vplugin.vision.detect import Detector
from vplugin.vision.detections import Detections
from vplugin.vision.tile import SMALLEST_FACE, detect_tiled


class DetectParams(Params):
    """Parameters of :class:`Detect`."""

    model: str = Field(
        default="house/detector",
        description="Catalogue name or ONNX file of a detector, SCRFD (insightface) or YuNet; "
        "house/detector ships with vplugin.",
    )
    landmarks: str = Field(
        default=AUTO,
        description="Model of 106 landmarks (2d106det contract) whose points replace the "
        "detector's five; `none`; auto is house/landmarks after house/detector, else none.",
    )
    score: float = Field(default=0.5, ge=0, le=1, description="Least confidence of a face.")
    nms: float = Field(
        default=0.4, ge=0, le=1, description="Faces that overlap a better one by more are dropped."
    )
    size: int = Field(
        default=640,
        ge=64,
        le=4096,
        description="Longer side, in pixels, of the small copy that is looked at.",
    )
    min_face: float = Field(
        default=0,
        ge=0,
        description="Smallest face to find, in pixels of the picture; if it would be smaller than "
        "16 pixels in the small copy, a larger copy is searched in tiles as well. 0: no tiles.",
    )
    max_faces: int = Field(
        default=0, ge=0, description="Keep so many, large and central ones first; 0 keeps all."
    )
    runtime: str = Field(
        default="auto",
        description="What runs the model: onnxruntime, openvino or torch, also with a provider or "
        "precision (openvino:bf16); auto measures once and remembers.",
    )
    device: str | None = Field(
        default=None, description="cpu, cuda:0 …; the lane's device if not given."
    )


class Detect(Node[DetectParams]):
    """Finds faces: boxes, scores and five points, in pixels of the decoded picture.

    A small, upright copy with square pixels is looked at, never the full picture. ``score``,
    ``nms``, ``size``, ``min_face`` and ``max_faces`` may be changed while it runs.

    Example:
        >>> Detect(DetectParams(score=0.6, min_face=24))  # doctest: +ELLIPSIS
        <...Detect object at ...>
    """

    edits: ClassVar[bool] = False

    def __init__(self, params: DetectParams | None = None, name: str | None = None) -> None:
        super().__init__(params, name)
        self._finder: FaceFinder | None = None
        self._facts: dict[str, Any] = {}
        self._found: Counter[int] = Counter()

    def open(self, context: Context) -> None:
        """Load the model.

        Raises:
            ModelError: It is missing, damaged, not licensed for this use, no detector, or the
                runtime asked for would not run it.
        """
        super().open(context)
        params = self.params
        models = Models(context, params.runtime, params.device)
        self._finder = FaceFinder(models.open, params.model, params.landmarks)
        self._detector: Detector = self._finder.detector
        self._scaler = Scaler()
        self._facts = self._finder.facts

    def process(self, frame: Frame) -> Frame:
        """Put the faces into one frame."""
        return self._detect([frame])[0]

    def process_many(self, frames: Sequence[Frame]) -> Sequence[Result]:
        """Put the faces into several frames, by one run of the model if it takes batches."""
        return self._detect(frames)

    def _detect(self, frames: Sequence[Frame]) -> list[Frame]:
        views = [self._scaler.view(frame.picture, self.params.size) for frame in frames]
        found = self._tiled(frames, views) if self.params.min_face else self._whole(views)
        self._found.update(len(faces) for faces in found)
        return [
            frame.evolve(faces=self._faces(detections, view))
            for frame, detections, view in zip(frames, found, views, strict=True)
        ]

    def _faces(self, found: Detections, view: View) -> tuple[Face, ...]:
        """Detections in the small copy as faces in the decoded picture."""
        assert self._finder is not None
        found, dense = self._finder.refined(view.rgb, found)
        boxes = view.boxes_to_picture(found.boxes).astype(np.float32)
        points: Sequence[Any] = [None] * len(found)
        if found.points is not None:
            points = list(view.to_picture(found.points).astype(np.float32))
        landmarks = [
            None if one is None else view.to_picture(one).astype(np.float32) for one in dense
        ]
        rows = zip(boxes, found.scores, points, landmarks, strict=True)
        return tuple(Face(box, float(score), five, many) for box, score, five, many in rows)

    def _whole(self, views: Sequence[View]) -> list[Detections]:
        params = self.params
        assert self._finder is not None
        return self._finder.detect(
            [view.rgb for view in views],
            score=params.score,
            iou=params.nms,
            max_faces=params.max_faces,
        )

    def _tiled(self, frames: Sequence[Frame], views: Sequence[View]) -> list[Detections]:
        return [self._tiled_one(frame, view) for frame, view in zip(frames, views, strict=True)]

    def _tiled_one(self, frame: Frame, view: View) -> Detections:
        """With a second look where the smallest face would be too small in the first."""
        params = self.params
        enlarge = SMALLEST_FACE * view.scale / params.min_face
        if enlarge <= 1 or view.scale <= 1:
            return self._whole([view])[0]
        fine_size = round(max(view.rgb.shape[:2]) * min(enlarge, view.scale))
        found = detect_tiled(
            self._detector,
            view.rgb,
            self._scaler.view(frame.picture, fine_size).rgb,
            score=params.score,
            iou=params.nms,
        )
        assert self._finder is not None
        found = self._finder.with_near(view.rgb, found, score=params.score, iou=params.nms)
        return found.foremost(params.max_faces, *view.rgb.shape[1::-1])

    def report(self) -> Mapping[str, Any]:
        """What ran, and how many faces were found."""
        return {
            **self._facts,
            "faces": sum(count * frames for count, frames in self._found.items()),
            "faces_per_frame": {str(count): self._found[count] for count in sorted(self._found)},
        }

    def close(self) -> None:
        """Free the model."""
        if self._finder is not None:
            self._finder.close()
            self._finder = None
