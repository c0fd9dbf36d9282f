"""What a face does: jaw, lips, lids, brows, cheeks, gaze. Zero everywhere is a face at rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from vplugin.synth.draw import Draw
from vplugin.synth.parameters import Group, number

# Means of what differs from rest, and how often each mood is drawn.
_MOODS: Mapping[str, tuple[float, Mapping[str, float]]] = {
    "rest": (5.0, {}),
    "smile": (4.0, {"smile_left": 0.6, "smile_right": 0.6, "squint": 0.2}),
    "grin": (2.0, {"smile_left": 0.8, "smile_right": 0.8, "gap": 0.5, "squint": 0.4, "jaw": 0.1}),
    "laugh": (1.5, {"smile_left": 0.9, "smile_right": 0.9, "jaw": 0.45, "gap": 0.3, "squint": 0.6}),
    "talk": (3.0, {"jaw": 0.25, "gap": 0.35, "wide": 0.2}),
    "vowel": (1.5, {"jaw": 0.35, "pucker": 0.45, "funnel": 0.4}),
    "surprise": (
        1.0, {"jaw": 0.5, "lids_up": 0.7, "brow_inner": 0.8, "brow_left": 0.8, "brow_right": 0.8},
    ),
    "shout": (0.8, {"jaw": 0.9, "wide": 0.3, "brow_knit": 0.4, "squint": 0.3}),
    "anger": (
        1.0,
        {"brow_knit": 0.8, "brow_inner": -0.7, "brow_left": -0.4, "brow_right": -0.4, "press": 0.4},
    ),
    "sorrow": (0.8, {"brow_inner": 0.7, "brow_knit": 0.4, "frown": 0.6}),
    "disgust": (0.6, {"sneer": 0.8, "brow_knit": 0.5, "squint": 0.4, "frown": 0.3}),
    "asleep": (1.2, {"blink_left": 1.0, "blink_right": 1.0}),
    "blink": (0.8, {"blink_left": 0.6, "blink_right": 0.6}),
    "wink": (0.3, {"blink_left": 1.0, "smile_left": 0.5, "squint": 0.2}),
    "kiss": (0.5, {"pucker": 0.9}),
    "puff": (0.3, {"puff": 0.8, "press": 0.2}),
    "tongue": (0.3, {"tongue": 0.9, "jaw": 0.35}),
}  # fmt: skip


@dataclass(frozen=True)
class Expression(Group):
    """One moment of a face. Left and right are the person's own."""

    jaw: float = number(0, 1, 0, 0.05, "share", "Dropped: 1 is as wide as a mouth opens.")
    jaw_side: float = number(-1, 1, 0, 0.08, "share", "Shifted to the person's left (+) or right.")
    smile_left: float = number(0, 1, 0, 0.1, "share", "Left corner drawn up and out, cheek raised.")
    smile_right: float = number(0, 1, 0, 0.1, "share", "Right corner drawn up and out.")
    frown: float = number(0, 1, 0, 0.06, "share", "Corners of the mouth drawn down.")
    wide: float = number(0, 1, 0, 0.05, "share", "Corners drawn straight outwards.")
    pucker: float = number(0, 1, 0, 0.05, "share", "Lips forward and narrow, as for a kiss.")
    funnel: float = number(0, 1, 0, 0.04, "share", "Lips turned out into a ring, as for `oh`.")
    press: float = number(0, 1, 0, 0.08, "share", "Lips pressed thin.")
    gap: float = number(0, 1, 0, 0.05, "share", "Lips apart beyond what the jaw does.")
    bite: float = number(0, 1, 0, 0.03, "share", "Lower lip under the upper teeth, as for `f`.")
    tongue: float = number(0, 1, 0, 0.02, "share", "Tongue up and out.")
    puff: float = number(0, 1, 0, 0.04, "share", "Cheeks full of air.")
    sneer: float = number(0, 1, 0, 0.05, "share", "Nose wrinkled, upper lip raised.")
    blink_left: float = number(0, 1, 0, 0.06, "share", "Left lids closed.")
    blink_right: float = number(0, 1, 0, 0.06, "share", "Right lids closed.")
    squint: float = number(0, 1, 0, 0.1, "share", "Lower lids raised, crow's feet.")
    lids_up: float = number(0, 1, 0, 0.08, "share", "Upper lids opened wide.")
    brow_inner: float = number(-1, 1, 0, 0.15, "share", "Inner ends of the brows up (+) or down.")
    brow_left: float = number(-1, 1, 0, 0.15, "share", "Outer part of the left brow up or down.")
    brow_right: float = number(-1, 1, 0, 0.15, "share", "Outer part of the right brow up or down.")
    brow_knit: float = number(0, 1, 0, 0.08, "share", "Brows drawn together.")
    gaze_x: float = number(-40, 40, 0, 9, "degrees", "Eyes to the picture's right (+) or left.")
    gaze_y: float = number(-30, 30, 1, 5, "degrees", "Eyes down (+) or up.")

    @classmethod
    def drawn(cls, draw: Draw, /, **means: float | str) -> Self:
        """A mood (rest, smile, talk, surprise, asleep …) of some strength, and chance about it.

        Args:
            draw: Where the numbers come from.
            means: Other means than the mood's.
        """
        chance = draw.of("mood")
        name = chance.choice(list(_MOODS), [weight for weight, _ in _MOODS.values()])
        strength = 1.0 if name == "asleep" else chance.uniform(0.4, 1.15)
        mood = {key: value * strength for key, value in _MOODS[name][1].items()}
        together = chance.normal(0.0, 0.18)  # brows move as a pair, mostly
        brows = {
            key: mood.get(key, 0.0) + together for key in ("brow_inner", "brow_left", "brow_right")
        }
        return super().drawn(draw, **{**mood, **brows, **means})
