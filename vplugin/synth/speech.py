"""When each sound of a text is spoken, how strongly, and where its phrases end.

The timing that mouth and voice share, so that they cannot drift apart. Lengths follow a few of
Klatt's rules (1976): stressed vowels are longer, unstressed ones shorter, the last syllable before
a pause longest.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from functools import cached_property

from vplugin.synth.phonemes import Phoneme, parts_of
from vplugin.synth.pronounce import FUNCTION_WORDS, pronounce, words_of

__all__ = ["Phrase", "Sound", "Speech"]

_PAUSES = {",": 0.22, ";": 0.3, ":": 0.3, ".": 0.5, "!": 0.5, "?": 0.5}
_LONGEST_PAUSE = max(_PAUSES.values())
_REDUCED = ("AX",)
_PREFIXES = (("B", "IH"), ("D", "IH"), ("R", "IY"))  # be-, de-, re-: the next syllable is stressed


@dataclass(frozen=True)
class Sound:
    """One sound at its time.

    Attributes:
        phoneme: Which.
        start: Seconds.
        seconds: Length.
        stress: 0 unstressed, 0.6 stressed, 1 the heaviest of its phrase.
    """

    phoneme: Phoneme
    start: float
    seconds: float
    stress: float = 0.0

    @property
    def middle(self) -> float:
        """Seconds."""
        return self.start + self.seconds / 2

    @property
    def end(self) -> float:
        """Seconds."""
        return self.start + self.seconds


@dataclass(frozen=True)
class Phrase:
    """What is said in one breath.

    Attributes:
        start: Seconds.
        end: Seconds.
        question: Whether the pitch rises at its end.
        final: Whether a sentence ends here.
    """

    start: float
    end: float
    question: bool = False
    final: bool = True


@dataclass(frozen=True)
class Speech:
    """A text with its timing.

    Attributes:
        sounds: In order of time; silence is not listed.
        phrases: In order of time.
        text: As it was given.
    """

    sounds: tuple[Sound, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    text: str = ""
    _starts: tuple[float, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", tuple(sound.start for sound in self.sounds))

    @classmethod
    def of(cls, text: str, *, start: float = 0.0, pace: float = 1.0) -> Speech:
        """Read a text aloud.

        Args:
            text: English; what has no letters or figures is only a pause.
            start: Seconds at which the first sound begins.
            pace: 1 is about five syllables a second, 2 twice as fast.
        """
        sounds: list[Sound] = []
        phrases: list[Phrase] = []
        at = start
        for words, sign in _clauses(text):
            begun = at
            for sound in _said(words):
                sounds.append(replace(sound, start=at, seconds=sound.seconds / pace))
                at = sounds[-1].end
            final = _PAUSES[sign] == _LONGEST_PAUSE
            phrases.append(Phrase(begun, at, sign == "?", final))
            at += _PAUSES[sign] / pace
        return cls(tuple(sounds), tuple(phrases), text)

    @property
    def start(self) -> float:
        """Seconds; 0 if nothing is said."""
        return self.sounds[0].start if self.sounds else 0.0

    @property
    def end(self) -> float:
        """Seconds; 0 if nothing is said."""
        return self.sounds[-1].end if self.sounds else 0.0

    @cached_property
    def accents(self) -> tuple[Sound, ...]:
        """The stressed vowels."""
        return tuple(s for s in self.sounds if s.phoneme.vowel and s.stress >= 0.5)

    def then(self, other: Speech) -> Speech:
        """This and something said later."""
        text = f"{self.text} {other.text}".strip()
        return Speech(self.sounds + other.sounds, self.phrases + other.phrases, text)

    def near(self, seconds: float, reach: float) -> tuple[Sound, ...]:
        """The sounds that are heard between ``seconds - reach`` and ``seconds + reach``."""
        first = max(0, bisect_left(self._starts, seconds - reach) - 1)
        last = bisect_left(self._starts, seconds + reach)
        return self.sounds[first:last]

    def talking(self, seconds: float) -> bool:
        """Whether a phrase is under way."""
        return any(phrase.start <= seconds < phrase.end for phrase in self.phrases)


def _clauses(text: str) -> list[tuple[list[str], str]]:
    """Words up to a sign, with the sign."""
    found = []
    for body, signs in re.findall(r"([^,;:.!?]+)([,;:.!?]*)", text):
        if words := words_of(body):
            found.append((words, signs[0] if signs else "."))
    return found


def _said(words: list[str]) -> list[Sound]:
    """A phrase from 0 seconds on; starts are set by the caller."""
    heavy = max((i for i, word in enumerate(words) if word not in FUNCTION_WORDS), default=-1)
    sounds: list[Sound] = []
    for index, word in enumerate(words):
        stress = 1.0 if index == heavy else 0.0 if word in FUNCTION_WORDS else 0.6
        sounds += _spoken(pronounce(word), stress)
    return _lengthened(sounds)


def _spoken(names: tuple[str, ...], stress: float) -> list[Sound]:
    """One word; its stress is on one vowel, of a diphthong on the first part."""
    groups = [parts_of(name) for name in names]
    vowels = [i for i, group in enumerate(groups) if group[0].vowel and names[i] not in _REDUCED]
    if len(vowels) > 1 and names[:2] in _PREFIXES:
        vowels = vowels[1:]
    stressed = vowels[0] if vowels else -1
    return [
        _timed(part, 0.0 if index != stressed else stress if place == 0 else 0.4 * stress)
        for index, group in enumerate(groups)
        for place, part in enumerate(group)
    ]


def _timed(part: Phoneme, stress: float) -> Sound:
    factor = (0.78 + 0.45 * stress) if part.vowel else 1.0
    return Sound(part, 0.0, part.seconds * factor, stress)


def _lengthened(sounds: list[Sound]) -> list[Sound]:
    """The last vowel of a phrase, and what follows it, is drawn out."""
    last = max((i for i, sound in enumerate(sounds) if sound.phoneme.vowel), default=len(sounds))
    return [
        replace(sound, seconds=sound.seconds * (1.4 if i == last else 1.2)) if i >= last else sound
        for i, sound in enumerate(sounds)
    ]
