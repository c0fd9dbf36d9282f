"""What tests of hair share: the mean head, and the hair grown on it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from vplugin.synth.beard import Beard
from vplugin.synth.expression import Expression
from vplugin.synth.hair import grow
from vplugin.synth.hair_style import HairStyle
from vplugin.synth.head import Head, build_head
from vplugin.synth.parts import Segment, Strands
from vplugin.synth.person import Person


@cache
def mean_head() -> Head:
    """The head of the default person, at rest."""
    return build_head(Person(), Expression())


def grown(
    style: HairStyle | None = None, beard: Beard | None = None, detail: float = 0.3
) -> tuple[Strands, ...]:
    """All hair of the default person with this hair and beard."""
    hair, chin = style or HairStyle(style="bald"), beard or Beard(style="none")
    return grow(replace(Person(), hair=hair, beard=chin), mean_head(), detail)


def of(strands: tuple[Strands, ...], label: Segment) -> tuple[Strands, ...]:
    """Those of this label."""
    return tuple(item for item in strands if item.label == label)
