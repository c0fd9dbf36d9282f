"""One face cut out of a frame, the mask of its border, and the way back into the frame.

What everything that redraws faces shares: the swap, the enhancers, the expression restorer. What
is put in place of the face is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.errors import PictureError
from vplugin.frame import Face, Frame
from vplugin.picture import Rect
from vplugin.vision.align import Template, apply, invert, scale_of, shifted, similarity, warp
from vplugin.vision.blend import Compositor, Region, take, touched, working_format
from vplugin.vision.mask import (
    box_mask,
    ellipse_mask,
    face_outline,
    hull_mask,
    insightface_mask,
    polygon_mask,
)

__all__ = [
    "CutOut",
    "MaskStyle",
    "Shape",
    "add_back",
    "border_mask",
    "cut_out",
    "lay_back",
    "limited",
]

Floats = npt.NDArray[np.float32]
Shape = Literal["face", "hull", "ellipse", "box", "insightface", "swapper"]

_SMALLEST = 4.0  # pixels between the eyes below which a face is left alone


@dataclass(frozen=True)
class MaskStyle:
    """How the border of a redrawn face looks.

    Attributes:
        shape: ``face`` an outline from the five points, ``hull`` around dense landmarks where a
            face has them, ``ellipse``, ``box``, ``insightface`` as that library does it, or
            ``swapper``: what the swapper itself says.
        feather: Width of the soft border: in eye distances for face, hull and ellipse, as a share
            of half the crop for box.
    """

    shape: Shape = "face"
    feather: float = 0.35


@dataclass(frozen=True, eq=False)
class CutOut:
    """A face whose region has been read.

    Attributes:
        face: In the frame.
        region: As it was when it was read.
        points: (5, 2) in the crop.
        matrix: (2, 3), frame → crop.
    """

    face: Face
    region: Region
    points: npt.NDArray[np.float64]
    matrix: npt.NDArray[np.float64]

    @property
    def eyes(self) -> float:
        """Pixels of the crop between the eyes."""
        return float(np.linalg.norm(self.points[1] - self.points[0]))


def cut_out(frame: Frame, face: Face, template: Template, sizes: Sequence[int]) -> CutOut | str:
    """Read the region of a face, or say why it cannot be done.

    Args:
        frame: To read from, earlier patches included.
        face: With five points.
        template: How the crop is aligned.
        sizes: Widths of crops to choose from, ascending: the smallest that has at least the pixels
            of the frame is taken, else the largest.
    """
    points = face.points
    if points is None:
        return "no points"
    if face.eye_distance < _SMALLEST:
        return "too small"
    try:
        matrix = similarity(points, template.at(sizes[0]))
    except PictureError:
        return "degenerate points"
    native = sizes[0] / scale_of(matrix)
    size = next((size for size in sizes if size >= native), sizes[-1])
    if size != sizes[0]:
        matrix = similarity(points, template.at(size))
    region = take(frame, matrix, size)
    if region is None:
        return "outside the picture"
    return CutOut(face, region, apply(matrix, points), matrix)


def border_mask(cut: CutOut, style: MaskStyle) -> Floats:
    """The mask of a style, not to be written to.

    Returns:
        (S, S) in the crop, or for ``insightface`` of the size of the region.
    """
    size, shape = cut.region.size, style.shape
    if shape == "swapper":
        return np.ones((size, size), np.float32)
    if shape == "box":
        return _box(size, style.feather)
    if shape == "insightface":
        return insightface_mask(cut.matrix, size, cut.region.rect)
    feather = style.feather * cut.eyes
    if shape == "ellipse":
        return ellipse_mask(size, feather)
    landmarks = cut.face.landmarks
    if shape == "hull" and landmarks is not None:
        return hull_mask(apply(cut.matrix, landmarks), size, feather)
    return polygon_mask(face_outline(cut.points), size, feather)


@lru_cache(maxsize=8)
def _box(size: int, feather: float) -> Floats:
    """The same for every face, and dear: it blurs the whole crop."""
    mask = box_mask(size, feather)
    mask.flags.writeable = False
    return mask


def limited(mask: Floats, limit: Floats, cut: CutOut) -> Floats:
    """A mask that is nowhere above another.

    Args:
        mask: Of :func:`border_mask`, in the crop or in the region.
        limit: (S, S) in the crop.
        cut: Whose masks they are.
    """
    if mask.shape != limit.shape:
        height, width = mask.shape
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        there = cv2.warpAffine(limit, cut.region.matrix, (width, height), flags=flags)
        limit = np.asarray(there, np.float32)
    return np.minimum(mask, limit)


def lay_back(
    frame: Frame,
    cut: CutOut,
    face: Floats,
    mask: Floats,
    pasted: list[Rect],
    compositor: Compositor,
    node: object,
) -> bool:
    """Blend one redrawn face into the frame.

    Args:
        frame: A patch is added to it.
        cut: As it was cut out.
        face: (S, S, 3) float32 RGB in 0–1.
        mask: 0–1, in the crop or in the region.
        pasted: Where this frame was edited since the regions were read; added to.
        compositor: Does the pixel work.
        node: The editing node, see :meth:`vplugin.frame.Frame.edit`.

    Returns:
        False where the mask is empty.
    """
    region = _as_it_is(frame, cut.region, pasted)
    edits = compositor.paste([region], face[None], [mask])
    for edit in edits:
        frame.paste(
            edit.rect,
            edit.rgb,
            edit.changed,
            node=node,
            track=cut.face.track,
            format=working_format(frame),
        )
        pasted.append(edit.rect)
    return bool(edits)


def add_back(
    frame: Frame, cut: CutOut, change: Floats, mask: Floats, pasted: list[Rect], node: object
) -> bool:
    """Add what changes in a face to the frame; what does not is not resampled.

    Args:
        frame: A patch is added to it.
        cut: As it was cut out.
        change: (S, S, 3) float32 in −1…1, of values of 0–1.
        mask: (S, S) in 0–1, how much of it.
        pasted: As for :func:`lay_back`.
        node: The editing node, see :meth:`vplugin.frame.Frame.edit`.

    Returns:
        False where nothing changes.
    """
    region = _as_it_is(frame, cut.region, pasted)
    part = touched(region, mask)
    if part.empty:
        return False
    way = invert(shifted(region.matrix, part))
    under = region.rgb[part.slices]
    scale = np.float32(255.0 if under.dtype == np.uint8 else 1.0)
    added = warp(change * (mask * scale)[..., None], way, (part.width, part.height), border="black")
    over = np.clip(under + added, 0.0, scale)
    over = np.rint(over).astype(np.uint8) if under.dtype == np.uint8 else over
    changed = (over != under).any(axis=2)
    if not changed.any():
        return False
    rect = part._replace(x=region.rect.x + part.x, y=region.rect.y + part.y)
    track, format = cut.face.track, working_format(frame)
    frame.paste(rect, over, changed, node=node, track=track, format=format)
    pasted.append(rect)
    return True


def _as_it_is(frame: Frame, region: Region, pasted: Sequence[Rect]) -> Region:
    """The region, read again where a neighbour was redrawn since."""
    if all(region.rect.intersect(other).empty for other in pasted):
        return region
    return replace(region, rgb=frame.read(region.rect, working_format(frame)))
