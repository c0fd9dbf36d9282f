"""The lower face: who it is to FixerNet, and the net that mends it after a swap (ReliableSwap).

FixerNet sees 56 of the 112 pixels of ArcFace's crop: nose tip, mouth, jaw and chin. The mending net
sees a swapped crop of 128 px by ``arcface_128`` and what FixerNet says of the source, and gives
the crop with another lower face.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError
from vplugin.vision.align import similarity, template, warp
from vplugin.vision.session import Session
from vplugin.vision.source import View, mean_embedding

__all__ = ["REGION", "LowerEmbedder", "LowerRefiner", "LowerRegion", "lower_part"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

#: What the mending net sees of a crop by ``arcface_128``, in shares of its side: top, bottom, left,
#: right. The chin goes to the edge.
REGION = (0.4375, 1.0, 0.21875, 0.78125)
_SEAM = 0.03  # of a crop's side: how soft the border of that is

_SIDE, _LOWER, _SWAPPED = 112, 56, 128  # px of ArcFace's crop, FixerNet's, and a swapped one


def lower_part() -> tuple[slice, slice]:
    """Rows and columns of FixerNet's 56 px in ArcFace's 112."""
    return slice(56, 112), slice(28, 84)


class LowerEmbedder:
    """FixerNet: (N, 3, 56, 56) RGB in -1…1 → (N, E).

    Args:
        session: The loaded model.
        name: For reports and errors.

    Raises:
        ContractError: The model is not of this contract.
    """

    def __init__(self, session: Session, name: str = "fixer") -> None:
        self.name = name
        self._session = session
        shapes = [tuple(one.shape) for one in (*session.inputs, *session.outputs)]
        if len(shapes) != 2 or shapes[0][1:] != (3, _LOWER, _LOWER) or len(shapes[1]) != 2:
            raise ContractError(
                f"has inputs and outputs of shape {shapes}",
                where=name,
                mend="a FixerNet takes (N, 3, 56, 56) and gives (N, 128)",
            )
        width = shapes[1][1]
        self.width = width if isinstance(width, int) else None
        self._single = shapes[0][0] == 1

    def of_views(self, views: Sequence[View]) -> Floats:
        """The lower face of a person: the direction in the middle of its pictures, (E,), length 1.

        Args:
            views: At least one; they go through the net as one batch where it takes one.
        """
        blob = np.stack([_lower_crop(view) for view in views])
        step, name = 1 if self._single else len(blob), self._session.inputs[0].name
        return mean_embedding(
            [
                row
                for start in range(0, len(blob), step)
                for row in self._session.run({name: blob[start : start + step]})[0]
            ]
        )


class LowerRegion:
    """An occluder that shows what the mending net sees of a crop, and nothing else of it."""

    name = "lower face"

    def visible(self, crops: Floats) -> Floats:
        """See :meth:`vplugin.vision.occlusion.Occluder.visible`."""
        count, side = crops.shape[:2]
        return np.asarray(np.broadcast_to(_region_mask(side), (count, side, side)))


@lru_cache(maxsize=8)
def _region_mask(side: int) -> Floats:
    """(S, S), the same for every face."""
    top, bottom, left, right = (share * side for share in REGION)
    y, x = np.mgrid[:side, :side] + 0.5
    inside = np.minimum.reduce([y - top, x - left, right - x, np.full_like(x, bottom)])
    mask = np.asarray(np.clip(inside / (_SEAM * side), 0, 1), np.float32)
    mask.flags.writeable = False
    return mask


class LowerRefiner:
    """The mending net: ``swapped`` (N, 3, 128, 128) in -1…1 and ``lower`` (N, E) → the same.

    Args:
        session: The loaded model.
        name: For reports and errors.

    Attributes:
        template: How crops are aligned.
        sizes: Width of crops that it takes.
        width: E.

    Raises:
        ContractError: The model is not of this contract.
    """

    template = template("arcface_128")
    sizes = (_SWAPPED,)

    def __init__(self, session: Session, name: str = "refiner") -> None:
        shapes = [tuple(one.shape) for one in (*session.inputs, *session.outputs)]
        picture = (3, _SWAPPED, _SWAPPED)
        fits = len(shapes) == 3 and shapes[0][1:] == shapes[2][1:] == picture
        if not fits or len(shapes[1]) != 2:
            raise ContractError(
                f"has inputs and outputs of shape {shapes}",
                where=name,
                mend="it takes (N, 3, 128, 128) and (N, 128) and gives (N, 3, 128, 128)",
            )
        self._session = session
        width = shapes[1][1]
        self.width = width if isinstance(width, int) else None

    def changes(self, crops: Floats, lower: Floats) -> Floats:
        """What mends lower faces, to be added: so that all else stays as sharp as it is.

        Args:
            crops: (N, 128, 128, 3) float32 RGB in 0–1.
            lower: (N, E) of the sources, length 1.

        Returns:
            (N, 128, 128, 3) float32 in −1…1, of values of 0–1.
        """
        blob = np.ascontiguousarray(crops.transpose(0, 3, 1, 2) * 2 - 1, np.float32)
        picture, told = self._session.inputs
        made = self._session.run({picture.name: blob, told.name: lower.astype(np.float32)})[0]
        change = (np.asarray(made, np.float32) - blob).transpose(0, 2, 3, 1)
        return np.asarray(change * np.float32(0.5), np.float32)


def _lower_crop(view: View) -> Floats:
    """What FixerNet sees of a picture: (3, 56, 56) in -1…1."""
    matrix = similarity(view.points, template("arcface_112").at(_SIDE))
    crop = warp(view.image, matrix, (_SIDE, _SIDE))[lower_part()].astype(np.float32)
    return np.ascontiguousarray((crop / 127.5 - 1).transpose(2, 0, 1), np.float32)
