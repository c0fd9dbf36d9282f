"""Durations, sizes and back-off ranges as people write them: ``250ms``, ``1GiB``, ``0.5s..10s``.

The annotated types at the end are for pydantic models, those of graph files and of nodes'
parameters alike. A plain number is seconds, or bytes. Formatting is the exact inverse of parsing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, NamedTuple, TypeAlias

from pydantic import BeforeValidator

__all__ = [
    "Backoff",
    "BackoffRange",
    "Duration",
    "Size",
    "format_backoff",
    "format_duration",
    "format_size",
    "parse_backoff",
    "parse_duration",
    "parse_size",
]

_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,3}))?\s*([A-Za-zµ]*)", re.ASCII)

_LONGEST = 1_000_000 * 3600  # seconds; beyond a century it is a slip of the pen

_SECONDS: Mapping[str, Fraction] = MappingProxyType(
    {
        "us": Fraction(1, 1_000_000),
        "µs": Fraction(1, 1_000_000),
        "ms": Fraction(1, 1000),
        "s": Fraction(1),
        "min": Fraction(60),
        "h": Fraction(3600),
    }
)
_BYTES: Mapping[str, Fraction] = MappingProxyType(
    {"B": Fraction(1)}
    | {f"{letter}B": Fraction(1000**power) for power, letter in enumerate("kMGT", start=1)}
    | {f"{letter}iB": Fraction(1024**power) for power, letter in enumerate("KMGT", start=1)}
)


class Backoff(NamedTuple):
    """How long to wait before trying again: ``first`` seconds, doubling up to ``longest``."""

    first: float
    longest: float


def _parse(value: object, units: Mapping[str, Fraction], plain: str, example: str) -> Fraction:
    """A number with one of the units; a number without one counts in ``plain``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value) or value < 0:
            raise ValueError(f"should be a finite number that is not negative, like {example}")
        return Fraction(value)
    match = _QUANTITY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"should look like {example}")
    digits, exponent, unit = match.groups()
    if (unit or plain) not in units:
        raise ValueError(f"has the unit {unit!r}; known are {', '.join(units)}")
    return Fraction(digits) * Fraction(10) ** int(exponent or 0) * units[unit or plain]


def parse_duration(value: object) -> float:
    """Seconds from ``250ms``, ``2s``, ``5min``, ``1h`` or a plain number of seconds.

    Raises:
        ValueError: It is something else, negative or not finite.
    """
    seconds = _parse(value, _SECONDS, "s", "250ms or 2s")
    if seconds > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST // 3600} h")
    return float(seconds)


def parse_size(value: object) -> int:
    """Bytes from ``1GiB``, ``64kB`` or a plain number of bytes; parts of a byte are an error.

    Raises:
        ValueError: It is something else, negative or not a whole number of bytes.
    """
    size = _parse(value, _BYTES, "B", "1GiB or 64kB")
    if size.denominator != 1:
        raise ValueError("is not a whole number of bytes")
    return int(size)


def parse_backoff(value: object) -> Backoff:
    """A range ``0.5s..10s``, or one duration that never grows.

    Raises:
        ValueError: It is something else, or its end is shorter than its start.
    """
    if isinstance(value, list | tuple) and len(value) == 2:
        first, longest = (parse_duration(part) for part in value)
    elif isinstance(value, str) and ".." in value:
        first, longest = (parse_duration(part) for part in value.split("..", 1))
    else:
        first = longest = parse_duration(value)
    if first > longest:
        raise ValueError("should begin with its shorter end, like 0.5s..10s")
    return Backoff(first, longest)


def format_duration(seconds: float) -> str:
    """The shortest text that :func:`parse_duration` reads as exactly this number."""
    for unit in ("h", "min", "s", "ms", "us"):
        amount = Fraction(seconds) / _SECONDS[unit]
        if amount >= 1 and parse_duration(text := f"{float(amount):g}{unit}") == seconds:
            return text
    return f"{seconds!r}s"


def format_size(size: int) -> str:
    """The shortest text that :func:`parse_size` reads as exactly this number."""
    for unit in ("TiB", "TB", "GiB", "GB", "MiB", "MB", "KiB", "kB"):
        if size and size % _BYTES[unit] == 0:
            return f"{size // int(_BYTES[unit])}{unit}"
    return f"{size}B"


def format_backoff(backoff: Backoff) -> str:
    """As :func:`parse_backoff` reads it."""
    first, longest = (format_duration(part) for part in backoff)
    return first if backoff.first == backoff.longest else f"{first}..{longest}"


Duration: TypeAlias = Annotated[float, BeforeValidator(parse_duration)]
Size: TypeAlias = Annotated[int, BeforeValidator(parse_size)]
BackoffRange: TypeAlias = Annotated[Backoff, BeforeValidator(parse_backoff)]
