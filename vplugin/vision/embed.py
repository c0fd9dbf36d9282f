"""Who a face is: ArcFace embeddings, the same as insightface's ``ArcFaceONNX`` gives.

Contract (w600k_r50 and its kin): crops by ``arcface_112``, RGB, (x − 127.5) / 127.5, NCHW; the
output is a raw vector whose direction means the person.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError
from vplugin.vision.align import similarity, template, warp
from vplugin.vision.session import Session

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


class Embedder:
    """An ArcFace recogniser.

    Args:
        session: The loaded model.
        normalises_itself: Whether the model takes raw 0–255
            (:func:`vplugin.vision.onnx_facts.normalises_itself`).
        name: For reports and errors.

    Raises:
        ContractError: The model is not of this contract.
    """

    def __init__(
        self, session: Session, *, normalises_itself: bool = False, name: str = "embedder"
    ) -> None:
        self.name = name
        shapes = [tuple(tensor.shape) for tensor in (*session.inputs, *session.outputs)]
        if len(session.inputs) != 1 or len(session.outputs) != 1 or len(shapes[0]) != 4:
            raise ContractError(
                f"has inputs and outputs of shape {shapes}",
                where=name,
                mend="an ArcFace recogniser takes (N, 3, 112, 112) and gives (N, 512)",
            )
        self._session = session
        self._single = shapes[0][0] == 1
        side = shapes[0][2]
        self._template = template("arcface_112")
        self.size = side if isinstance(side, int) and side > 0 else self._template.size
        self._mean, self._scale = (0.0, 1.0) if normalises_itself else (127.5, 1.0 / 127.5)

    def embed(self, crops: Array) -> Floats:
        """Raw embeddings of aligned crops.

        Args:
            crops: (N, S, S, 3) RGB, uint8 or float in 0–255, S = :attr:`size`.

        Returns:
            (N, 512) float32, not normalised.
        """
        blob = (crops.astype(np.float32) - self._mean) * np.float32(self._scale)
        blob = np.ascontiguousarray(blob.transpose(0, 3, 1, 2), np.float32)
        step = 1 if self._single else len(blob)
        name = self._session.inputs[0].name
        parts = [
            self._session.run({name: blob[start : start + step]})[0]
            for start in range(0, len(blob), step)
        ]
        return np.concatenate(parts).astype(np.float32)

    def matrix(self, points: Array) -> npt.NDArray[np.float64]:
        """Picture → crop, (2, 3), of a face's five points."""
        return similarity(points, self._template.at(self.size, half_pixel=False))

    def of_face(self, image: Array, points: Array) -> Floats:
        """Raw embedding (512,) of one face in a picture.

        Args:
            image: (H, W, 3) uint8 RGB.
            points: (5, 2), in the picture.
        """
        crop = warp(image, self.matrix(points), (self.size, self.size), border="black")
        return np.asarray(self.embed(crop[None])[0], np.float32)


def cosine(a: Array, b: Array) -> float:
    """Cosine of the angle between two vectors: 1 same direction, 0 unrelated."""
    length = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
    return float(a @ b) / length if length > 0 else 0.0
