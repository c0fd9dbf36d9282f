"""Clothes of the upper body: shirts, collars, hoods on the back, suits, laid over the shoulders."""

from __future__ import annotations

import numpy as np

from vplugin.synth.fabric import Weave
from vplugin.synth.form import Form
from vplugin.synth.outfit import Piece, Stuff, laid, piece, worn
from vplugin.synth.parts import Floats, Material, Segment
from vplugin.synth.solids import joined, tube

_HEM = 20.0


def around(count: int = 72) -> Floats:
    """(1, C) stations once around, denser in front; the first is the middle of the back."""
    even = np.arange(count) * (2.0 / count) - 1.0
    side = np.where(even < 0.0, -1.0, 1.0)
    a = np.abs(even)
    return np.asarray((side * (5.0 * a + 3.0 * a * a))[None])


def neckline(stations: Floats, front: float, side: float, back: float, sharp: float) -> Floats:
    """Rows of the cage of a garment's upper edge.

    Args:
        stations: Any shape.
        front: Row in the middle of the front.
        side: Row at the sides of the neck.
        back: Row at the nape.
        sharp: 0 a round neck, 1 a V.
    """
    a = np.abs(stations)
    u = np.clip(1.0 - a / 4.2, 0.0, 1.0)
    smooth = u * u * (3.0 - 2.0 * u)
    ahead = side + (front - side) * (sharp * u + (1.0 - sharp) * smooth)
    v = np.clip((a - 4.2) / 3.8, 0.0, 1.0)
    return np.asarray(np.where(a < 4.2, ahead, side + (back - side) * v))


def shell(
    form: Form, edge: Floats, stations: Floats, lift: float, stuff: Stuff, rows: int = 20
) -> Piece:
    """Cloth from its upper edge down to where the body ends, with a rounded rim."""
    down = np.arange(rows) / (rows - 1.0)
    # Two rows close to the edge turn the rim inwards.
    share = np.concatenate([[0.0, 0.0], down[1:] * down[1:] * 0.4 + down[1:] * 0.6])[:, None]
    heights = edge + (_HEM - edge) * share
    lifts = np.full_like(share, lift)
    lifts[0] = 0.3
    return laid(form, stations, heights, lifts + 0.0 * stations, stuff, round_=True)


def band(
    form: Form, edge: Floats, stations: Floats, wide: float, lift: float, stuff: Stuff
) -> Piece:
    """A ribbed or hemmed band along an upper edge; ``wide`` is in rows of the cage."""
    share = np.array([-0.02, -0.03, 0.1, 0.5, 0.9, 1.0])[:, None]
    lifts = np.array([0.2, 0.8, 1.0, 1.05, 1.0, 0.7])[:, None] * lift
    return laid(form, stations, edge + wide * share, lifts + 0.0 * stations, stuff, round_=True)


def tee(form: Form, stuff: Stuff, front: float, sharp: float) -> list[Piece]:
    """A t-shirt or pullover with a round or pointed neck."""
    stations = around()
    edge = neckline(stations, front, 15.55, 15.0, sharp)
    ribs = stuff._replace(pattern=int(Weave.RIBS)).scaled(0.85)
    return [
        shell(form, edge, stations, 3.0, stuff),
        band(form, edge, stations, 0.28, 4.2, ribs),
    ]


def turtleneck(form: Form, stuff: Stuff) -> list[Piece]:
    """A rolled collar up to the throat."""
    stations = around()
    edge = neckline(stations, 13.65, 13.6, 13.5, 0.0)
    share = np.array([0.0, 0.02, 0.2, 0.6, 0.95, 1.0, 0.99])[:, None]
    lifts = np.array([1.0, 5.0, 7.5, 8.0, 7.5, 5.5, 3.0])[:, None]
    roll = laid(
        form, stations, edge + 1.15 * share, lifts + 0.0 * stations,
        stuff._replace(pattern=int(Weave.RIBS)), round_=True,
    )  # fmt: skip
    return [shell(form, edge + 0.5, stations, 4.0, stuff), roll]


def _halves(gap: float) -> Floats:
    """(1, C) stations of the left half of a collar, from its front end to the nape."""
    near = np.array([0.0, 0.2, 0.5]) + gap
    return np.concatenate([near, np.linspace(gap + 1.0, 8.0, 17)])[None]


def _leaf(form: Form, side: float, gap: float, long: float, stuff: Stuff) -> Piece:
    """One half of a folded collar, from its front point to the nape."""
    a = _halves(gap)
    share = np.array([0.0, 0.15, 0.5, 1.0])[:, None]
    ahead = np.clip(1.0 - (a - gap) / 2.6, 0.0, 1.0)
    drop = long * (0.55 + 0.75 * ahead)
    place = form.at(side * a + 0.0 * share, neckline(a, 14.6, 14.25, 14.05, 0.3) + 0.0 * share)
    points = place.lifted(8.0 * np.array([0.6, 1.0, 1.25, 1.35])[:, None] + 0.0 * a)
    points[..., 1] += drop * share
    # The points of the collar lie on the chest: further down is further in front and aside.
    points[..., 2] -= 0.18 * drop * share * ahead
    outside = np.clip(1.0 - np.abs(a - 4.5) / 3.0, 0.0, 1.0)
    points[..., 0] += side * drop * share * (0.42 * ahead + 0.30 * outside)
    return worn(place, points, stuff)


def _stand(form: Form, side: float, gap: float, edge: Floats, stuff: Stuff) -> Piece:
    """The upright part of a collar, down to where the shirt begins."""
    a = _halves(gap)
    low = np.maximum(edge + 0.15, 14.9)
    share = np.array([0.0, 0.03, 0.5, 1.0])[:, None]
    high = neckline(a, 14.6, 14.25, 14.05, 0.3)
    lifts = np.array([2.0, 5.0, 5.0, 5.0])[:, None] + 0.0 * a
    return laid(form, side * a, high + (low - high) * share, lifts, stuff)


def shirt(form: Form, stuff: Stuff, open_: float) -> list[Piece]:
    """A shirt with a collar; ``open_`` is how far down it is open, 0 to 1."""
    stations = around()
    front = 14.9 + 2.9 * open_
    pieces = [shell(form, neckline(stations, front, 14.75, 14.4, 0.8), stations, 3.5, stuff)]
    gap = 0.12 + 2.0 * open_
    for side in (-1.0, 1.0):
        edge = neckline(_halves(gap), front, 14.75, 14.4, 0.8)
        pieces.append(_stand(form, side, gap, edge, stuff))
        pieces.append(_leaf(form, side, gap, 36.0, stuff))
    strip = np.array([-0.28, -0.24, 0.0, 0.24, 0.28])[None]
    heights = np.linspace(front + 0.05, _HEM, 14)[:, None]
    lifts = np.array([3.2, 5.2, 5.4, 5.2, 3.2])[None] + 0.0 * heights
    pieces.append(laid(form, strip, heights, lifts, stuff.scaled(0.96)))
    return pieces


def buttons(form: Form, open_: float, stuff: Stuff) -> Piece:
    """The buttons of a shirt that is open as far as :func:`shirt` says."""
    rows = np.arange(15.25 + 2.9 * open_, _HEM, 0.25)
    place = form.at(0.0 * rows, rows)
    below = place.mean[:, 1] - place.mean[0, 1]
    chosen = np.flatnonzero(np.diff(np.floor(below / 75.0), prepend=-1.0) > 0.0)
    discs = [
        tube(
            np.stack([place.lifted(6.0)[k], place.lifted(7.6)[k]]), np.array([5.0, 4.2]), 10,
            up=(0.0, 1.0, 0.0),
        )
        for k in chosen
    ]  # fmt: skip
    light = sum(stuff.colour) > 0.6
    colour = (0.75, 0.74, 0.7) if light else (0.12, 0.11, 0.1)
    buttons = Stuff(Material.PLASTIC, Segment.CLOTH, colour, 0.5)
    return piece(joined(discs), buttons, np.repeat(place.turning[chosen], len(discs[0].vertices)))


def tie(form: Form, stuff: Stuff) -> list[Piece]:
    """A tie: its knot and its blade."""
    heights = np.concatenate([[15.05, 15.15, 15.5, 15.75, 15.85], np.linspace(15.95, _HEM, 14)])
    wide = np.concatenate([[0.30, 0.40, 0.33, 0.24, 0.20], 0.22 + 0.30 * np.arange(14) / 13.0])
    lift = np.concatenate([[9.0, 14.0, 15.0, 12.0, 8.0], np.full(14, 8.5)])
    across = np.array([-1.0, -0.8, 0.0, 0.8, 1.0])
    edge = np.array([0.55, 1.0, 1.1, 1.0, 0.55])
    return [
        laid(
            form, wide[:, None] * across[None], heights[:, None], lift[:, None] * edge[None], stuff
        )
    ]


def suit(form: Form, stuff: Stuff, below: Stuff, deep: float, tie_: Stuff | None) -> list[Piece]:
    """A jacket with lapels over a shirt, with a tie or open."""
    stations = around()
    pieces = shirt(form, below, 0.0 if tie_ is not None else 0.5)
    pieces += tie(form, tie_) if tie_ is not None else [buttons(form, 0.5, below)]
    low = 17.6 + 1.7 * deep
    edge = neckline(stations, low, 15.15, 14.75, 0.9)
    pieces.append(shell(form, edge, stations, 10.0, stuff))
    pieces.append(
        band(form, neckline(stations, low, 14.95, 14.45, 0.9), stations, 0.5, 12.0, stuff)
    )
    for side in (-1.0, 1.0):
        pieces.append(_lapel(form, side, low, stuff.scaled(1.12)))
    return pieces


def _lapel(form: Form, side: float, low: float, stuff: Stuff) -> Piece:
    """The turned-over front edge of a jacket, with a notch."""
    steps = np.linspace(0.0, 1.0, 24)
    along = side * (0.03 + 4.8 * steps)[None]
    inner = neckline(along, low, 15.15, 14.75, 0.9)
    wide = 1.25 * np.clip(steps * 2.2, 0.02, 1.0) * np.clip((1.1 - steps) * 2.0, 0.2, 1.0)
    notch = np.clip(1.0 - np.abs(steps - 0.62) / 0.06, 0.0, 1.0)
    wide = (wide * (1.0 - 0.6 * notch))[None]
    share = np.array([-0.02, 0.0, 0.5, 0.97, 1.0])[:, None]
    lifts = np.array([9.0, 17.0, 17.5, 16.0, 10.0])[:, None]
    # Out to the side in front; over the shoulder the collar goes down instead.
    ahead = np.clip(1.3 - 1.3 * steps, 0.0, 1.0)[None]
    stations = along + side * share * wide * ahead
    rows = inner + share * wide * (0.8 * (1.0 - ahead) - 0.12 * ahead)
    return laid(form, stations, rows, lifts + 0.0 * along, stuff)


def hoodie(form: Form, stuff: Stuff) -> list[Piece]:
    """A thick pullover with its hood lying on the back and two strings."""
    stations = around()
    edge = neckline(stations, 15.75, 15.1, 14.6, 0.5)
    pieces = [shell(form, edge, stations, 7.0, stuff)]
    place = form.at(stations[0], neckline(stations, 15.7, 15.0, 14.6, 0.5)[0])
    behind = np.clip(np.abs(stations[0]) / 6.0, 0.0, 1.0)
    size = 9.0 + 21.0 * behind * behind
    path = place.lifted(size * 0.75)
    path[:, 1] += 4.0 * behind
    roll = tube(path, size, 10, closed=True, up=(0.0, 1.0, 0.0))
    ring = np.concatenate([place.turning, place.turning[:1]])
    pieces.append(piece(roll, stuff.scaled(0.92), np.repeat(ring, 10)))
    string = Stuff(Material.CLOTH, Segment.CLOTH, (0.6, 0.58, 0.54), 0.1)
    for side in (-1.0, 1.0):
        rows = np.linspace(15.75, 18.4, 10)
        hang = form.at(side * (0.55 + 0.05 * rows * 0.0), rows)
        pieces.append(piece(tube(hang.lifted(10.0), 2.2, 6), string, 0.0))
    return pieces


def straps(form: Form, stuff: Stuff, wide: float) -> list[Piece]:
    """A dress or a top held by two straps."""
    stations = around()
    edge = neckline(stations, 17.75, 17.9, 17.7, 0.0)
    edge = edge - 0.25 * np.clip(1.0 - np.abs(np.abs(stations) - 2.0), 0.0, 1.0)
    pieces = [shell(form, edge, stations, 2.6, stuff)]
    share = np.linspace(0.0, 1.0, 22)
    for side in (-1.0, 1.0):
        middle = side * (1.4 + 5.2 * share)
        arch = 4.0 * share * (1.0 - share)
        rows = 17.85 - 2.05 * arch * (0.7 + 0.3 * arch)
        across = np.array([-1.0, -0.9, 0.9, 1.0])[:, None] * 0.16 * wide
        lifts = np.array([0.3, 2.2, 2.2, 0.3])[:, None]
        # A strap is as wide as it is: across is to the side in front, and up and down above.
        pieces.append(
            laid(
                form,
                middle[None] + side * across,
                rows[None] + 0.0 * across,
                lifts + 0.0 * middle,
                stuff,
            )
        )
    return pieces


def blouse(form: Form, stuff: Stuff, front: float) -> list[Piece]:
    """A thin top with a wavy edge."""
    stations = around(96)
    edge = neckline(stations, front, 15.6, 15.2, 0.45)
    place = form.at(stations, edge + np.array([-0.05, 0.15, 0.4, 0.75])[:, None])
    wave = np.where((np.arange(stations.shape[1]) // 3) % 2 == 0, 1.0, -1.0)[None]
    lift = np.array([3.0, 6.0, 8.0, 9.5])[:, None] + wave * np.array([0.2, 0.7, 1.3, 2.0])[:, None]
    frill = worn(place, place.lifted(lift), stuff.scaled(1.05), round_=True)
    return [shell(form, edge, stations, 3.0, stuff), frill]
