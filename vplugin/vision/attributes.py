"""What a face picture is like, for quality gates: pose, openness, what is worn, blur, light.

Reads the crop of :func:`vplugin.vision.landmarks.face_square` at 192 px, RGB 0–255. There is no
de-facto contract for this: the columns are those of the house model, named in :class:`Attributes`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError
from vplugin.vision.align import warp
from vplugin.vision.landmarks import SIDE, face_square
from vplugin.vision.session import Session

__all__ = ["AttributeReader", "Attributes"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Attributes:
    """What is known about one face, in the order of the model's output.

    Attributes:
        yaw: Degrees, positive turns the face to the picture's right.
        pitch: Degrees, positive looks down.
        roll: Degrees, positive tilts clockwise in the picture.
        left_eye: 0 closed to 1 wide open, the eye at the picture's left of a frontal face.
        right_eye: The other eye.
        mouth: 0 closed to 1 wide open.
        glasses: Chance that glasses are worn, 0–1.
        sunglasses: Chance that they hide the eyes.
        hat: Chance of anything worn on the head.
        beard: Chance of a beard or moustache.
        mask: Chance of a medical mask or the like.
        occlusion: Share of the face that is hidden by something.
        blur: 0 sharp; 1: a Gaussian of 5 px or more in the crop of 192 px.
        exposure: Mean lightness of the skin as displayed, 0 black to 1 white.
        face: Chance that the crop shows a face at all.
    """

    yaw: float
    pitch: float
    roll: float
    left_eye: float
    right_eye: float
    mouth: float
    glasses: float
    sunglasses: float
    hat: float
    beard: float
    mask: float
    occlusion: float
    blur: float
    exposure: float
    face: float


class AttributeReader:
    """The house attribute net.

    Args:
        session: The loaded model.
        name: For reports and errors.

    Raises:
        ContractError: The model is not of this kind.
    """

    def __init__(self, session: Session, *, name: str = "attributes") -> None:
        self.name = name
        self._session = session
        shapes = [tuple(tensor.shape) for tensor in (*session.inputs, *session.outputs)]
        count = len(fields(Attributes))
        if len(shapes) != 2 or len(shapes[0]) != 4 or shapes[1][-1] != count:
            raise ContractError(
                f"has inputs and outputs of shape {shapes}",
                where=name,
                mend=f"the house attribute model takes (N, 3, H, W) and gives (N, {count})",
            )

    def read(self, crops: Array) -> list[Attributes]:
        """Attributes of crops.

        Args:
            crops: (N, 192, 192, 3) RGB, uint8 or float in 0–255.
        """
        if not len(crops):
            return []
        blob = np.ascontiguousarray(crops.transpose(0, 3, 1, 2), np.float32)
        rows = self._session.run({self._session.inputs[0].name: blob})[0]
        return [Attributes(*(float(value) for value in row)) for row in rows]

    def of_faces(self, image: Array, boxes: Array) -> list[Attributes]:
        """Attributes of faces in a picture.

        Args:
            image: (H, W, 3) uint8 RGB.
            boxes: (N, 4) x0, y0, x1, y1 px, none of them empty.
        """
        crops = [warp(image, face_square(box), (SIDE, SIDE), border="black") for box in boxes]
        return self.read(np.stack(crops)) if crops else []
