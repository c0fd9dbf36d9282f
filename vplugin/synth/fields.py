"""Smooth fields that move the points of the mean head: pushes and stretches of bounded reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth.parts import Floats

Triple = tuple[float, float, float]
Flags = npt.NDArray[np.bool_]


class Ground(NamedTuple):
    """What fields are evaluated on.

    Attributes:
        places: (N, 3) face coordinates, mm.
        above_eye: (N,) above the slit of the eyes.
        above_mouth: (N,) above the slit of the mouth.
    """

    places: Floats
    above_eye: Flags
    above_mouth: Flags

    def half(self, name: str) -> Flags | None:
        """Which points ``name`` (above eye, below eye, above mouth, below mouth, "") selects."""
        if not name:
            return None
        side = self.above_eye if name.endswith("eye") else self.above_mouth
        return side if name.startswith("above") else ~side


@dataclass(frozen=True)
class Push:
    """Moves what is near a place.

    Attributes:
        at: Centre in face coordinates, mm; on the person's left where the other half mirrors it.
        reach: Radii of the ellipsoid beyond which nothing moves, mm.
        by: Movement at the centre for an amount of 1, mm.
        side: "both" mirrors the field to the other half, "left" and "right" are one half's only
            (``at`` and ``by`` are still those of the left), "one" is as given.
        half: "above eye", "below eye", "above mouth", "below mouth" or "": only on that side of
            the slit. Its reach must end at the corners, where both sides meet.
        stretch: ``by`` is relative growth away from ``at``, not movement.
    """

    at: Triple
    reach: Triple
    by: Triple
    side: str = "both"
    half: str = ""
    stretch: bool = False

    def moves(self, ground: Ground) -> Floats:
        """(N, 3) movement for an amount of 1."""
        total = np.zeros_like(ground.places)
        if self.side in ("both", "left", "one"):
            total = total + self._one(ground.places, 1.0)
        # In the middle, "both" would count the same field twice.
        if self.side == "right" or (self.side == "both" and self.at[0] != 0.0):
            total = total + self._one(ground.places, -1.0)
        chosen = ground.half(self.half)
        return total if chosen is None else np.where(chosen[:, None], total, 0.0)

    def _one(self, places: Floats, sign: float) -> Floats:
        mirror = np.array((sign, 1.0, 1.0))
        centre = np.array(self.at) * mirror
        away = places - centre
        u = away / np.array(self.reach)
        left = np.maximum(0.0, 1.0 - u[:, 0] * u[:, 0] - u[:, 1] * u[:, 1] - u[:, 2] * u[:, 2])
        weight = (left * left)[:, None]
        if self.stretch:
            return np.asarray(weight * away * np.array(self.by))
        return np.asarray(weight * (np.array(self.by) * mirror))


@dataclass(frozen=True)
class Crease:
    """A groove along a curve and the bulge beside it, as of a smile.

    Attributes:
        line: Places (x, y) along the groove, on the person's left, downwards.
        width: Half the width of the groove, mm.
        depth: How far the groove goes in, mm.
        bulge: How far the skin on its outer side comes forward, mm.
        side: As of :class:`Push`.
    """

    line: tuple[tuple[float, float], ...]
    width: float
    depth: float
    bulge: float
    side: str = "both"

    def moves(self, ground: Ground) -> Floats:
        """(N, 3) movement for an amount of 1."""
        total = np.zeros_like(ground.places)
        for sign, sides in ((1.0, ("both", "left")), (-1.0, ("both", "right"))):
            if self.side in sides:
                total[:, 2] += self._one(
                    ground.places[:, 0] * sign, ground.places[:, 1], ground.places[:, 2]
                )
        return total

    def _one(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Movement along z. The line is a function of y: x is measured sideways from it."""
        at = np.array(self.line)
        low, high = at[0, 1], at[-1, 1]
        k = np.clip(np.searchsorted(at[:, 1], y) - 1, 0, len(at) - 2)
        share = np.clip((y - at[k, 1]) / (at[k + 1, 1] - at[k, 1]), 0.0, 1.0)
        middle = at[k, 0] + (at[k + 1, 0] - at[k, 0]) * share
        lean = (at[-1, 0] - at[0, 0]) / (high - low)
        away = (x - middle) / (self.width * float(np.sqrt(1.0 + lean * lean)))
        groove = np.maximum(0.0, 1.0 - away * away)
        beside = np.maximum(0.0, 1.0 - (away - 1.7) * (away - 1.7) * 0.42)
        length = (y - low) / (high - low)
        ends = np.maximum(0.0, 1.0 - (2.0 * length - 1.0) * (2.0 * length - 1.0))
        front = np.clip((30.0 - z) / 15.0, 0.0, 1.0)
        return np.asarray(
            (self.depth * groove * groove - self.bulge * beside * beside)
            * ends
            * np.sqrt(ends)
            * front
        )


Field = Push | Crease


def stretch(at: Triple, reach: Triple, by: Triple, side: str = "both", half: str = "") -> Push:
    """A :class:`Push` that makes things larger or smaller."""
    return Push(at, reach, by, side, half, stretch=True)


def moves(fields: tuple[Field, ...], ground: Ground) -> Floats:
    """(N, 3) movement by all fields together."""
    total = np.zeros_like(ground.places)
    for field in fields:
        total = total + field.moves(ground)
    return total
