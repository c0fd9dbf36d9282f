"""Two people to put in, frames with cartoon faces, and a harness of the swap node."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from tests.nodes.pointing_detector import save_pointing_detector
from tests.vision.swap_models import draw_face, points_at, smooth_picture
from vplugin.colour import paste_rgb
from vplugin.frame import Face, Frame
from vplugin.node import Context
from vplugin.nodes.swap import Swap
from vplugin.picture import Picture, PictureFormat
from vplugin.testing.harness import Harness

SOURCE_POINTS = points_at(320, 330, 130, wobble=None)
RED, GREEN, BROWN = (225, 120, 110), (120, 190, 120), (150, 98, 66)


def bench_in(folder: Path) -> Callable[..., Harness]:
    """A folder with a detector and two people; what makes a harness that uses them."""
    save_pointing_detector(folder / "detector.onnx", [SOURCE_POINTS])
    for name, skin in (("red", RED), ("green", GREEN)):
        picture = smooth_picture(640, 640, 4)
        draw_face(picture, SOURCE_POINTS, skin)
        assert cv2.imwrite(str(folder / f"{name}.png"), picture[..., ::-1])

    def make(**params) -> Harness:
        common = {"detector": "detector.onnx", "runtime": "onnxruntime", "model": "copy"}
        return Harness(Swap, context=Context(name="swap", base=str(folder)), **common | params)

    return make


def face_of(points: np.ndarray, track: int | None = 0) -> Face:
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, (high - low) * [0.95, 1.15]
    box = np.concatenate([middle - half, middle + half]).astype(np.float32)
    return Face(box, points=points, track=track)


def frame_of(
    *faces: Face, number: int = 0, pixel: str = "yuv444p", size=(480, 320), **format
) -> Frame:
    rgb = smooth_picture(*size, 2)
    for face in faces:
        if face.points is not None:
            draw_face(rgb, face.points, BROWN)
    shape = PictureFormat(pixel, *size, **format)
    planes = paste_rgb(Picture.blank(shape).planes, shape, rgb, np.ones(rgb.shape[:2], bool))
    return Frame(Picture(shape, planes), number, Fraction(1, 25), faces=faces)


def skin_of(frame: Frame, face: Face) -> np.ndarray:
    """Mean colour of the cheeks: (3,) RGB."""
    nose, eyes = face.points[2], face.eye_distance
    around = (
        nose[0] - 0.4 * eyes,
        nose[1] - 0.1 * eyes,
        nose[0] + 0.4 * eyes,
        nose[1] + 0.2 * eyes,
    )
    return frame.read(around).reshape(-1, 3).mean(axis=0)


def nearest(colour: np.ndarray) -> tuple[int, int, int]:
    return min((RED, GREEN, BROWN), key=lambda known: float(np.abs(colour - known).sum()))
