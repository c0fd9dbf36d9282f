"""Making a proxy of a swap: paste, colour, outline. The published pipeline, stage by stage.

ReliableSwap (arXiv 2306.05356) makes the synthetic halves of its triplets so: a reenacted face of b
in the pose and expression of a is (2) pasted into a's picture by a multi-band blend inside a parsed
mask, (3) matched to a's colours over the whole frame, and (4) given b's outline by dropping what
only a's face covered and filling the gap. Stage 1, reenactment, is :mod:`vplugin.train.reenact`.

Pictures are (H, W, 3) uint8 RGB, aligned; masks (H, W) bool; labels (H, W) uint8 of
:class:`vplugin.vision.parse.FaceClass`.
"""

from __future__ import annotations

import itertools
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.vision.parse import FaceClass

__all__ = ["blended", "colour_matched", "face_mask", "paste_mask", "proxy", "reshaped"]

Picture = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.uint8]
Array = npt.NDArray[Any]

_FACE = (
    FaceClass.SKIN, FaceClass.RIGHT_BROW, FaceClass.LEFT_BROW, FaceClass.RIGHT_EYE,
    FaceClass.LEFT_EYE, FaceClass.GLASSES, FaceClass.NOSE, FaceClass.INNER_MOUTH,
    FaceClass.UPPER_LIP, FaceClass.LOWER_LIP,
)  # fmt: skip
_SMALLEST = 4  # px: the pyramid ends here
_LEAST_VARIANCE = 1e-3  # of a colour direction, in squares of levels


def face_mask(labels: Labels) -> Mask:
    """Where the face is: skin and features, without ears, hair and neck."""
    return np.asarray(np.isin(labels, _FACE), np.bool_)


def paste_mask(reenacted: Labels, target: Labels) -> Mask:
    """What of the reenacted face is pasted: its face where neither has hair; target hair wins."""
    hair = (reenacted == FaceClass.HAIR) | (target == FaceClass.HAIR)
    return np.asarray(face_mask(reenacted) & ~hair, np.bool_)


def blended(front: Picture, back: Picture, mask: Mask, levels: int = 10) -> Picture:
    """Multi-band blend (Burt and Adelson 1983): each band of detail with its own soft mask.

    Args:
        front: Shown where the mask is set.
        back: Shown elsewhere.
        mask: Hard.
        levels: Of the pyramid, if the pictures are large enough.
    """
    count = min(levels, int(np.log2(min(mask.shape) / _SMALLEST)))
    share = _gaussian(mask.astype(np.float32), count)
    bands = zip(_laplacian(front, count), _laplacian(back, count), share, strict=True)
    mixed = [a * s[..., None] + b * (1 - s[..., None]) for a, b, s in bands]
    picture = mixed[-1]
    for band in mixed[-2::-1]:
        picture = cv2.pyrUp(picture, dstsize=band.shape[1::-1]) + band
    return _bytes(picture)


def colour_matched(picture: Picture, wanted: Picture) -> Picture:
    """Mean and covariance of the colours of ``wanted``, over the whole frame (linear PCA)."""
    ours, theirs = _colours(picture), _colours(wanted)
    change = _root(np.cov(theirs.T)) @ np.linalg.inv(_root(np.cov(ours.T)))
    moved = (ours - ours.mean(0)) @ change.T + theirs.mean(0)
    return _bytes(moved.reshape(picture.shape))


def reshaped(
    picture: Picture, reenacted: Labels, target: Labels, *, reach: int = 5, radius: float = 3.0
) -> Picture:
    """The outline of the reenacted face: what only the target's face covered is dropped and filled.

    The paper fills with a learned inpainter; here Telea's (2004) fast marching, which needs no
    weights, closes the narrow gap.

    Args:
        picture: The blend.
        reenacted: Labels of the reenacted face.
        target: Labels of the target.
        reach: Side of the square by which the dropped region grows, px.
        radius: Of the filling's neighbourhood, px.
    """
    dropped = face_mask(target) & ~face_mask(reenacted) & (reenacted != FaceClass.HAIR)
    if not dropped.any():
        return picture
    grown = cv2.dilate(dropped.astype(np.uint8), np.ones((reach, reach), np.uint8))
    grown[paste_mask(reenacted, target)] = 0  # what was pasted stays
    return np.asarray(cv2.inpaint(picture, grown, radius, cv2.INPAINT_TELEA), np.uint8)


def proxy(
    reenacted: Picture, target: Picture, reenacted_labels: Labels, target_labels: Labels
) -> Picture:
    """C_ab of the paper: the reenacted face of b in the picture of a, by all the stages above."""
    mask = paste_mask(reenacted_labels, target_labels)
    pasted = blended(reenacted, target, mask)
    return reshaped(colour_matched(pasted, target), reenacted_labels, target_labels)


def _gaussian(mask: Array, count: int) -> list[Array]:
    levels = [mask]
    for _ in range(count):
        levels.append(cv2.pyrDown(levels[-1]))
    return levels


def _laplacian(picture: Picture, count: int) -> list[Array]:
    """Bands, the finest first; the last is what is left."""
    rows = _gaussian(picture.astype(np.float32), count)
    fine = [a - cv2.pyrUp(b, dstsize=a.shape[1::-1]) for a, b in itertools.pairwise(rows)]
    return [*fine, rows[-1]]


def _colours(picture: Picture) -> Array:
    return picture.reshape(-1, 3).astype(np.float64)


def _root(covariance: Array) -> Array:
    """The symmetric square root of a covariance, its smallest directions not nought."""
    values, directions = np.linalg.eigh(covariance)
    return np.asarray(directions * np.sqrt(np.maximum(values, _LEAST_VARIANCE)) @ directions.T)


def _bytes(values: Array) -> Picture:
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)
