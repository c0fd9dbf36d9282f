"""What tests of nodes that draw faces anew look at: the whole picture, sample by sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.nodes.swap_bench import frame_of
from vplugin.frame import Face, Frame, lay_patch

__all__ = ["frame_with", "laid", "same_outside"]


def frame_with(*faces: Face, number: int = 0, pixel: str = "rgb24") -> Frame:
    """A frame of coloured clouds and brown faces, 480 × 320."""
    return frame_of(*faces, number=number, pixel=pixel)


def laid(frame: Frame) -> tuple[np.ndarray, ...]:
    """The planes of the whole picture with its patches, as an encoder gets them."""
    copies = tuple(plane.copy() for plane in frame.picture.planes)
    for patch in frame.patches:
        lay_patch(copies, frame.format.bounds, frame.format, patch)
    return copies


def same_outside(before: Frame, after: Frame, rect: tuple[int, int, int, int]) -> bool:
    """Whether two frames have every sample in common outside x0, y0, x1, y1 (even numbers)."""
    x0, y0, x1, y1 = rect
    for layout, old, new in zip(
        before.format.layout.planes, laid(before), laid(after), strict=True
    ):
        changed: Any = old != new
        across, down = 1 << layout.shift_x, 1 << layout.shift_y
        changed[y0 // down : y1 // down, x0 // across : x1 // across] = False
        if changed.any():
            return False
    return True
