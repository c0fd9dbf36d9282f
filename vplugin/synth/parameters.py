"""What a procedural person, face or light is described by: numbers and words, each documented.

A group is a frozen dataclass whose fields are made with :func:`number` and :func:`choice`; bounds,
unit, prior and sentence sit beside the field, so drawing, mixing, printing and documenting need no
second list.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import Field, dataclass, field, fields
from functools import cache
from typing import Any, NamedTuple, Self, cast

import numpy as np
import numpy.typing as npt

from vplugin.synth.draw import Draw


class Parameter(NamedTuple):
    """One documented parameter.

    Attributes:
        name: Of the field.
        unit: Of a number (mm, degrees, share, …), "" for a word.
        low: Smallest value, 0 for a word.
        high: Largest value, 0 for a word.
        mean: Of the prior (a normal distribution cut off at the bounds).
        spread: Standard deviation of the prior; 0 means always ``mean``.
        words: What a word may be, in order; empty for a number.
        weights: How often each word is drawn.
        sentence: What it is.
    """

    name: str
    unit: str
    low: float
    high: float
    mean: float
    spread: float
    words: tuple[str, ...]
    weights: tuple[float, ...]
    sentence: str


def number(low: float, high: float, mean: float, spread: float, unit: str, sentence: str) -> Any:
    """A field that holds a number of this prior; its default is the mean."""
    given = Parameter("", unit, low, high, mean, spread, (), (), sentence)
    return field(default=mean, metadata={"parameter": given})


def choice(words: Mapping[str, float], sentence: str) -> Any:
    """A field that holds one of these words, drawn by weight; its default is the first."""
    names, weights = tuple(words), tuple(words.values())
    given = Parameter("", "", 0.0, 0.0, 0.0, 0.0, names, weights, sentence)
    return field(default=names[0], metadata={"parameter": given})


@dataclass(frozen=True)
class Group:
    """Base of every set of parameters."""

    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """All of them, in the order of the fields."""
        return _parameters(cast(Hashable, cls))

    @classmethod
    def drawn(cls, draw: Draw, /, **means: float | str) -> Self:
        """One drawn from the priors.

        Args:
            draw: Where the numbers come from; each field has a stream of its own.
            means: Another mean for a number, a fixed value for a word.
        """
        values = {p.name: _drawn(p, draw.of(p.name), means.get(p.name)) for p in cls.parameters()}
        return cls(**values)

    def mixed(self, other: Self, share: float) -> Self:
        """Between this (share 0) and another (share 1); words change over at one half."""
        values: dict[str, float | str] = {}
        for p in self.parameters():
            a, b = getattr(self, p.name), getattr(other, p.name)
            if p.words:
                values[p.name] = a if share < 0.5 else b
            else:  # two equal bounds must not mix to one rounding step beyond
                values[p.name] = min(p.high, max(p.low, a * (1.0 - share) + b * share))
        return type(self)(**values)

    def vector(self) -> npt.NDArray[np.float32]:
        """Every number scaled to [0, 1] by its bounds, every word as one-hot."""
        parts: list[float] = []
        for p in self.parameters():
            value = getattr(self, p.name)
            if p.words:
                parts.extend(float(word == value) for word in p.words)
            else:
                parts.append((value - p.low) / (p.high - p.low))
        return np.array(parts, np.float32)

    def __post_init__(self) -> None:
        for p in self.parameters():
            value = getattr(self, p.name)
            if p.words:
                if value not in p.words:
                    raise ValueError(f"{p.name} is one of {', '.join(p.words)}, not {value!r}")
            elif not p.low <= value <= p.high:
                raise ValueError(f"{p.name} is {value}, possible are {p.low} to {p.high} {p.unit}")


@cache
def _parameters(kind: Any) -> tuple[Parameter, ...]:
    return tuple(_parameter(item) for item in fields(kind))


def _parameter(item: Field[Any]) -> Parameter:
    given: Parameter = item.metadata["parameter"]
    return given._replace(name=item.name)


def _drawn(p: Parameter, draw: Draw, wanted: float | str | None) -> float | str:
    if p.words:
        return wanted if isinstance(wanted, str) else draw.choice(p.words, p.weights)
    mean = p.mean if wanted is None else float(wanted)
    return min(p.high, max(p.low, draw.normal(mean, p.spread)))
