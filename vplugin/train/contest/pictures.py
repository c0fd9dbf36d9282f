"""Measures of a swap on pixels, inside a mask: against the exact truth, the source and the target.

No perceptual network ships, so that there is no LPIPS here: structural similarity and gradient
magnitude similarity deviation (GMSD) stand in for it, under their own names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from skimage.metrics import structural_similarity

__all__ = ["Regions", "detail", "detail_correlation", "flicker", "gmsd", "psnr", "regions", "ssim"]

Array = npt.NDArray[Any]
Rgb = npt.NDArray[np.uint8]  # (S, S, 3)
Mask = npt.NDArray[np.bool_]  # (S, S)

_ROUNDING = 1 / 12  # squares of levels: what rounding to bytes alone leaves, 58.9 dB
_RING = 0.25  # eye distances
_FEW = 16  # pixels below which a region says nothing
_STABLE = 170.0  # the constant of Xue et al. (2014) for levels 0–255
_PREWITT = np.array([[1, 0, -1]] * 3, np.float32) / 3


@dataclass(frozen=True)
class Regions:
    """A crop in three parts; no pixel is in two.

    Attributes:
        face: Where the truth shows the face.
        ring: Where only the target shows it, and a quarter of the eye distance around both: the
            outline that a swap has to change, and its seam.
        background: All else.
    """

    face: Mask
    ring: Mask
    background: Mask


def regions(truth: Mask, target: Mask, eyes: float) -> Regions:
    """Divide a crop.

    Args:
        truth: Where the exact truth shows the face.
        target: Where the target shows it.
        eyes: Eye distance, px.
    """
    either = truth | target
    reach = 2 * max(1, round(_RING * eyes)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    wide = cv2.dilate(either.astype(np.uint8), disc).astype(bool)
    return Regions(truth, wide & ~truth, ~wide)


def psnr(answer: Rgb, truth: Rgb, mask: Mask) -> float:
    """Peak signal to noise ratio in dB; at most 58.9, what rounding to bytes leaves; NaN: no mask.

    Args:
        answer: (S, S, 3) uint8.
        truth: The same.
        mask: Which pixels count.
    """
    if mask.sum() < _FEW:
        return float("nan")
    error = float(np.mean((answer[mask].astype(np.float64) - truth[mask]) ** 2))
    return float(10 * np.log10(255.0**2 / max(error, _ROUNDING)))


def ssim(answer: Rgb, truth: Rgb, mask: Mask) -> float:
    """Structural similarity (Wang et al. 2004), mean over a mask, -1…1; NaN: no mask."""
    if mask.sum() < _FEW:
        return float("nan")
    _, everywhere = structural_similarity(  # type: ignore[no-untyped-call]
        answer, truth, channel_axis=2, full=True, data_range=255
    )
    return float(everywhere[mask].mean())


def gmsd(answer: Rgb, truth: Rgb, mask: Mask) -> float:
    """Gradient magnitude similarity deviation (Xue et al. 2014) in a mask: 0 alike; NaN: no mask.

    Of luminance at half size, as published; the deviation is taken over the mask only.
    """
    small = cv2.resize(mask.astype(np.uint8), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    inside = small > 0
    if inside.sum() < _FEW:
        return float("nan")
    one, two = (_gradient(picture) for picture in (answer, truth))
    alike = (2 * one * two + _STABLE) / (one**2 + two**2 + _STABLE)
    return float(alike[inside].std())


def _gradient(picture: Rgb) -> Array:
    """Magnitude of the gradient of luminance at half size."""
    half = cv2.resize(_luminance(picture), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    across, down = (cv2.filter2D(half, -1, kernel) for kernel in (_PREWITT, _PREWITT.T))
    return np.asarray(np.hypot(across, down))


def detail(picture: Rgb, sigma: float) -> npt.NDArray[np.float32]:
    """What a blur of ``sigma`` px takes away from luminance: (S, S) levels."""
    grey = _luminance(picture)
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), max(sigma, 0.3)), np.float32)


def detail_correlation(answer: Rgb, other: Rgb, mask: Mask, sigma: float) -> float:
    """Correlation of the details of two pictures in a mask, -1…1; NaN where one has none.

    Args:
        answer: (S, S, 3) uint8.
        other: The same: the target, the truth, or the source warped onto the target.
        mask: Which pixels count.
        sigma: See :func:`detail`; 0.16 eye distances keep features and drop light.
    """
    if mask.sum() < _FEW:
        return float("nan")
    one, two = (detail(picture, sigma)[mask].astype(np.float64) for picture in (answer, other))
    one, two = one - one.mean(), two - two.mean()
    length = float(np.sqrt((one @ one) * (two @ two)))
    return float(one @ two) / length if length > 0 else float("nan")


def flicker(answers: Array, wanted: Array, masks: Array) -> float:
    """How much more than it should an answer changes from frame to frame, levels of 255.

    Mean of |(Yₜ₊₁ − Yₜ) − (Γₜ₊₁ − Γₜ)| over the pixels that are in the mask of both frames.

    Args:
        answers: (T, S, S, 3) uint8 aligned crops of a clip.
        wanted: The same, of the exact truth or else of the target.
        masks: (T, S, S) bool.
    """
    off = answers.astype(np.float32) - wanted
    both = masks[1:] & masks[:-1]
    changed = np.abs(np.diff(off, axis=0)).mean(-1)
    return float(changed[both].mean()) if both.any() else float("nan")


def _luminance(picture: Rgb) -> npt.NDArray[np.float32]:
    return picture.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
