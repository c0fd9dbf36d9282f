"""The mean head's mesh: a grid with slits for the eyes and the mouth, finest where features are.

Every column of the grid is a path over the surface from the crown to the chest. Anchors (brow,
lids, base of the nose, borders of the lips …) cut the path into pieces, and rows are spread over
each piece by arc length, so that steep places such as the underside of the nose are not coarse.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from vplugin.synth.cage import ROWS, columns, spline
from vplugin.synth.parts import Floats, Indices
from vplugin.synth.relief import (
    EYE_INNER,
    EYE_OUTER,
    MOUTH_HALF,
    lower_border,
    lower_lid,
    mouth_line,
    nostrils,
    relief,
    upper_border,
    upper_lid,
)

# Rows of each piece between the anchors below, and the first row of each.
PIECES = (12, 14, 22, 18, 27, 7, 9, 9, 8, 9, 10, 8, 10, 4)
EYE_ROW = PIECES[0] + PIECES[1] + PIECES[2]
MOUTH_ROW = EYE_ROW + 1 + PIECES[3] + PIECES[4] + PIECES[5] + PIECES[6]
_DENSE = 40


@dataclass(frozen=True)
class Grid:
    """The mean head's skin.

    Attributes:
        vertices: (V, 3) mm.
        index: (R, C) vertex of each node; the slits' lower rows are ``EYE_ROW + 1`` and
            ``MOUTH_ROW + 1``, the same vertices as the row above outside of the slit.
        triangles: (T, 3).
        stations: (C,) signed station of each column, the middle of the face at 0.
    """

    vertices: Floats
    index: Indices
    triangles: Indices
    stations: Floats

    def column(self, station: float) -> int:
        """The column nearest to this station."""
        return int(np.argmin(np.abs(self.stations - station)))


def _stations() -> Floats:
    """Stations of one half, 0 to 8, with columns exactly at the corners of eyes and mouth."""
    inner = _station_of(6, EYE_INNER)
    mouth = _station_of(9, MOUTH_HALF)
    outer = _station_of(6, EYE_OUTER)
    cuts = (0.0, 0.45, inner, mouth, outer, 4.0, 5.0, 6.0, 8.0)
    counts = (8, 11, 9, 14, 9, 5, 4, 7)
    parts = [
        low + (high - low) * np.arange(n) / n
        for low, high, n in zip(cuts, cuts[1:], counts, strict=False)
    ]
    return np.concatenate([*parts, np.array([8.0])])


def _station_of(row: int, x: float) -> float:
    fine = np.arange(401) / 100.0
    along = columns(fine)[row, :, 0]
    k = int(np.argmax(along >= x))
    share = (x - along[k - 1]) / (along[k] - along[k - 1])
    return float(fine[k - 1] + share * (fine[k] - fine[k - 1]))


def _at_height(path: Floats, rows: Floats, low: float, high: float, y: float) -> float:
    """The row (a fraction) between ``low`` and ``high`` where the path reaches this y."""
    first, last = int(low * _DENSE), int(high * _DENSE)
    piece = path[first : last + 1, 1]
    k = int(np.argmax(piece >= y))
    if k == 0:
        return low if piece[0] >= y else high
    share = (y - piece[k - 1]) / (piece[k] - piece[k - 1])
    return float(rows[first + k - 1] + share / _DENSE)


def _anchors(path: Floats, rows: Floats) -> list[tuple[float, float]]:
    """Where each piece of a column begins and ends, as rows of the table."""
    eye, mouth = float(path[6 * _DENSE, 0]), float(path[9 * _DENSE, 0])
    lids = [
        _at_height(path, rows, 5.0, 7.0, float(curve(np.array(eye))))
        for curve in (upper_lid, lower_lid)
    ]
    lips = [
        _at_height(path, rows, 8.3, 10.0, float(curve(np.array(mouth))))
        for curve in (upper_border, mouth_line, lower_border)
    ]
    # Off the face the rows of the lips fan out again, or they would run as a seam to the nape.
    away = min(1.0, max(0.0, (abs(mouth) - MOUTH_HALF) / 30.0))
    spread = (-0.22 * away, 0.0, 0.22 * away)
    up, line, low = (at + wide for at, wide in zip(lips, spread, strict=True))
    cuts = (0.0, 3.0, 5.0, lids[0]), (lids[1], 7.35, 8.14, up, line), (line, low)
    rest = (low, 10.0, 11.0, 13.0, 15.0, 18.0, ROWS - 1.0)
    return [pair for cut in (*cuts, rest) for pair in pairwise(cut)]


def _spread(path: Floats, rows: Floats, low: float, high: float, count: int) -> Floats:
    """``count`` + 1 rows from ``low`` to ``high``, even along the arc."""
    fine = low + (high - low) * np.arange(161, dtype=np.float64) / 160.0
    points = _sampled(path, rows, fine)
    steps = points[1:] - points[:-1]
    lengths = np.sqrt(
        steps[:, 0] * steps[:, 0] + steps[:, 1] * steps[:, 1] + steps[:, 2] * steps[:, 2]
    )
    along = np.zeros(161)
    total = 0.0
    for k, length in enumerate(lengths):
        total += float(length) + 1e-6
        along[k + 1] = total
    wanted = total * np.arange(count + 1) / count
    near = np.clip(np.searchsorted(along, wanted, side="right") - 1, 0, 159)
    share = (wanted - along[near]) / (along[near + 1] - along[near])
    return np.asarray(fine[near] + (fine[near + 1] - fine[near]) * np.clip(share, 0.0, 1.0))


def _sampled(path: Floats, rows: Floats, at: Floats) -> Floats:
    place = np.clip(at * _DENSE, 0.0, len(rows) - 1.0)
    k = np.minimum(np.floor(place).astype(np.int64), len(rows) - 2)
    share = (place - k)[:, None]
    return np.asarray(path[k] + (path[k + 1] - path[k]) * share)


def _column(path: Floats, rows: Floats) -> Floats:
    """The nodes (R, 3) of one column."""
    pieces = zip(_anchors(path, rows), PIECES, strict=True)
    nodes: list[Floats] = []
    for number, ((low, high), count) in enumerate(pieces):
        at = _spread(path, rows, low, high, count)
        starts_new = number in (0, 3, 7)
        nodes.append(_sampled(path, rows, at if starts_new else at[1:]))
    return np.concatenate(nodes)


@cache
def mean_grid() -> Grid:
    """The mean head's skin; made once."""
    half = _stations()
    table = columns(half)
    rows = np.arange((ROWS - 1) * _DENSE + 1) / _DENSE
    paths = relief(spline(table, rows)).transpose(1, 0, 2)
    right = np.stack([_column(path, rows) for path in paths], axis=1)
    left = right[:, -2:0:-1] * np.array([-1.0, 1.0, 1.0])
    nodes = np.concatenate([left, right], axis=1)
    stations = np.concatenate([-half[-2:0:-1], half])
    return _welded(nodes, stations)


def _welded(nodes: Floats, stations: Floats) -> Grid:
    rows, count = nodes.shape[:2]
    inner, outer = _station_of(6, EYE_INNER), _station_of(6, EYE_OUTER)
    mouth = _station_of(9, MOUTH_HALF)
    index = np.arange(rows * count).reshape(rows, count)
    a = np.abs(stations)
    eyes = (a > inner + 1e-9) & (a < outer - 1e-9)
    lips = a < mouth - 1e-9
    for row, open_ in ((EYE_ROW, eyes), (MOUTH_ROW, lips)):
        index[row + 1] = np.where(open_, index[row + 1], index[row])
    index[0] = index[0, 0]
    used, flat = np.unique(index, return_inverse=True)
    index = flat.reshape(rows, count).astype(np.int32)
    keep = np.array([r for r in range(rows - 1) if r not in (EYE_ROW, MOUTH_ROW)])
    following = np.roll(index, -1, axis=1)
    a0, b0, c0, d0 = index[keep], following[keep], index[keep + 1], following[keep + 1]
    pairs = np.stack([np.stack([a0, b0, c0], -1), np.stack([b0, d0, c0], -1)], axis=2).reshape(
        -1, 3
    )
    flat_ = (
        (pairs[:, 0] == pairs[:, 1]) | (pairs[:, 1] == pairs[:, 2]) | (pairs[:, 0] == pairs[:, 2])
    )
    return Grid(
        nostrils(nodes.reshape(-1, 3)[used]),
        index,
        np.ascontiguousarray(pairs[~flat_], np.int32),
        stations,
    )
