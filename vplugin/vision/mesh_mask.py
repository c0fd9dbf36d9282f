"""Where the mesh's face shows: inside the mesh, where source and target are both face."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["coverage", "smoothstep"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

_CERTAIN = (0.45, 0.85)  # of the blurred chance of being face: inside only, so nothing bleeds
_SOFT = 0.035  # eye distances, deviation of the border at hair, glasses and hands
_LEAK = 0.08  # eye distances that the source keeps off its own hair and glasses, and their shadow


def smoothstep(values: Array | float, low: float, high: float) -> Floats:
    """0 up to ``low``, 1 from ``high``, smooth between."""
    t = np.clip((values - np.float32(low)) * np.float32(1.0 / (high - low)), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


def coverage(reach: Floats, target: Floats, source: Floats, eyes: float, feather: float) -> Floats:
    """How much of the new face shows.

    Args:
        reach: (h, h) eye distances from the border of the mesh, 0.5 further inside.
        target: (h, h) chance of being face in the target.
        source: (h, h) the same of the source, carried over.
        eyes: Eye distance in pixels of these maps.
        feather: Width of the soft border of the mesh, eye distances.
    """
    sigma = max(_SOFT * eyes, 0.6)
    width = 2 * round(_LEAK * eyes) + 1
    inside = cv2.erode(source, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width)))
    face = cv2.GaussianBlur(cv2.min(target, inside), (0, 0), sigma)
    border = smoothstep(reach, 0.0, max(0.02, feather))
    return np.asarray(smoothstep(face, *_CERTAIN) * border, np.float32)
