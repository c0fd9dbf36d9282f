"""Loads the people that source pictures show, and says who a face is.

Shared by nodes that need a person's face or embedding; not a node.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.errors import GraphError, ModelMissingError
from vplugin.frame import Face, Frame
from vplugin.models.catalogue import stock
from vplugin.models.onnx_file import load_graph
from vplugin.models.session import Session
from vplugin.nodes.finder import FaceFinder
from vplugin.nodes.models import Models
from vplugin.vision.blend import HostCompositor, take
from vplugin.vision.embed import Embedder
from vplugin.vision.onnx_facts import normalises_itself
from vplugin.vision.source import Source, load_source, mean_embedding
from vplugin.vision.swap_contract import SWAP_CONTRACTS

Array = npt.NDArray[Any]

# inswapper_128 and its kin were trained with this recogniser and understand no other.
RECOGNISER = SWAP_CONTRACTS["inswapper"].recogniser

# Knows people well enough to tell those of one clip apart, and ships.
HOUSE_RECOGNISER = "house/identity"

_SAME_PERSON = 0.4  # cosine of recognisers that were trained on millions of photographs

# Longer sides, in pixels, at which a source picture is searched: detectors have a largest face too.
_SEARCH_SIZES = (640, 320, 1280)


class FaceReader:
    """Finds the faces of source pictures, and says who a face is.

    Args:
        models: Opens the models, each when it is first needed.
        detector: Name or file of a detector.
        embedder: Name or file of a recogniser, or None.
    """

    def __init__(self, models: Models, detector: str, embedder: str | None) -> None:
        self._models = models
        self._names = detector, embedder
        self._finder: FaceFinder | None = None
        self._embedder: tuple[Embedder, Session] | None = None
        self._ran: dict[str, Any] = {}

    @property
    def embeds(self) -> bool:
        """Whether there is a recogniser."""
        return self._names[1] is not None

    @property
    def same_person(self) -> float:
        """The cosine from which two faces are one person's to the recogniser."""
        try:
            _, member = stock().find(self._names[1] or "")
        except ModelMissingError:
            member = None  # a file of the user's
        known = None if member is None else member.same_person
        return _SAME_PERSON if known is None else known

    def load(self, path: str, *, embed: bool) -> Source:
        """Load a person from a picture or a folder of pictures.

        Args:
            path: Relative to the graph.
            embed: Whether its embedding is needed.

        Raises:
            SourceError: A picture is missing, unreadable, or does not show exactly one face.
            ModelError: A model cannot be opened.
        """
        place = Path(self._models.context.base) / Path(path).expanduser()
        return load_source(place, self.find, self._embed_picture if embed else None)

    def embedding_of(self, path: str) -> npt.NDArray[np.float32]:
        """The embedding (512,) of a person in a picture or a folder of pictures.

        Raises:
            GraphError: There is no embedder.
            SourceError: As :meth:`load`.
        """
        self._open_embedder()
        views = self.load(path, embed=False).views
        return mean_embedding([self._embed_picture(view.image, view.points) for view in views])

    def embed(self, frame: Frame, face: Face) -> npt.NDArray[np.float32]:
        """The embedding of a face in a frame: (512,) float32, raw; zeros where it has no points."""
        embedder = self._open_embedder()
        if face.points is None:
            return np.zeros(512, np.float32)
        region = take(frame, embedder.matrix(face.points), embedder.size)
        if region is None:
            return np.zeros(512, np.float32)
        crops = HostCompositor().crops([region], border="black")
        return np.asarray(embedder.embed(crops * 255.0)[0], np.float32)

    def facts(self) -> dict[str, Any]:
        """Which runtime runs the recogniser, if it was needed."""
        return self._ran

    def release_detector(self) -> None:
        """Free the detector until the next source is loaded."""
        if self._finder is not None:
            self._finder.close()
            self._finder = None

    def close(self) -> None:
        """Free the models."""
        self.release_detector()
        if self._embedder is not None:
            self._embedder[1].close()
            self._embedder = None

    def find(self, image: Array) -> list[Face]:
        """Faces in a picture, (H, W, 3) uint8 RGB of any size."""
        if self._finder is None:
            self._finder = FaceFinder(self._models.open, self._names[0])
        longest = max(image.shape[:2])
        for side in dict.fromkeys(min(side, longest) for side in _SEARCH_SIZES):
            faces = _find_at(self._finder, image, side)
            if faces:
                return faces
        return []

    def _embed_picture(self, image: Array, points: Array) -> npt.NDArray[np.float32]:
        return self._open_embedder().of_face(image, points)

    def _open_embedder(self) -> Embedder:
        if self._embedder is None:
            name = self._names[1]
            if name is None:
                raise GraphError(
                    "faces are to be recognised, and no embedder is configured",
                    where=self._models.context.name,
                    mend=f"set `embedder`, for example to {RECOGNISER}",
                )
            session, path = self._models.open(name)
            self._ran = asdict(session.ran)
            own = normalises_itself(load_graph(path))
            self._embedder = Embedder(session, normalises_itself=own, name=name), session
        return self._embedder[0]


def _find_at(finder: FaceFinder, image: Array, side: int) -> list[Face]:
    """Faces found with the longer side scaled to ``side``, in pixels of the image."""
    scale = side / max(image.shape[:2])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    found, _ = finder.refined(image, finder.detect([small])[0].moved(1.0 / scale))
    if found.points is None:
        return []
    rows = zip(found.boxes, found.scores, found.points, strict=True)
    return [Face(box, float(score), points) for box, score, points in rows]
