"""Where the mesh's face shows: inside the mesh, where source and target are both face."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["coverage", "smoothstep"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

# Eye distances. Before the target's hair and hands the border is sharp; where the source's own
# fringe ends, skin meets skin, and the shadow that hair throws has to stay out.
_TARGET = 0.03
_THIN = 0.025  # what is before the face is taken to be wider by this: frames of glasses, hairs
_SOURCE = 0.08
_LEAK = 0.12
_CERTAIN = (0.25, 0.6)  # of the blurred chance of being face: inside only, so nothing bleeds
_WHOLE = (0.4, 0.75)


def smoothstep(values: Array | float, low: float, high: float) -> Floats:
    """0 up to ``low``, 1 from ``high``, smooth between."""
    t = np.clip((values - np.float32(low)) * np.float32(1.0 / (high - low)), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


def coverage(
    reach: Floats, skin: Floats, target: Floats, source: Floats, eyes: float, feather: float
) -> Floats:
    """How much of the new face shows.

    Args:
        reach: (h, h) eye distances from the border of the mesh, 0.5 further inside.
        skin: (h, h) 1 on plain skin, 0 at features: a brow shows whole or not at all.
        target: (h, h) chance of being face in the target.
        source: (h, h) the same of the source, carried over.
        eyes: Eye distance in pixels of these maps.
        feather: Width of the soft border of the mesh, eye distances.
    """
    away = source - (source - _shrunk(source, _LEAK * eyes)) * skin
    own = smoothstep(_blurred(away, _SOURCE * eyes), *_WHOLE)
    face = smoothstep(_blurred(_shrunk(target, _THIN * eyes), _TARGET * eyes), *_CERTAIN)
    border = smoothstep(reach, 0.0, max(0.02, feather))
    return np.asarray(own * face * border, np.float32)


def _shrunk(image: Array, radius: float) -> Array:
    width = 2 * round(radius) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return np.asarray(cv2.erode(image, kernel))


def _blurred(image: Array, sigma: float) -> Array:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(sigma, 0.6)))
