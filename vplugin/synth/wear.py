"""What somebody wears, in words and numbers, and how it is put on a head.

Nothing of it is part of the identity: the same person may come in anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from vplugin.synth import cloth, hats, jewels, masks
from vplugin.synth.canvas import tinted
from vplugin.synth.draw import Draw
from vplugin.synth.fabric import Weave
from vplugin.synth.form import Body, Form
from vplugin.synth.glasses import FRAMES, lens_stuff, rim_stuff, wear_glasses
from vplugin.synth.outfit import Piece, Stuff
from vplugin.synth.parameters import Group, choice, number
from vplugin.synth.parts import Floats, Material, Part, Segment

Colour = tuple[float, float, float]

_PATTERNS = {
    "plain": 5.0, "stripes": 1.0, "upright_stripes": 0.5, "checks": 0.8, "knit": 0.8, "print": 0.7,
    "denim": 0.5, "dots": 0.4, "letters": 0.5, "leather": 0.2,
}  # fmt: skip
_WEAVES = {
    "plain": Weave.PLAIN,
    "stripes": Weave.STRIPES,
    "upright_stripes": Weave.UPRIGHT_STRIPES,
    "checks": Weave.CHECKS,
    "knit": Weave.KNIT,
    "print": Weave.PRINT,
    "denim": Weave.DENIM,
    "dots": Weave.DOTS,
    "letters": Weave.LETTERS,
    "leather": Weave.LEATHER,
}


class Outfit(NamedTuple):
    """Everything somebody wears, in the head's frame.

    Attributes:
        parts: Meshes; lenses are the ones with an opacity below 1.
        turning: For each (V,): 1 turns with the head, 0 stays with the shoulders.
    """

    parts: tuple[Part, ...]
    turning: tuple[Floats, ...]


@dataclass(frozen=True)
class Wear(Group):
    """Clothes, glasses, hat, mask and jewellery."""

    top: str = choice(
        {
            "t_shirt": 3, "v_neck": 1.2, "shirt": 2, "turtleneck": 0.7, "hoodie": 1.2, "suit": 1.4,
            "open_suit": 0.6, "blouse": 1, "straps": 0.9, "pullover": 1.2, "bare": 0.12,
        },
        "What covers the shoulders.",
    )  # fmt: skip
    top_hue: float = number(0, 1, 0.55, 0.35, "turns", "Of the cloth: 0 red, 1/3 green, 2/3 blue.")
    top_saturation: float = number(0, 1, 0.35, 0.3, "share", "Of the cloth's colour.")
    top_light: float = number(
        0.01, 0.85, 0.2, 0.22, "share", "Largest linear channel of the cloth."
    )
    top_pattern: str = choice(_PATTERNS, "Of the cloth.")
    opening: float = number(0, 1, 0.45, 0.25, "share", "How low the neckline is.")
    glasses: str = choice({"none": 10, **dict.fromkeys(FRAMES, 0.4)}, "Shape of the glasses.")
    lenses: str = choice({"clear": 4, "tinted": 0.5, "dark": 1.2}, "Of the glasses.")
    lens_hue: float = number(0, 1, 0.1, 0.2, "turns", "Of tinted and dark lenses.")
    frame_hue: float = number(0, 1, 0.08, 0.15, "turns", "Of the rims.")
    frame_saturation: float = number(0, 1, 0.35, 0.3, "share", "Of the rims' colour.")
    frame_light: float = number(0.004, 0.8, 0.05, 0.15, "share", "Largest channel of the rims.")
    glasses_size: float = number(0.85, 1.15, 1, 0.06, "factor", "Of the glasses.")
    glasses_slip: float = number(-1, 12, 1, 1.5, "mm", "How far down the nose they have slipped.")
    hat: str = choice(
        {
            "none": 20, "cap": 1, "backward_cap": 0.35, "beanie": 0.8, "brimmed": 0.7,
            "bucket": 0.3, "helmet": 0.35, "turban": 0.35, "headscarf": 0.8, "hood": 0.4,
            "band": 0.35,
        },
        "What covers the head.",
    )  # fmt: skip
    hat_hue: float = number(0, 1, 0.5, 0.35, "turns", "Of the hat.")
    hat_saturation: float = number(0, 1, 0.4, 0.3, "share", "Of the hat's colour.")
    hat_light: float = number(0.01, 0.85, 0.18, 0.22, "share", "Largest channel of the hat.")
    hat_pattern: str = choice({**_PATTERNS, "plain": 10.0}, "Of the hat's cloth.")
    hat_size: float = number(0, 1, 0.5, 0.22, "share", "Width of a brim, height of a crown.")
    cover: str = choice(
        {"none": 16, "medical_mask": 0.9, "cloth_mask": 0.5, "scarf": 0.5, "wound_scarf": 0.35},
        "What covers mouth and nose, or the throat.",
    )
    cover_hue: float = number(0, 1, 0.55, 0.25, "turns", "Of the mask or scarf.")
    cover_saturation: float = number(0, 1, 0.35, 0.25, "share", "Of its colour.")
    cover_light: float = number(0.01, 0.85, 0.5, 0.25, "share", "Largest channel of it.")
    cover_slip: float = number(0, 1, 0.05, 0.12, "share", "How far a mask has slipped down.")
    earrings: str = choice({"none": 6, "stud": 1, "hoop": 0.8, "drop": 0.8}, "In both lobes.")
    necklace: str = choice({"none": 6, "chain": 1, "beads": 0.6, "pendant": 0.8}, "At the neck.")
    jewels: str = choice({"gold": 3, "silver": 2, "copper": 0.5, "black": 0.3}, "Metal of jewels.")
    jewel_size: float = number(0, 1, 0.45, 0.25, "share", "Of earrings; how low a necklace hangs.")
    headphones: str = choice(
        {"none": 24, "over_ear": 0.6, "headset": 0.5, "buds": 0.8}, "On or in the ears."
    )
    seed: float = number(0, 1e6, 0, 0, "", "Of patterns and folds; a whole number.")

    @classmethod
    def from_draw(cls, draw: Draw, sex: float = 0.0) -> Wear:
        """Something that goes together.

        Args:
            draw: Where the numbers come from.
            sex: -1 female to 1 male; only the odds of suits, blouses and jewels differ.
        """
        worn = cls.drawn(draw, seed=draw.of("folds").integer(0, 1_000_000))
        worn = replace(worn, **_colours(draw.of("colours")))
        ladies, gentlemen = ("blouse", "straps"), ("suit", "open_suit")
        if worn.top in ladies and sex > 0.0:
            worn = replace(worn, top="t_shirt")
        elif worn.top in gentlemen and sex < -0.2 and draw.of("suit").chance(0.6):
            worn = replace(worn, top="blouse")
        if sex > 0.2 and draw.of("plain").chance(0.75):
            worn = replace(worn, earrings="none", necklace="none")
        if worn.hat == "headscarf" and sex > 0.0:
            worn = replace(worn, hat="turban")
        if worn.hat in ("headscarf", "hood", "helmet", "turban"):
            worn = replace(worn, headphones="none")
        if worn.hat in ("headscarf", "hood"):
            worn = replace(worn, earrings="none", necklace="none")
        if worn.hat == "hood":
            worn = replace(
                worn, top="hoodie", top_hue=worn.hat_hue, top_saturation=worn.hat_saturation,
                top_light=worn.hat_light, top_pattern=worn.hat_pattern,
            )  # fmt: skip
        return worn

    @property
    def covered_eyes(self) -> bool:
        """Whether dark lenses hide the eyes."""
        return self.glasses != "none" and self.lenses == "dark"


def _colours(draw: Draw) -> dict[str, Any]:
    """Hues all around the circle, and lightness as cloth has it: often dark, often white."""
    values: dict[str, Any] = {}
    for name in ("top", "hat", "cover"):
        own = draw.of(name)
        values[f"{name}_hue"] = own.uniform()
        kind = own.uniform()
        if kind < 0.3:
            values[f"{name}_light"] = own.uniform(0.01, 0.06)
            values[f"{name}_saturation"] = own.uniform(0.0, 0.5)
        elif kind < 0.5:
            values[f"{name}_light"] = own.uniform(0.5, 0.8)
            values[f"{name}_saturation"] = own.uniform(0.0, 0.15)
    if draw.of("rim").chance(0.55):
        values["frame_light"] = draw.of("rim light").uniform(0.004, 0.02)
        values["frame_saturation"] = 0.2
    return values


def _stuff(
    wear: Wear, name: str, label: Segment, shift: int, material: Material = Material.CLOTH
) -> Stuff:
    colour = tinted(
        getattr(wear, f"{name}_hue"),
        getattr(wear, f"{name}_saturation"),
        getattr(wear, f"{name}_light"),
    )
    word = getattr(wear, f"{name}_pattern", "plain")
    gloss = 0.35 if word == "leather" else 0.08
    return Stuff(material, label, colour, gloss, int(_WEAVES[word]), int(wear.seed) + shift)


def dress(wear: Wear, head: Body) -> Outfit:
    """Puts everything on.

    Args:
        wear: What.
        head: On whom, in the expression that is shown.

    Returns:
        Parts in the head's frame, mm.
    """
    form = Form.of(head)
    pieces = [*_top(wear, form), *_hat(wear, form), *_cover(wear, form, head)]
    pieces += _jewellery(wear, form, head)
    if wear.headphones != "none":
        plastic = Stuff(Material.PLASTIC, Segment.PROP, _dark(wear), 0.4)
        pieces += jewels.headphones(form, head, wear.headphones, plastic)
    if wear.glasses != "none":
        pieces += _glasses(wear, head)
    return Outfit(tuple(p.part for p in pieces), tuple(p.turning for p in pieces))


def _dark(wear: Wear) -> Colour:
    return tinted(wear.hat_hue, 0.3, 0.02) if wear.hat_light < 0.4 else (0.7, 0.7, 0.7)


def _top(wear: Wear, form: Form) -> list[Piece]:
    stuff = _stuff(wear, "top", Segment.CLOTH, 0)
    low = wear.opening
    if wear.top in ("suit", "open_suit"):
        return _suit(wear, form, stuff)
    made: dict[str, Callable[[], list[Piece]]] = {
        "t_shirt": lambda: cloth.tee(form, stuff, 15.75 + 0.9 * low, 0.0),
        "pullover": lambda: cloth.tee(
            form, stuff._replace(pattern=int(Weave.KNIT)), 15.6 + 0.5 * low, 0.0
        ),
        "v_neck": lambda: cloth.tee(form, stuff, 16.6 + 1.6 * low, 1.0),
        "shirt": lambda: [*cloth.shirt(form, stuff, low), cloth.buttons(form, low, stuff)],
        "turtleneck": lambda: cloth.turtleneck(form, stuff),
        "hoodie": lambda: cloth.hoodie(form, stuff),
        "blouse": lambda: cloth.blouse(form, stuff, 15.9 + 1.4 * low),
        "straps": lambda: cloth.straps(form, stuff, 0.5 + low),
        "bare": list,
    }
    return made[wear.top]()


def _suit(wear: Wear, form: Form, stuff: Stuff) -> list[Piece]:
    r, g, b = stuff.colour
    dark = Stuff(
        Material.CLOTH, Segment.CLOTH, (0.4 * r, 0.4 * g, 0.4 * b), 0.05,
        int(Weave.PINSTRIPES) if wear.top_pattern == "upright_stripes" else 0, stuff.seed,
    )  # fmt: skip
    white = Draw(int(wear.seed), "shirt").chance(0.6)
    colour = (0.72, 0.72, 0.71) if white else tinted(wear.hat_hue, 0.35, 0.55)
    below = Stuff(Material.CLOTH, Segment.CLOTH, colour, 0.05, seed=stuff.seed + 1)
    silk = None
    if wear.top == "suit":
        own = tinted(wear.cover_hue, 0.75, 0.25)
        pattern = Draw(int(wear.seed), "tie").choice((Weave.PLAIN, Weave.STRIPES, Weave.DOTS))
        silk = Stuff(Material.CLOTH, Segment.CLOTH, own, 0.3, int(pattern), stuff.seed + 2)
    return cloth.suit(form, dark, below, wear.opening, silk)


def _hat(wear: Wear, form: Form) -> list[Piece]:
    stuff = _stuff(wear, "hat", Segment.HAT, 7)
    felt = stuff._replace(material=Material.FELT)
    hard = stuff._replace(material=Material.PLASTIC, gloss=0.75)
    other = Draw(int(wear.seed), "hat")
    second = (
        stuff if other.chance(0.6) else stuff._replace(colour=tinted(other.uniform(), 0.5, 0.4))
    )
    size = wear.hat_size
    made: dict[str, Callable[[], list[Piece]]] = {
        "none": list,
        "cap": lambda: hats.cap(form, stuff, second, False, 52.0 + 26.0 * size),
        "backward_cap": lambda: hats.cap(form, stuff, second, True, 52.0 + 26.0 * size),
        "beanie": lambda: hats.beanie(form, stuff, other.chance(0.6), 22.0 * size),
        "brimmed": lambda: hats.brimmed(
            form, felt, stuff._replace(colour=(0.02, 0.02, 0.022)), 30.0 + 75.0 * size * size,
            70.0 + 45.0 * size,
        ),
        "bucket": lambda: hats.bucket(form, stuff, 40.0 + 35.0 * size),
        "helmet": lambda: hats.helmet(form, hard),
        "turban": lambda: hats.turban(form, stuff, size),
        "headscarf": lambda: hats.headscarf(form, stuff),
        "hood": lambda: hats.hood(form, stuff),
        "band": lambda: hats.band(form, stuff, 0.3 + 0.9 * size),
    }  # fmt: skip
    return made[wear.hat]()


def _cover(wear: Wear, form: Form, head: Body) -> list[Piece]:
    stuff = _stuff(wear, "cover", Segment.MASK, 13)
    if wear.cover == "none":
        return []
    if wear.cover == "medical_mask":
        return masks.medical(form, head, stuff, wear.cover_slip)
    patterned = stuff._replace(pattern=int(_WEAVES[wear.hat_pattern]))
    if wear.cover == "cloth_mask":
        return masks.cloth_mask(form, head, patterned, wear.cover_slip)
    high = 1.0 - 0.4 * wear.cover_slip if wear.cover == "scarf" else 0.0
    knit = stuff._replace(pattern=int(Weave.KNIT)) if wear.hat_pattern == "plain" else patterned
    if high == 0.0:
        knit = knit._replace(label=Segment.CLOTH)
    return masks.scarf(form, knit, high)


def _jewellery(wear: Wear, form: Form, head: Body) -> list[Piece]:
    colour: Colour = {
        "gold": (0.75, 0.50, 0.18),
        "silver": (0.75, 0.75, 0.77),
        "copper": (0.70, 0.35, 0.2),
        "black": (0.03, 0.03, 0.03),
    }[wear.jewels]
    pieces: list[Piece] = []
    if wear.earrings != "none":
        metal = jewels.metal(colour, Segment.EARRING)
        pieces += jewels.earrings(head, wear.earrings, wear.jewel_size, metal)
    if wear.necklace != "none":
        metal = jewels.metal(colour, Segment.NECKLACE)
        if wear.necklace == "beads":
            metal = metal._replace(material=Material.PLASTIC, colour=tinted(wear.hat_hue, 0.2, 0.6))
        pieces += jewels.necklace(form, wear.necklace, wear.jewel_size, metal)
    return pieces


def _glasses(wear: Wear, head: Body) -> list[Piece]:
    frame = FRAMES[wear.glasses]
    colour = tinted(wear.frame_hue, wear.frame_saturation, wear.frame_light)
    metal = frame.thick < 1.15
    if metal:
        r, g, b = colour
        colour = (0.1 + 0.75 * r, 0.1 + 0.75 * g, 0.1 + 0.75 * b)
    shade, opacity = {
        "clear": ((0.85, 0.9, 0.95), 0.06),
        "tinted": (tinted(wear.lens_hue, 0.6, 0.25), 0.5),
        "dark": (tinted(wear.lens_hue, 0.4, 0.012), 0.94),
    }[wear.lenses]
    rim, lens = rim_stuff(colour, metal), lens_stuff(shade, opacity)
    return wear_glasses(head, frame, rim, lens, wear.glasses_size, wear.glasses_slip)
