"""Finds the faces in each frame."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from vplugin.errors import GraphError
from vplugin.frame import Face, Frame
from vplugin.media.picture_io import Scaler, View
from vplugin.node import Context, Node, Params, Result
from vplugin.nodes.finder import AUTO, FaceFinder, landmarks_for
from vplugin.nodes.models import Models
from vplugin.vision.detect import Detector
from vplugin.vision.detections import Detections
from vplugin.vision.follow import Follower
from vplugin.vision.tile import SMALLEST_FACE, detect_tiled

Floats = npt.NDArray[np.float32]


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
    every: int = Field(
        default=1,
        ge=1,
        le=30,
        description="Frames from one look of the detector to the next; between them faces are "
        "followed by `landmarks`, and new ones come so much later. A cut is looked at at once.",
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
    ``nms``, ``size``, ``min_face``, ``every`` and ``max_faces`` may be changed while it runs.

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
        self._followers: defaultdict[str, Follower] = defaultdict(Follower)
        self._followed = 0

    def open(self, context: Context) -> None:
        """Load the model.

        Raises:
            ModelError: It is missing, damaged, not licensed for this use, no detector, or the
                runtime asked for would not run it.
            GraphError: Faces are to be followed, and there are no landmarks.
        """
        super().open(context)
        params = self.params
        if params.every > 1 and landmarks_for(params.model, params.landmarks) is None:
            raise GraphError(
                "faces between two looks are followed by landmarks, and there is no such model",
                where=f"{self.name}.every",
                mend="set `landmarks`, for example to house/landmarks, or leave `every` out",
            )
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
        if self.params.every > 1:
            pairs = zip(frames, views, strict=True)
            return [self._follow(frame, view) for frame, view in pairs]
        return [
            self._with(frame, view, *self._refined(found, view))
            for frame, view, found in zip(frames, views, self._look(frames, views), strict=True)
        ]

    def _follow(self, frame: Frame, view: View) -> Frame:
        """With its faces, by the detector only where they cannot be told without."""
        follower = self._followers[frame.stream]
        time, every = float(frame.time), self.params.every
        known = follower.follow(view.rgb, time, every, lambda _, held: self._refined(held, view))
        if known is None:
            known = self._refined(self._look([frame], [view])[0], view)
            follower.looked(view.rgb, known[0])
        else:
            self._followed += 1
        return self._with(frame, view, *known)

    def _look(self, frames: Sequence[Frame], views: Sequence[View]) -> list[Detections]:
        """What the detector finds."""
        return self._tiled(frames, views) if self.params.min_face else self._whole(views)

    def _refined(self, found: Detections, view: View) -> tuple[Detections, list[Floats | None]]:
        assert self._finder is not None
        return self._finder.refined(view.rgb, found)

    def _with(
        self, frame: Frame, view: View, found: Detections, dense: Sequence[Floats | None]
    ) -> Frame:
        """The frame with detections in the small copy as faces in the decoded picture."""
        self._found[len(found)] += 1
        return frame.evolve(faces=self._faces(found, dense, view))

    def _faces(
        self, found: Detections, dense: Sequence[Floats | None], view: View
    ) -> tuple[Face, ...]:
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
            **({"followed": self._followed} if self.params.every > 1 else {}),
            "faces": sum(count * frames for count, frames in self._found.items()),
            "faces_per_frame": {str(count): self._found[count] for count in sorted(self._found)},
        }

    def close(self) -> None:
        """Free the model."""
        if self._finder is not None:
            self._finder.close()
            self._finder = None
