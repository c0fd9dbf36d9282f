"""Growing all hair of a person: scalp, brows, lashes and beard.

A head of hair is drawn as several groups of strands: an undercoat close to the skin, the body in
clumps, and a few fly-aways; tied hair adds tails, plaits and buns (`tails.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth.beard import (
    Beard,
    beard_count,
    beard_densities,
    beard_guides,
    beard_lock,
    beard_region,
)
from vplugin.synth.brows import grow_all_lashes, grow_brows
from vplugin.synth.draw import Draw
from vplugin.synth.hair_colour import Colour, between, coloured, scaled
from vplugin.synth.hair_cuts import (
    CUTS,
    TIES,
    WHORL,
    Cut,
    guide_plan,
    kinds_of,
    parting,
    step,
    upper,
)
from vplugin.synth.hair_style import HairStyle, hairline_of, natural_colour, tone
from vplugin.synth.hairline import hair_densities
from vplugin.synth.parts import Floats, Indices, Segment, Strands
from vplugin.synth.scalp import Surface, build_surface, scattered
from vplugin.synth.strands import LOCK_ENTRIES, Guide, Lock, grow_guides, grow_locks
from vplugin.synth.tails import plait, tail_courses, tail_roots, tie_places, wind

if TYPE_CHECKING:
    from vplugin.synth.head import Head
    from vplugin.synth.person import Person

# The first row of the torso map that lies below a chin.
_CHEST = 20

__all__ = ["Grown", "HairStyle", "grow", "grow_beard", "grow_hair"]


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


def grow(person: Person, head: Head, detail: float = 1.0) -> tuple[Strands, ...]:
    """All hair of a person, in the head frame.

    Args:
        person: Who: ``hair``, ``beard`` and ``brows`` say how.
        head: Where: with the expression, so that brows, lashes and beard move with the face.
        detail: 1 suits a face (of 150 mm) of 150 pixels; more grows more and finer hairs.
    """
    style, natural = person.hair, natural_colour(person.hair)
    skin = head.parts[0]
    meshes = [(skin.vertices, skin.triangles, np.ones(len(skin.triangles), np.uint8))]
    meshes += [
        (part.vertices, part.triangles, np.ones(len(part.triangles), np.uint8))
        for part in head.parts
        if part.label in (Segment.LEFT_EAR, Segment.RIGHT_EAR)
    ]
    grown = Grown(build_surface(meshes), skin.vertices, skin.triangles, skin.texture)
    brows = person.brows
    return (
        *grow_hair(style, grown, detail),
        *grow_beard(person.beard, style, grown, detail),
        *grow_brows(brows, head.brow_lines, natural, style.greying, style.seed, detail),
        *grow_all_lashes(brows, head.lid_lines, head.eyes, natural, style.seed, detail),
    )


def grow_beard(beard: Beard, style: HairStyle, head: Grown, detail: float) -> tuple[Strands, ...]:
    """The strands of the beard; none of style none.

    Args:
        beard: Of the person.
        style: Hair of the head, for the colour.
        head: Where it grows.
        detail: As of :func:`grow`.
    """
    if beard.style == "none":
        return ()
    draw = Draw(beard.seed, "beard")
    density = beard_densities(beard_region(beard), head.face)
    hairs, width, each = beard_count(beard)
    roots = _roots(head, density, 190, draw.of("guides").integer(0, 1 << 30))
    count = int(hairs * min(2.5, max(0.35, detail)))
    many = _roots(head, density, count, draw.of("roots").integer(0, 1 << 30))
    if len(roots) == 0 or len(many) == 0:
        return ()
    plan = beard_guides(beard, roots, draw)
    guides = np.empty((len(roots), each, 3))
    seed = draw.of("wander").integer(0, 1 << 30)
    # Hair of the face stands off it by itself; only the chest is in its way.
    free, torso = np.zeros_like(head.surface.head), head.surface.torso.copy()
    torso[:_CHEST] = 0.0
    nowhere = np.zeros((1, 3))
    grow_guides(free, torso, roots, plan, nowhere, nowhere[0], seed, guides)
    kinds = np.where(
        (many[:, 7] < 76.0) & (np.abs(many[:, 6]) < 30.0) & (many[:, 8] < 14.0), 1.0, 0.0
    )
    points = np.empty((len(many), each, 3))
    clumps, ranks = np.empty(len(many), np.int32), np.empty(len(many), np.float32)
    grow_locks(
        *(free, torso, many, kinds, guides, roots),
        *(
            np.ascontiguousarray(plan[:, Guide.KIND]),
            beard_lock(beard),
            seed,
            points,
            clumps,
            ranks,
        ),
    )
    natural = natural_colour(style)
    base = between(natural, (0.16, 0.055, 0.02), 0.5 * beard.warmth)
    look = Look(base, scaled(base, 0.8), scaled(base, 1.3), max(beard.greying, 0.7 * style.greying))
    coat = Coat(0, width, (0.0, 0.0), 0.0, 0.0, 0.0, 0.0, 1.0, 0.85)
    return (finished(look, points, clumps, ranks, coat, seed, detail, Segment.BEARD, 0.3),)


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


_UNDER = Coat(1500, 1.5, (0.35, 0.8), 0.4, 0.25, 1.0, 0.0, 0.55, 0.95)
_BODY = Coat(4600, 0.62, (0.72, 1.0), 1.0, 1.0, 1.0, 0.0, 1.0, 0.9)
_AIRY = Coat(260, 0.34, (0.7, 1.06), 0.0, 1.25, 3.0, 0.5, 1.25, 0.6)
_STUBBLE = Coat(11000, 0.36, (0.7, 1.0), 0.0, 0.0, 1.0, 0.0, 0.9, 0.75, 3)


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
    guides, roots, kinds = _guides(style, cut, head, density)
    if len(guides) == 0:
        return ()
    scalp = tuple(
        _coat(style, cut, head, density * share, coat, index, detail, guides, roots, kinds)
        for index, (coat, share) in enumerate(coats_of(cut, head.face, density))
    )
    return (*scalp, *_tails(style, cut, head, detail))


def _tails(style: HairStyle, cut: Cut, head: Grown, detail: float) -> tuple[Strands, ...]:
    """What hangs from the ties or is wound there."""
    if not cut.tail:
        return ()
    grow_one = {"tail": _tail, "plait": _plait, "bun": _bun}[cut.tail]
    return tuple(
        grow_one(style, head, tie, detail, Draw(style.seed, f"tail {k}").integer(0, 1 << 30))
        for k, tie in enumerate(tie_places(head.surface, TIES[cut.tie]))
    )


def _tail(style: HairStyle, head: Grown, tie: Floats, detail: float, seed: int) -> Strands:
    length = 250.0 * style.length
    guide_roots = tail_roots(tie, 9.0, 26, seed)
    guides = tail_courses(head.surface, guide_roots, length, 0.8, False, 18, seed)
    roots = tail_roots(tie, 10.0, int(1100 * detail), seed + 1)
    points = np.empty((len(roots), 18, 3))
    clumps, ranks = np.empty(len(roots), np.int32), np.empty(len(roots), np.float32)
    lock = _lock(style, CUTS["long"], _BODY)
    lock[Lock.VOLUME] *= 0.7
    kinds = np.zeros(len(roots))
    grow_locks(
        *(*head.surface, roots, kinds, guides, guide_roots, np.zeros(len(guides))),
        *(lock, seed, points, clumps, ranks),
    )
    return _dressed(style, points, clumps, ranks, seed, detail)


def _plait(style: HairStyle, head: Grown, tie: Floats, detail: float, seed: int) -> Strands:
    course = tail_courses(
        head.surface,
        tail_roots(tie, 0.1, 1, seed),
        *(270.0 * style.length, 0.35, style.shoulders != "behind", 60, seed),
    )[0]
    points = np.empty((int(540 * detail), 60, 3))
    clumps, ranks = np.empty(len(points), np.int32), np.empty(len(points), np.float32)
    radius = 9.0 + 6.0 * style.volume
    plait(*head.surface, course, radius, 3.6 * radius, seed, points, clumps, ranks)
    return _dressed(style, points, clumps, ranks, seed, detail)


def _bun(style: HairStyle, head: Grown, tie: Floats, detail: float, seed: int) -> Strands:
    points = np.empty((int(1300 * detail), 12, 3))
    clumps, ranks = np.empty(len(points), np.int32), np.empty(len(points), np.float32)
    radius = (20.0 + 14.0 * style.volume) * (0.6 + 0.4 * style.length)
    wind(tie, radius, style.frizz, seed, points, clumps, ranks)
    return _dressed(style, points, clumps, ranks, seed, detail)


def _dressed(
    style: HairStyle,
    points: Floats,
    clumps: Indices,
    ranks: npt.NDArray[np.float32],
    seed: int,
    detail: float,
) -> Strands:
    """Hair of the head's colours."""
    look = Look(*tone(style), style.greying)
    gloss = 0.75 - 0.4 * style.frizz
    return finished(look, points, clumps, ranks, _BODY, seed, detail, Segment.HAIR, gloss)


def coats_of(cut: Cut, face: Floats, density: Floats) -> list[tuple[Coat, Floats]]:
    """The groups of strands of a style, each with its share (V,) of the density."""
    everywhere = np.ones(len(face))
    if cut.top <= 6.0:
        return [(_STUBBLE, everywhere)]
    mean = (cut.top + cut.sides + cut.back) / 3.0
    # Short hair covers less of the head with each strand, so there are more.
    more = min(2.4, max(0.68, (130.0 / mean) ** 0.5))
    wide = 1.0 if more > 1.0 else more**-0.6
    body = _BODY._replace(hairs=int(_BODY.hairs * more), width=_BODY.width * wide)
    under_coat = _UNDER._replace(hairs=int(_UNDER.hairs * more), points=max(4, cut.points * 2 // 3))
    # The wide hairs of the undercoat would show as teeth along the hairline.
    under = step(0.75, 1.0, density)
    if min(cut.sides, cut.back) > 10.0:
        return [(under_coat, under), (body, everywhere), (_AIRY, everywhere)]
    high = upper(cut, face)
    shaved = np.where(high < 0.6, 1.0, 0.0)
    return [
        *((under_coat, under * (high > 0.8)), (body, step(0.2, 0.7, high)), (_AIRY, high)),
        (_STUBBLE, shaved),
    ]


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
    plan = guide_plan(cut, roots, side, style.fringe, style.ears == "covered", behind, style.length)
    _tuned(plan, style, draw)
    ties = tie_places(head.surface, TIES[cut.tie])
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
    count = int(coat.hairs * detail)
    roots = _roots(head, density, count, seed)
    face = roots[:, 6:9]
    side = parting(style.part, face)
    kinds = kinds_of(cut, side, style.fringe, face)
    points = np.empty((len(roots), coat.points or cut.points, 3))
    clumps = np.empty(len(roots), np.int32)
    ranks = np.empty(len(roots), np.float32)
    lock = _lock(style, cut, coat)
    grow_locks(
        *head.surface,
        roots,
        kinds,
        guides,
        guide_roots,
        guide_kinds,
        lock,
        seed,
        points,
        clumps,
        ranks,
    )
    look = Look(*tone(style), style.greying)
    gloss = 0.75 - 0.4 * style.frizz
    return finished(look, points, clumps, ranks, coat, seed, detail, Segment.HAIR, gloss)


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
    base, root, tip = (np.array(scaled(c, coat.dark), np.float32) for c in look[:3])
    coloured(base, root, tip, look.grey, 0.45, 0.45, clumps, ranks, seed, colours, tips)
    width = coat.width / max(0.5, detail) ** 0.8
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
