"""Scalp hair: what describes it, and how it is grown on a head.

A head of hair is drawn as several groups of strands: an undercoat close to the skin, the body in
clumps, and a few fly-aways; tied hair adds tails, plaits and buns (`tails.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth.draw import Draw
from vplugin.synth.hair_colour import NATURAL, Colour, coloured, dye
from vplugin.synth.hair_cuts import CUTS, TIES, WHORL, Cut, guide_plan, kinds_of, parting
from vplugin.synth.hairline import hair_densities, hairline
from vplugin.synth.parameters import Group, choice, number
from vplugin.synth.parts import Floats, Indices, Segment, Strands
from vplugin.synth.scalp import Surface, scattered
from vplugin.synth.strands import LOCK_ENTRIES, Guide, Lock, grow_guides, grow_locks


@dataclass(frozen=True)
class HairStyle(Group):
    """The hair of the head."""

    style: str = choice(
        {
            "short": 5, "bald": 0.8, "buzz": 1.4, "crew": 2, "textured": 2, "undercut": 1,
            "quiff": 1.4, "slicked": 1.1, "bowl": 0.5, "pixie": 1.6, "bob": 2.6, "shoulder": 3.2,
            "long": 3.4, "ponytail": 1.8, "bun": 1.3, "topknot": 0.6, "braids": 0.8, "braid": 0.6,
            "locs": 0.8, "afro": 1.2, "mohawk": 0.25,
        },
        "How it is cut and worn.",
    )  # fmt: skip
    line: str = choice(
        {"full": 7, "peak": 1.2, "receding": 1.4, "crown": 0.6, "ring": 0.5},
        "Where hair still grows: everywhere, with a widow's peak, with bare corners, with a bald "
        "crown, or only in a ring around the head.",
    )
    recession: float = number(0, 1, 0.35, 0.2, "share", "How far a line that recedes has gone.")
    part: str = choice({"left": 3, "right": 2, "middle": 2}, "Side of the parting (the person's).")
    fringe: str = choice(
        {"none": 5, "straight": 1, "side": 1.4, "curtain": 0.8, "wispy": 0.8},
        "Hair over the forehead.",
    )
    ears: str = choice({"covered": 2, "free": 1.2}, "Loose hair over the ears, or behind them.")
    shoulders: str = choice(
        {"mixed": 2, "behind": 2, "front": 1}, "Where long hair falls at the shoulders."
    )
    length: float = number(0.5, 1.6, 1, 0.18, "factor", "Of the style's usual length.")
    curl: float = number(0, 1, 0.25, 0.25, "share", "Straight (0), waves, curls, coils (1).")
    volume: float = number(0, 1, 0.45, 0.18, "share", "How far it stands off the head.")
    clumping: float = number(0, 1, 0.5, 0.18, "share", "Loose (0) or in strands (1).")
    frizz: float = number(0, 1, 0.3, 0.15, "share", "Smooth (0) or unruly (1).")
    density: float = number(0.3, 1, 0.95, 0.1, "share", "How thick it grows.")
    colour: str = choice(
        {
            "black": 4, "dark brown": 4, "brown": 3, "light brown": 2, "dark blond": 1.6,
            "blond": 1.4, "platinum": 0.4, "auburn": 0.7, "red": 0.7, "dyed": 0.35,
        },
        "Of the hair that is not grey.",
    )  # fmt: skip
    shade: float = number(-1, 1, 0, 0.35, "share", "Darker (-1) or lighter (+1) than that.")
    greying: float = number(0, 1, 0.05, 0.1, "share", "How many hairs are white.")
    tips: float = number(0, 1, 0.15, 0.15, "share", "How much lighter the tips are.")
    hue: float = number(0, 1, 0.5, 0.4, "turn", "Of dyed hair, around the colour wheel.")
    outgrown: float = number(0, 1, 0.2, 0.3, "share", "Natural colour at the roots of dyed hair.")
    pattern: float = number(0, 1, 0.5, 0.3, "share", "Which of many like it: seeds every strand.")

    @property
    def seed(self) -> int:
        """Of everything random in this hair."""
        return int(self.pattern * 1e6)

    @property
    def colour_word(self) -> str:
        """One word of what one sees, for captions."""
        if self.greying > 0.85:
            return "white"
        return "grey" if self.greying > 0.45 else self.colour


class Grown(NamedTuple):
    """What grows hair: a head as hair sees it.

    Attributes:
        surface: What hair falls over.
        vertices: (V, 3) mm of the skin.
        triangles: (T, 3).
        face: (V, 3) face coordinates of the vertices.
    """

    surface: Surface
    vertices: Floats
    triangles: Indices
    face: Floats


def hairline_of(style: HairStyle) -> Floats:
    """What ``hairline.hair_density`` reads for this hair."""
    gone = style.recession
    front, corners, peak, crown, ring = {
        "full": (0.0, 0.12 * gone, 0.1, 0.0, 0.0),
        "peak": (0.0, 0.35, 1.0, 0.0, 0.0),
        "receding": (0.15 + 0.5 * gone, 0.4 + 0.6 * gone, 0.0, 0.0, 0.0),
        "crown": (0.3 * gone, 0.2 + 0.5 * gone, 0.0, 0.3 + 0.7 * gone, 0.0),
        "ring": (0.0, 0.0, 0.0, 0.0, 1.0),
    }[style.line]
    density = 0.0 if style.style == "bald" else style.density
    return hairline(front, corners, peak, crown, ring, density, style.seed)


def tone(style: HairStyle) -> tuple[Colour, Colour, Colour]:
    """Linear RGB of most hair, of its roots and of its tips."""
    natural = NATURAL["dark brown" if style.colour == "dyed" else style.colour]
    base = dye(style.hue) if style.colour == "dyed" else natural
    factor = 1.0 + (0.55 if style.shade > 0 else 0.4) * style.shade
    base = _scaled(base, factor)
    root = _scaled(base, 0.8)
    if style.colour == "dyed":
        root = _between(base, natural, style.outgrown)
    light = _scaled(base, 1.35)
    pale = (0.40, 0.29, 0.17)
    return base, root, _between(light, pale, 0.5 * style.tips)


def _scaled(colour: Colour, factor: float) -> Colour:
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def _between(a: Colour, b: Colour, share: float) -> Colour:
    return (
        a[0] + (b[0] - a[0]) * share,
        a[1] + (b[1] - a[1]) * share,
        a[2] + (b[2] - a[2]) * share,
    )


class Coat(NamedTuple):
    """One group of strands of a head of hair.

    Attributes:
        count: Of hairs, at full density and detail 1.
        width: Of a hair at the root, mm, at detail 1.
        reach: Shortest and longest, as shares of the guides' length.
        clump: Factor on the clumping.
        volume: Factor on the height in the volume.
        frizz: Factor.
        stray: Share of fly-aways.
        dark: Factor on the colour.
        opacity: Of one hair.
    """

    count: int
    width: float
    reach: tuple[float, float]
    clump: float
    volume: float
    frizz: float
    stray: float
    dark: float
    opacity: float


_UNDER = Coat(1500, 1.5, (0.35, 0.8), 0.4, 0.25, 1.0, 0.0, 0.55, 0.95)
_BODY = Coat(4600, 0.62, (0.72, 1.0), 1.0, 1.0, 1.0, 0.0, 1.0, 0.9)
_AIRY = Coat(260, 0.34, (0.7, 1.06), 0.0, 1.25, 3.0, 0.5, 1.25, 0.6)
_STUBBLE = Coat(14000, 0.34, (0.7, 1.0), 0.0, 0.0, 1.0, 0.0, 0.9, 0.75)


def grow_hair(style: HairStyle, head: Grown, detail: float) -> tuple[Strands, ...]:
    """The strands of the scalp.

    Args:
        style: Of the hair.
        head: Where it grows.
        detail: 1 suits a face of 150 pixels; more grows more and finer hairs.
    """
    cut = CUTS[style.style]
    density = hair_densities(hairline_of(style), head.face)
    if style.style == "bald" or not (density > 0.05).any():
        return ()
    if cut.top <= 6.0:
        coats: tuple[Coat, ...] = (_STUBBLE,)
    else:
        coats = (_UNDER, _short_body(cut), _AIRY)
    guides, roots, kinds = _guides(style, cut, head, density)
    if len(guides) == 0:
        return ()
    return tuple(
        _coat(style, cut, head, density, coat, index, detail, guides, roots, kinds)
        for index, coat in enumerate(coats)
    )


def _short_body(cut: Cut) -> Coat:
    """Short hair covers less of the head with each strand, so there are more."""
    mean = (cut.top + cut.sides + cut.back) / 3.0
    more = min(2.4, max(1.0, (130.0 / mean) ** 0.5)) if mean > 0 else 1.0
    return _BODY._replace(count=int(_BODY.count * more))


def _roots(head: Grown, density: Floats, count: int, seed: int) -> Floats:
    roots = np.empty((count, 9))
    placed = scattered(head.vertices, head.triangles, head.face, density, count, seed, roots)
    return roots[:placed]


def _guides(
    style: HairStyle, cut: Cut, head: Grown, density: Floats
) -> tuple[Floats, Floats, Floats]:
    draw = Draw(style.seed, "hair guides")
    roots = _roots(head, density, cut.guides, draw.of("roots").integer(0, 1 << 30))
    side = parting(style.part, roots[:, 6:9])
    behind = _behind(style.shoulders, roots, draw)
    plan = guide_plan(
        cut, roots, side, style.fringe, style.ears == "covered", behind, style.length
    )
    _tuned(plan, style, draw)
    ties = np.array(TIES[cut.tie] or ((0.0, 0.0, 0.0),))
    guides = np.empty((len(roots), cut.points, 3))
    seed = draw.of("wander").integer(0, 1 << 30)
    grow_guides(*head.surface, roots, plan, ties, np.array(WHORL), seed, guides)
    return guides, roots, np.ascontiguousarray(plan[:, Guide.KIND])


def _behind(word: str, roots: Floats, draw: Draw) -> Floats:
    if word == "mixed":
        side = 1.0 if draw.of("front side").chance(0.5) else -1.0
        return np.where(roots[:, 0] * side > 0, 0.8, -0.5)
    return np.full(len(roots), 1.0 if word == "behind" else -0.6)


def _tuned(plan: Floats, style: HairStyle, draw: Draw) -> None:
    """A person's own volume, and no two clumps alike."""
    count = len(plan)
    body = 0.45 + 1.2 * style.volume
    plan[:, Guide.HEIGHT] *= body * (0.7 + 0.6 * draw.of("height").array(count))
    plan[:, Guide.LIFT] = np.minimum(1.0, plan[:, Guide.LIFT] * (0.7 + 0.6 * style.volume))
    plan[:, Guide.LENGTH] *= 0.88 + 0.24 * draw.of("length").array(count)
    if CUTS[style.style].loose:
        plan[:, Guide.CUT] += 22.0 * (draw.of("cut").array(count) - 0.5)
    plan[:, Guide.WANDER] *= 0.5 + 1.6 * style.frizz


def _lock(style: HairStyle, cut: Cut, coat: Coat) -> Floats:
    lock = np.zeros(LOCK_ENTRIES)
    curl = max(style.curl, 0.95) if style.style == "afro" else style.curl
    loose = 0.0 if cut.tie or cut.top < 20.0 else 1.0
    lock[Lock.CLUMP] = min(1.0, coat.clump * cut.clump * (0.4 + 1.2 * style.clumping))
    lock[Lock.GATHER] = 0.55
    lock[Lock.TIGHT] = 0.25
    lock[Lock.SHORTEST], lock[Lock.LONGEST] = coat.reach
    lock[Lock.CURL], lock[Lock.WAVE], lock[Lock.FLAT] = _curl(curl, cut)
    lock[Lock.CURL] *= loose
    lock[Lock.FRIZZ] = (0.02 + 0.09 * style.frizz) * coat.frizz * (0.35 if cut.tie else 1.0)
    lock[Lock.VOLUME] = coat.volume * (2.0 + 7.0 * style.volume) * (0.35 if cut.tie else 1.0)
    lock[Lock.VOLUME] *= min(1.0, cut.top / 60.0)
    lock[Lock.STRAY] = coat.stray
    lock[Lock.UNISON] = 0.85
    lock[Lock.OVER] = 5.0
    lock[Lock.ABOVE] = 0.5
    if style.style == "locs":
        lock[Lock.CLUMP], lock[Lock.GATHER], lock[Lock.TIGHT] = 1.0, 0.12, 0.4
        lock[Lock.CURL], lock[Lock.WAVE], lock[Lock.FLAT], lock[Lock.UNISON] = 2.6, 16.0, 0.0, 0.0
    return lock


def _curl(curl: float, cut: Cut) -> tuple[float, float, float]:
    """Radius and length of a turn, mm, and flatness."""
    longest = max(cut.top, cut.back)
    room = min(1.0, longest / 90.0)
    if curl < 0.12:
        return 0.0, 60.0, 1.0
    if curl < 0.5:
        share = (curl - 0.12) / 0.38
        return (2.0 + 6.5 * share) * room, (95.0 - 45.0 * share) * room, 0.75
    if curl < 0.8:
        share = (curl - 0.5) / 0.3
        return (8.0 - 1.5 * share) * room, (46.0 - 22.0 * share) * room, 0.2
    return 3.2 * room, 15.0 * room, 0.0


def _coat(
    style: HairStyle,
    cut: Cut,
    head: Grown,
    density: Floats,
    coat: Coat,
    index: int,
    detail: float,
    guides: Floats,
    guide_roots: Floats,
    guide_kinds: Floats,
) -> Strands:
    seed = Draw(style.seed, f"coat {index}").integer(0, 1 << 30)
    count = int(coat.count * detail)
    roots = _roots(head, density, count, seed)
    face = roots[:, 6:9]
    side = parting(style.part, face)
    kinds = kinds_of(cut, side, style.fringe, face)
    points = np.empty((len(roots), cut.points, 3))
    clumps = np.empty(len(roots), np.int32)
    ranks = np.empty(len(roots), np.float32)
    lock = _lock(style, cut, coat)
    grow_locks(
        *head.surface, roots, kinds, guides, guide_roots, guide_kinds, lock, seed, points, clumps, ranks
    )
    return finished(style, points, clumps, ranks, coat, seed, detail)


def finished(
    style: HairStyle,
    points: Floats,
    clumps: Indices,
    ranks: npt.NDArray[np.float32],
    coat: Coat,
    seed: int,
    detail: float,
) -> Strands:
    """Grown hairs (S, K, 3) with colours and widths."""
    count, each = points.shape[:2]
    colours = np.empty((count, 3), np.float32)
    tips = np.empty((count, 3), np.float32)
    base, root, tip = (np.array(_scaled(c, coat.dark), np.float32) for c in tone(style))
    coloured(base, root, tip, style.greying, 0.45, 0.45, clumps, ranks, seed, colours, tips)
    width = coat.width / max(0.5, detail) ** 0.8
    spread = Draw(seed, "width").array(count)
    return Strands(
        points.reshape(-1, 3),
        np.arange(0, count * each + 1, each, dtype=np.int32),
        (width * (0.7 + 0.6 * spread)).astype(np.float32),
        colours,
        tips,
        Segment.HAIR,
        0.75 - 0.4 * style.frizz,
        coat.opacity,
    )
