"""Pieces of an outfit: a mesh with its material, and how much it turns with the head."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vplugin.synth.form import Form, Place
from vplugin.synth.parts import Floats, Material, Part, Segment
from vplugin.synth.solids import Solid, sheet


class Stuff(NamedTuple):
    """What a piece is made of.

    Attributes:
        material: Of :class:`vplugin.synth.parts.Material`.
        label: Segment.
        colour: Linear RGB.
        gloss: 0 to 1.
        pattern: A ``Weave``.
        seed: Of the paint.
        opacity: 0 to 1.
    """

    material: Material
    label: Segment
    colour: tuple[float, float, float]
    gloss: float = 0.1
    pattern: int = 0
    seed: int = 0
    opacity: float = 1.0

    def scaled(self, gain: float) -> Stuff:
        """The same, brighter or darker."""
        r, g, b = (min(1.0, gain * c) for c in self.colour)
        return self._replace(colour=(r, g, b))


class Piece(NamedTuple):
    """A part and its turning, (V,) or (1,): 1 goes with the head."""

    part: Part
    turning: Floats


def piece(solid: Solid, stuff: Stuff, turning: Floats | float = 1.0) -> Piece:
    """A mesh made of a stuff."""
    part = Part(
        solid.vertices,
        solid.triangles,
        stuff.material,
        stuff.label,
        solid.texture,
        colour=stuff.colour,
        gloss=stuff.gloss,
        pattern=stuff.pattern,
        seed=stuff.seed,
        opacity=stuff.opacity,
    )
    turns = np.broadcast_to(np.asarray(turning, np.float64).reshape(-1), (len(part.vertices),))
    return Piece(part, np.ascontiguousarray(turns))


def laid(
    form: Form, stations: Floats, rows: Floats, lift: Floats | float, stuff: Stuff,
    round_: bool = False,
) -> Piece:  # fmt: skip
    """A piece that lies on the body.

    Args:
        form: Of the body.
        stations: (R, C) or what broadcasts with ``rows`` to that.
        rows: Of the cage.
        lift: mm above the skin.
        stuff: Of what.
        round_: Whether it closes around the body.
    """
    place = form.at(stations, rows)
    return worn(place, place.lifted(np.broadcast_to(lift, place.turning.shape)), stuff, round_)


def worn(place: Place, points: Floats, stuff: Stuff, round_: bool = False) -> Piece:
    """A piece of given points (R, C, 3), which turn as the places they belong to."""
    return piece(sheet(points, drawn_out(place.mean), round_), stuff, place.turning)


def drawn_out(mean: Floats) -> Floats:
    """Texture of places on the mean body: mm around and mm down, so that patterns fit together."""
    x, y, z = mean[..., 0], mean[..., 1], mean[..., 2]
    # Unrolled from the middle of the front: seen from there, stripes run upright. On the neck the
    # cloth goes round at once, on the trunk only where the arm begins.
    width = np.where(y < 175.0, 30.0, 130.0)
    side = np.clip((np.abs(x) - width) / 40.0, 0.0, 1.0)
    around = x + np.where(x < 0.0, -1.0, 1.0) * side * np.maximum(z - 45.0, 0.0)
    return np.stack([around, y + 0.35 * np.maximum(z - 60.0, 0.0) * (y < 175.0), 0.0 * z], -1)


def wrapped(place: Place, points: Floats, stuff: Stuff, round_: bool = False) -> Piece:
    """As :func:`worn`, with a texture of its own arc lengths: for hats."""
    return piece(sheet(points, None, round_), stuff, place.turning)
