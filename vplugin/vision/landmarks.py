"""106 landmarks of a face from its box, the same as insightface's ``Landmark`` gives.

Contract (``2d106det`` and its kin): an upright square crop of 1.5 times the box's longer side,
centred on the box, scaled to 192 px, RGB 0–255, NCHW; the output is x and y of each point in turn,
-1 and 1 are the edges of the crop. Only models that normalise by themselves are taken.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError
from vplugin.vision.align import apply, invert, warp
from vplugin.vision.session import Session

__all__ = ["FIVE", "Landmarker", "five_points", "face_square"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

POINTS = 106
SIDE = 192
MARGIN = 1.5

#: Where the five points are among the 106: middles of the eyes, nose tip, mouth corners.
FIVE = (34, 88, 86, 52, 61)


def face_square(
    box: Array, size: int = SIDE, margin: float = MARGIN, turn: float = 0.0
) -> npt.NDArray[np.float64]:
    """Picture → crop of a box.

    Args:
        box: (4,) x0, y0, x1, y1 px.
        size: Side of the crop.
        margin: Side of what the crop shows over the longer side of the box.
        turn: Radians by which the face is turned clockwise in the picture; it is upright in the
            crop. The contract has no turn: 0.

    Returns:
        (2, 3) float64.
    """
    x0, y0, x1, y1 = (float(value) for value in box[:4])
    scale = size / (max(x1 - x0, y1 - y0) * margin)
    across, down = scale * math.cos(turn), scale * math.sin(turn)
    x, y, middle = (x0 + x1) / 2.0, (y0 + y1) / 2.0, size / 2.0
    return np.array(
        [
            [across, down, middle - across * x - down * y],
            [-down, across, middle + down * x - across * y],
        ]
    )


def five_points(landmarks: Array) -> Array:
    """The five points (…, 5, 2) of 106 landmarks (…, 106, 2)."""
    return np.asarray(landmarks[..., FIVE, :])


class Landmarker:
    """A net of the 2d106det contract.

    Args:
        session: The loaded model.
        name: For reports and errors.

    Raises:
        ContractError: The model is not of this contract.
    """

    def __init__(self, session: Session, *, name: str = "landmarks") -> None:
        self.name = name
        shapes = [tuple(tensor.shape) for tensor in (*session.inputs, *session.outputs)]
        if (
            (len(session.inputs), len(session.outputs)) != (1, 1)
            or shapes[0][2:] != (SIDE, SIDE)
            or shapes[1][-1] != 2 * POINTS
        ):
            raise ContractError(
                f"has inputs and outputs of shape {shapes}",
                where=name,
                mend=f"a 2d106det model takes (N, 3, {SIDE}, {SIDE}) and gives (N, {2 * POINTS})",
            )
        self._session = session
        self._single = shapes[0][0] == 1

    def points(self, crops: Array) -> Floats:
        """Landmarks in crops.

        Args:
            crops: (N, 192, 192, 3) RGB, uint8 or float in 0–255.

        Returns:
            (N, 106, 2) float32 px of the crop.
        """
        blob = np.ascontiguousarray(crops.transpose(0, 3, 1, 2), np.float32)
        step = 1 if self._single else max(1, len(blob))
        name = self._session.inputs[0].name
        parts = [
            np.asarray(self._session.run({name: blob[start : start + step]})[0], np.float32)
            for start in range(0, len(blob), step)
        ]
        found = np.concatenate(parts) if parts else np.zeros((0, 2 * POINTS), np.float32)
        return ((found.reshape(-1, POINTS, 2) + 1.0) * (SIDE / 2)).astype(np.float32)

    def of_faces(self, image: Array, boxes: Array, turns: Array | None = None) -> Floats:
        """Landmarks of faces in a picture.

        Args:
            image: (H, W, 3) uint8 RGB.
            boxes: (N, 4) x0, y0, x1, y1 px, none of them empty.
            turns: (N,) radians by which each face is turned clockwise; None: the contract's crop.

        Returns:
            (N, 106, 2) float32 px of the picture.
        """
        if not len(boxes):
            return np.zeros((0, POINTS, 2), np.float32)
        angles = np.zeros(len(boxes)) if turns is None else turns
        matrices = np.stack(
            [face_square(b, turn=float(a)) for b, a in zip(boxes, angles, strict=True)]
        )
        crops = np.stack([warp(image, matrix, (SIDE, SIDE), border="black") for matrix in matrices])
        return apply(invert(matrices), self.points(crops)).astype(np.float32)
