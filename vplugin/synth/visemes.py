"""What a mouth does while somebody speaks, from a text's timing or from the loudness of a voice.

Neighbouring sounds share the mouth: each pulls with a *dominance* that fades with the distance in
time (Cohen and Massaro, 1993; theirs fades exponentially, ours as a rational function, which has
the same bits on every machine). Lips that must meet (p, b, m) and teeth that must touch a lip (f,
v) are not averaged away: they get their way at the middle of their sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from vplugin.synth.speech import Sound, Speech

__all__ = ["Envelope", "Mouth", "Mover", "mouth_at"]

_REACH = 0.35  # seconds beyond which a sound pulls no longer
_REST = 0.06  # pull of the mouth's rest, which ends speech smoothly


class Mouth(NamedTuple):
    """How a mouth stands; shares of the full range, 0 to 1.

    Attributes:
        jaw: Dropped.
        wide: Corners apart.
        pucker: Lips forward and round.
        gap: Lips apart beyond what the jaw does.
        closed: Lips pressed on each other.
        bite: Lower lip under the upper teeth.
        tongue: Raised to the teeth.
    """

    jaw: float = 0.0
    wide: float = 0.0
    pucker: float = 0.0
    gap: float = 0.0
    closed: float = 0.0
    bite: float = 0.0
    tongue: float = 0.0


class Mover(Protocol):
    """What moves a mouth."""

    def mouth(self, seconds: float) -> Mouth:
        """How it stands at a time."""


def mouth_at(speech: Speech, seconds: float) -> Mouth:
    """The mouth at a time of a speech."""
    near = speech.near(seconds, _REACH)
    if not near:
        return Mouth()
    pulls = [_dominance(sound, seconds) for sound in near]
    total = sum(pulls) + _REST
    jaw, wide, pucker, gap, tongue = (_blend(near, pulls, name) / total for name in _SHARED)
    closed = max(sound.phoneme.lips.closed * _hold(sound, seconds) for sound in near)
    bite = max(sound.phoneme.lips.bite * _hold(sound, seconds) for sound in near)
    free = (1.0 - closed) * (1.0 - 0.7 * bite)
    return Mouth(
        jaw * (1.0 - 0.85 * closed) * (1.0 - 0.6 * bite),
        wide,
        pucker,
        gap * free,
        closed,
        bite,
        tongue,
    )


_SHARED = ("jaw", "wide", "pucker", "gap", "tongue")


def _blend(near: Sequence[Sound], pulls: Sequence[float], name: str) -> float:
    return sum(
        pull * float(getattr(sound.phoneme.lips, name)) * _effort(sound)
        for sound, pull in zip(near, pulls, strict=True)
    )


def _effort(sound: Sound) -> float:
    """Unstressed vowels are mumbled."""
    return 0.8 + 0.3 * sound.stress if sound.phoneme.vowel else 1.0


def _dominance(sound: Sound, seconds: float) -> float:
    """Lips get ready earlier than they let go."""
    away = seconds - sound.middle
    width = 0.5 * sound.seconds + (0.045 if away < 0 else 0.03)
    fallen = 1.0 + (away / width) * (away / width)
    return sound.phoneme.lips.force / (fallen * fallen)


def _hold(sound: Sound, seconds: float) -> float:
    """1 in the middle half of the sound, 0 from 40 ms outside of it."""
    away = abs(seconds - sound.middle) - 0.25 * sound.seconds
    share = 1.0 - away / (0.25 * sound.seconds + 0.04)
    share = min(1.0, max(0.0, share))
    return share * share * (3.0 - 2.0 * share)


@dataclass(frozen=True)
class Envelope:
    """A mouth that follows the loudness of a recorded voice: no words, but in time with it.

    Attributes:
        levels: Loudness, 1 is a loud vowel; at equal steps of time from 0 seconds.
        rate: Steps per second.
    """

    levels: tuple[float, ...]
    rate: float = 50.0

    @classmethod
    def of_sound(cls, samples: npt.NDArray[np.float32], rate: int) -> Envelope:
        """Of a recording.

        Args:
            samples: (N,) float, one channel, any scale.
            rate: Samples per second.

        Raises:
            ValueError: There is not even one step of 20 ms.
        """
        step = rate // 50
        steps = len(samples) // step
        if steps == 0:
            raise ValueError("an envelope needs at least 20 ms of sound")
        squares = np.square(samples[: steps * step].astype(np.float64)).reshape(steps, step)
        levels = np.sqrt(squares.mean(axis=1))
        loud = max(1e-9, float(np.sort(levels)[int(0.95 * (steps - 1))]))
        return cls(tuple(float(level) for level in levels / loud), 50.0)

    def mouth(self, seconds: float) -> Mouth:
        """Jaw and lips at a time, smoothed over 120 ms."""
        level = sum(w * self._level(seconds + d * 0.03) for d, w in _SMOOTH)
        level = min(1.0, level)
        quick = max(-1.0, min(1.0, 3.0 * (self._level(seconds) - level)))
        return Mouth(
            0.7 * level, max(0.0, 0.35 * quick), max(0.0, -0.4 * quick) * level, 0.3 * level
        )

    def _level(self, seconds: float) -> float:
        at = seconds * self.rate - 0.5
        index = int(at // 1)
        share = at - index
        before, after = (
            self.levels[i] if 0 <= i < len(self.levels) else 0.0 for i in (index, index + 1)
        )
        return before + (after - before) * share


_SMOOTH = ((-2, 0.1), (-1, 0.24), (0, 0.32), (1, 0.24), (2, 0.1))
