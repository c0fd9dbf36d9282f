"""Making a pasted face take the colour and the light of the face it replaces.

Colour: mean and deviation in CIE Lab (Reinhard et al. 2001), counted only inside the mask; zeroed
pixels outside it would pull towards black. Light: the ratio of the two faces' low-frequency
lightness. Statistics can be smoothed in time per person, so that brightness does not flicker.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.vision.mask import support

Floats = npt.NDArray[np.float32]

_GAIN = (0.5, 2.0)  # a deviation is never stretched by more; flat faces would turn to noise
_SHADE = (0.6, 1.6)
_MEASURING_SIZE = 128


def to_lab(rgb: Floats) -> Floats:
    """sRGB (H, W, 3) float32 in 0–1 to CIE Lab (D65): L 0–100, a and b about ±127."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb, np.float32), cv2.COLOR_RGB2Lab))


def from_lab(lab: Floats) -> Floats:
    """The inverse of :func:`to_lab`, clipped to 0–1."""
    rgb = cv2.cvtColor(np.ascontiguousarray(lab, np.float32), cv2.COLOR_Lab2RGB)
    return np.asarray(np.clip(rgb, 0.0, 1.0))


@dataclass(frozen=True)
class Look:
    """Colour statistics of a face.

    Attributes:
        mean: L, a, b.
        deviation: Standard deviations of L, a, b.
    """

    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def towards(self, other: Look, share: float) -> Look:
        """The look ``share`` (0–1) of the way to another."""
        return Look(
            _mix(self.mean, other.mean, share), _mix(self.deviation, other.deviation, share)
        )


def _mix(
    a: tuple[float, float, float], b: tuple[float, float, float], share: float
) -> tuple[float, float, float]:
    x, y, z = (p + share * (q - p) for p, q in zip(a, b, strict=True))
    return x, y, z


def look(lab: Floats, weight: Floats) -> Look | None:
    """Weighted statistics of a Lab picture.

    Args:
        lab: (H, W, 3).
        weight: (H, W), 0–1; pixels of weight 0 do not count.

    Returns:
        None where next to nothing counts.
    """
    total = float(weight.sum())
    if total < 4.0:
        return None
    flat, share = lab.reshape(-1, 3), weight.reshape(-1) / np.float32(total)
    mean = share @ flat
    variance = np.maximum(share @ (flat * flat) - mean * mean, 0.0)
    deviation = np.sqrt(variance)
    return Look(
        (float(mean[0]), float(mean[1]), float(mean[2])),
        (float(deviation[0]), float(deviation[1]), float(deviation[2])),
    )


def transfer(lab: Floats, have: Look, want: Look) -> Floats:
    """A Lab picture (H, W, 3) of look ``have`` moved to look ``want``."""
    low, high = _GAIN
    gain = np.array(
        [
            min(max(goal / max(own, 1e-3), low), high)
            for own, goal in zip(have.deviation, want.deviation, strict=True)
        ]
    )
    offset = np.asarray(want.mean) - gain * np.asarray(have.mean)
    return np.asarray(cv2.transform(lab, np.column_stack([np.diag(gain), offset])))


def light_ratio(
    own: Floats, target: Floats, weight: Floats, sigma: float, amount: float = 1.0
) -> Floats:
    """What to multiply a face's lightness with to give it the light of another.

    Only what varies slowly over the face counts as light.

    Args:
        own: (H, W) lightness, 0–100, of the face to be lit.
        target: (H, W) lightness of the face whose light is wanted.
        weight: (H, W), 0–1, where both are faces.
        sigma: Of the Gaussian that separates light from features, in pixels.
        amount: 0 keeps the light, 1 replaces it.

    Returns:
        (H, W), smooth, near 1.
    """
    # Normalised convolution: what lies outside the faces has no say.
    spread = cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-3
    own_low = cv2.GaussianBlur(own * weight, (0, 0), sigma) / spread
    goal_low = cv2.GaussianBlur(target * weight, (0, 0), sigma) / spread
    ratio = np.clip((goal_low + 2.0) / (own_low + 2.0), *_SHADE) ** amount
    return np.asarray(ratio, np.float32)


Settle = Callable[[Look, Look], tuple[Look, Look]]


def harmonise(
    face: Floats, crop: Floats, weight: Floats, sigma: float, light: float, settle: Settle
) -> Floats:
    """A face in the colour and the light of the face it replaces.

    All measuring is done on small copies; only what the mask shows is converted at full size.

    Args:
        face: (S, S, 3) float32 RGB in 0–1, the new face.
        crop: (S, S, 3) float32 RGB in 0–1, the face that it replaces.
        weight: (S, S), the mask.
        sigma: See :func:`light_ratio`; in pixels of the crop.
        light: See :func:`light_ratio`, ``amount``.
        settle: Gets the looks of the new face and of the replaced one as measured, gives those to
            use: for smoothing in time.

    Returns:
        (S, S, 3) float32 RGB in 0–1; meaningful where the mask is above 0.
    """
    size = face.shape[0]
    scale = min(1.0, _MEASURING_SIZE / size)
    made, target = (to_lab(_small(image, scale)) for image in (face, crop))
    share = _small(weight, scale)
    have, want = look(made, share), look(target, share)
    if have is None or want is None:
        return face
    have, want = settle(have, want)
    part = support(weight).slices
    lab = transfer(to_lab(face[part]), have, want)
    if light > 0:
        own = np.ascontiguousarray(transfer(made, have, want)[..., 0])
        goal = np.ascontiguousarray(target[..., 0])
        ratio = light_ratio(own, goal, share, sigma * scale, light)
        lab[..., 0] *= cv2.resize(ratio, (size, size), interpolation=cv2.INTER_LINEAR)[part]
    harmonised = face.copy()
    harmonised[part] = from_lab(lab)
    return harmonised


def _small(image: Floats, scale: float) -> Floats:
    """The image scaled down by the mean of what each pixel covers."""
    if scale == 1.0:
        return np.ascontiguousarray(image)
    size = max(1, round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA))


class LookSmoother:
    """Keeps the looks of each person steady in time: an exponential mean over seconds.

    Args:
        seconds: Time constant; 0 does not smooth.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._known: dict[str, tuple[float, Look]] = {}

    def update(self, key: str, time: float, fresh: Look) -> Look:
        """Take in one measurement.

        Args:
            key: Whose look it is.
            time: Seconds, of the frame. A step back or of more than ten time constants starts anew.
            fresh: As measured in this frame.

        Returns:
            The look to use.
        """
        before = self._known.get(key)
        steady = fresh
        if self.seconds > 0 and before is not None:
            step = time - before[0]
            if 0.0 <= step <= 10.0 * self.seconds:
                steady = before[1].towards(fresh, 1.0 - math.exp(-step / self.seconds))
        self._known[key] = (time, steady)
        return steady

    def reset(self) -> None:
        """Forget all: a new shot has other light."""
        self._known.clear()

    def forget_before(self, time: float) -> None:
        """Drop persons not seen since ``time`` (seconds)."""
        self._known = {key: known for key, known in self._known.items() if known[0] >= time}

    def snapshot(self) -> dict[str, Any]:
        """The state as plain data."""
        return {key: [t, *seen.mean, *seen.deviation] for key, (t, seen) in self._known.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state that :meth:`snapshot` gave."""
        self._known = {
            key: (float(t), Look((a, b, c), (d, e, f)))
            for key, (t, a, b, c, d, e, f) in state.items()
        }
