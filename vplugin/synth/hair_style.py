"""What describes the hair of the head; and what skin needs to know of it.

`hair.py` grows it.
"""

from __future__ import annotations

from dataclasses import dataclass

from vplugin.synth.hair_colour import NATURAL, Colour, between, dye, scaled
from vplugin.synth.hairline import hairline
from vplugin.synth.parameters import Group, choice, number
from vplugin.synth.parts import Floats


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
    base = scaled(base, factor)
    root = scaled(base, 0.8)
    if style.colour == "dyed":
        root = between(base, natural, style.outgrown)
    light = scaled(base, 1.35)
    pale = (0.40, 0.29, 0.17)
    return base, root, between(light, pale, 0.5 * style.tips)


def natural_colour(style: HairStyle) -> Colour:
    """Linear RGB of hair that is neither dyed nor grey."""
    return NATURAL["dark brown" if style.colour in ("dyed", "platinum") else style.colour]
