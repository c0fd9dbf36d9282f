"""A picture made of flat surfaces, balls and bars in a perspective view, painted in one go.

Backdrops and hard negatives are drawn with it: whatever need not be a mesh. What is drawn later
lies in front. Lengths are metres in the view (x right, y down, z away from the eye), and heights of
the picture on the flat (x right, y down, from the top left corner). Painting itself is one compiled
kernel over a list of rows, so that hundreds of surfaces cost no Python time of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from math import sqrt

import numpy as np
import numpy.typing as npt

from vplugin.synth.canvas_kernel import ROW, paint_rows

Point = tuple[float, float, float]
Colour = tuple[float, float, float]
Picture = npt.NDArray[np.float32]


def tinted(hue: float, saturation: float, value: float) -> Colour:
    """Linear RGB of a hue in turns (0 red, 1/3 green, 2/3 blue); ``value`` is the largest share."""

    def share(offset: float) -> float:
        along = (hue + offset) % 1.0
        ramp = abs(along * 6.0 - 3.0) - 1.0
        return value * (1.0 - saturation * (1.0 - min(1.0, max(0.0, ramp))))

    return share(0.0), share(2.0 / 3.0), share(1.0 / 3.0)


def grey(value: float, warmth: float = 0.0) -> Colour:
    """A grey that leans to orange (positive) or blue (negative)."""
    return value * (1.0 + warmth), value, value * (1.0 - warmth)


class Pattern(IntEnum):
    """What a surface shows, in its own coordinates (across 0 to 1, down 0 to 1)."""

    PLAIN = 0
    FADE = 1
    BRICKS = 2
    TILES = 3
    PLANKS = 4
    WINDOWS = 5
    FOLDS = 6
    BOOKS = 7
    STRIPES = 8
    CHECKS = 9
    TEXT = 10
    LEAVES = 11
    RADIAL = 12
    CLOUDS = 13
    GOODS = 14
    RINGS = 15
    VEINS = 16


class Outline(IntEnum):
    """How a surface is cut out of its parallelogram."""

    FULL = 0
    ELLIPSE = 1
    BLOB = 2
    ROUNDED = 3


@dataclass(frozen=True)
class Look:
    """How a surface looks.

    Attributes:
        colour: Linear RGB; more than 1 shines.
        second: The other colour of the pattern.
        pattern: Which.
        across: How often the pattern repeats from left to right.
        down: How often from top to bottom.
        seed: Of everything random in it.
        noise: Strength of the mottling, 0 to 1.
        grain: Cells of the mottling over the surface.
        opacity: 0 to 1.
        feather: Width of the soft edge; on the flat in heights of the picture, in the view in m.
        round: How much it is shaded as a ball (surfaces) or a rod (bars), 0 to 1.
        wobble: How irregular a blob's edge is, 0 to 1.
    """

    colour: Colour
    second: Colour = (0.0, 0.0, 0.0)
    pattern: Pattern = Pattern.PLAIN
    across: float = 1.0
    down: float = 1.0
    seed: int = 0
    noise: float = 0.0
    grain: float = 6.0
    opacity: float = 1.0
    feather: float = 0.0
    round: float = 0.0
    wobble: float = 0.3

    def scaled(self, gain: float) -> Look:
        """The same, brighter or darker."""
        r, g, b = self.colour
        s, t, u = self.second
        return replace(
            self, colour=(r * gain, g * gain, b * gain), second=(s * gain, t * gain, u * gain)
        )

    def numbers(self) -> tuple[float, ...]:
        """As the kernel reads them."""
        return (
            *self.colour, *self.second, float(self.pattern), self.across, self.down,
            float(self.seed), self.noise, self.grain, self.opacity, self.feather, self.round,
            self.wobble,
        )  # fmt: skip


@dataclass(frozen=True)
class View:
    """From where the things of a canvas are seen; the eye is the origin of the room.

    Attributes:
        focal: Focal length in heights of the picture.
        cosine: Of the turn to the right.
        sine: Of the turn to the right.
        horizon: Height of the horizon in the picture, 0 (top) to 1.
        light: Where the light comes from on rounded things (x, y; up is negative).
    """

    focal: float = 1.4
    cosine: float = 1.0
    sine: float = 0.0
    horizon: float = 0.45
    light: tuple[float, float] = (-0.4, -0.6)

    @classmethod
    def turned(cls, slope: float, focal: float = 1.4, horizon: float = 0.45) -> View:
        """A view turned to the right by a slope (tangent of the angle)."""
        length = sqrt(1.0 + slope * slope)
        return cls(focal, 1.0 / length, slope / length, horizon)


class Canvas:
    """Collects surfaces, then paints them.

    Args:
        aspect: Width of the picture by its height.
        view: For what is placed in the room.
    """

    def __init__(self, aspect: float = 1.0, view: View | None = None) -> None:
        self.aspect = aspect
        self.view = view if view is not None else View()
        self._rows: list[tuple[float, ...]] = []

    def surface(
        self, corner: Point, across: Point, down: Point, look: Look, outline: Outline = Outline.FULL
    ) -> None:
        """A parallelogram in the room: a corner and its two edges, in metres."""
        self._rows.append((0.0, 1.0, float(outline), *corner, *across, *down, *look.numbers()))

    def box(self, low: Point, high: Point, look: Look, top: Look | None = None) -> None:
        """An upright box: the faces that the eye can see, the far ones first, sides darker."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        wide, tall, deep = x1 - x0, y1 - y0, z1 - z0
        if y0 > 0.0 or y1 < 0.0:
            lid = top if top is not None else look.scaled(1.25 if y0 > 0.0 else 0.35)
            self.surface((x0, y0 if y0 > 0.0 else y1, z1), (wide, 0, 0), (0, 0, -deep), lid)
        side = look.scaled(0.62)
        if x0 > 0.0:
            self.surface((x0, y0, z1), (0, 0, -deep), (0, tall, 0), side)
        elif x1 < 0.0:
            self.surface((x1, y0, z0), (0, 0, deep), (0, tall, 0), side)
        self.surface((x0, y0, z0), (wide, 0, 0), (0, tall, 0), look)

    def ball(
        self, centre: Point, radius: float, look: Look, shape: Outline = Outline.ELLIPSE
    ) -> None:
        """A disc in the room that always faces the eye."""
        rest = (radius, 0.0, 0.0, 0.0, 0.0, 0.0)
        self._rows.append((1.0, 1.0, float(shape), *centre, *rest, *look.numbers()))

    def bar(self, a: Point, b: Point, radii: tuple[float, float], look: Look) -> None:
        """A round rod in the room from a to b, with the radius at either end."""
        self._rows.append((2.0, 1.0, 0.0, *a, *b, *radii, 0.0, *look.numbers()))

    def sheet(
        self,
        corner: tuple[float, float],
        across: tuple[float, float],
        down: tuple[float, float],
        look: Look,
        outline: Outline = Outline.FULL,
    ) -> None:
        """A parallelogram on the flat: a corner and its two edges, in heights of the picture."""
        place = (*corner, 1.0, *across, 0.0, *down, 0.0)
        self._rows.append((0.0, 0.0, float(outline), *place, *look.numbers()))

    def rectangle(self, left: float, top: float, right: float, bottom: float, look: Look) -> None:
        """An upright rectangle on the flat."""
        self.sheet((left, top), (right - left, 0.0), (0.0, bottom - top), look)

    def ellipse(
        self,
        centre: tuple[float, float],
        radii: tuple[float, float],
        look: Look,
        turn: tuple[float, float] = (1.0, 0.0),
        outline: Outline = Outline.ELLIPSE,
    ) -> None:
        """An ellipse (or a blob) on the flat; ``turn`` is cosine and sine of its rotation."""
        c, s = turn
        ax, ay = 2.0 * radii[0] * c, 2.0 * radii[0] * s
        bx, by = -2.0 * radii[1] * s, 2.0 * radii[1] * c
        corner = (centre[0] - 0.5 * (ax + bx), centre[1] - 0.5 * (ay + by))
        self.sheet(corner, (ax, ay), (bx, by), look, outline)

    def line(
        self, a: tuple[float, float], b: tuple[float, float], radii: tuple[float, float], look: Look
    ) -> None:
        """A round rod on the flat."""
        place = (*a, 1.0, *b, 1.0, *radii, 0.0)
        self._rows.append((2.0, 0.0, 0.0, *place, *look.numbers()))

    def painted(self, height: int, width: int) -> Picture:
        """(H, W, 4) float32: linear RGB times alpha, and alpha."""
        rows = np.array(self._rows, np.float64).reshape(-1, ROW)
        canvas = np.zeros((height, width, 4), np.float32)
        view = self.view
        eye = np.array(
            [view.focal, view.cosine, view.sine, view.horizon, self.aspect, *view.light], np.float64
        )
        paint_rows(canvas, rows, eye)
        return canvas
