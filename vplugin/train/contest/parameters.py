"""Which of a person's identity parameters belong to the lower face, and which to the upper.

Names are ``group.parameter`` in the order of :attr:`vplugin.synth.person.Person.identity`, which is
the order in the banks; a word has one number for each of its choices, ``group.parameter=word``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from vplugin.synth.person import IDENTITY, Person

__all__ = ["LOWER", "UPPER", "identity_names", "where"]

#: What FixerNet's crop shows and nothing above it shapes: jaw, chin, lips, and the flesh and folds
#: of the cheeks beside them. The tip of the nose is in that crop, but no lower face without it is
#: ever seen, so that the nose belongs to neither half.
LOWER = ("jaw.", "mouth.", "cheeks.fullness", "cheeks.folds", "skin.lips", "skin.lip_border")

#: Forehead, brows, eyes and irises, cheekbones, and the root of the nose between the eyes. Age,
#: sex, ears, the back of the skull and the skin's texture are in neither half.
UPPER = (
    "eyes.", "iris.", "skull.forehead", "skull.temples", "skull.brow_ridge", "skull.glabella",
    "cheeks.bone", "nose.root", "skin.circles", "skin.crow", "skin.forehead",
)  # fmt: skip


def identity_names() -> tuple[str, ...]:
    """Names of the numbers of a person's identity, in order."""
    return tuple(_names(Person()))


def _names(person: Person) -> Iterator[str]:
    yield from ("age", "sex")
    for group in IDENTITY:
        for parameter in getattr(person, group).parameters():
            name = f"{group}.{parameter.name}"
            words = [f"{name}={word}" for word in parameter.words]
            yield from words or [name]


def where(prefixes: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """(K,) which numbers of an identity have a name that begins with one of these."""
    return np.array([name.startswith(prefixes) for name in identity_names()])
