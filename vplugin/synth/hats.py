"""What covers the head: caps, beanies, brimmed hats, helmets, scarves, turbans, hoods, bands."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from vplugin.synth.cage import columns, spline
from vplugin.synth.cloth import around
from vplugin.synth.fabric import Weave
from vplugin.synth.form import Form, Place
from vplugin.synth.outfit import Piece, Stuff, piece, wrapped
from vplugin.synth.parts import Floats, Material, Segment
from vplugin.synth.solids import ball, sheet, tube


class Edge(NamedTuple):
    """The lower edge of a hat: nearly a plane, on the mean head.

    Attributes:
        front: y in the middle of the forehead, mm (-75 is the hairline, -22 the brows).
        back: y at the back of the head.
        dip: How much lower it is at the ears.
    """

    front: float
    back: float
    dip: float = 0.0

    def rows(self, stations: Floats) -> Floats:
        """Rows of the cage at stations of any shape."""
        table = _edge_rows(self)
        at = np.clip(np.abs(stations), 0.0, 8.0) * 10.0
        k = np.minimum(np.floor(at).astype(np.int64), 79)
        return np.asarray(table[k] + (at - k) * (table[k + 1] - table[k]))

    def height(self, z: Floats) -> Floats:
        """y of the edge at these z, mm of the mean head."""
        side = 1.0 - (z - 80.0) * (z - 80.0) / 4900.0
        ramp = np.clip((z + 20.0) / 185.0, 0.0, 1.0)
        return np.asarray(
            self.front + (self.back - self.front) * ramp + self.dip * np.maximum(side, 0.0)
        )


@cache
def _edge_rows(edge: Edge) -> Floats:
    """(81,) rows of the cage of an edge, for each tenth of a station."""
    fine = np.arange(141) / 10.0
    paths = spline(columns(np.arange(81) / 10.0), fine)
    below = paths[..., 1] - edge.height(paths[..., 2])
    first = np.argmax(below >= 0.0, axis=0)
    at = np.maximum(first - 1, 0), np.arange(81)
    above, under = below[at], below[first, at[1]]
    share = np.clip(-above / np.maximum(under - above, 1e-9), 0.0, 1.0)
    return np.asarray((at[0] + share) / 10.0)


# How low each hat sits; hair is cut off by the same numbers.
EDGES = {
    "cap": Edge(-50.0, 4.0),
    "backward_cap": Edge(-57.0, -8.0),
    "beanie": Edge(-42.0, 26.0, 6.0),
    "brimmed": Edge(-48.0, 0.0),
    "bucket": Edge(-50.0, 6.0),
    "helmet": Edge(-46.0, 18.0, 4.0),
    "turban": Edge(-46.0, 24.0, 4.0),
    "headscarf": Edge(-66.0, 160.0, 60.0),
    "hood": Edge(-84.0, 160.0, 60.0),
    "band": Edge(-44.0, 2.0),
}


def _crown(
    form: Form, edge: Edge, lift: Floats, stuff: Stuff, stations: Floats | None = None
) -> tuple[Piece, Place]:
    """A soft hat from its edge (first row) up to the crown; ``lift`` (R,) or (R, C) mm."""
    around_ = around(64) if stations is None else stations
    count = lift.shape[0]
    share = (np.arange(count) / (count - 1.0))[:, None]
    rows = edge.rows(around_) * (1.0 - share) + 0.03 * share
    place = form.at(around_, rows)
    points = place.lifted(np.broadcast_to(lift.reshape(count, -1), rows.shape))
    # One point at the top: normals there are not to be trusted.
    points[-1] = points[-2] + (points[-1] - points[-2]) * 0.6
    return wrapped(place, points, stuff, round_=True), place


def _ridge(form: Form, edge: Edge, lift: float, size: float, stuff: Stuff) -> Piece:
    """A rolled rim along the edge."""
    stations = around(64)[0]
    place = form.at(stations, edge.rows(stations))
    return piece(tube(place.lifted(lift), size, 6, closed=True, up=(0.0, 1.0, 0.0)), stuff)


def _dome(rows: int, low: float, high: float) -> Floats:
    share = np.arange(rows) / (rows - 1.0)
    lift = low + (high - low) * share * (2.0 - share)
    return np.concatenate([[0.5], lift])


def beanie(form: Form, stuff: Stuff, turned_up: bool, slouch: float) -> list[Piece]:
    """A knitted cap, perhaps with a turned-up brim."""
    ribs = stuff._replace(pattern=int(Weave.RIBS))
    body, _ = _crown(form, EDGES["beanie"], _dome(16, 5.0, 16.0 + slouch), ribs)
    if not turned_up:
        return [body]
    stations, edge = around(64), EDGES["beanie"].rows(around(64))
    share = np.array([0.0, 0.02, 0.5, 0.96, 1.0])[:, None]
    lifts = np.array([4.0, 9.5, 10.5, 10.0, 5.0])[:, None]
    place = form.at(stations, edge - (0.85 + 0.02 * edge) * share)
    brim = wrapped(place, place.lifted(lifts + 0.0 * stations), ribs.scaled(0.92), round_=True)
    return [body, brim]


def cap(form: Form, stuff: Stuff, visor: Stuff, backward: bool, long: float) -> list[Piece]:
    """A baseball cap."""
    edge = EDGES["backward_cap" if backward else "cap"]
    stations = around(64)
    share = (np.arange(18) / 17.0)[:, None]
    panel = np.clip(1.0 - np.abs(stations) / 4.0, 0.0, 1.0) * (0.0 if backward else 1.0)
    lift = (
        5.0
        + 9.0 * share * (2.0 - share)
        + 11.0 * panel * np.clip(4.0 * share * (1.2 - share), 0.0, 1.0)
    )
    lift[0] = 2.0
    body, _ = _crown(form, edge, lift, stuff, stations)
    top = form.at(np.array([0.0]), np.array([0.03])).lifted(16.0)[0]
    button = piece(ball(top, (6.0, 4.0, 6.0), 6, 10), visor)
    return [body, button, _visor(form, edge, visor, backward, long)]


def _visor(form: Form, edge: Edge, stuff: Stuff, backward: bool, long: float) -> Piece:
    reach = np.linspace(-1.0, 1.0, 25)
    middle, half = (8.0, 2.5) if backward else (0.0, 3.5)
    stations = middle + half * reach
    wrapped_ = np.where(stations > 8.0, stations - 16.0, stations)
    place = form.at(stations, edge.rows(wrapped_) - 0.08)
    root = place.lifted(6.0)
    share = np.array([0.0, 0.25, 0.5, 0.75, 0.95, 1.0])[:, None]
    length = long * np.sqrt(np.clip(1.0 - reach * reach, 0.0, 1.0))
    points = root[None] + np.zeros((len(share), 1, 1))
    points[..., 2] += (1.0 if backward else -1.0) * length * share
    points[..., 1] += 0.30 * length * share + 9.0 * (reach * reach)[None] * share
    under = points[::-1] + np.array([0.0, 2.2, 0.0])
    return piece(sheet(np.concatenate([points, under])), stuff)


def _ring(form: Form, edge: Edge, lift: float) -> Floats:
    stations = around(64)[0]
    return form.at(stations, edge.rows(stations)).lifted(lift)


def _grown(ring: Floats, out: Floats, down: Floats) -> Floats:
    """Rings (K, C, 3) around one: each ``out`` mm further from its centre and ``down`` mm lower."""
    low, high = ring.min(axis=0), ring.max(axis=0)
    middle = 0.5 * (low + high)
    dx, dz = ring[:, 0] - middle[0], ring[:, 2] - middle[2]
    length = np.sqrt(dx * dx + dz * dz)
    grow = 1.0 + out[:, None] / length[None]
    x = middle[0] + dx * grow
    z = middle[2] + dz * grow
    y = ring[None, :, 1] + down[:, None]
    return np.stack([x, y + 0.0 * x, z], -1)


def brimmed(form: Form, stuff: Stuff, ribbon: Stuff, wide: float, tall: float) -> list[Piece]:
    """A hat with a stiff crown, a ribbon and a brim all around."""
    ring = _ring(form, EDGES["brimmed"], 6.0)
    share = np.linspace(0.0, 1.0, 9)
    out = np.concatenate([1.5 - 14.0 * share, [-26.0, -45.0, -62.0, -72.0]])
    down = np.concatenate([-tall * share, tall * np.array([-1.04, -1.0, -0.93, -0.90])])
    crown = _grown(ring, out, down)
    # The front of the crown is higher and pinched.
    crown[..., 1] += 0.10 * tall * np.clip(share[-1] * (crown[..., 2] - 60.0) / 90.0, -1.0, 1.0)
    step = np.linspace(0.0, 1.0, 7)
    brim = _grown(ring, wide * step, 5.0 * step - 9.0 * step * step)
    brim[..., 1] -= 0.10 * wide * step[:, None] * np.abs(ring[None, :, 0]) / 75.0
    brim[..., 1] += 0.10 * wide * step[:, None]
    under = brim[::-1] + np.array([0.0, 2.0, 0.0])
    band = _grown(ring, np.array([0.5, 3.2, 2.2, -1.0]), np.array([-1.0, -2.0, -20.0, -22.0]))
    return [
        piece(sheet(crown, None, True), stuff),
        piece(sheet(np.concatenate([brim, under]), None, True), stuff.scaled(0.95)),
        piece(sheet(band, None, True), ribbon),
    ]


def bucket(form: Form, stuff: Stuff, wide: float) -> list[Piece]:
    """A soft hat whose brim hangs."""
    body, _ = _crown(form, EDGES["bucket"], _dome(14, 6.0, 14.0), stuff)
    ring = _ring(form, EDGES["bucket"], 6.5)
    step = np.linspace(0.0, 1.0, 6)
    brim = _grown(ring, 0.9 * wide * step, 0.40 * wide * step)
    under = brim[::-1] + np.array([0.0, 1.6, 0.0])
    whole = np.concatenate([brim, under])
    return [body, piece(sheet(whole, None, True), stuff.scaled(0.92))]


def helmet(form: Form, stuff: Stuff) -> list[Piece]:
    """A hard shell with a rim, side straps and air slits."""
    body, _ = _crown(form, EDGES["helmet"], _dome(16, 22.0, 30.0), stuff)
    pieces = [body, _ridge(form, EDGES["helmet"], 18.0, 6.0, stuff.scaled(0.4))]
    dark = Stuff(Material.PLASTIC, Segment.HAT, (0.01, 0.01, 0.012), 0.2)
    for station in (-3.2, -1.6, 0.0, 1.6, 3.2):
        rows = np.linspace(2.6, 1.2, 8)
        place = form.at(station + 0.0 * rows, rows)
        slit = tube(place.lifted(29.0), 5.5, 8, flat=(1.0, 0.5), up=(0.0, 0.0, -1.0))
        pieces.append(piece(slit, dark))
    strap = Stuff(Material.CLOTH, Segment.HAT, (0.02, 0.02, 0.02), 0.1)
    for side in (-1.0, 1.0):
        rows = np.linspace(5.2, 12.0, 14)
        place = form.at(side * np.linspace(4.5, 0.0, 14), rows)
        line = tube(place.lifted(4.0), 6.0, 6, flat=(1.0, 0.25), up=(0.0, 0.0, 1.0))
        pieces.append(piece(line, strap))
    return pieces


def turban(form: Form, stuff: Stuff, full: float) -> list[Piece]:
    """Wound cloth: rolls that cross over the forehead."""
    body, _ = _crown(form, EDGES["turban"], _dome(14, 8.0, 16.0 + 12.0 * full), stuff)
    pieces = [body]
    stations = around(64)[0]
    for turn in range(6):
        tilt = (0.55 if turn % 2 == 0 else -0.55) * (0.4 + 0.12 * turn)
        side = np.clip(stations / 4.0, -1.0, 1.0)
        rows = EDGES["turban"].rows(stations) * (1.0 - 0.13 * turn) - 0.3 + tilt * side
        place = form.at(stations, np.clip(rows, 0.4, 7.0))
        size = 12.0 + 4.0 * full
        path = place.lifted(5.0 + 5.0 * full + 1.5 * turn)
        roll = tube(path, size, 10, closed=True, flat=(0.8, 1.25), up=(0.0, 1.0, 0.0))
        pieces.append(piece(roll, stuff.scaled(0.9 + 0.05 * (turn % 3))))
    return pieces


def band(form: Form, stuff: Stuff, wide: float) -> list[Piece]:
    """A head band or bandana."""
    stations = around(64)
    edge = EDGES["band"].rows(stations)
    share = np.array([0.0, 0.02, 0.5, 0.98, 1.0])[:, None]
    lifts = np.array([0.5, 3.5, 4.2, 3.5, 0.5])[:, None]
    place = form.at(stations, edge - wide * share * (0.8 + 0.06 * edge))
    return [wrapped(place, place.lifted(lifts + 0.0 * stations), stuff, round_=True)]


def _opening(rows: Floats, knots: tuple[tuple[float, float], ...]) -> Floats:
    """Station of the border of the face at each row, by straight lines between knots."""
    out = np.full_like(rows, knots[0][1])
    for (a, s), (b, t) in pairwise(knots):
        share = np.clip((rows - a) / (b - a), 0.0, 1.0)
        # Round where the border meets in the middle, straight elsewhere.
        share = np.sqrt(share) if s == 0.0 else share
        share = 1.0 - np.sqrt(1.0 - share) if t == 0.0 else share
        out = np.where(rows >= a, s + (t - s) * share, out)
    return out


def _halves(
    form: Form, rows: Floats, border: Floats, lift: Floats, ear: float, stuff: Stuff
) -> list[Piece]:
    """Cloth over the head that leaves the face free: rows (R,), border (R,), lift (R,) mm."""
    across = np.linspace(0.0, 1.0, 30)
    pieces = []
    for side in (-1.0, 1.0):
        stations = side * (border[:, None] + (8.0 - border[:, None]) * across[None])
        place = form.at(stations, rows[:, None] + 0.0 * stations)
        a, b = (np.abs(stations) - 5.3) / 1.5, (rows[:, None] - 6.9) / 2.6
        over_ear = np.clip(1.0 - a * a - b * b, 0.0, 1.0)
        height = lift[:, None] * np.clip(0.25 + across[None] * 9.0, 0.0, 1.0) + ear * over_ear
        pieces.append(wrapped(place, place.lifted(height), stuff))
    return pieces


def headscarf(form: Form, stuff: Stuff) -> list[Piece]:
    """A scarf around head, throat and shoulders, as a hijab is."""
    rows = np.concatenate(
        [
            np.linspace(0.1, 2.8, 9), np.linspace(3.1, 3.7, 10), np.linspace(4.0, 11.0, 16),
            np.linspace(11.3, 12.1, 8), np.linspace(12.4, 14.6, 5),
        ]
    )  # fmt: skip
    knots = ((3.1, 0.0), (3.7, 2.6), (5.0, 3.7), (8.5, 3.75), (10.5, 3.0), (11.7, 1.6), (12.1, 0.0))
    border = _opening(rows, knots)
    pieces = _halves(
        form, rows, border, 5.0 + 4.0 * np.clip((rows - 11.0) / 3.0, 0.0, 1.0), 13.0, stuff
    )
    stations = around()
    share = np.array([0.0, 0.05, 0.3, 0.6, 1.0])[:, None]
    place = form.at(
        stations, 13.3 + 4.4 * share + 0.5 * np.clip(1.0 - np.abs(stations) / 3.0, 0.0, 1.0)
    )
    lifts = np.array([6.0, 12.0, 17.0, 16.0, 13.0])[:, None]
    drape = wrapped(place, place.lifted(lifts + 0.0 * stations), stuff.scaled(0.96), round_=True)
    return [*pieces, drape]


def hood(form: Form, stuff: Stuff) -> list[Piece]:
    """The hood of a pullover, drawn over the head."""
    rows = np.concatenate(
        [np.linspace(0.1, 2.2, 8), np.linspace(2.5, 3.2, 10), np.linspace(3.5, 15.4, 26)]
    )
    knots = ((2.5, 0.0), (3.2, 2.9), (5.0, 4.5), (9.0, 4.7), (12.0, 3.6), (14.2, 2.0), (15.5, 0.9))
    border = _opening(rows, knots)
    lift = 14.0 + 10.0 * np.clip(1.0 - rows / 5.0, 0.0, 1.0)
    pieces = _halves(form, rows, border, lift, 10.0, stuff)
    for side in (-1.0, 1.0):
        place = form.at(side * border, rows)
        rim = tube(place.lifted(6.0)[8:], 5.0, 8, up=(0.0, 0.0, 1.0))
        pieces.append(
            piece(rim, stuff.scaled(0.9), np.repeat(place.turning[[8, *range(8, 44), 43]], 8))
        )
    return pieces
