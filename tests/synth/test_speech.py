"""Timing of a text, and the mouth that follows it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from vplugin.synth.speech import Speech
from vplugin.synth.visemes import Envelope, Mouth, mouth_at


def test_sounds_follow_each_other() -> None:
    speech = Speech.of("Good morning, thank you. Is it late?", start=0.5)
    assert speech.start == 0.5
    for before, after in pairwise(speech.sounds):
        gap = after.start - before.end
        assert gap == pytest.approx(0.0, abs=1e-9) or 0.2 < gap < 0.6
    assert [phrase.question for phrase in speech.phrases] == [False, False, True]
    assert [phrase.final for phrase in speech.phrases] == [False, True, True]
    assert len(speech.accents) == 4


def test_pace_and_nothing_to_say() -> None:
    slow, fast = (Speech.of("My house is old.", pace=pace) for pace in (0.8, 1.6))
    assert slow.end == pytest.approx(2 * fast.end)
    assert Speech.of("…!").sounds == ()
    assert mouth_at(Speech(), 1.0) == Mouth()


def test_content_words_carry_the_stress() -> None:
    speech = Speech.of("the house of the people")
    stressed = [sound.phoneme.name for sound in speech.accents]
    assert stressed == ["AA", "IY"]  # of h-ou-se and p-eo-ple
    assert speech.accents[-1].stress == 1.0


@pytest.mark.parametrize(
    ("text", "phoneme", "field", "least"),
    [
        ("a mama", "M", "closed", 0.99),
        ("a papa", "P1", "closed", 0.99),
        ("a fine day", "F", "bite", 0.99),
        ("a moose", "UW", "pucker", 0.5),
        ("we see", "IY", "wide", 0.3),
        ("a father", "AA", "jaw", 0.35),
    ],
)
def test_sounds_get_their_mouth(text: str, phoneme: str, field: str, least: float) -> None:
    speech = Speech.of(text)
    sound = next(sound for sound in speech.sounds if sound.phoneme.name == phoneme)
    mouth = mouth_at(speech, sound.middle)
    assert getattr(mouth, field) >= least
    if field == "closed":
        assert mouth.gap == pytest.approx(0.0, abs=0.01)


def test_the_mouth_neither_jumps_nor_leaves_its_range() -> None:
    speech = Speech.of("Please, show me the other picture of five foxes; maybe today.")
    mouths = np.array([mouth_at(speech, t) for t in np.arange(-0.5, speech.end + 0.6, 0.005)])
    assert mouths.min() >= 0.0
    assert mouths.max() <= 1.0
    assert np.abs(np.diff(mouths, axis=0)).max() < 0.25
    assert mouths[0].max() < 0.05
    assert mouths[-1].max() < 0.05


def test_an_envelope_opens_the_mouth_when_it_is_loud() -> None:
    times = np.arange(48000) / 48000
    sound = np.sin(2 * np.pi * 200 * times) * ((times > 0.4) & (times < 0.7))
    envelope = Envelope.of_sound(sound.astype(np.float32), 48000)
    assert envelope.mouth(0.1).jaw < 0.02
    assert envelope.mouth(0.55).jaw > 0.5
    assert envelope.mouth(9.0) == Mouth()
    with pytest.raises(ValueError, match="20 ms"):
        Envelope.of_sound(np.zeros(10, np.float32), 48000)
