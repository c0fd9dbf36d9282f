"""Pixel boost: a small swap network at a multiple of its size.

A crop n times as wide is taken apart into n² crops that each hold every n-th pixel of every n-th
row; each is swapped by itself, and their pixels are laid back where they came from. What the
network cannot know is how the n² belong together, so fine texture can show a grid; an enhancer
hides it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from vplugin.vision.swap import Swapped, Swapper

__all__ = ["Boost", "BoostedSwapper", "boosted", "join", "split"]

Array = npt.NDArray[Any]
Boost = Literal["auto"] | int

_MOST = 4
_WIDEST = 512  # pixels of a crop; auto goes no further


def boosted(swapper: Swapper, boost: Boost) -> Swapper:
    """A swapper that takes larger crops.

    Args:
        swapper: Of one size.
        boost: 1 leaves it alone, a number multiplies its size, ``auto`` offers multiples up to 4
            and to crops of 512 pixels: the smallest that loses nothing of a face is then used.
    """
    factors: tuple[int, ...] = (boost,) if boost != "auto" else ()
    if boost == "auto":
        largest = min(_MOST, max(1, _WIDEST // swapper.sizes[0]))
        factors = tuple(range(1, largest + 1))
    return swapper if factors == (1,) else BoostedSwapper(swapper, factors)


def split(pictures: Array, factor: int) -> Array:
    """Phases of pictures: (N, n·s, n·s, C) → (N·n², s, s, C).

    Phase (i, j) of a picture, at i·n + j among its n², holds the pixels of rows i, i + n … and
    columns j, j + n ….
    """
    count, height, width, channels = pictures.shape
    shape = count, height // factor, factor, width // factor, factor, channels
    phases = pictures.reshape(shape).transpose(0, 2, 4, 1, 3, 5)
    return phases.reshape(-1, height // factor, width // factor, channels)


def join(phases: Array, factor: int) -> Array:
    """The inverse of :func:`split`."""
    _, height, width, channels = phases.shape
    grid = phases.reshape(-1, factor, factor, height, width, channels)
    return grid.transpose(0, 3, 1, 4, 2, 5).reshape(-1, height * factor, width * factor, channels)


class BoostedSwapper:
    """A swapper at multiples of its size.

    Args:
        inner: Of one size.
        factors: The multiples, ascending.
    """

    def __init__(self, inner: Swapper, factors: Sequence[int]) -> None:
        self.inner = inner
        self.name, self.template = inner.name, inner.template
        self.match_colour = inner.match_colour
        self.sizes = tuple(inner.sizes[0] * factor for factor in factors)

    def prepare(self, source: Any) -> Any:
        """See :meth:`Swapper.prepare`."""
        return self.inner.prepare(source)

    def new_shot(self) -> None:
        """See :meth:`Swapper.new_shot`."""
        self.inner.new_shot()

    def swap(
        self,
        crops: Array,
        points: Array,
        sources: Sequence[Any],
        tracks: Sequence[int | None],
        time: float = 0.0,
    ) -> Swapped:
        """See :meth:`Swapper.swap`: all phases of all crops go to the swapper at once."""
        factor = crops.shape[1] // self.inner.sizes[0]
        if factor == 1:
            return self.inner.swap(crops, points, sources, tracks, time)
        times = factor * factor
        made = self.inner.swap(
            split(crops, factor),
            _phase_points(points, factor),
            [source for source in sources for _ in range(times)],
            [track for track in tracks for _ in range(times)],
            time,
        )
        masks = None if made.masks is None else join(made.masks[..., None], factor)[..., 0]
        return Swapped(join(made.crops, factor), masks, made.finished)


def _phase_points(points: Array, factor: int) -> Array:
    """Where points (N, 5, 2) lie in each phase: (N·n², 5, 2)."""
    rows, columns = np.divmod(np.arange(factor * factor), factor)
    offsets = np.stack([columns, rows], axis=-1)
    moved = (np.asarray(points, np.float64)[:, None] - offsets[None, :, None]) / factor
    return np.asarray(moved.reshape(-1, *points.shape[1:]))
