"""Making faces unrecognisable, and keeping them covered while a detector misses them.

Anonymising fails to the covered side: a face that is not found for some frames stays covered where
it was last seen, by a region that grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.frame import Face
from vplugin.vision.nms import iou_matrix

Array = npt.NDArray[Any]
Style = Literal["gaussian", "pixelate", "fill"]
Outline = Literal["ellipse", "box"]

_GROWTH = 0.05  # of the width, each missed frame and on each side
_LARGEST_GROWTH = 0.5
_SAME = 0.3  # overlap from which an untracked face is taken to be the one that was held
_SMALL = 64  # a blurred region has no detail: it is blurred at this size


@dataclass(frozen=True)
class Cover:
    """A place to cover.

    Attributes:
        box: x0, y0, x1, y1 of the face as last seen.
        track: The person, if known.
        missed: Frames since it was last seen.
    """

    box: tuple[float, float, float, float]
    track: int | None = None
    missed: int = 0

    @property
    def width(self) -> float:
        """Longer side of the box in pixels."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1], 1.0)

    def grown(self, margin: float) -> tuple[float, float, float, float]:
        """The box, larger by a share of its sides on each side and by what the misses add."""
        more = margin + min(self.missed * _GROWTH, _LARGEST_GROWTH)
        left, top, right, bottom = self.box
        across, down = more * (right - left), more * (bottom - top)
        return left - across, top - down, right + across, bottom + down


class Keeper:
    """Remembers faces for some frames after they were last found.

    Args:
        hold: How many frames.
    """

    def __init__(self, hold: int) -> None:
        self.hold = hold
        self._covers: list[Cover] = []

    def update(self, faces: Iterable[Face]) -> list[Cover]:
        """What to cover in this frame: the faces in it, and those missed for up to ``hold`` frames.

        Args:
            faces: Found in this frame, with finite boxes.
        """
        seen = [Cover(_box(face), face.track) for face in faces]
        kept = [
            replace(cover, missed=cover.missed + 1)
            for cover in self._covers
            if cover.missed < self.hold and not _found_again(cover, seen)
        ]
        self._covers = seen + kept
        return self._covers

    def snapshot(self) -> list[Any]:
        """The state as plain data."""
        return [[*cover.box, cover.track, cover.missed] for cover in self._covers]

    def restore(self, state: Sequence[Sequence[Any]]) -> None:
        """Take up a state that :meth:`snapshot` gave."""
        self._covers = [
            Cover((float(a), float(b), float(c), float(d)), track, int(missed))
            for a, b, c, d, track, missed in state
        ]


def _box(face: Face) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(value) for value in face.box)
    return left, top, right, bottom


def _found_again(cover: Cover, seen: Sequence[Cover]) -> bool:
    if cover.track is not None and any(other.track == cover.track for other in seen):
        return True
    # A tracker may give the person another number; a face that lies on it covers it just as well.
    boxes = np.array([other.box for other in seen], np.float64).reshape(-1, 4)
    return bool((iou_matrix(np.array([cover.box]), boxes) > _SAME).any())


def covered(rgb: Array, style: Style, grain: float, colour: tuple[float, float, float]) -> Array:
    """A region made unrecognisable.

    Args:
        rgb: (H, W, 3), uint8 or float32 in 0–1.
        style: How.
        grain: Size in pixels of what remains visible: sigma of the Gaussian, side of a block.
        colour: Red, green, blue in 0–1, for ``fill``.

    Returns:
        The same shape and type.
    """
    height, width = rgb.shape[:2]
    if style == "fill":
        full = 255.0 if rgb.dtype == np.uint8 else 1.0
        return np.full_like(rgb, np.asarray(colour) * full)
    if style == "pixelate":
        cells = max(1, round(width / grain)), max(1, round(height / grain))
        small = cv2.resize(rgb, cells, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST))
    scale = min(1.0, _SMALL / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(grain * scale, 0.5))
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def cover_mask(width: int, height: int, outline: Outline) -> npt.NDArray[np.float32]:
    """1 where a region is covered, soft at the outline, 0 outside; (height, width) float32."""
    if outline == "box":
        return np.ones((height, width), np.float32)
    x = (np.arange(_SMALL) + 0.5) / _SMALL * 2.0 - 1.0
    radius = np.sqrt(x[None, :] ** 2 + x[:, None] ** 2)
    soft = np.clip((1.0 - radius) / 0.06, 0.0, 1.0).astype(np.float32)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR))
