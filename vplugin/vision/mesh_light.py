"""The light of the target on the warped source: what varies slowly is the target's.

Divide by the blurred source, multiply by the blurred target, for each channel, measured on skin
alone: brows, eyes and lips would otherwise leave their shadow on the new face. Low frequencies by
σ = 0.16 of the eye distance measured best; larger ones leave patches, smaller ones the target.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["gains", "grained"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

_RANGE = (0.35, 2.8)
_GRAIN = (0.35, 1.0)  # detail is only ever taken away: a face sharper than its picture is seen
_FLOOR = 2.0 / 255.0  # so that the ratio of two black places is 1


def gains(face: Floats, crop: Floats, skin: Floats, sigma: float, light: float) -> Floats:
    """What to multiply the new face with.

    Args:
        face: (h, h, 3) float32 RGB in 0–1, the new face.
        crop: (h, h, 3) the face it replaces.
        skin: (h, h) in 0–1, where both show skin.
        sigma: Of the low frequencies, in pixels.
        light: 1 takes on the target's light, 0 only its mean colour.

    Returns:
        (h, h, 3), smooth.
    """
    total = max(float(skin.sum()), 1e-6)
    weight = skin[..., None]
    whole = ((crop * weight).sum((0, 1)) / total + _FLOOR) / (
        (face * weight).sum((0, 1)) / total + _FLOOR
    )
    if light <= 0:
        return np.broadcast_to(np.clip(whole, *_RANGE), face.shape).astype(np.float32)
    # Where skin is far, the wider blur answers: never the features themselves.
    ratio = _ratio(face, crop, weight, sigma, whole)
    if light < 1:
        ratio = np.exp(light * np.log(ratio) + (1 - light) * np.log(np.maximum(whole, 1e-3)))
    return np.clip(ratio, *_RANGE).astype(np.float32)


def _ratio(face: Floats, crop: Floats, weight: Floats, sigma: float, whole: Array) -> Floats:
    wide = _low(np.concatenate([face * weight, crop * weight, weight], axis=2), 2.5 * sigma)
    prior = (wide[..., 3:6] + 0.02 * (whole * _FLOOR)) / (wide[..., :3] + 0.02 * _FLOOR)
    prior = np.clip(prior, *_RANGE)
    near = _low(np.concatenate([face * weight, crop * weight], axis=2), sigma)
    # A little of the wide answer, weighted like 4 % of skin, fills what has no skin near.
    level = 0.04 * (wide[..., :3] / (wide[..., 6:] + 1e-3) + _FLOOR)
    return np.asarray((near[..., 3:] + level * prior) / (near[..., :3] + level), np.float32)


def _low(image: Floats, sigma: float) -> Floats:
    """Gaussian blur; wide ones on a smaller copy, channels in groups that OpenCV takes."""
    step = max(1, int(sigma // 2.5))
    width, height = image.shape[1], image.shape[0]
    size = (-(-width // step), -(-height // step))
    parts = []
    for first in range(0, image.shape[2], 4):
        part: Array = np.ascontiguousarray(image[..., first : first + 4])
        if step > 1:
            part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA))
        part = np.asarray(
            cv2.GaussianBlur(part, (0, 0), sigma / step, borderType=cv2.BORDER_CONSTANT)
        )
        if step > 1:
            part = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR))
        parts.append(part.reshape(height, width, -1))
    return np.concatenate(parts, axis=2)


def grained(face: Floats, crop: Floats, low: Floats, goal: Floats, skin: Floats) -> Floats:
    """The new face with as much fine detail on its skin as the picture has there.

    Args:
        face: (h, w, 3) float32 RGB in 0–1, in the target's light.
        crop: (h, w, 3) the face it replaces.
        low: (h, w, 3) the new face without fine detail.
        goal: (h, w, 3) the replaced face without fine detail.
        skin: (h, w) where both are skin; elsewhere nothing changes.
    """
    have, wanted = _energy(face, low, skin), _energy(crop, goal, skin)
    share = float(np.clip(np.sqrt((wanted + 1e-7) / (have + 1e-7)), *_GRAIN))
    if share > 0.95:
        return face
    less = cv2.merge([skin * np.float32(1.0 - share)] * 3)
    return np.asarray(face + (low - face) * less, np.float32)


def _energy(image: Floats, low: Array, weight: Array) -> float:
    """Weighted mean square of the green channel's detail."""
    detail = image[..., 1] - low[..., 1]
    return float((detail * detail * weight).sum() / max(float(weight.sum()), 1e-6))
