"""Frames with cartoon faces, for nodes that draw faces anew."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from tests.vision.swap_models import draw_face, smooth_picture
from vplugin.colour import paste_rgb
from vplugin.frame import Face, Frame, lay_patch
from vplugin.picture import Picture, PictureFormat

BROWN = (150, 98, 66)


def face_with(points: np.ndarray, track: int | None = 0) -> Face:
    """A face whose box fits around its five points."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, (high - low) * [0.95, 1.15]
    box = np.concatenate([middle - half, middle + half]).astype(np.float32)
    return Face(box, points=points, track=track)


def frame_with(
    *faces: Face, number: int = 0, pixel: str = "rgb24", size: tuple[int, int] = (480, 320)
) -> Frame:
    """A frame of coloured clouds and brown faces, 25 per second."""
    rgb = smooth_picture(*size, 2)
    for face in faces:
        if face.points is not None:
            draw_face(rgb, face.points, BROWN)
    shape = PictureFormat(pixel, *size)
    planes = paste_rgb(Picture.blank(shape).planes, shape, rgb, np.ones(rgb.shape[:2], bool))
    return Frame(Picture(shape, planes), number, Fraction(1, 25), faces=faces)


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
