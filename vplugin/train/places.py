"""Pictures without faces: places, and what a careless detector takes for faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.synth.backdrop import Backdrop, draw_backdrop
from vplugin.synth.draw import Draw
from vplugin.synth.negatives import paint_negative
from vplugin.train.shards import Item

__all__ = ["PlaceSource", "ThingSource"]


@dataclass(frozen=True)
class PlaceSource:
    """Renders one place for each seed, half of them sharp.

    Attributes:
        size: Side of a picture, px.
    """

    size: int = 384

    name = "places"

    @property
    def dtype(self) -> np.dtype[Any]:
        """``image`` (S, S, 3) uint8 RGB."""
        return np.dtype([("image", "u1", (self.size, self.size, 3))])

    def items(self, seed: int) -> Sequence[Item]:
        """One picture."""
        draw = Draw(seed, "place")
        backdrop = Backdrop.from_draw(draw.of("backdrop"))
        if draw.of("sharp").chance(0.5):
            backdrop = replace(backdrop, blur=0.1 * backdrop.blur)
        return [{"image": _srgb(draw_backdrop(backdrop, self.size, self.size))}]


@dataclass(frozen=True)
class ThingSource:
    """Renders one thing for each seed that a careless detector takes for a face.

    Attributes:
        size: Side of a picture, px.
    """

    size: int = 160

    name = "things"

    @property
    def dtype(self) -> np.dtype[Any]:
        """``image`` (S, S, 3) uint8 RGB, ``alpha`` (S, S) uint8."""
        return np.dtype(
            [("image", "u1", (self.size, self.size, 3)), ("alpha", "u1", (self.size, self.size))]
        )

    def items(self, seed: int) -> Sequence[Item]:
        """One cut-out."""
        thing = paint_negative(Draw(seed, "thing"), self.size)
        alpha = np.asarray(np.clip(thing.alpha, 0, 1) * 255 + 0.5, np.uint8)
        return [{"image": _srgb(thing.rgb), "alpha": alpha}]


def _srgb(linear: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Linear light, 0 to 1 and more, as bytes."""
    light = np.clip(linear, 0, 1)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(curve * 255 + 0.5, np.uint8)
