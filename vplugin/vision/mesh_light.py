"""The light of the target on the warped source: what varies slowly is the target's.

Divide by the blurred source, multiply by the blurred target, measured on skin alone: brows, eyes
and lips would otherwise leave their shadow on the new face. Lightness follows by σ = 0.16 of the
eye distance, which measured best: larger ones leave patches, smaller ones show the target. The
source's hue is taken away more finely, or the border of its shadows turns grey or red. Highlights
and shades on the relief of the face, down to 0.06, are put in where the same place of the new face
lies. Lips and eyeballs have gains of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.vision.mesh_mask import smoothstep

__all__ = [
    "Relight",
    "desaturated",
    "grained",
    "greyness",
    "measured",
    "painted",
    "relit",
    "spared",
]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

_RANGE = (0.15, 6.0)
_COLOURED = (0.03, 0.12)  # difference of the channels over the largest
_EYEBALL = (0.6, 1.5)
_WHITES = (0.3, 2.0)
_FEW = 5.0  # pixels of lips or of an eye below which they tell nothing
_WIDE, _FINE = 2.5, 0.35  # of sigma
# How much of the source's shading between these scales is taken away, in soft and in hard light;
# told apart by that shading's deviation.
_CALM = (0.25, 0.85)
_HARSH = (0.03, 0.09)
_RELIEF = (1.0, 0.5)  # how much of the target's shading between the same is put in: light, shade
_LUMA = np.array([0.3, 0.59, 0.11], np.float32)
_LUMA.setflags(write=False)
_DEEP, _KEPT_DARK = (0.35, 0.75), 0.5  # share of the surrounding's lightness that is missing
_GRAIN = (0.35, 1.0)  # detail is only ever taken away: a face sharper than its picture is seen
_FLOOR = 2.0 / 255.0  # so that the ratio of two black places is 1


@dataclass(frozen=True, eq=False)
class Relight:
    """How a new face takes on the target's light.

    Attributes:
        gain: (h, h, 3) what to multiply with.
        low: (h, h, 3) what of the new face varies slowly.
    """

    gain: Floats
    low: Floats


def measured(
    face: Floats, crop: Floats, bent: Floats, skin: Floats, sigma: float, light: float
) -> Relight:
    """What it takes to light the new face as the one it replaces.

    Args:
        face: (h, h, 3) float32 RGB in 0–1, the new face.
        crop: (h, h, 3) the face it replaces.
        bent: (h, h, 3) the same, bent to lie under the new face: what light does to the relief of
            a face moves with the relief.
        skin: (h, h) in 0–1, where both show skin.
        sigma: Of the low frequencies, in pixels.
        light: 1 takes on the target's light, 0 only its mean colour.
    """
    weight = skin[..., None]
    total = max(float(skin.sum()), 1e-6)
    means = [(image * weight).sum((0, 1)) / total + _FLOOR for image in (face, crop)]
    whole = np.clip(means[1] / means[0], *_RANGE)
    own = [image * weight for image in (face, crop)]
    wide = _low(np.concatenate([*own, weight], axis=2), _WIDE * sigma)
    low = _low(np.concatenate([*own, weight], axis=2), sigma)
    have = _filled(low[..., :3], low[..., 6:], wide[..., :3], wide[..., 6:], means[0])
    if light <= 0:
        return Relight(np.broadcast_to(whole, face.shape).astype(np.float32), have)
    fine = _low(np.concatenate([own[0], weight], axis=2), _FINE * sigma)
    goal = _filled(low[..., 3:6], low[..., 6:], wide[..., 3:6], wide[..., 6:], means[1])
    near = _filled(fine[..., :3], fine[..., 3:], have, np.ones_like(weight), means[0])
    lighter = _lighter(goal, have, near, skin) * _relief(bent, skin, sigma)
    ratio = np.clip(_hues(goal, near) * lighter, *_RANGE)
    if light < 1:
        ratio = ratio**light * whole ** (1 - light)
    return Relight(np.asarray(ratio, np.float32), have)


def greyness(crop: Floats, skin: Floats) -> float:
    """0 where skin has colour, 1 in a black and white picture; ``skin`` (h, h) weighs."""
    weight = skin[..., None]
    mean = (crop * weight).sum((0, 1)) / max(float(skin.sum()), 1e-6)
    colour = float(np.ptp(mean)) / max(float(mean.max()), 1e-3)
    low, high = _COLOURED
    return 1.0 - min(max((colour - low) / (high - low), 0.0), 1.0)


def desaturated(image: Floats, grey: float) -> Floats:
    """The image (h, w, 3) with so much of its colour, 0–1, taken away."""
    return np.asarray(image + grey * ((image @ _LUMA)[..., None] - image), np.float32)


def spared(gain: Floats, face: Floats, goal: Floats, eyes: Floats) -> Floats:
    """Gains that leave eyeballs alone: they are as white in a dark face as in a pale one.

    How bright they are, the target's own tell, by their whites: irises differ.

    Args:
        gain: (h, h, 3) as :attr:`Relight.gain`.
        face: (h, h, 3) float32 RGB in 0–1, the new face.
        goal: (h, h, 3) the target, bent to lie under the new face.
        eyes: (h, h) 1 between the lids of one eye.
    """
    if not eyes.any():
        return gain
    at = _box(eyes)
    eyes, face, goal = eyes[at], face[at], goal[at]
    own = np.clip(gain[at], *_EYEBALL)
    if float(eyes.sum()) > _FEW:
        have, want = (_white(image, eyes) for image in (face, goal))
        ratio = want / have
        # Half the hue: where lids were found badly, what is white is skin.
        own = np.clip(np.sqrt(ratio * ((want @ _LUMA) / (have @ _LUMA))), *_WHITES)
    result = gain.copy()
    result[at] += (own - gain[at]) * np.clip(eyes, 0.0, 1.0)[..., None]
    return result


def _white(image: Floats, weight: Floats) -> Floats:
    """(3,) mean of what is bright in an image (h, w, 3) where it counts (h, w)."""
    bright = (weight * np.square(image @ _LUMA + _FLOOR))[..., None]
    return np.asarray((bright * image).sum((0, 1)) / bright.sum() + _FLOOR, np.float32)


def painted(light: Relight, face: Floats, goal: Floats, lips: Floats, sigma: float) -> Floats:
    """Gains (h, h, 3) that give lips the colour of the target's: skin's would turn them to skin.

    Args:
        light: Measured on skin.
        face: (h, h, 3) float32 RGB in 0–1, the new face.
        goal: (h, h, 3) the target, bent to lie under the new face.
        lips: (h, h) 1 on lips where both show them.
        sigma: Of the low frequencies, in pixels.
    """
    total = float(lips.sum())
    if total < _FEW:
        return light.gain
    at = _box(lips)
    lips, gain, low = lips[at], light.gain[at], light.low[at]
    pairs = ((face[at], low), (goal[at], low * gain))
    weights = [(lips * _red(image, skin))[..., None] for image, skin in pairs]
    share = min(float(weight.sum()) for weight in weights) / total
    if share < 0.1:
        return light.gain
    lows = []
    for (image, _), weight in zip(pairs, weights, strict=True):
        mean = (image * weight).sum((0, 1)) / weight.sum()
        blurred = _low(np.concatenate([image * weight, weight], axis=2), sigma)
        lows.append((blurred[..., :3] + 0.05 * mean) / (blurred[..., 3:] + 0.05) + _FLOOR)
    own = np.clip(lows[1] / lows[0], *_RANGE)
    much = np.float32(min(1.0, 2.0 * share)) * np.clip(lips, 0.0, 1.0)[..., None]
    result = light.gain.copy()
    result[at] += (own - gain) * much
    return result


def _box(weight: Floats) -> tuple[slice, slice]:
    """Rows and columns where a map that is not 0 everywhere is not 0."""
    spans = [weight.max(axis=axis).nonzero()[0] for axis in (1, 0)]
    rows, columns = (slice(int(span[0]), int(span[-1]) + 1) for span in spans)
    return rows, columns


def _red(image: Floats, skin: Floats) -> Floats:
    """(h, h) 1 where a colour may be that of lips; 0 on teeth, in an open mouth, on a moustache."""
    own, usual = (
        (rgb[..., 0] - rgb[..., 1]) / (rgb.sum(axis=2) + 0.03) + 0.02 for rgb in (image, skin)
    )
    bright = (image @ _LUMA) / np.maximum(skin @ _LUMA, _FLOOR)
    return smoothstep(own / np.maximum(usual, 0.02), 0.5, 0.9) * smoothstep(bright, 0.25, 0.5)


def _hues(goal: Floats, have: Floats) -> Floats:
    """(h, h, 3) what to multiply a colour with to get another's hue at the same lightness."""
    return np.asarray((goal / (goal @ _LUMA)[..., None]) / (have / (have @ _LUMA)[..., None]))


def _lighter(goal: Floats, have: Floats, near: Floats, skin: Floats) -> Floats:
    """(h, h, 1) gain of lightness; the harder the source's shadows, the more of them goes."""
    between = np.log((near @ _LUMA) / (have @ _LUMA))
    unrest = float(np.sqrt((between * between * skin).sum() / max(float(skin.sum()), 1e-6)))
    low, high = _HARSH
    share = min(max((unrest - low) / (high - low), 0.0), 1.0)
    calm = _CALM[0] + share * (_CALM[1] - _CALM[0])
    return np.asarray((goal @ _LUMA) / (have @ _LUMA) * np.exp(-calm * between))[..., None]


def _relief(bent: Floats, skin: Floats, sigma: float) -> Floats:
    """(h, h, 1) gain by which noses, sockets and cheeks shine and lie in shade as the target's."""
    weight = skin[..., None]
    luma = (bent @ _LUMA)[..., None] * weight
    both = np.concatenate([luma, weight], axis=2)
    mean = luma.sum() / max(float(weight.sum()), 1e-6)
    low, fine = _low(both, sigma), _low(both, _FINE * sigma)
    wide = (low[..., :1] + 0.04 * mean) / (low[..., 1:] + 0.04) + _FLOOR
    near = (fine[..., :1] + 0.04 * wide) / (fine[..., 1:] + 0.04) + _FLOOR
    between = np.log(near / wide)
    return np.asarray(np.exp(np.where(between > 0, *_RELIEF) * between), np.float32)


def relit(face: Floats, gain: Floats, low: Floats) -> Floats:
    """A face in the target's light.

    What is brighter than its surroundings shines: a highlight on dark skin is added to it, and is
    no brighter on pale skin. Multiplied like the skin, it would glare. What is much darker (brows,
    lashes, pupils, nostrils) stays dark: multiplied, it would turn milky.

    Args:
        face: (h, w, 3) float32 RGB in 0–1.
        gain: (h, w, 3) as :attr:`Relight.gain`.
        low: (h, w, 3) as :attr:`Relight.low`.
    """
    lit = face * gain
    if float(gain.max()) > 1.05:
        more = np.maximum(gain - 1.0, 0.0)
        lit -= np.maximum(face - low, 0.0) * more
        dark = _KEPT_DARK * smoothstep(1.0 - face[..., 1] / low[..., 1], *_DEEP)
        lit -= face * more * dark[..., None]
    return np.asarray(np.minimum(lit, 1.0), np.float32)


def _filled(values: Floats, weight: Floats, wide: Floats, there: Floats, mean: Array) -> Floats:
    """Blurred colours of skin; where there is little of it, what a wider blur says, or the mean.

    Args:
        values: (h, h, 3) blurred, times the weight.
        weight: (h, h, 1) blurred.
        wide: (h, h, 3) the same by the wider blur.
        there: (h, h, 1) weight of the wider blur.
        mean: (3,).
    """
    usual = (wide + 0.01 * mean) / (there + 0.01)
    return np.asarray((values + 0.04 * usual) / (weight + 0.04) + _FLOOR, np.float32)


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
