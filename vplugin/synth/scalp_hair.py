"""Growing the hair of the head: guides of a style, then groups of strands around them.

An undercoat lies close to the skin, the body of the hair gathers in clumps, a few hairs fly away;
what is tied goes on in a tail, a plait or a bun.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth.coats import Coat, Grown, Look, finished, roots_on
from vplugin.synth.draw import Draw
from vplugin.synth.exact import power
from vplugin.synth.guides import Guide, grow_guides
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
from vplugin.synth.hair_style import HairStyle, hairline_of, tone
from vplugin.synth.hairline import hair_densities
from vplugin.synth.parts import Floats, Indices, Segment, Strands
from vplugin.synth.scalp import is_covered
from vplugin.synth.strands import LOCK_ENTRIES, Lock, grow_locks, guides_near
from vplugin.synth.tails import plait, tail_courses, tail_roots, tie_places, wind

_UNDER = Coat(1500, 1.5, (0.35, 0.8), 0.4, 0.25, 1.0, 0.0, 0.55, 0.95)
_BODY = Coat(4600, 0.62, (0.72, 1.0), 1.0, 1.0, 1.0, 0.0, 1.0, 0.9)
_AIRY = Coat(260, 0.34, (0.7, 1.06), 0.0, 1.25, 3.0, 0.5, 1.25, 0.6)
_STUBBLE = Coat(11000, 0.36, (0.7, 1.0), 0.0, 0.0, 1.0, 0.0, 0.9, 0.75, 3)
# Share of the hairs that a small picture needs.
_FEW = 0.6


def grow_hair(
    style: HairStyle, head: Grown, detail: float, small: bool = False
) -> tuple[Strands, ...]:
    """The strands of the scalp.

    Args:
        style: Of the hair.
        head: Where it grows.
        detail: 1 suits a face of 150 pixels; more grows more and finer hairs.
        small: Whether fewer, wider hairs will do, see `coarse.py`.
    """
    cut = tailored(style, CUTS[style.style], detail)
    if head.wrapped:
        cut = replace(cut, level=min(cut.level, 10.0), loose=False, tail="")
    density = hair_densities(hairline_of(style), head.face)
    if style.style == "bald" or not (density > 0.05).any():
        return ()
    course = _guides(style, cut, head, density)
    if len(course.points) == 0:
        return ()
    scalp = tuple(
        _coat(
            style,
            cut,
            head,
            density * share,
            _sparse(coat) if small else coat,
            index,
            detail,
            course,
        )
        for index, (coat, share) in enumerate(coats_of(cut, head.face, density))
    )
    return (*scalp, *_tails(style, cut, head, detail))


def tailored(style: HairStyle, cut: Cut, detail: float) -> Cut:
    """The style for a person's curl: coils stand off and hang less far, and need more points."""
    if cut.tie or cut.top < 20.0:
        return cut
    coils = min(1.0, max(0.0, (style.curl - 0.55) / 0.4)) if cut.loose else 0.0
    if style.style == "locs":
        coils = 0.0
    shrunk = 1.0 - 0.38 * coils
    longest = shrunk * max(cut.top, cut.back) * style.length
    radius, wave, _ = _curl(style.curl, cut)
    points = max(cut.points, int(4.5 * longest / wave) if radius > 2.5 else 0)
    return replace(
        cut,
        top=cut.top * shrunk,
        sides=cut.sides * shrunk,
        back=cut.back * shrunk,
        gravity=cut.gravity * (1.0 - 0.45 * coils),
        height=cut.height * (1.0 + 0.9 * coils),
        points=int(min(46, points) * (1.35 if detail > 1.5 else 1.0)),
    )


def coats_of(cut: Cut, face: Floats, density: Floats) -> list[tuple[Coat, Floats]]:
    """The groups of strands of a style, each with its share (V,) of the density."""
    everywhere = np.ones(len(face))
    if cut.top <= 6.0:
        return [(_STUBBLE, everywhere)]
    mean = (cut.top + cut.sides + cut.back) / 3.0 * max(1.0, cut.points / 20.0)
    # Short hair covers less of the head with each strand, so there are more.
    more = min(2.4, max(0.68, math.sqrt(130.0 / mean)))
    wide = 1.0 if more > 1.0 else power(more, -0.6)
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


def _sparse(coat: Coat) -> Coat:
    """Fewer hairs that cover as much."""
    return coat._replace(hairs=int(coat.hairs * _FEW), width=coat.width / _FEW)


class Course(NamedTuple):
    """Guides, as ``strands.grow_locks`` takes them.

    Attributes:
        points: (G, K, 3) mm.
        roots: (G, 9).
        kinds: (G,).
        near: Which are near each patch of the head.
    """

    points: Floats
    roots: Floats
    kinds: Floats
    near: Indices


def _guides(style: HairStyle, cut: Cut, head: Grown, density: Floats) -> Course:
    draw = Draw(style.seed, "hair guides")
    roots = roots_on(head, density, cut.guides, draw.of("roots").integer(0, 1 << 30))
    side = parting(style.part, roots[:, 6:9])
    behind = _behind(style.shoulders, roots, draw)
    plan = guide_plan(cut, roots, side, style.fringe, style.ears == "covered", behind, style.length)
    _tuned(plan, style, draw)
    ties = tie_places(head.surface, TIES[cut.tie])
    guides = np.empty((len(roots), cut.points, 3))
    seed = draw.of("wander").integer(0, 1 << 30)
    grow_guides(*head.surface[:2], roots, plan, ties, np.array(WHORL), seed, guides)
    kinds = np.ascontiguousarray(plan[:, Guide.KIND])
    return Course(guides, roots, kinds, guides_near(roots))


def _behind(word: str, roots: Floats, draw: Draw) -> Floats:
    if word == "mixed":
        side = 1.0 if draw.of("front side").chance(0.5) else -1.0
        return np.where(roots[:, 0] * side > 0, 0.9, -0.8)
    return np.full(len(roots), 1.0 if word == "behind" else -0.9)


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
    # A turn needs some points to be one.
    lock[Lock.WAVE] = max(lock[Lock.WAVE], 4.2 * max(cut.top, cut.back) * style.length / cut.points)
    lock[Lock.FRIZZ] = (0.02 + 0.09 * style.frizz) * coat.frizz * (0.35 if cut.tie else 1.0)
    lock[Lock.VOLUME] = coat.volume * (2.0 + 7.0 * style.volume) * (0.35 if cut.tie else 1.0)
    lock[Lock.VOLUME] *= min(1.0, cut.top / 60.0)
    lock[Lock.STRAY] = coat.stray
    lock[Lock.UNISON] = 0.85
    lock[Lock.OVER] = 5.0
    lock[Lock.ABOVE] = 0.5
    if style.style == "locs":
        lock[Lock.CLUMP], lock[Lock.GATHER], lock[Lock.TIGHT] = 1.0, 0.12, 0.24
        lock[Lock.CURL], lock[Lock.WAVE], lock[Lock.FRIZZ] = 1.5, 22.0, 0.01
        lock[Lock.UNISON], lock[Lock.FLAT], lock[Lock.VOLUME] = 0.2, 0.0, 0.0
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
    course: Course,
) -> Strands:
    seed = Draw(style.seed, f"coat {index}").integer(0, 1 << 30)
    count = int(coat.hairs * detail)
    roots = roots_on(head, density, count, seed)
    face = roots[:, 6:9]
    side = parting(style.part, face)
    kinds = kinds_of(cut, side, style.fringe, face)
    points = np.empty((len(roots), coat.points or cut.points, 3))
    clumps = np.empty(len(roots), np.int32)
    ranks = np.empty(len(roots), np.float32)
    lock = _lock(style, cut, coat)
    grow_locks(
        *(*head.surface, roots, kinds, *course),
        *(lock, seed, points, clumps, ranks),
    )
    look = Look(*tone(style), style.greying)
    gloss = 0.75 - 0.4 * style.frizz
    return finished(look, points, clumps, ranks, coat, seed, detail, Segment.HAIR, gloss)


def _tails(style: HairStyle, cut: Cut, head: Grown, detail: float) -> tuple[Strands, ...]:
    """What hangs from the ties or is wound there."""
    if not cut.tail:
        return ()
    grow_one = {"tail": _tail, "plait": _plait, "bun": _bun}[cut.tail]
    return tuple(
        grow_one(style, head, tie, detail, Draw(style.seed, f"tail {k}").integer(0, 1 << 30))
        for k, tie in enumerate(tie_places(head.surface, TIES[cut.tie]))
        if not is_covered(head.surface.cover, *tie)
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
    course = Course(guides, guide_roots, np.zeros(len(guides)), guides_near(guide_roots))
    grow_locks(
        *(*head.surface, roots, kinds, *course),
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
    plait(
        head.surface.head,
        head.surface.torso,
        course,
        radius,
        3.6 * radius,
        seed,
        points,
        clumps,
        ranks,
    )
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
