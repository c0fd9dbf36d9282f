"""Less of everything for small pictures, where nobody would see the difference.

Landmarks, clothes and all other places are found on the full head; only what is drawn is thinned,
so that the truth of a face is the same at every size.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth.anatomy import LIP_ROWS, mean_anatomy, strip
from vplugin.synth.camera import SMALL_HEIGHT
from vplugin.synth.ears import AROUND, RINGS
from vplugin.synth.head import Head
from vplugin.synth.mesh import EYE_ROW, MOUTH_ROW
from vplugin.synth.parts import Floats, Indices, Segment

# Where hair is grown no finer than this, one sees no finer mesh either.
_DETAIL = 0.6


_LIPS = (Segment.UPPER_LIP, Segment.LOWER_LIP)
_EARS = (Segment.RIGHT_EAR, Segment.LEFT_EAR)


class _Thinned(NamedTuple):
    """Of the skin: which vertices are kept, triangles between these, and what belongs to both."""

    kept: npt.NDArray[np.int64]
    triangles: Indices
    labels: npt.NDArray[np.uint8]
    texture: Floats


def is_small(height: int, details: Iterable[float]) -> bool:
    """Whether a picture may be drawn with less; one without people may not.

    Args:
        height: Of the picture, pixels.
        details: How fine each subject's hair is grown; 1 suits a face of 150 pixels.
    """
    return height <= SMALL_HEIGHT and max(details, default=_DETAIL + 1.0) <= _DETAIL


def thinned(head: Head) -> Head:
    """The head with every second row and column of its skin; its points are where they were."""
    coarse = _thinned_skin()
    skin, turning = head.parts[0], head.turning[0]
    less = replace(
        skin,
        vertices=skin.vertices[coarse.kept],
        triangles=coarse.triangles,
        texture=coarse.texture,
        labels=coarse.labels,
    )
    return replace(
        head, parts=(less, *head.parts[1:]), turning=(turning[coarse.kept], *head.turning[1:])
    )


def _every_second(cuts: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """All cuts, and between two every second."""
    picked = [k for low, high in pairwise(cuts) for k in range(low, high, 2)]
    return np.array([*picked, cuts[-1]])


@cache
def _thinned_skin() -> _Thinned:
    anatomy = mean_anatomy()
    index = anatomy.grid.index
    last = index.shape[0] - 1
    rows = np.concatenate(
        [
            _every_second(cuts)
            for cuts in ((0, EYE_ROW), (EYE_ROW + 1, MOUTH_ROW), (MOUTH_ROW + 1, last))
        ]
    )
    columns = _columns(index)
    pieces = [
        _net(index[np.ix_(part, columns)])
        for part in np.split(rows, np.flatnonzero(np.isin(rows, (EYE_ROW, MOUTH_ROW))) + 1)
    ]
    labelled: list[npt.NDArray[Any]] = [
        *(_lip(anatomy.flesh[side], index[:, columns]) for side in (0, 1)),
        *(_ear(int(anatomy.skin[anatomy.skin_labels == ear].min())) for ear in _EARS),
    ]
    triangles = np.concatenate([*pieces, *labelled])
    labels = np.concatenate(
        [
            np.full(sum(map(len, pieces)), Segment.SKIN, np.uint8),
            *(
                np.full(len(part), label, np.uint8)
                for label, part in zip((*_LIPS, *_EARS), labelled, strict=True)
            ),
        ]
    )
    kept, again = np.unique(triangles, return_inverse=True)
    return _Thinned(
        kept,
        np.ascontiguousarray(again.reshape(-1, 3), np.int32),
        labels,
        anatomy.points[kept],
    )


def _columns(index: Indices) -> npt.NDArray[np.int64]:
    """Every second column, and those where the slits of eyes and mouth end."""
    ends = {0, index.shape[1]}
    for row in (EYE_ROW, MOUTH_ROW):
        split = np.flatnonzero(index[row] != index[row + 1])
        gaps = np.flatnonzero(np.diff(split) > 1)
        firsts = (split[0], *split[gaps + 1])
        lasts = (split[-1], *split[gaps])
        ends |= {int(k) - 1 for k in firsts} | {int(k) + 1 for k in lasts}
    return _every_second(tuple(sorted(ends)))[:-1]


def _lip(flesh: Indices, kept: Indices) -> Indices:
    """Triangles (T, 3) behind the rim of a lip, in the columns that the grid keeps.

    Of other points of the rim the grid would know nothing: their normals would look inwards.
    """
    rows = flesh[: LIP_ROWS + 1, np.isin(flesh[0], kept)]
    return np.concatenate([strip(above, below) for above, below in pairwise(rows)])


def _ear(first: int) -> npt.NDArray[np.int64]:
    """Triangles (T, 3) of an ear, whose first point is this."""
    index = first + np.arange(RINGS * AROUND).reshape(RINGS, AROUND)
    return _net(index[_every_second((0, RINGS - 1))][:, ::2])


def _net(index: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Triangles (T, 3) between the nodes of a grid that closes around; none without an area."""
    following = np.roll(index, -1, axis=1)
    a, b, c, d = index[:-1], following[:-1], index[1:], following[1:]
    pairs = np.stack([np.stack([a, b, c], -1), np.stack([b, d, c], -1)], axis=2).reshape(-1, 3)
    same = (
        (pairs[:, 0] == pairs[:, 1]) | (pairs[:, 1] == pairs[:, 2]) | (pairs[:, 0] == pairs[:, 2])
    )
    return np.asarray(pairs[~same])
