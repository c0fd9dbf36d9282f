"""Earrings, necklaces and headphones."""

from __future__ import annotations

import numpy as np

from vplugin.synth.cloth import neckline
from vplugin.synth.exact import PI, cosines, sines
from vplugin.synth.form import Body, Form, ears
from vplugin.synth.outfit import Piece, Stuff, piece
from vplugin.synth.parts import Floats, Material, Segment
from vplugin.synth.solids import Solid, ball, joined, tube


def _ring(centre: Floats, radius: float, thick: float) -> Solid:
    turn = np.arange(20) * (2.0 * PI / 20.0)
    z = centre[2] + radius * sines(turn)
    path = np.stack([centre[0] + 0.0 * z, centre[1] - radius * cosines(turn), z], -1)
    return tube(path, thick, 6, closed=True, up=(1.0, 0.0, 0.0))


def earrings(body: Body, kind: str, size: float, stuff: Stuff) -> list[Piece]:
    """Earrings: studs, hoops or drops.

    Args:
        body: Whose.
        kind: ``stud``, ``hoop`` or ``drop``.
        size: 0 to 1.
        stuff: Of what.
    """
    solids = []
    for points, side in zip(ears(body), (-1.0, 1.0), strict=True):
        at = points[np.argmax(points[:, 1])] + np.array([side * 2.0, -4.0, 0.0])
        if kind == "hoop":
            radius = 6.0 + 15.0 * size
            solids.append(_ring(at + np.array([0.0, radius, 0.0]), radius, 0.9 + 0.8 * size))
            continue
        small = 1.8 + 2.0 * size
        solids.append(ball(tuple(at), (small, small, small), 7, 10))
        if kind == "drop":
            low = 8.0 + 22.0 * size
            end = at + np.array([0.0, low, 0.0])
            solids.append(tube(np.stack([at, end]), 0.6, 5, up=(1.0, 0.0, 0.0)))
            solids.append(ball(tuple(end), (2.5 + 3 * size, 4.0 + 5 * size, 2.5 + 3 * size), 8, 10))
    return [piece(joined(solids), stuff)]


def necklace(form: Form, kind: str, low: float, stuff: Stuff) -> list[Piece]:
    """A necklace: ``chain``, ``beads`` or ``pendant``; ``low`` is how far down it hangs, 0 to 1."""
    stations = np.asarray(np.arange(96) * (16.0 / 96.0) - 8.0, np.float64)
    rows = neckline(stations, 15.9 + 1.6 * low, 15.15, 14.7, 0.55)
    place = form.at(stations, rows)
    path = place.lifted(1.5)
    if kind == "beads":
        size = 2.6 + 2.4 * low
        beads = [ball(tuple(point), (size, size, size), 6, 8) for point in path[16:80]]
        return [
            piece(joined(beads), stuff, np.repeat(place.turning[16:80], len(beads[0].vertices)))
        ]
    ring = np.concatenate([place.turning, place.turning[:1]])
    chain = tube(path, 0.9, 5, closed=True, up=(0.0, 1.0, 0.0))
    pieces = [piece(chain, stuff, np.repeat(ring, 5))]
    if kind == "pendant":
        front = path[48] + np.array([0.0, 7.0, -2.0])
        pieces.append(piece(ball(tuple(front), (5.0, 7.0, 2.0), 8, 12), stuff, place.turning[48]))
    return pieces


def headphones(form: Form, body: Body, kind: str, stuff: Stuff) -> list[Piece]:
    """Headphones: ``over_ear``, ``headset`` (with a microphone) or ``buds``."""
    centres = [0.5 * (points.min(axis=0) + points.max(axis=0)) for points in ears(body)]
    if kind == "buds":
        solids = []
        for centre, side in zip(centres, (-1.0, 1.0), strict=True):
            at = centre + np.array([side * 1.0, 1.0, -5.0])
            solids.append(ball(tuple(at), (5.0, 6.0, 6.0), 7, 10))
            stem = np.stack([at, at + np.array([side * 2.0, 20.0, -4.0])])
            solids.append(tube(stem, 2.2, 6, up=(0.0, 0.0, -1.0)))
        return [piece(joined(solids), stuff)]
    solids = []
    for centre, side in zip(centres, (-1.0, 1.0), strict=True):
        at = centre + np.array([side * 7.0, 0.0, -3.0])
        solids.append(ball(tuple(at), (15.0, 36.0, 30.0), 9, 16))
    solids.append(_band(form, centres))
    pieces = [piece(joined(solids), stuff)]
    if kind == "headset":
        pieces.append(_boom(form, centres[0], stuff))
    return pieces


def _band(form: Form, centres: list[Floats]) -> Solid:
    """The arc over the head from one cup to the other."""
    low = 0.5 * (centres[0] + centres[1]) + np.array([0.0, -24.0, -3.0])
    crown = float(form.skin[0, 0, 1])
    wide, tall = 0.5 * float(centres[1][0] - centres[0][0]) + 11.0, float(low[1]) - crown + 11.0
    turn = np.linspace(-0.5, 0.5, 27) * PI
    # A box with round corners rather than an ellipse: it lies on the hair and the sides.
    c, s = cosines(turn), sines(turn)
    square = 1.0 + 0.28 * c * c * s * s * 4.0 * 0.5
    x, y = low[0] + wide * s * square, low[1] - tall * c * square
    path = np.stack([x, y, low[2] + 0.0 * x], -1)
    return tube(path, 7.0, 8, flat=(1.7, 0.55), up=(0.0, 0.0, 1.0))


def _boom(form: Form, ear: Floats, stuff: Stuff) -> Piece:
    """A microphone on an arm from the right ear to the corner of the mouth."""
    share = np.linspace(0.0, 1.0, 10)
    place = form.at(-4.6 + 3.0 * share, 7.2 + 2.4 * share)
    path = place.lifted(14.0)
    path[0] = ear + np.array([-10.0, 14.0, -16.0])
    arm = tube(path, 1.8, 6, up=(0.0, 1.0, 0.0))
    return piece(joined([arm, ball(tuple(path[-1]), (6.0, 6.0, 8.0), 8, 10)]), stuff)


def metal(colour: tuple[float, float, float], label: Segment) -> Stuff:
    """Gold, silver and the like."""
    return Stuff(Material.METAL, label, colour, 0.85)
