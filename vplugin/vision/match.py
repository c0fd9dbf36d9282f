"""Making a pasted face take the colour and the light of the face it replaces.

Colour: mean and deviation in CIE Lab (Reinhard et al. 2001), counted only inside the mask; zeroed
pixels outside it would pull towards black. Light: the ratio of the two faces' low-frequency
lightness. Statistics can be smoothed in time per person, so that brightness does not flicker.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

_GAIN = (0.5, 2.0)  # a deviation is never stretched by more; flat faces would turn to noise
_SHADE = (0.6, 1.6)
_SHADING_SIZE = 64


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
        ],
        np.float32,
    )
    offset = np.asarray(want.mean, np.float32) - gain * np.asarray(have.mean, np.float32)
    return np.asarray(lab * gain + offset, np.float32)


def shade(lab: Floats, target: Floats, weight: Floats, sigma: float, amount: float = 1.0) -> Floats:
    """Give a face the light of another: only what varies slowly over the face.

    Args:
        lab: (H, W, 3) Lab, the face to be lit.
        target: (H, W, 3) Lab, the face whose light is wanted.
        weight: (H, W), 0–1, where both are faces.
        sigma: Of the Gaussian that separates light from features, in pixels of the crop.
        amount: 0 keeps the light, 1 replaces it.

    Returns:
        (H, W, 3) Lab with another lightness.
    """
    size = lab.shape[0]
    small = min(size, _SHADING_SIZE)
    parts = [np.ascontiguousarray(part) for part in (lab[..., 0], target[..., 0], weight)]
    own, goal, share = (
        cv2.resize(part, (small, small), interpolation=cv2.INTER_AREA) for part in parts
    )
    blur = sigma * small / size
    # Normalised convolution: what lies outside the faces has no say.
    spread = cv2.GaussianBlur(share, (0, 0), blur) + 1e-3
    own_low = cv2.GaussianBlur(own * share, (0, 0), blur) / spread
    goal_low = cv2.GaussianBlur(goal * share, (0, 0), blur) / spread
    ratio = np.clip((goal_low + 2.0) / (own_low + 2.0), *_SHADE) ** amount
    lit = lab.copy()
    lit[..., 0] *= cv2.resize(ratio.astype(np.float32), (size, size))
    return lit


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
