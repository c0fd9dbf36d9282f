"""Small faces: a second look at a larger copy of the picture, in overlapping tiles.

A detector finds faces down to about 12 pixels. Showing it a whole 4K picture would find small ones
at quadratic cost and lose the large ones that its coarsest level cannot span; so the coarse look
keeps what is large, and the tiles, each of the size the detector is made for, add what is small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.picture import Rect
from vplugin.vision.detect import Detector
from vplugin.vision.detections import Detections

__all__ = ["SMALLEST_FACE", "detect_tiled", "tile_rects"]

SMALLEST_FACE = 16.0  # pixels across that a face should have where it is looked for
_BORDER = 2.0  # a box that comes so near to an inner tile border is taken as cut off


def tile_rects(width: int, height: int, side: int, overlap: int) -> list[Rect]:
    """Tiles of at most ``side`` pixels that cover a picture.

    Args:
        width: Of the picture.
        height: Of the picture.
        side: Longest side of a tile.
        overlap: Pixels that neighbours share at least; anything smaller lies whole in some tile.

    Raises:
        ValueError: The overlap is not smaller than the tile.
    """
    if not 0 <= overlap < side:
        raise ValueError(f"an overlap of {overlap} pixels does not fit tiles of {side}")
    columns, rows = _starts(width, side, overlap), _starts(height, side, overlap)
    return [Rect(x, y, min(side, width), min(side, height)) for y in rows for x in columns]


def _starts(length: int, side: int, overlap: int) -> list[int]:
    """First pixel of each tile along one axis, evenly spread."""
    if length <= side:
        return [0]
    count = math.ceil((length - overlap) / (side - overlap))
    return [round(index * (length - side) / (count - 1)) for index in range(count)]


def detect_tiled(
    detector: Detector,
    coarse: npt.NDArray[Any],
    fine: npt.NDArray[Any],
    *,
    score: float = 0.5,
    iou: float = 0.4,
    max_faces: int = 0,
    side: int = 640,
    overlap: int | None = None,
) -> Detections:
    """Find large faces in a small copy and small ones in tiles of a larger copy.

    Args:
        detector: Looks at both.
        coarse: (H, W, 3) uint8 RGB, the whole picture, small.
        fine: The same picture, larger.
        score: As :meth:`Detector.detect`.
        iou: As :meth:`Detector.detect`.
        max_faces: As :meth:`Detector.detect`.
        side: Longest side of a tile.
        overlap: As :func:`tile_rects`; faces up to this size are taken from the tiles. None takes
            what makes the tiles and the small copy share a range of sizes.

    Returns:
        Faces in pixels of ``coarse``, best first.
    """
    height, width = fine.shape[:2]
    scale = coarse.shape[1] / width
    if overlap is None:
        overlap = min(side // 2, max(side // 8, math.ceil(2 * SMALLEST_FACE / scale)))
    rects = tile_rects(width, height, side, overlap)
    tiles = [np.ascontiguousarray(fine[rect.slices]) for rect in rects]
    whole = detector.candidates([coarse], score=score)
    found = detector.candidates(tiles, score=score)
    parts: Sequence[Detections] = [
        _whole_faces(faces, rect, width, height, overlap).moved(1, rect.x, rect.y).moved(scale)
        for faces, rect in zip(found, rects, strict=True)
    ]
    joined = Detections.join([*whole, *parts])
    kept = joined.suppressed(iou, border=detector.border)
    return kept.foremost(max_faces, coarse.shape[1], coarse.shape[0])


def _whole_faces(
    faces: Detections, rect: Rect, width: int, height: int, largest: float
) -> Detections:
    """Without boxes that an inner border of the tile may have cut off, or that are too large."""
    x0, y0, x1, y1 = faces.boxes.T
    cut = (
        ((x0 < _BORDER) & (rect.x > 0))
        | ((y0 < _BORDER) & (rect.y > 0))
        | ((x1 > rect.width - _BORDER) & (rect.right < width))
        | ((y1 > rect.height - _BORDER) & (rect.bottom < height))
    )
    sides = np.maximum(x1 - x0, y1 - y0)
    return faces.take(~cut & (sides <= largest))
