"""The body as a tailor sees it: any place on head, neck and shoulders by station and row.

*Rows* are those of `cage.py` (3 hairline, 5 brows, 12 under the jaw, 15 base of the neck, 17
shoulders), *stations* run from the middle of the face (0) to the middle of the back (8, and -8 on
the person's right). What is worn is laid out in these two numbers and a distance from the skin, and
so fits everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import floor, sqrt
from typing import Protocol

import numpy as np

from vplugin.synth.cage import ROWS, columns, spline
from vplugin.synth.exact import clamp, compiled
from vplugin.synth.mesh import mean_grid
from vplugin.synth.parts import Floats, Part, Segment

_FINE = 10
# Half the distance over which a normal is taken, in stations and rows.
_STEP = 0.12
# The line that all outsides point away from.
_AXIS_Z = 88.0


class Body(Protocol):
    """What of a head is needed: the skin, with the ears, is the first of its parts."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Meshes; the vertices of the first begin with those of the mean grid."""
        ...

    @property
    def turning(self) -> tuple[Floats, ...]:
        """(V,) for each part: 1 goes with the head, 0 stays with the shoulders."""
        ...

    @property
    def eyes(self) -> Floats:
        """(2, 3) centres of the right and the left eyeball, mm."""
        ...


@cache
def _grid_rows() -> Floats:
    """(10 * 20 + 1, C) the grid's row for each tenth of a row of the cage, in each column."""
    grid = mean_grid()
    fine = np.arange((ROWS - 1) * _FINE + 1) / _FINE
    heights = spline(columns(np.abs(grid.stations)), fine)[..., 1]
    table = np.empty_like(heights)
    for column in range(heights.shape[1]):
        have = _rising(grid.vertices[grid.index[:, column], 1])
        table[:, column] = _inverse(have, _rising(heights[:, column]))
    return table


@cache
def _mean_skin() -> Floats:
    """(R, C, 3) the mean head's skin as a grid, mm."""
    grid = mean_grid()
    return np.asarray(grid.vertices[grid.index])


def _rising(values: Floats) -> Floats:
    return np.asarray(np.maximum.accumulate(values) + 1e-7 * np.arange(len(values)))


def _inverse(have: Floats, wanted: Floats) -> Floats:
    """Where, in fractions of an index, a rising sequence reaches each of the wanted values."""
    k = np.clip(np.searchsorted(have, wanted, side="right") - 1, 0, len(have) - 2)
    share = (wanted - have[k]) / (have[k + 1] - have[k])
    return np.asarray(k + np.clip(share, 0.0, 1.0))


def ears(body: Body) -> tuple[Floats, Floats]:
    """Points (N, 3) of the right and the left ear, mm."""
    skin = body.parts[0]
    labels = skin.labels if skin.labels is not None else np.zeros(len(skin.triangles), np.uint8)
    right, left = (
        skin.vertices[skin.triangles[labels == int(label)].reshape(-1)]
        for label in (Segment.RIGHT_EAR, Segment.LEFT_EAR)
    )
    return right, left


@compiled
def _column(station: float, have: Floats) -> tuple[int, int, float]:
    """The two columns around a station, and the share of the second."""
    station = station - 16.0 * floor((station + 8.0) / 16.0)
    count = have.shape[0]
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if have[middle] <= station:
            low = middle + 1
        else:
            high = middle
    a, b = (low - 1) % count, low % count
    first = have[a] if low > 0 else have[a] - 16.0
    second = have[b] if low < count else have[b] + 16.0
    share: float = clamp((station - first) / (second - first), 0.0, 1.0)
    return a, b, share


@compiled
def _grid_row(row: float, column: int, table: Floats) -> tuple[int, float]:
    """The row of the grid above a row of the cage, and the share of the one below."""
    fine = clamp(row * _FINE, 0.0, table.shape[0] - 1.0)
    i = min(int(fine), table.shape[0] - 2)
    at = table[i, column] + (fine - i) * (table[i + 1, column] - table[i, column])
    k = int(at)
    return k, at - k


@compiled
def _point(
    station: float, row: float, have: Floats, table: Floats, skin: Floats, out: Floats
) -> None:
    """The point (3,) of a surface (R, C, 3), by straight lines between its nodes."""
    a, b, share = _column(station, have)
    i, u = _grid_row(row, a, table)
    j, v = _grid_row(row, b, table)
    p, q = min(i + 1, skin.shape[0] - 1), min(j + 1, skin.shape[0] - 1)
    for axis in range(3):
        first = skin[i, a, axis] + u * (skin[p, a, axis] - skin[i, a, axis])
        second = skin[j, b, axis] + v * (skin[q, b, axis] - skin[j, b, axis])
        out[axis] = first + share * (second - first)


@compiled
def _places(
    stations: Floats,
    rows: Floats,
    have: Floats,
    table: Floats,
    skin: Floats,
    turning: Floats,
    mean: Floats,
    out: Floats,
) -> None:
    """Fills (N, 10): point, outward normal, point of the mean, turning."""
    a, b, c, d = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for n in range(stations.size):
        s, r = stations[n], rows[n]
        _point(s + _STEP, r, have, table, skin, a)
        _point(s - _STEP, r, have, table, skin, b)
        _point(s, r + _STEP, have, table, skin, c)
        _point(s, r - _STEP, have, table, skin, d)
        _point(s, r, have, table, skin, out[n, :3])
        _point(s, r, have, table, mean, out[n, 6:9])
        for axis in range(3):
            a[axis] -= b[axis]
            c[axis] -= d[axis]
        x, y, z = (
            a[1] * c[2] - a[2] * c[1],
            a[2] * c[0] - a[0] * c[2],
            a[0] * c[1] - a[1] * c[0],
        )
        length = sqrt(x * x + y * y + z * z) + 1e-12
        if x * out[n, 0] + z * (out[n, 2] - _AXIS_Z) < 0.0:
            length = -length
        out[n, 3], out[n, 4], out[n, 5] = x / length, y / length, z / length
        column, _, _ = _column(s, have)
        i, u = _grid_row(r, column, table)
        p = min(i + 1, turning.shape[0] - 1)
        out[n, 9] = turning[i, column] + u * (turning[p, column] - turning[i, column])


@dataclass(frozen=True)
class Place:
    """Points on the body.

    Attributes:
        points: (..., 3) mm.
        outward: (..., 3) unit normals.
        turning: (...) 1 goes with the head.
        mean: (..., 3) the same places on the mean head, mm.
    """

    points: Floats
    outward: Floats
    turning: Floats
    mean: Floats

    def lifted(self, distance: Floats | float) -> Floats:
        """The points, this far (mm) outside of the skin."""
        return np.asarray(self.points + np.asarray(distance)[..., None] * self.outward)


@dataclass(frozen=True)
class Form:
    """One person's skin as a grid.

    Attributes:
        skin: (R, C, 3) mm.
        turning: (R, C).
    """

    skin: Floats
    turning: Floats

    @classmethod
    def of(cls, body: Body) -> Form:
        """Of a head and its shoulders."""
        index = mean_grid().index
        return cls(body.parts[0].vertices[index], body.turning[0][index])

    def at(self, stations: Floats, rows: Floats) -> Place:
        """Places on the skin.

        Args:
            stations: Any shape, -8 to 8 (and further round).
            rows: Of the cage, the same shape or one that broadcasts.
        """
        s, r = np.broadcast_arrays(np.asarray(stations, float), np.asarray(rows, float))
        out = np.empty((s.size, 10))
        _places(
            s.reshape(-1), r.reshape(-1), mean_grid().stations, _grid_rows(), self.skin,
            self.turning, _mean_skin(), out,
        )  # fmt: skip
        parts = [out[:, 3 * k : 3 * k + 3].reshape(*s.shape, 3) for k in range(3)]
        return Place(parts[0], parts[1], out[:, 9].reshape(s.shape), parts[2])

    def vertex(self, row: int, station: float) -> Floats:
        """(3,) of the grid's own row, in the column nearest to a station."""
        return np.asarray(self.skin[row, mean_grid().column(station)])
