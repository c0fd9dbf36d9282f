"""What skin, eyes and make-up look like: groups of parameters.

``Tone`` and ``MakeUp`` are attributes, which a swap leaves as they are; ``Skin`` and ``Iris`` are
identity.
"""

from __future__ import annotations

from dataclasses import dataclass

from vplugin.synth.parameters import Group, choice, number


@dataclass(frozen=True)
class Tone(Group):
    """Base colour of the skin: pigment and blood."""

    melanin: float = number(0, 1, 0.35, 0.28, "share", "Very light (0) to very dark (1).")
    blood: float = number(0, 1, 0.45, 0.15, "share", "Pale (0) to ruddy (1).")
    yellow: float = number(0, 1, 0.5, 0.2, "share", "Rosy (0) to golden (1).")
    tan: float = number(0, 1, 0.15, 0.15, "share", "Browned where the sun falls.")


@dataclass(frozen=True)
class Skin(Group):
    """The fine texture of the skin."""

    mottle: float = number(0, 1, 0.4, 0.18, "share", "Uneven colour.")
    flush: float = number(0, 1, 0.45, 0.2, "share", "Redness of cheeks, nose and ears.")
    freckles: float = number(0, 1, 0.08, 0.2, "share", "Freckles over nose and cheeks.")
    moles: float = number(0, 1, 0.25, 0.2, "share", "Moles.")
    age_spots: float = number(0, 1, 0.1, 0.12, "share", "Brown spots that come with age.")
    blemishes: float = number(0, 1, 0.15, 0.2, "share", "Pimples and red marks.")
    pores: float = number(0, 1, 0.5, 0.18, "share", "Size of the pores.")
    wrinkles: float = number(0, 1, 0.25, 0.1, "share", "Lines of the forehead, eyes, mouth, neck.")
    crow: float = number(0, 1, 0.5, 0.2, "share", "How much of it is at the eyes' corners.")
    forehead: float = number(0, 1, 0.5, 0.25, "share", "How much of it is on the forehead.")
    circles: float = number(0, 1, 0.35, 0.18, "share", "Darkness below the eyes.")
    oil: float = number(0, 1, 0.45, 0.16, "share", "Shine of forehead, nose and chin.")
    lips: float = number(0, 1, 0.5, 0.2, "share", "Pale (0) to deep (1) lips.")
    lip_border: float = number(0, 1, 0.5, 0.2, "share", "How sharp the lips' border is.")
    scar: str = choice(
        {"none": 30, "brow": 0.6, "cheek": 0.6, "chin": 0.6, "lip": 0.4}, "A scar, and where."
    )


@dataclass(frozen=True)
class Iris(Group):
    """The eyes' colour and what is in it."""

    melanin: float = number(0, 1, 0.7, 0.25, "share", "Light (0) to dark brown (1).")
    green: float = number(0, 1, 0.35, 0.22, "share", "Blue (0), green, amber (1) where light.")
    grey: float = number(0, 1, 0.35, 0.2, "share", "Vivid (0) or greyish (1).")
    ring: float = number(0, 1, 0.55, 0.2, "share", "Dark ring around the iris.")
    collar: float = number(0, 1, 0.4, 0.2, "share", "Brown ring around the pupil.")
    fibres: float = number(0, 1, 0.5, 0.2, "share", "Contrast of the fibres.")
    size: float = number(5.5, 6.4, 5.95, 0.14, "mm", "Radius of the iris.")
    pupil: float = number(1.2, 3.2, 2.1, 0.35, "mm", "Radius of the pupil.")
    white: float = number(0, 1, 0.7, 0.15, "share", "Yellowish (0) to white (1) sclera.")
    veins: float = number(0, 1, 0.3, 0.18, "share", "Red veins of the sclera.")


@dataclass(frozen=True)
class MakeUp(Group):
    """What is put on the skin; amounts of 0 are none."""

    lipstick: float = number(0, 1, 0, 0, "share", "How much lipstick.")
    lip_hue: float = number(0, 1, 0.35, 0.25, "share", "Brown (0), red, pink, purple (1).")
    lip_depth: float = number(0, 1, 0.5, 0.2, "share", "Light (0) to dark (1).")
    lip_gloss: float = number(0, 1, 0.4, 0.3, "share", "Matt (0) to glossy (1).")
    shadow: float = number(0, 1, 0, 0, "share", "How much eye shadow.")
    shadow_hue: float = number(0, 1, 0.2, 0.3, "share", "Brown (0), rose, violet, blue, green (1).")
    liner: float = number(0, 1, 0, 0, "share", "Dark line along the lids.")
    blush: float = number(0, 1, 0, 0, "share", "Rouge on the cheeks.")
    powder: float = number(0, 1, 0, 0, "share", "Foundation: even and matt.")
