"""Facts of people, and what the renderer would say of one."""

from __future__ import annotations

import numpy as np

from vplugin.synth.parts import Segment
from vplugin.train.description.facts import Seen
from vplugin.train.description.grammar import ATTRIBUTES, UNSEEN, Fact

#: Somebody of whom everything is in the picture.
WORDS: dict[str, str | float] = {
    "age": 30.0, "sex": -0.8, "tone.melanin": 0.1, "hair.style": "long", "hair.line": "full",
    "hair.curl": 0.4, "hair.colour": "black", "hair.greying": 0.0, "wear.hat": "none",
    "wear.glasses": "round", "wear.lenses": "clear", "wear.cover": "none", "wear.earrings": "hoop",
    "wear.necklace": "none", "wear.headphones": "none", "make_up.lipstick": 0.0,
    "beard.style": "none", "beard.density": 1.0, "iris.melanin": 0.1, "iris.green": 0.1,
    "iris.grey": 0.2, "expression.frown": 0.0, "expression.smile_left": 0.6,
    "expression.smile_right": 0.5, "expression.gap": 0.4, "expression.jaw": 0.0,
    "expression.blink_left": 0.0, "expression.blink_right": 0.0, "expression.brow_left": 0.0,
    "expression.brow_right": 0.0, "expression.brow_inner": 0.0, "expression.brow_knit": 0.0,
}  # fmt: skip
SHARES = {
    Segment.HAIR: 0.3, Segment.SKIN: 0.3, Segment.LEFT_BROW: 0.004, Segment.RIGHT_BROW: 0.004,
    Segment.LEFT_EYE: 0.002, Segment.RIGHT_EYE: 0.002, Segment.LEFT_EAR: 0.01, Segment.NECK: 0.1,
    Segment.INNER_MOUTH: 0.004, Segment.UPPER_LIP: 0.003, Segment.LOWER_LIP: 0.004,
    Segment.GLASSES: 0.02, Segment.EARRING: 0.002,
}  # fmt: skip


def seen(yaw: float = 0.0, shares: dict[Segment, float] | None = None, **words) -> Seen:
    """That person otherwise: ``hair__style="bald"`` for ``hair.style``."""
    given = np.zeros(23)
    for segment, share in (SHARES | (shares or {})).items():
        given[segment] = share
    return Seen(WORDS | {name.replace("__", "."): v for name, v in words.items()}, given, yaw)


def anybody(generator: np.random.Generator) -> dict[str, Fact]:
    """Facts at random, some hidden, some left out, none against another."""
    found = {}
    for name, attribute in ATTRIBUTES.items():
        if generator.random() < 0.1:
            found[name] = Fact(UNSEEN)
        elif generator.random() < 0.9:
            found[name] = Fact(attribute.values[generator.integers(len(attribute.values))])
    if found.get("hair") == Fact("bald"):
        found.pop("texture", None)
        found.pop("colour", None)
    if found.get("glasses", Fact("none")).value == "none":
        found.pop("frame", None)
    return found
