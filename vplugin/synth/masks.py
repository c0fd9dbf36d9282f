"""What covers mouth and nose: medical masks, cloth masks, scarves."""

from __future__ import annotations

import numpy as np

from vplugin.synth.exact import compiled
from vplugin.synth.form import Body, Form, Place, ears
from vplugin.synth.outfit import Piece, Stuff, piece, wrapped
from vplugin.synth.parts import Floats
from vplugin.synth.solids import tube


@compiled
def _bridged(along: Floats, depth: Floats) -> Floats:
    """Depth (N, M; small is near), drawn tight over its hills along the first axis, as cloth is."""
    out = depth.copy()
    count, width = depth.shape
    for m in range(width):
        for a in range(count - 1):
            for b in range(a + 2, count):
                span = along[b, m] - along[a, m]
                if -1e-9 < span < 1e-9:
                    continue
                for k in range(a + 1, b):
                    share = (along[k, m] - along[a, m]) / span
                    line = depth[a, m] + share * (depth[b, m] - depth[a, m])
                    if 0.0 < share < 1.0 and line < out[k, m]:
                        out[k, m] = line
    return out


def _tight(place: Place, lift: float) -> Floats:
    """Points (R, C, 3) of a cloth stretched over a part of the face."""
    points = place.lifted(lift)
    depth = _bridged(np.ascontiguousarray(points[..., 1]), np.ascontiguousarray(points[..., 2]))
    across = _bridged(np.ascontiguousarray(points[..., 0].T), np.ascontiguousarray(depth.T)).T
    points[..., 2] = across
    return points


def _spread(top: float, bottom: float, half: float) -> tuple[Floats, Floats]:
    """Stations (1, C) and rows (R, C) of a mask that is higher over the nose."""
    stations = np.linspace(-half, half, 33)[None]
    a = np.abs(stations) / half
    upper = top + 0.75 * np.minimum(1.0, 1.6 * a) + 0.35 * a * a
    lower = bottom - 1.15 * a * a
    share = (np.arange(24) / 23.0)[:, None]
    return stations, upper + (lower - upper) * share


def medical(form: Form, body: Body, stuff: Stuff, low: float) -> list[Piece]:
    """A pleated mask with ear loops; ``low`` is how far it has slipped down, 0 to 1."""
    stations, rows = _spread(6.75 + 1.1 * low, 11.7, 3.75)
    place = form.at(stations + 0.0 * rows, rows)
    points = _tight(place, 2.5)
    pleat = np.array([0.0, 0.0, 0.0, 0.0, 0.6, 3.2, 1.4, 0.0] * 3)[:24, None]
    middle = np.clip(1.3 - np.abs(stations) / 3.0, 0.0, 1.0)
    points[..., 2] -= pleat * middle
    wire = tube(points[1], 1.4, 6, up=(0.0, 1.0, 0.0))
    loops = _loops(body, points, stuff)
    return [
        wrapped(place, points, stuff),
        piece(wire, stuff.scaled(1.05), np.repeat(place.turning[1][[0, *range(33), 32]], 6)),
        *loops,
    ]


def _loops(body: Body, points: Floats, stuff: Stuff) -> list[Piece]:
    pieces = []
    thread = stuff._replace(colour=(0.75, 0.75, 0.74), pattern=0)
    for column, used, side in zip((0, -1), ears(body), (-1.0, 1.0), strict=True):
        low, high = used.min(axis=0), used.max(axis=0)
        root = low[0] + 3.0 if side > 0.0 else high[0] - 3.0
        back = low[2] + 0.65 * (high[2] - low[2])
        behind = np.array(
            [
                [root, low[1] + 5.0, low[2] + 4.0], [root, low[1] + 8.0, back],
                [root, 0.5 * (low[1] + high[1]), back + 5.0], [root, high[1] - 9.0, back - 2.0],
                [root, high[1] - 5.0, low[2] + 3.0],
            ]
        )  # fmt: skip
        path = np.concatenate([points[1:2, column], behind, points[-2:-1, column]])
        pieces.append(piece(tube(path, 1.1, 6, up=(1.0, 0.0, 0.0)), thread))
    return pieces


def cloth_mask(form: Form, body: Body, stuff: Stuff, low: float) -> list[Piece]:
    """A mask of cloth with a seam in the middle."""
    stations, rows = _spread(6.8 + 1.1 * low, 11.8, 3.9)
    place = form.at(stations + 0.0 * rows, rows)
    points = _tight(place, 2.5)
    ridge = np.clip(1.0 - np.abs(stations) / 1.4, 0.0, 1.0)
    dome = np.clip(1.0 - np.abs(np.arange(24) / 23.0 - 0.5) * 2.0, 0.0, 1.0)[:, None]
    points[..., 2] -= 7.0 * ridge * dome
    return [wrapped(place, points, stuff), *_loops(body, points, stuff)]


def scarf(form: Form, stuff: Stuff, high: float) -> list[Piece]:
    """A scarf wound around the neck; ``high`` 1 has it over mouth and nose, 0 below the chin."""
    stations = np.linspace(-8.0, 8.0, 65)
    pieces = []
    if high > 0.3:
        rows = np.linspace(9.6 - 2.3 * high, 13.0, 16)[:, None]
        side = np.clip((np.abs(stations) - 2.0) / 4.0, 0.0, 1.0)[None]
        grid = rows + side * (2.4 * high * (13.0 - rows) / 5.0 - 0.3)
        place = form.at(stations[None] + 0.0 * grid, grid)
        ahead = np.abs(stations) < 4.3
        points = place.lifted(5.0)
        points[:, ahead] = _tight(
            Place(place.points[:, ahead], place.outward[:, ahead], place.turning[:, ahead],
                  place.mean[:, ahead]), 5.0,
        )  # fmt: skip
        pieces.append(wrapped(place, points, stuff))
    for row, size in ((13.3, 15.0), (14.2, 19.0), (15.0, 22.0)):
        tilt = 0.25 * np.clip(stations / 4.0, -1.0, 1.0) * (1.0 if size > 16.0 else -1.0)
        place = form.at(stations[:-1], row + tilt[:-1])
        roll = tube(place.lifted(size * 0.7), size, 10, closed=True, up=(0.0, 1.0, 0.0))
        turning = np.concatenate([place.turning, place.turning[:1]])
        pieces.append(
            piece(roll, stuff.scaled(1.0 - 0.04 * (size - 15.0) / 3.0), np.repeat(turning, 10))
        )
    return pieces
