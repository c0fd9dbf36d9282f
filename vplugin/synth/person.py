"""Who somebody is: shape, skin, eyes, hair and what is worn, all from one seed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from vplugin.synth.beard import Beard
from vplugin.synth.brows import Brows
from vplugin.synth.draw import Draw
from vplugin.synth.hair_priors import draw_beard, draw_brows, draw_hair
from vplugin.synth.hair_style import HairStyle
from vplugin.synth.parameters import Group
from vplugin.synth.shape import Body, Cheeks, Ears, Eyes, Jaw, Mouth, Nose, Skull
from vplugin.synth.wear import Wear


@dataclass(frozen=True)
class Person:
    """A person who does not exist.

    Attributes:
        age: Years.
        sex: Shape axis, -1 female to 1 male.
        texture: Seed of the skin's fine texture.
    """

    age: float = 35.0
    sex: float = 0.0
    texture: int = 0
    skull: Skull = field(default_factory=Skull)
    cheeks: Cheeks = field(default_factory=Cheeks)
    jaw: Jaw = field(default_factory=Jaw)
    nose: Nose = field(default_factory=Nose)
    eyes: Eyes = field(default_factory=Eyes)
    mouth: Mouth = field(default_factory=Mouth)
    ears: Ears = field(default_factory=Ears)
    body: Body = field(default_factory=Body)
    hair: HairStyle = field(default_factory=HairStyle)
    beard: Beard = field(default_factory=Beard)
    brows: Brows = field(default_factory=Brows)
    wear: Wear = field(default_factory=Wear)

    @classmethod
    def from_seed(cls, seed: int) -> Self:
        """The person of this seed; always the same one."""
        draw = Draw(seed, "person")
        groups: dict[str, Any] = {
            item.name: kind.drawn(draw.of(item.name))
            for item in fields(cls)
            if (kind := _group(item.name)) is not None
        }
        age, sex = draw.of("age").uniform(4, 90), draw.of("sex").normal(0, 0.6)
        tone = draw.of("tone").uniform()
        return cls(
            age,
            sex,
            draw.bits() >> 33,
            **groups,
            hair=draw_hair(draw.of("hair"), age, sex, tone),
            beard=draw_beard(draw.of("beard"), age, sex),
            brows=draw_brows(draw.of("brows"), age, sex),
            wear=Wear.from_draw(draw.of("wear"), sex),
        )

    @property
    def identity(self) -> npt.NDArray[np.float32]:
        """Shape as numbers in [0, 1]."""
        names = [item.name for item in fields(self) if _group(item.name) is not None]
        return np.concatenate([getattr(self, name).vector() for name in names])


def _group(name: str) -> type[Group] | None:
    kinds: dict[str, type[Group]] = {
        "skull": Skull, "cheeks": Cheeks, "jaw": Jaw, "nose": Nose,
        "eyes": Eyes, "mouth": Mouth, "ears": Ears, "body": Body,
    }  # fmt: skip
    return kinds.get(name)


def shape_amounts(person: Person) -> dict[str, float]:
    """Shape parameters by ``group.name``, with what age and sex add."""
    amounts: dict[str, float] = {}
    for item in fields(person):
        group = getattr(person, item.name)
        if isinstance(group, Group):
            for p in group.parameters():
                amounts[f"{item.name}.{p.name}"] = getattr(group, p.name)
    return amounts
