"""Brows and lashes: short hairs along the lines that the head gives.

Where a brow is belongs to the face (`shape.py`); how it is grown is here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vplugin.synth.draw import Draw
from vplugin.synth.exact import clamp, compiled, hashed, mix, power, smoothstep
from vplugin.synth.hair_colour import Colour
from vplugin.synth.parameters import Group, number
from vplugin.synth.parts import Floats, Segment, Strands
from vplugin.synth.scalp import CENTRE_Y, CENTRE_Z

_POINTS = 5
_BROW_HAIRS = 300
_LASHES = 70


@dataclass(frozen=True)
class Brows(Group):
    """The hairs of brows and lashes."""

    thickness: float = number(0.4, 2, 1, 0.22, "factor", "Width of the brows.")
    density: float = number(0.15, 1.4, 0.9, 0.2, "factor", "How many hairs.")
    length: float = number(0.5, 1.8, 1, 0.18, "factor", "Of the hairs.")
    tail: float = number(0, 1, 0.6, 0.2, "share", "How far the outer end reaches and is filled.")
    taper: float = number(0, 1, 0.6, 0.2, "share", "How thin the outer end is.")
    unruly: float = number(0, 1, 0.3, 0.18, "share", "How much the hairs disagree.")
    darkness: float = number(0, 1, 0.5, 0.2, "share", "Darker than the hair of the head.")
    bridge: float = number(0, 1, 0.05, 0.1, "share", "Hairs between the brows.")
    lashes: float = number(0.3, 2, 1, 0.25, "factor", "Length and thickness of the lashes.")


@compiled
def _tuft(points: Floats, n: int, root: Floats, way: Floats, bend: Floats, length: float) -> None:
    """One hair: from a root along ``way``, bent by ``bend`` at its tip (shares of its length)."""
    count = points.shape[1]
    for k in range(count):
        t = k / (count - 1)
        for axis in range(3):
            points[n, k, axis] = root[axis] + length * (way[axis] * t + bend[axis] * t * t)


@compiled
def _direct(way: Floats) -> None:
    length = np.sqrt(way[0] * way[0] + way[1] * way[1] + way[2] * way[2]) + 1e-12
    for axis in range(3):
        way[axis] /= length


@compiled
def grow_brow(line: Floats, given: Floats, seed: int, points: Floats) -> None:
    """Grows the hairs of one brow.

    Args:
        line: (K, 3) mm along its middle from the inner end.
        given: (6,) half width mm, length mm, tail, taper, unruliness, bridge.
        seed: Of everything random.
        points: (S, K', 3) mm, filled.
    """
    last = line.shape[0] - 1
    root, way, bend = np.empty(3), np.empty(3), np.empty(3)
    along, out = np.empty(3), np.empty(3)
    for n in range(points.shape[0]):
        first = -0.06 - 0.55 * given[5] * (1.0 if hashed(n, 9, 0, seed) < given[5] else 0.0)
        t = mix(first, 0.72 + 0.28 * given[2], (n + hashed(n, 1, 0, seed)) / points.shape[0])
        # The inner end is thin: some of its hairs grow elsewhere.
        if (
            hashed(n, 10, 0, seed) > smoothstep(-0.12, 0.16, t)
            and hashed(n, 9, 0, seed) >= given[5]
        ):
            t = mix(0.1, 0.8, hashed(n, 11, 0, seed))
        place = t * last
        i = int(clamp(place, 0.0, last - 1.0))
        share = place - i
        for axis in range(3):
            along[axis] = line[i + 1, axis] - line[i, axis]
            root[axis] = line[i, axis] + along[axis] * share
        _direct(along)
        out[0], out[1], out[2] = root[0], root[1] - CENTRE_Y, root[2] - CENTRE_Z
        _direct(out)
        # Across the brow, -1 its lower and 1 its upper edge; hairs stand closer in the middle.
        v = hashed(n, 2, 0, seed) + hashed(n, 3, 0, seed) - 1.0
        wide = given[0] * smoothstep(-0.18, 0.22, t)
        wide *= mix(1.0, mix(0.75, 0.2, given[3]), smoothstep(0.45, 1.0, t))
        root[1] -= v * wide
        # Up at the inner end, along the brow, then down; the edges lean to the middle.
        rise = 0.95 - 1.15 * smoothstep(-0.05, 0.5, t) - 0.35 * smoothstep(0.55, 0.9, t)
        rise -= 0.55 * v * smoothstep(0.0, 0.3, t)
        wild = given[4] * 1.1
        for axis in range(3):
            way[axis] = along[axis] * mix(0.35, 1.0, smoothstep(-0.05, 0.35, t))
            way[axis] += out[axis] * 0.22 + wild * (hashed(n, 4 + axis, 0, seed) - 0.5)
            bend[axis] = along[axis] * 0.12 - out[axis] * 0.12
        way[1] -= rise
        bend[1] += 0.16 * v
        _direct(way)
        length = given[1] * mix(0.6, 1.1, hashed(n, 7, 0, seed))
        length *= mix(0.75, 1.0, smoothstep(-0.1, 0.2, t)) * mix(1.0, 0.7, smoothstep(0.6, 1.0, t))
        for axis in range(3):
            root[axis] += out[axis] * 0.15
        _tuft(points, n, root, way, bend, length)


@compiled
def grow_lashes(
    line: Floats, eye: Floats, upper: bool, length: float, seed: int, points: Floats
) -> None:
    """Grows the lashes of one lid.

    Args:
        line: (K, 3) mm along the rim from the inner corner.
        eye: (3,) centre of the eyeball.
        upper: Whether it is an upper lid.
        length: Of the longest, mm.
        seed: Of everything random.
        points: (S, K', 3) mm, filled.
    """
    last = line.shape[0] - 1
    root, way, bend = np.empty(3), np.empty(3), np.zeros(3)
    side = 1.0 if line[last, 0] > line[0, 0] else -1.0
    for n in range(points.shape[0]):
        t = mix(0.08, 0.99, (n + hashed(n, 1, 0, seed)) / points.shape[0])
        place = t * last
        i = int(clamp(place, 0.0, last - 1.0))
        for axis in range(3):
            root[axis] = mix(line[i, axis], line[i + 1, axis], place - i)
            way[axis] = root[axis] - eye[axis]
        _direct(way)
        # Fanned outwards, in small bundles that lean together.
        lean = 0.35 * (hashed(n // 3, 2, 0, seed) - 0.5) + 0.15 * (hashed(n, 3, 0, seed) - 0.5)
        way[0] += side * (0.75 * (t - 0.42)) + lean
        way[1] += 0.12 if upper else 0.30
        way[2] -= 0.45
        _direct(way)
        bend[1] = -0.42 if upper else 0.12
        size = (
            length
            * (0.45 + 0.55 * smoothstep(0.0, 0.6, t))
            * (1.0 - 0.35 * smoothstep(0.9, 1.0, t))
        )
        _tuft(points, n, root, way, bend, size * mix(0.7, 1.0, hashed(n, 4, 0, seed)))


def short_hairs(
    points: Floats, colour: Colour, width: float, label: Segment, seed: int, opacity: float
) -> Strands:
    """Hairs (S, K, 3) of about one colour."""
    count, each = points.shape[:2]
    draw = Draw(seed, "short hairs")
    tone = (0.75 + 0.5 * draw.of("tone").array(count))[:, None]
    colours = (np.array(colour)[None, :] * tone).astype(np.float32)
    widths = width * (0.7 + 0.6 * draw.of("width").array(count))
    return Strands(
        points.reshape(-1, 3),
        np.arange(0, count * each + 1, each, dtype=np.int32),
        widths.astype(np.float32),
        colours,
        np.asarray(colours * np.float32(1.15), np.float32),
        label,
        0.25,
        opacity,
    )


def grow_brows(
    brows: Brows,
    lines: tuple[Floats, Floats],
    colour: Colour,
    grey: float,
    seed: int,
    detail: float,
) -> tuple[Strands, ...]:
    """Hairs of the right and left brow.

    Args:
        brows: How they grow.
        lines: Of the right and left brow, (K, 3) mm from the inner end.
        colour: Linear RGB of the head's natural hair.
        grey: Share of white hairs there.
        seed: Of everything random.
        detail: 1 suits a face of 150 pixels.
    """
    factor = 1.15 - 0.75 * brows.darkness
    tone = _darkened(colour, factor)
    share = 0.55 * grey
    tone = (
        mix(tone[0], 0.5, share),
        mix(tone[1], 0.5, share),
        mix(tone[2], 0.49, share),
    )
    given = np.array(
        [
            3.5 * brows.thickness,
            8.2 * brows.length,
            brows.tail,
            brows.taper,
            brows.unruly,
            brows.bridge,
        ]
    )
    out = []
    fine = max(0.5, detail)
    for k, label in enumerate((Segment.RIGHT_BROW, Segment.LEFT_BROW)):
        count = max(8, int(_BROW_HAIRS * brows.density * min(1.8, max(0.45, detail))))
        points = np.empty((count, _POINTS, 3))
        grow_brow(np.ascontiguousarray(lines[k]), given, seed + k, points)
        out.append(short_hairs(points, tone, 0.42 / power(fine, 0.6), label, seed + k, 0.8))
    return tuple(out)


def _darkened(colour: Colour, factor: float) -> Colour:
    """Brows of blond people are brown: bright colours are darkened most."""
    red, green, blue = (c * factor / (1.0 + 1.6 * c) for c in colour)
    return (red, green, blue)


def grow_all_lashes(
    brows: Brows,
    lids: tuple[Floats, ...],
    eyes: Floats,
    colour: Colour,
    seed: int,
    detail: float,
) -> tuple[Strands, ...]:
    """Lashes of both eyes.

    Args:
        brows: How they grow.
        lids: For right upper, right lower, left upper, left lower lid (K, 3) mm.
        eyes: (2, 3) centres of the right and left eyeball.
        colour: Linear RGB of the head's natural hair.
        seed: Of everything random.
        detail: 1 suits a face of 150 pixels.
    """
    tone = _darkened(colour, 0.45)
    out = []
    for k, label in enumerate((Segment.RIGHT_EYE, Segment.LEFT_EYE)):
        hairs: list[npt.NDArray[np.float64]] = []
        for low, length in ((0, 8.5), (1, 4.6)):
            share = 0.55 if low else 1.0
            count = max(6, int(_LASHES * share * min(1.6, max(0.4, detail))))
            points = np.empty((count, _POINTS, 3))
            rim = np.ascontiguousarray(lids[2 * k + low])
            size = length * (0.6 + 0.4 * brows.lashes)
            grow_lashes(
                rim, np.ascontiguousarray(eyes[k]), low == 0, size, seed + 2 * k + low, points
            )
            hairs.append(points)
        width = 0.20 * (0.6 + 0.4 * brows.lashes) / power(max(0.5, detail), 0.4)
        out.append(short_hairs(np.concatenate(hairs), tone, width, label, seed + k, 0.75))
    return tuple(out)
