"""Smooth fields that move the points of the mean head: pushes and stretches of bounded reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vplugin.synth.parts import Floats

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Push:
    """Moves what is near a place.

    Attributes:
        at: Centre in face coordinates, mm; on the person's left where the other half mirrors it.
        reach: Radii of the ellipsoid beyond which nothing moves, mm.
        by: Movement at the centre for an amount of 1, mm.
        sides: 2 mirrors the field to the other half, 1 is only here.
    """

    at: Triple
    reach: Triple
    by: Triple
    sides: int = 2

    def moves(self, points: Floats) -> Floats:
        """(N, 3) movement of points (N, 3) for an amount of 1."""
        total = _weight(points, self.at, self.reach)[:, None] * np.array(self.by)
        if self.sides == 2 and self.at[0] != 0.0:
            mirrored = (-self.at[0], self.at[1], self.at[2])
            by = np.array((-self.by[0], self.by[1], self.by[2]))
            total = total + _weight(points, mirrored, self.reach)[:, None] * by
        return np.asarray(total)


@dataclass(frozen=True)
class Stretch:
    """Stretches what is near a place, away from it.

    Attributes:
        at: Centre in face coordinates, mm.
        reach: Radii of the ellipsoid beyond which nothing moves, mm.
        by: Relative growth along x, y and z at the centre for an amount of 1.
        sides: 2 mirrors the field to the other half, 1 is only here.
    """

    at: Triple
    reach: Triple
    by: Triple
    sides: int = 2

    def moves(self, points: Floats) -> Floats:
        """(N, 3) movement of points (N, 3) for an amount of 1."""
        centre = np.array(self.at)
        total = (
            _weight(points, self.at, self.reach)[:, None] * (points - centre) * np.array(self.by)
        )
        if self.sides == 2 and self.at[0] != 0.0:
            mirrored = (-self.at[0], self.at[1], self.at[2])
            away = points - np.array(mirrored)
            total = total + _weight(points, mirrored, self.reach)[:, None] * away * np.array(
                self.by
            )
        return np.asarray(total)


Field = Push | Stretch


def _weight(points: Floats, at: Triple, reach: Triple) -> Floats:
    x = (points[:, 0] - at[0]) / reach[0]
    y = (points[:, 1] - at[1]) / reach[1]
    z = (points[:, 2] - at[2]) / reach[2]
    left = np.maximum(0.0, 1.0 - x * x - y * y - z * z)
    return np.asarray(left * left)


def moves(fields: tuple[Field, ...], points: Floats) -> Floats:
    """(N, 3) movement of points (N, 3) by all fields together."""
    total = np.zeros_like(points)
    for field in fields:
        total = total + field.moves(points)
    return total
