"""Which part of the face each pixel is, by a parser of BiSeNet's contract.

Contract: RGB, 0–1, ImageNet normalisation, NCHW; the first output holds logits of 19 classes in
CelebAMask-HQ order at the size of the input. Our own parser has a second output: a logit of being
hidden by something that is not of the face. Other parsers are taken without it, and the coarser
heads that some of them export besides are left aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError
from vplugin.vision.align import similarity, template, warp
from vplugin.vision.session import Session

__all__ = ["FaceClass", "Parsed", "Parser"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

_MEAN = np.array((0.485, 0.456, 0.406), np.float32) * 255
_SCALE = 1 / (np.array((0.229, 0.224, 0.225), np.float32) * 255)


class FaceClass(IntEnum):
    """The classes; left and right are the person's own."""

    BACKGROUND = 0
    SKIN = 1
    LEFT_BROW = 2
    RIGHT_BROW = 3
    LEFT_EYE = 4
    RIGHT_EYE = 5
    GLASSES = 6
    LEFT_EAR = 7
    RIGHT_EAR = 8
    EARRING = 9
    NOSE = 10
    INNER_MOUTH = 11
    UPPER_LIP = 12
    LOWER_LIP = 13
    NECK = 14
    NECKLACE = 15
    CLOTH = 16
    HAIR = 17
    HAT = 18


@dataclass(frozen=True, eq=False)
class Parsed:
    """What a parser says about crops.

    Attributes:
        chances: (N, 19, S, S) float32, sums to 1 over the classes.
        hidden: (N, S, S) float32 0–1, chance that a hand, thing or mask lies before the face; 0
            where the parser cannot tell.
    """

    chances: Floats
    hidden: Floats

    @property
    def labels(self) -> npt.NDArray[np.uint8]:
        """(N, S, S) the likeliest :class:`FaceClass` of each pixel."""
        return np.asarray(self.chances.argmax(1), np.uint8)

    def chance(self, *classes: FaceClass) -> Floats:
        """(N, S, S) chance of any of these classes."""
        return np.asarray(self.chances[:, [int(one) for one in classes]].sum(1), np.float32)


class Parser:
    """A face parser.

    Args:
        session: The loaded model.
        size: Side of the crops where the model leaves it free, divisible by 32; if not given, 160
            for our own parser and 512, which others were trained at.
        name: For reports and errors.

    Raises:
        ContractError: The model is not of this contract, or has another size.
    """

    def __init__(self, session: Session, *, size: int | None = None, name: str = "parser") -> None:
        self.name = name
        self._session = session
        shapes = [tuple(tensor.shape) for tensor in (*session.inputs, *session.outputs)]
        if (
            len(session.inputs) != 1
            or any(len(shape) != 4 for shape in shapes[:2])
            or shapes[1][1] != len(FaceClass)
        ):
            raise ContractError(
                f"has inputs and outputs of shape {shapes}",
                where=name,
                mend="a face parser takes (N, 3, H, W) and gives (N, 19, H, W)",
            )
        self.sees_hidden = len(shapes) > 2 and len(shapes[2]) == 4 and shapes[2][1] == 1
        side = shapes[0][2]
        free = size or (160 if self.sees_hidden else 512)
        self.size = side if isinstance(side, int) and side > 0 else free
        self._single = shapes[0][0] == 1

    def parse(self, crops: Array) -> Parsed:
        """Parse crops.

        Args:
            crops: (N, S, S, 3) RGB, uint8 or float in 0–255, S = :attr:`size`; any alignment in
                which the face is upright and fills a third to all of the crop.
        """
        logits, hidden = self.raw(crops)
        return Parsed(_softmax(logits), hidden)

    def raw(self, crops: Array) -> tuple[Floats, Floats]:
        """What :meth:`parse` is made of: logits (N, 19, S, S) and hidden (N, S, S)."""
        blob = ((crops.astype(np.float32) - _MEAN) * _SCALE).transpose(0, 3, 1, 2)
        blob = np.ascontiguousarray(blob, np.float32)
        step = 1 if self._single else max(1, len(blob))
        name = self._session.inputs[0].name
        runs = [
            self._session.run({name: blob[start : start + step]})
            for start in range(0, len(blob), step)
        ]
        logits = np.concatenate([run[0] for run in runs]).astype(np.float32)
        if not self.sees_hidden:
            return logits, np.zeros(logits[:, 0].shape, np.float32)
        hidden = np.clip(np.concatenate([run[1] for run in runs])[:, 0], -30, 30)
        return logits, np.asarray(1 / (1 + np.exp(-hidden)), np.float32)

    def matrix(self, points: Array) -> npt.NDArray[np.float64]:
        """Picture → crop, (2, 3), of a face's five points, by ``ffhq_512``."""
        return similarity(points, template("ffhq_512").at(self.size))

    def of_face(self, image: Array, points: Array) -> Parsed:
        """Parse one face in a picture, in the crop of :meth:`matrix`.

        Args:
            image: (H, W, 3) uint8 RGB.
            points: (5, 2), in the picture.
        """
        crop = warp(image, self.matrix(points), (self.size, self.size))
        return self.parse(crop[None])


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True), np.float32)
