"""Growing all hair of a person: scalp, brows, lashes and beard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vplugin.synth.beard import (
    Beard,
    beard_count,
    beard_densities,
    beard_guides,
    beard_lock,
    beard_region,
)
from vplugin.synth.brows import grow_all_lashes, grow_brows
from vplugin.synth.coats import Coat, Grown, Look, finished, roots_on
from vplugin.synth.draw import Draw
from vplugin.synth.guides import Guide, grow_guides
from vplugin.synth.hair_colour import between, scaled
from vplugin.synth.hair_cuts import CUTS
from vplugin.synth.hair_style import HairStyle, natural_colour
from vplugin.synth.parts import Part, Segment, Strands
from vplugin.synth.scalp import BODY, CLOTH, HAT, build_surface
from vplugin.synth.scalp_hair import grow_hair
from vplugin.synth.strands import grow_locks, guides_near

if TYPE_CHECKING:
    from vplugin.synth.head import Head
    from vplugin.synth.person import Person

# The first row of the torso map that lies below a chin.
_CHEST = 20


def grow(
    person: Person,
    head: Head,
    detail: float = 1.0,
    worn: Sequence[Part] = (),
    small: bool = False,
) -> tuple[Strands, ...]:
    """All hair of a person, in the head frame.

    Args:
        person: Who: ``hair``, ``beard`` and ``brows`` say how.
        head: Where: with the expression, so that brows, lashes and beard move with the face.
        detail: 1 suits a face (of 150 mm) of 150 pixels; more grows more and finer hairs.
        worn: Clothes, which hair lies on, and hats, which press it down.
        small: Whether fewer, wider hairs will do, see `coarse.py`.
    """
    style, brows = person.hair, person.brows
    # Ears stand before hair that is combed behind them.
    over = style.ears == "covered" and CUTS[style.style].loose
    natural, grown = natural_colour(style), _grown(head, worn, over, 2.0 if small else 1.0)
    return (
        *grow_hair(style, grown, detail, small),
        *grow_beard(person.beard, style, grown, detail),
        *grow_brows(brows, head.brow_lines, natural, style.greying, style.seed, detail),
        *grow_all_lashes(brows, head.lid_lines, head.eyes, natural, style.seed, detail),
    )


def _grown(head: Head, worn: Sequence[Part], over_ears: bool, rough: float) -> Grown:
    skin = head.parts[0]
    kinds = {Segment.SKIN: BODY, Segment.CLOTH: CLOTH, Segment.HAT: HAT, Segment.MASK: HAT}
    if over_ears:
        kinds |= {Segment.LEFT_EAR: BODY, Segment.RIGHT_EAR: BODY}
    meshes = [
        (part.vertices, part.triangles, kinds[part.label])
        for part in (*head.parts, *worn)
        if part.label in kinds
    ]
    # A chin strap lies before the ears, a scarf closes behind the neck.
    wrapped = any(
        part.label == Segment.HAT
        and bool(((part.vertices[:, 1] > 100.0) & (part.vertices[:, 2] > 60.0)).any())
        for part in worn
    )
    return Grown(build_surface(meshes, rough), skin.vertices, skin.triangles, skin.texture, wrapped)


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
    roots = roots_on(head, density, 190, draw.of("guides").integer(0, 1 << 30))
    count = int(hairs * min(2.5, max(0.35, detail)))
    many = roots_on(head, density, count, draw.of("roots").integer(0, 1 << 30))
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
        *(free, torso, head.surface.cover, many, kinds, guides, roots),
        *(
            np.ascontiguousarray(plan[:, Guide.KIND]),
            guides_near(roots),
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
