"""Curves that people move along: wandering, going from one aim to the next, blinks, glances.

Only plus, times, quotient and comparisons: a curve that moves a face must have the same bits on
every machine. Curves are made once for a length of time and then read at any moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from vplugin.synth.draw import Draw

__all__ = ["Aim", "Blink", "Path", "Wander", "blinks", "eased", "hump"]


def eased(share: float) -> float:
    """From 0 to 1 with no jerk at either end (the minimum-jerk curve); clipped outside."""
    x = min(1.0, max(0.0, share))
    return x * x * x * (10.0 + x * (6.0 * x - 15.0))


def hump(away: float, reach: float) -> float:
    """1 where ``away`` is 0, falling smoothly to 0 at ``reach`` on both sides."""
    x = away / reach
    inside = max(0.0, 1.0 - x * x)
    return inside * inside


class Wander:
    """A smooth random curve of mean 0: an autoregressive series through a cubic B-spline.

    Args:
        draw: Where its numbers come from.
        seconds: How long it is needed for.
        spacing: Seconds between the numbers: what is quicker does not happen.
        spread: Its standard deviation.
        memory: How much of a number is left in the next, 0 to 1.
    """

    def __init__(
        self, draw: Draw, seconds: float, spacing: float, spread: float, memory: float = 0.6
    ) -> None:
        self._spacing = spacing
        fresh = 1.25 * spread * sqrt(1.0 - memory * memory)  # the spline takes some of it away
        self._knots = [draw.normal(0.0, spread)]
        for _ in range(int(seconds / spacing) + 5):
            self._knots.append(memory * self._knots[-1] + draw.normal(0.0, fresh))

    def at(self, seconds: float) -> float:
        """The curve at a time; it stays where it was before 0 and after its end."""
        place = min(max(0.0, seconds / self._spacing), len(self._knots) - 4.001)
        index = int(place)
        x = place - index
        y = 1.0 - x
        a, b, c, d = self._knots[index : index + 4]
        square, cube = x * x, x * x * x
        return (
            y * y * y * a
            + (3.0 * cube - 6.0 * square + 4.0) * b
            + (3.0 * (x + square - cube) + 1.0) * c
            + cube * d
        ) / 6.0


@dataclass(frozen=True)
class Aim:
    """Somewhere to be from a time on.

    Attributes:
        at: Seconds at which the movement begins.
        values: Where it ends.
        seconds: How long it takes.
    """

    at: float
    values: tuple[float, ...]
    seconds: float = 0.5


class Path:
    """Goes from one aim to the next; an aim that comes early is joined from where one is.

    Args:
        aims: At least one, in order of time; the first counts from the beginning on.
    """

    def __init__(self, aims: Sequence[Aim]) -> None:
        self._aims = tuple(aims)

    def at(self, seconds: float, lag: float = 0.0, slower: float = 1.0) -> tuple[float, ...]:
        """Where one is.

        Args:
            seconds: When.
            lag: Seconds by which the movement begins later.
            slower: Factor on how long it takes.
        """
        first = self._aims[0].values
        place = list(first)
        for before, aim in zip(self._aims, self._aims[1:], strict=False):
            share = eased((seconds - lag - aim.at) / (aim.seconds * slower))
            if share == 0.0:
                break
            for k, (old, new) in enumerate(zip(before.values, aim.values, strict=True)):
                place[k] += (new - old) * share
        return tuple(place)


class Blink(NamedTuple):
    """Lids that close and open.

    Attributes:
        start: Seconds.
        seconds: From open to open.
    """

    start: float
    seconds: float

    def closed(self, seconds: float) -> float:
        """How far the lids are closed, 0 to 1: fast down, a moment shut, slower up."""
        share = (seconds - self.start) / self.seconds
        if share < 0.3:
            return eased(share / 0.3)
        return 1.0 - eased((share - 0.42) / 0.58)


_REFRACTORY = 0.7  # seconds after a blink in which there is none
_TICK = 0.05


def blinks(
    draw: Draw, seconds: float, likely: Sequence[float] = (), rate: float = 0.27
) -> tuple[Blink, ...]:
    """Blinks as they come: by chance, more often at some moments, never at once again.

    Args:
        draw: Where the numbers come from.
        seconds: How long.
        likely: Times at which people like to blink: ends of phrases, large glances.
        rate: A second, by chance alone.
    """
    wanted = sorted(time for time in likely if draw.chance(0.55))
    found: list[Blink] = []
    at = draw.uniform(0.0, 1.5)
    while at < seconds:
        due = bool(wanted) and wanted[0] <= at
        if due or draw.chance(rate * _TICK):
            found.append(Blink(at, draw.uniform(0.13, 0.2)))
            at += _REFRACTORY
            wanted = [time for time in wanted if time > at]
        at += _TICK
    return tuple(found)
