"""Groups of strands: how many, how wide, which colours; what every kind of hair shares."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth.draw import Draw
from vplugin.synth.exact import power
from vplugin.synth.hair_colour import Colour, coloured, scaled
from vplugin.synth.parts import Floats, Indices, Segment, Strands
from vplugin.synth.scalp import Surface, scattered


class Grown(NamedTuple):
    """What grows hair: a head as hair sees it.

    Attributes:
        surface: What hair falls over.
        vertices: (V, 3) mm of the skin.
        triangles: (T, 3).
        face: (V, 3) face coordinates of the vertices.
        wrapped: Whether a scarf or hood holds all hair.
    """

    surface: Surface
    vertices: Floats
    triangles: Indices
    face: Floats
    wrapped: bool = False


class Look(NamedTuple):
    """Linear RGB of most hairs of a group, of their roots and tips; share of white hairs."""

    base: Colour
    root: Colour
    tip: Colour
    grey: float


class Coat(NamedTuple):
    """One group of strands of a head of hair.

    Attributes:
        hairs: How many, at full density and detail 1.
        width: Of a hair at the root, mm, at detail 1.
        reach: Shortest and longest, as shares of the guides' length.
        clump: Factor on the clumping.
        volume: Factor on the height in the volume.
        frizz: Factor.
        stray: Share of fly-aways.
        dark: Factor on the colour.
        opacity: Of one hair.
        points: Of one hair, 0 for those of the style.
    """

    hairs: int
    width: float
    reach: tuple[float, float]
    clump: float
    volume: float
    frizz: float
    stray: float
    dark: float
    opacity: float
    points: int = 0


def roots_on(head: Grown, density: Floats, count: int, seed: int) -> Floats:
    """(N, 9) place, normal and face coordinates of at most ``count`` roots.

    Args:
        head: Where.
        density: (V,) of its vertices, 0 to 1.
        count: How many at most.
        seed: Of the scattering.
    """
    roots = np.empty((count, 9))
    placed = scattered(head.vertices, head.triangles, head.face, density, count, seed, roots)
    return roots[:placed]


def finished(
    look: Look,
    points: Floats,
    clumps: Indices,
    ranks: npt.NDArray[np.float32],
    coat: Coat,
    seed: int,
    detail: float,
    label: Segment,
    gloss: float,
) -> Strands:
    """Grown hairs (S, K, 3) with colours and widths."""
    count, each = points.shape[:2]
    colours = np.empty((count, 3), np.float32)
    tips = np.empty((count, 3), np.float32)
    # Bright hair scatters so much light that its depths are brighter too.
    bright = min(1.0, 1.6 * max(look.base[1], 0.6 * look.grey))
    dark = coat.dark + max(0.0, 1.0 - coat.dark) * 0.6 * bright
    base, root, tip = (np.array(scaled(c, dark), np.float32) for c in look[:3])
    shade = 0.45 * (1.0 - 0.55 * bright)
    coloured(base, root, tip, look.grey, 0.4, shade, clumps, ranks, seed, colours, tips)
    width = coat.width / power(max(0.5, detail), 0.8)
    spread = Draw(seed, "width").array(count)
    return Strands(
        points.reshape(-1, 3),
        np.arange(0, count * each + 1, each, dtype=np.int32),
        (width * (0.7 + 0.6 * spread)).astype(np.float32),
        colours,
        tips,
        label,
        gloss,
        coat.opacity,
    )
