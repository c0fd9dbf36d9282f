"""The colour of every single hair: a natural or dyed colour, greying, roots and tips."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from vplugin.synth.exact import clamp, compiled, hashed, mix
from vplugin.synth.parts import Indices

Colour = tuple[float, float, float]
Singles = npt.NDArray[np.float32]

NATURAL: Mapping[str, Colour] = MappingProxyType(
    {
        "black": (0.021, 0.0175, 0.016),
        "dark brown": (0.044, 0.028, 0.019),
        "brown": (0.075, 0.043, 0.025),
        "light brown": (0.15, 0.092, 0.053),
        "dark blond": (0.25, 0.165, 0.09),
        "blond": (0.44, 0.295, 0.155),
        "platinum": (0.66, 0.57, 0.44),
        "auburn": (0.115, 0.037, 0.017),
        "red": (0.30, 0.105, 0.033),
    }
)


def dye(hue: float) -> Colour:
    """A strong colour; ``hue`` runs once around the wheel from 0 to 1."""
    red, green, blue = (abs((hue * 6.0 + k) % 6.0 - 3.0) - 1.0 for k in (0.0, 4.0, 2.0))
    return (_part(red), _part(green), _part(blue))


def _part(value: float) -> float:
    value = min(1.0, max(0.0, value))
    return 0.035 + 0.40 * value * value


def scaled(colour: Colour, factor: float) -> Colour:
    """A colour, brighter or darker."""
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def between(a: Colour, b: Colour, share: float) -> Colour:
    """A colour between two others."""
    return (
        a[0] + (b[0] - a[0]) * share,
        a[1] + (b[1] - a[1]) * share,
        a[2] + (b[2] - a[2]) * share,
    )


@compiled
def coloured(
    base: Singles,
    root: Singles,
    tip: Singles,
    grey: float,
    variety: float,
    shade: float,
    clumps: Indices,
    ranks: Singles,
    seed: int,
    colours: Singles,
    tips: Singles,
) -> None:
    """Gives each hair its colours.

    Args:
        base: (3,) linear RGB of most hair.
        root: (3,) at the root, where it differs (dyed hair grown out).
        tip: (3,) at the tip.
        grey: Share of white hairs.
        variety: How much hairs differ, 0 to 1.
        shade: 0 to 1: how much darker a hair is deep in the volume.
        clumps: (S,) of which clump.
        ranks: (S,) height in the volume, 0 to 1.
        seed: Of everything random.
        colours: (S, 3) filled.
        tips: (S, 3) filled.
    """
    for n in range(colours.shape[0]):
        tone = 1.0 + variety * (hashed(n, 41, 0, seed) - 0.5)
        tone *= 1.0 + variety * 0.8 * (hashed(clumps[n], 42, 0, seed) - 0.5)
        tone *= mix(1.0 - shade, 1.0, clamp(ranks[n], 0.0, 1.0))
        warm = 1.0 + 0.14 * variety * (hashed(clumps[n], 43, 0, seed) - 0.5)
        # A drawn hair stands for many, so most are partly white; clumps go grey together.
        chance = 0.75 * hashed(n, 45, 0, seed) + 0.25 * hashed(clumps[n], 44, 0, seed)
        apart = 1.15 * min(1.0, 4.0 * grey * (1.0 - grey) + 0.2) * min(1.0, 8.0 * grey)
        white = clamp(grey + (0.5 - chance) * apart, 0.0, 1.0)
        for c in range(3):
            tint = tone * (warm if c == 0 else (2.0 - warm if c == 2 else 1.0))
            plain = (0.66 - 0.015 * c) * tone
            colours[n, c] = mix(mix(root[c], base[c], 0.35) * tint, plain, white)
            tips[n, c] = mix(tip[c] * tint, plain, white)
