"""Sharpening faces in aligned crops: the contract that GFPGAN, CodeFormer, GPEN and kin share.

Input and output are RGB in −1…1, NCHW, of one size. Crops of 512 pixels and more are aligned by
``ffhq_512``, the small GPEN-256 by ``arcface_128`` (reliableswap.md §5.4). CodeFormer takes a
second input, ``weight``, float64 of one value: how near it keeps to what it was given. Exports in
half precision are given what they take.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError
from vplugin.vision.align import Template, template
from vplugin.vision.session import Session, TensorInfo

__all__ = ["Enhancer"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

_FREE_SIZE = 512  # where a model leaves its size free: all of the family were trained at it
_SMALL = 256  # up to which crops are aligned as for recognition


class Enhancer:
    """A face enhancer.

    Args:
        session: The loaded model.
        name: For reports and errors.

    Attributes:
        size: Width and height of its crops.
        template: How they are aligned.
        takes_fidelity: Whether it has the input ``weight``.

    Raises:
        ContractError: The model is not of this contract.
    """

    def __init__(self, session: Session, name: str = "enhancer") -> None:
        self.name = name
        self._session = session
        pictures = [one for one in session.inputs if len(one.shape) == 4]
        weights = [one for one in session.inputs if len(one.shape) < 2]
        known = len(pictures) == 1 and len(pictures) + len(weights) == len(session.inputs)
        if not known or len(weights) > 1 or not _alike(pictures[0], session.outputs[0]):
            raise ContractError(
                f"has inputs of shape {[tuple(one.shape) for one in session.inputs]} and gives "
                f"{tuple(session.outputs[0].shape)}",
                where=name,
                mend="an enhancer takes a picture (1, 3, S, S), if need be a weight (1,), and "
                "gives a picture of the same size",
            )
        self._picture, self._weight = pictures[0], next(iter(weights), None)
        side = self._picture.shape[2]
        self.size = side if isinstance(side, int) and side > 0 else _FREE_SIZE
        self.template: Template = template("arcface_128" if self.size <= _SMALL else "ffhq_512")
        self.takes_fidelity = self._weight is not None
        self._single = self._picture.shape[0] == 1 or self.takes_fidelity

    def enhance(self, crops: Floats, fidelity: float = 0.5) -> Floats:
        """Sharper faces.

        Args:
            crops: (N, S, S, 3) float32 RGB in 0–1, S = :attr:`size`.
            fidelity: 0 best quality, 1 nearest to the input; for models that take it.

        Returns:
            The same shape and range.

        Raises:
            ContractError: The model answers with another shape.
        """
        blob = np.ascontiguousarray(crops.transpose(0, 3, 1, 2) * 2.0 - 1.0, np.float32)
        step = 1 if self._single else len(blob)
        parts = [
            self._run(blob[start : start + step], fidelity) for start in range(0, len(blob), step)
        ]
        made = np.clip(np.concatenate(parts), -1.0, 1.0).transpose(0, 2, 3, 1)
        return np.asarray((made + 1.0) * 0.5, np.float32)

    def _run(self, blob: Floats, fidelity: float) -> Array:
        feeds: dict[str, Array] = {self._picture.name: blob.astype(self._picture.dtype)}
        if self._weight is not None:
            one = np.array(fidelity, self._weight.dtype)
            feeds[self._weight.name] = one.reshape([1] * len(self._weight.shape))
        made = np.asarray(self._session.run(feeds)[0], np.float32)
        if made.shape != blob.shape:
            raise ContractError(
                f"answered with shape {made.shape} to a crop of shape {blob.shape}",
                where=self.name,
                mend="an enhancer answers with a crop of the same size",
            )
        return made


def _alike(taken: TensorInfo, given: TensorInfo) -> bool:
    """Whether an output may be a picture of the size of an input."""
    pairs = list(zip(taken.shape, given.shape, strict=False))[1:]
    same = all(a == b for a, b in pairs if isinstance(a, int) and isinstance(b, int))
    return len(given.shape) == 4 and taken.shape[1] == 3 and same
