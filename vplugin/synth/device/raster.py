"""Which triangle is seen in which sample, for the triangles of many pictures at once.

As `vplugin.synth.raster`, which goes through the triangles one after the other; here all pairs of
a triangle and a sample of its box are looked at together, and each sample keeps the nearest. Floats
of 64 bits, as there: which side of an edge a sample lies on is then the same, and these are few of
a picture's operations.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

# Pairs of a triangle and a sample that are looked at together; bounds the memory.
_TOGETHER = 1 << 22
_LAST = 0x7FFFFFFF


class Seen(NamedTuple):
    """What is nearest in each sample.

    Attributes:
        nearness: (B, h, w) float32, 1 / z, 0 where nothing.
        triangle: (B, h, w) int64, -1 where none.
    """

    nearness: Tensor
    triangle: Tensor


class _Boxes(NamedTuple):
    """Triangles that may be seen, and the samples around each."""

    triangle: Tensor
    left: Tensor
    top: Tensor
    wide: Tensor
    samples: Tensor


def dealt(counts: Tensor) -> tuple[Tensor, Tensor]:
    """For owners of so many things each: every thing's owner, and its number with that owner.

    Args:
        counts: (N,) int64, 0 or more.

    Returns:
        Two tensors (M,) int64, M being the sum of ``counts``.
    """
    owner = torch.repeat_interleave(counts)
    first = counts.cumsum(0) - counts
    number = torch.arange(len(owner), device=counts.device) - first[owner]
    return owner, number


def rasterise(
    places: Tensor, triangles: Tensor, picture: Tensor, shape: tuple[int, int, int]
) -> Seen:
    """The nearest triangle of each sample whose middle it covers.

    Args:
        places: (V, 3) float64, place in the picture in samples, and 1 / z; 0 of what is not before
            the camera.
        triangles: (T, 3) int64 vertices, of all pictures.
        picture: (T,) int64 which picture each is of.
        shape: Pictures, height and width in samples.
    """
    # The nearest has the largest key; of equals the first triangle is kept.
    keys = torch.zeros(shape[0] * shape[1] * shape[2], dtype=torch.int64, device=places.device)
    boxes = _boxes(places, triangles, shape)
    for some in _portions(boxes):
        _compare(places, triangles, picture, some, shape, keys)
    nearness = (keys >> 32).to(torch.int32).view(torch.float32)
    triangle = torch.where(keys == 0, -1, _LAST - (keys & _LAST))
    return Seen(nearness.view(shape), triangle.view(shape))


def _boxes(places: Tensor, triangles: Tensor, shape: tuple[int, int, int]) -> _Boxes:
    u, v, w = (places[triangles[:, n]] for n in range(3))
    edge, other = (v - u)[:, :2], (w - u)[:, :2]
    area = edge[:, 0] * other[:, 1] - edge[:, 1] * other[:, 0]
    least, most = torch.minimum(torch.minimum(u, v), w), torch.maximum(torch.maximum(u, v), w)
    left = (least[:, 0] - 0.5).ceil().clamp(0, shape[2]).long()
    top = (least[:, 1] - 0.5).ceil().clamp(0, shape[1]).long()
    wide = (most[:, 0] - 0.5).floor().clamp(-1, shape[2] - 1).long() - left + 1
    high = (most[:, 1] - 0.5).floor().clamp(-1, shape[1] - 1).long() - top + 1
    samples = wide.clamp_min(0) * high.clamp_min(0)
    kept = ((least[:, 2] > 0.0) & (area != 0.0) & (samples > 0)).nonzero().squeeze(1)
    return _Boxes(kept, left[kept], top[kept], wide[kept], samples[kept])


def _portions(boxes: _Boxes) -> Iterator[_Boxes]:
    """Some boxes at a time, so that their samples are not too many."""
    ends = boxes.samples.cumsum(0)
    total = int(ends[-1]) if len(ends) else 0
    cuts = torch.arange(_TOGETHER, max(total, _TOGETHER), _TOGETHER, device=ends.device)
    at = [0, *torch.searchsorted(ends, cuts).tolist(), len(ends)]
    for first, last in pairwise(at):
        if last > first:
            yield _Boxes(*(field[first:last] for field in boxes))


def _compare(
    places: Tensor,
    triangles: Tensor,
    picture: Tensor,
    boxes: _Boxes,
    shape: tuple[int, int, int],
    keys: Tensor,
) -> None:
    """Raises the keys of those samples that a triangle of ``boxes`` is nearer in."""
    box, number = dealt(boxes.samples)
    x = boxes.left[box] + number % boxes.wide[box]
    y = boxes.top[box] + torch.div(number, boxes.wide[box], rounding_mode="floor")
    u, v, w = (places[triangles[boxes.triangle, n]] for n in range(3))
    edge, other = v - u, w - u
    scale = 1.0 / (edge[:, 0] * other[:, 1] - edge[:, 1] * other[:, 0])
    dx, dy = x + 0.5 - u[box, 0], y + 0.5 - u[box, 1]
    # Weight of v and of w, and nearness, are linear over the picture.
    a = dx * (other[:, 1] * scale)[box] - dy * (other[:, 0] * scale)[box]
    b = dy * (edge[:, 0] * scale)[box] - dx * (edge[:, 1] * scale)[box]
    inside = ((a >= 0.0) & (b >= 0.0) & (a + b <= 1.0)).nonzero().squeeze(1)
    box, a, b = box[inside], a[inside], b[inside]
    near = (u[box, 2] + a * edge[box, 2] + b * other[box, 2]).float()
    triangle = boxes.triangle[box]
    place = (picture[triangle] * shape[1] + y[inside]) * shape[2] + x[inside]
    key = (near.view(torch.int32).long() << 32) | (_LAST - triangle)
    keys.scatter_reduce_(0, place, key, "amax")
