"""Crops of the bank's faces for one training step: where, before what, mirrored or not.

A crop carries its truth along: points in its pixels, segments in its raster. What cameras do to it
comes after, by :func:`vplugin.train.augment.photographed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.synth.parts import Segment
from vplugin.train.augment import Framing, Matrix, Picture, frame_matrix, moved, warped
from vplugin.train.faces import Face
from vplugin.vision.align import compose, similarity, template

__all__ = ["MIRROR", "Cut", "box_frame", "cut", "mirrored", "template_frame"]

Array = npt.NDArray[Any]

# Right and left of the 106 points; those that are not named lie in the middle.
_TWINS = (
    (1, 17), (2, 18), (3, 19), (4, 20), (5, 21), (6, 22), (7, 23), (8, 24), (9, 25), (10, 26),
    (11, 27), (12, 28), (13, 29), (14, 30), (15, 31), (16, 32),
    (33, 87), (34, 88), (35, 93), (36, 91), (37, 90), (38, 92), (39, 89), (40, 94), (41, 96),
    (42, 95), (43, 101), (44, 100), (45, 99), (46, 97), (47, 98), (48, 105), (49, 104), (50, 102),
    (51, 103), (75, 81), (76, 82), (77, 83), (78, 84), (79, 85), (52, 61), (64, 68), (63, 67),
    (55, 58), (56, 59), (65, 69), (66, 70), (54, 57),
)  # fmt: skip


def _mirror() -> tuple[int, ...]:
    order = list(range(106))
    for right, left in _TWINS:
        order[right], order[left] = left, right
    return tuple(order)


#: Which of the 106 points is seen, in a mirrored picture, as each of them.
MIRROR = _mirror()

_BORDERS = (cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101)
_PAIRS = (
    (Segment.LEFT_BROW, Segment.RIGHT_BROW),
    (Segment.LEFT_EYE, Segment.RIGHT_EYE),
    (Segment.LEFT_EAR, Segment.RIGHT_EAR),
)


@dataclass(frozen=True, eq=False)
class Cut:
    """A crop of one face.

    Attributes:
        picture: (S, S, 3) uint8 RGB.
        face: Whose truth it is; mirrored with the crop.
        matrix: (2, 3), the face's picture → crop.
    """

    picture: Picture
    face: Face
    matrix: Matrix

    def points(self, places: Array) -> npt.NDArray[np.float32]:
        """Points (K, 2) of the face's picture, in the crop; -1 and 1 are its outer edges."""
        edges = (moved(places, self.matrix) + 0.5) * (2.0 / self.picture.shape[0]) - 1.0
        return np.asarray(edges, np.float32)

    def segments(self, side: int) -> npt.NDArray[np.uint8]:
        """(side, side) the segments in the crop, coarser or not; 255 outside the picture."""
        ratio = side / self.picture.shape[0]
        half = (ratio - 1) / 2
        matrix = compose(np.array([[ratio, 0.0, half], [0.0, ratio, half]]), self.matrix)
        return np.asarray(
            cv2.warpAffine(
                np.ascontiguousarray(self.face.segments),
                matrix,
                (side, side),
                flags=cv2.INTER_NEAREST,
                borderValue=255,
            ),
            np.uint8,
        )


def mirrored(face: Face) -> Face:
    """The face as a mirror shows it; left and right change places in every truth."""
    last = face.image.shape[1] - 1
    swap = np.arange(256, dtype=np.uint8)
    for left, right in _PAIRS:
        swap[left], swap[right] = right, left
    flip = np.array([-1.0, 1.0], np.float32), np.array([last, 0.0], np.float32)
    x0, y0, x1, y1 = (float(value) for value in face.box)
    words = dict(face.words)
    for name in [name for name in words if name.endswith("_left")]:
        other = name.removesuffix("left") + "right"
        words[name], words[other] = face.words[other], face.words[name]
    return face._replace(
        image=cv2.flip(np.asarray(face.image), 1),
        alpha=cv2.flip(np.asarray(face.alpha), 1),
        segments=cv2.LUT(cv2.flip(np.asarray(face.segments), 1), swap),
        box=np.array([last - x1, y0, last - x0, y1], np.float32),
        points=(face.points * flip[0] + flip[1])[[1, 0, 2, 4, 3]],
        landmarks=(face.landmarks * flip[0] + flip[1])[list(MIRROR)],
        visible=face.visible[list(MIRROR)],
        pose=face.pose * np.array([-1.0, 1.0, -1.0], np.float32),
        words=words,
    )


def box_frame(
    face: Face, generator: np.random.Generator, framing: Framing, side: int, margin: float = 1.5
) -> Matrix:
    """Picture → crop of ``margin`` times the box, as a detector might have found it."""
    x0, y0, x1, y1 = (float(value) for value in face.box)
    extent = margin * max(x1 - x0, y1 - y0)
    return frame_matrix(generator, framing, ((x0 + x1) / 2, (y0 + y1) / 2), extent, side)


def template_frame(
    face: Face,
    generator: np.random.Generator,
    framing: Framing,
    name: str,
    side: int,
    error: float = 0.0,
) -> Matrix:
    """Picture → crop by an alignment template, from points as a detector might have found them.

    Args:
        face: What is cut out.
        generator: Of the variation.
        framing: Variation of the crop as a whole.
        name: Of the template.
        side: Of the crop.
        error: Standard deviation of each point, in eye distances.
    """
    wide = float(np.hypot(*(face.points[1] - face.points[0])))
    points = face.points + generator.normal(0.0, 1.0, (5, 2)) * error * max(wide, 8.0)
    goal = template(name)
    exact = similarity(points, goal.at(side))
    about = frame_matrix(generator, framing, ((side - 1) / 2, (side - 1) / 2), side, side)
    return compose(about, exact)


def cut(
    face: Face, matrix: Matrix, side: int, generator: np.random.Generator, other: Array | None
) -> Cut:
    """Cut a face out.

    Args:
        face: What is cut out.
        matrix: (2, 3), its picture → crop.
        side: Of the crop.
        generator: Of what lies outside the rendered picture.
        other: A picture that takes the place of the backdrop, at any size, or None.
    """
    image = np.ascontiguousarray(face.image)
    if other is not None:
        image = _before(image, np.ascontiguousarray(face.alpha), other, generator)
    border = _BORDERS[int(generator.integers(len(_BORDERS)))]
    picture = np.asarray(warped(image, matrix, side, border=border), np.uint8)
    return Cut(picture, face, matrix)


def _before(image: Array, alpha: Array, other: Array, generator: np.random.Generator) -> Picture:
    """The people of a picture before another one, which is out of focus or not."""
    height, width = image.shape[:2]
    behind = cv2.resize(np.ascontiguousarray(other), (width, height))
    if generator.random() < 0.6:
        behind = cv2.blur(behind, (int(generator.integers(3, 25)),) * 2)
    share = cv2.merge([alpha, alpha, alpha])
    front = cv2.multiply(image, share, scale=1 / 255)
    return np.asarray(cv2.add(front, cv2.multiply(behind, 255 - share, scale=1 / 255)), np.uint8)
