"""Who somebody is: shape, skin, eyes, hair and what is worn, all from one seed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from vplugin.synth.ageing import aged, oldness
from vplugin.synth.appearance import Iris, MakeUp, Skin, Tone
from vplugin.synth.beard import Beard
from vplugin.synth.brows import Brows
from vplugin.synth.draw import Draw
from vplugin.synth.hair_priors import draw_beard, draw_brows, draw_hair
from vplugin.synth.hair_style import HairStyle
from vplugin.synth.looks import draw_iris, draw_make_up, draw_shape, draw_skin, draw_tone
from vplugin.synth.parameters import Group
from vplugin.synth.shape import Body, Cheeks, Ears, Eyes, Jaw, Mouth, Nose, Skull
from vplugin.synth.wear import Wear

SHAPE = ("skull", "cheeks", "jaw", "nose", "eyes", "mouth", "ears")
IDENTITY = (*SHAPE, "skin", "iris")


@dataclass(frozen=True)
class Person:
    """A person who does not exist.

    Attributes:
        seed: Of :meth:`from_seed`, for files that name people.
        age: Years.
        sex: Shape axis, -1 female to 1 male.
        texture: Seed of the skin's fine texture, the iris and the teeth.
    """

    seed: int = 0
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
    tone: Tone = field(default_factory=Tone)
    skin: Skin = field(default_factory=Skin)
    iris: Iris = field(default_factory=Iris)
    make_up: MakeUp = field(default_factory=MakeUp)
    hair: HairStyle = field(default_factory=HairStyle)
    beard: Beard = field(default_factory=Beard)
    brows: Brows = field(default_factory=Brows)
    wear: Wear = field(default_factory=Wear)

    @classmethod
    def from_seed(cls, seed: int) -> Self:
        """The person of this seed; always the same one."""
        draw = Draw(seed, "person")
        sex = min(
            1.0, max(-1.0, draw.of("side").choice((-0.55, 0.55)) + draw.of("sex").normal(0, 0.28))
        )
        age = _draw_age(draw.of("age"))
        tone, origin = draw_tone(draw.of("tone"))
        hair = draw_hair(draw.of("hair"), age, sex, origin.hair)
        return cls(
            seed,
            age,
            sex,
            draw.of("texture").bits() >> 40,
            **draw_shape(draw.of("shape"), origin),
            tone=tone,
            skin=draw_skin(draw.of("skin"), age, sex, tone),
            iris=draw_iris(draw.of("iris"), origin.hair),
            make_up=draw_make_up(draw.of("make up"), age, sex),
            hair=hair,
            beard=draw_beard(draw.of("beard"), age, sex),
            brows=draw_brows(draw.of("brows"), age, sex),
            wear=Wear.from_draw(draw.of("wear"), sex),
        )

    @classmethod
    def mix(cls, a: Person, b: Person, share: float) -> Self:
        """Somebody between ``a`` (share 0) and ``b`` (share 1); words change over at one half."""
        nearer = a if share < 0.5 else b
        values: dict[str, Any] = {"seed": nearer.seed, "texture": nearer.texture}
        for item in fields(cls):
            first, second = getattr(a, item.name), getattr(b, item.name)
            if isinstance(first, Group):
                values[item.name] = first.mixed(second, share)
            elif item.name in ("age", "sex"):
                values[item.name] = first * (1.0 - share) + second * share
        return cls(**values)

    def with_identity(self, other: Person) -> Self:
        """This person's tone, hair, beard, clothes and make-up on the face of ``other``.

        The other's are: shape of skull, face, features and ears, age and sex of that shape, fine
        texture of the skin, irises and teeth, and the brows but for their colour.
        """
        taken = {name: getattr(other, name) for name in IDENTITY}
        brows = replace(other.brows, darkness=self.brows.darkness)
        return replace(
            self, age=other.age, sex=other.sex, texture=other.texture, brows=brows, **taken
        )

    def stretched(self, factor: float) -> Self:
        """This person, the shape ``factor`` times as far from the mean adult's, within its bounds.

        The priors draw shapes with 0.72 of the standard deviation of people: nobody is a caricature
        that way. 1.4 gives people who differ as much as real ones do.
        """
        groups = {name: getattr(self, name) for name in SHAPE}
        return replace(self, **{n: type(g)().mixed(g, factor) for n, g in groups.items()})

    @property
    def identity(self) -> npt.NDArray[np.float32]:
        """Age, sex, shape, skin and iris as numbers in [0, 1]: what :meth:`with_identity` takes."""
        first = np.array([self.age / 100.0, 0.5 + 0.5 * self.sex], np.float32)
        return np.concatenate([first, *(getattr(self, name).vector() for name in IDENTITY)])


def _draw_age(draw: Draw) -> float:
    """Years: mostly adults, some children, many old people."""
    kind = draw.choice(("child", "adult", "old"), (0.13, 0.62, 0.25))
    low, high = {"child": (3.5, 17.0), "adult": (17.0, 55.0), "old": (55.0, 92.0)}[kind]
    return draw.uniform(low, high)


def shape_amounts(person: Person) -> dict[str, float]:
    """Shape parameters by ``group.name``, with what age and sex add."""
    amounts: dict[str, float] = {}
    for name in (*SHAPE, "body"):
        group = getattr(person, name)
        for p in group.parameters():
            amounts[f"{name}.{p.name}"] = getattr(group, p.name)
    aged(amounts, person.age, person.sex)
    return amounts


def wrinkled(person: Person) -> float:
    """How wrinkled the skin is, 0 to about 1.3."""
    return min(1.3, 2.0 * person.skin.wrinkles * oldness(person.age) + 0.25 * person.skin.wrinkles)
