"""What people look like, drawn with what goes together: tone, shape, hair, eyes, age.

Ancestry is not a word here but a point on three axes; features shift with it a little and stay as
varied as people are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from vplugin.synth.ageing import oldness
from vplugin.synth.appearance import Iris, MakeUp, Skin, Tone
from vplugin.synth.draw import Draw
from vplugin.synth.parameters import Group
from vplugin.synth.shape import Body, Cheeks, Ears, Eyes, Jaw, Mouth, Nose, Skull


class Origin(NamedTuple):
    """Where on the axes somebody is, each 0 to 1.

    Attributes:
        south: Low bridge, broad nose, full lips.
        east: Flat middle of the face, folded lids, low root of the nose.
        hair: How dark hair and eyes tend to be.
    """

    south: float
    east: float
    hair: float


_SOUTH = {
    "nose.wings": 1.2, "nose.root": -0.7, "nose.bridge": -0.8, "nose.bridge_width": 0.6,
    "nose.tip_width": 0.8, "nose.projection": -0.6, "nose.wing_round": 0.5, "mouth.upper": 1.3,
    "mouth.lower": 1.2, "mouth.forward": 1.0, "mouth.width": 0.4, "skull.forehead_bulge": 0.4,
    "eyes.spacing": 0.4, "jaw.chin_forward": -0.3,
}  # fmt: skip
_EAST = {
    "nose.root": -1.3, "nose.bridge": -0.9, "nose.projection": -0.6, "nose.wings": 0.3,
    "eyes.inner_fold": 1.9, "eyes.hood": 1.5, "eyes.crease": -0.8, "eyes.opening": -0.6,
    "eyes.tilt": 0.5, "eyes.depth": -1.2, "eyes.fullness": 0.9, "skull.brow_ridge": -0.8,
    "cheeks.depth": 0.5, "cheeks.width": 0.6, "cheeks.bones": 0.4, "mouth.upper": 0.2,
    "eyes.brow_height": 0.3,
}  # fmt: skip
_KINDS: dict[str, type[Group]] = {
    "skull": Skull, "cheeks": Cheeks, "jaw": Jaw, "nose": Nose, "eyes": Eyes, "mouth": Mouth,
    "ears": Ears, "body": Body,
}  # fmt: skip


def draw_tone(draw: Draw) -> tuple[Tone, Origin]:
    """Tone of somebody and where on the axes of :class:`Origin`."""
    kind = draw.of("kind").choice(("north", "middle", "south", "east"), (0.34, 0.22, 0.22, 0.22))
    low, high = {
        "north": (0.02, 0.34), "middle": (0.28, 0.66), "south": (0.58, 1.0), "east": (0.14, 0.46),
    }[kind]  # fmt: skip
    melanin = draw.of("melanin").uniform(low, high)
    yellow = {"north": 0.4, "middle": 0.6, "south": 0.5, "east": 0.65}[kind]
    near = draw.of("near")
    origin = Origin(
        south=near.uniform(0.6, 1.0) if kind == "south" else near.uniform(0.0, 0.35),
        east=near.uniform(0.6, 1.0) if kind == "east" else near.uniform(0.0, 0.2),
        hair={"north": near.uniform(0.0, 0.45), "middle": 0.75, "south": 1.0, "east": 0.95}[kind],
    )
    drawn = Tone.drawn(draw, yellow=yellow)
    values = {p.name: getattr(drawn, p.name) for p in Tone.parameters()}
    return Tone(**{**values, "melanin": melanin}), origin


def draw_shape(draw: Draw, origin: Origin) -> dict[str, Any]:
    """The shape groups of somebody, by name."""
    means: dict[str, dict[str, float]] = {name: {} for name in _KINDS}
    for table, share in ((_SOUTH, origin.south), (_EAST, origin.east)):
        for key, by in table.items():
            group, name = key.split(".")
            means[group][name] = means[group].get(name, 0.0) + by * share
    return {name: kind.drawn(draw.of(name), **means[name]) for name, kind in _KINDS.items()}


def draw_skin(draw: Draw, age: float, sex: float, tone: Tone) -> Skin:
    """The skin of somebody: what age, sun and tone bring."""
    old = oldness(age)
    light = max(0.0, 1.0 - 2.2 * tone.melanin)
    grown = min(1.0, max(0.0, (age - 10.0) / 8.0))
    teen = 1.0 if 12.0 < age < 24.0 else 0.0
    return Skin.drawn(
        draw,
        freckles=(0.05 + 0.3 * light) * (1.0 if draw.of("freckled").chance(0.3) else 0.1),
        moles=0.1 + 0.2 * grown,
        age_spots=0.75 * old * (0.5 + 0.5 * light),
        blemishes=0.05 + 0.3 * teen,
        pores=0.2 + 0.3 * grown + 0.12 * sex + 0.1 * old,
        wrinkles=0.42 + 0.1 * old,
        circles=0.25 + 0.2 * old,
        mottle=0.3 + 0.3 * old,
        oil=0.3 + 0.2 * grown,
        lips=0.55 - 0.15 * sex,
    )


def draw_iris(draw: Draw, dark: float) -> Iris:
    """The irises of somebody whose hair and eyes tend to be this dark (0 to 1)."""
    brown = draw.of("brown").chance(0.3 + 0.75 * dark)
    melanin = (
        draw.of("melanin").uniform(0.6, 1.0) if brown else draw.of("melanin").uniform(0.0, 0.5)
    )
    drawn = Iris.drawn(draw)
    values = {p.name: getattr(drawn, p.name) for p in Iris.parameters()}
    return Iris(**{**values, "melanin": melanin})


def draw_make_up(draw: Draw, age: float, sex: float) -> MakeUp:
    """Make-up of somebody; most at the female end of the axis, none of children."""
    likely = 0.0 if age < 14.0 else max(0.02, 0.55 - 0.62 * (0.5 + 0.5 * sex))
    if not draw.of("any").chance(likely):
        return MakeUp.drawn(draw)
    strength = draw.of("strength").uniform(0.2, 1.0)
    amounts = {
        name: draw.of(f"{name} amount").uniform(0.2, 1.0) * strength
        for name in ("lipstick", "shadow", "liner", "blush", "powder")
        if draw.of(f"{name} worn").chance(0.7)
    }
    return MakeUp.drawn(draw, **amounts)
