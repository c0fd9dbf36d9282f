"""The voice: in time with the speech, at the pitch and with the resonances that it should have."""

from __future__ import annotations

import numpy as np
import pytest

from vplugin.synth.draw import Draw
from vplugin.synth.speech import Speech
from vplugin.synth.voice import RATE, Voice, speak

MAN = Voice(pitch=110.0, size=1.0, inflection=0.0, roughness=0.0)
WOMAN = Voice(pitch=210.0, size=1.17, inflection=0.0, roughness=0.0)


def loudness(wave: np.ndarray, start: float, end: float) -> float:
    return float(np.sqrt(np.mean(wave[round(start * RATE) : round(end * RATE)] ** 2)))


def spectrum(wave: np.ndarray, start: float, end: float) -> tuple[np.ndarray, np.ndarray]:
    piece = wave[round(start * RATE) : round(end * RATE)]
    power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 1 << 15)) ** 2
    return np.fft.rfftfreq(1 << 15, 1 / RATE), power


def test_length_range_and_sameness() -> None:
    speech = Speech.of("Hello there.", start=0.3)
    wave = speak(speech, MAN, 1.5, seed=4)
    assert wave.shape == (72000,)
    assert wave.dtype == np.float32
    assert 0.3 < np.abs(wave).max() <= 1.0
    assert wave.tobytes() == speak(speech, MAN, 1.5, seed=4).tobytes()
    assert wave.tobytes() != speak(speech, WOMAN, 1.5, seed=4).tobytes()
    assert not speak(Speech(), MAN, 0.5).any()


def test_it_is_heard_when_the_speech_says_so() -> None:
    speech = Speech.of("Ah. Ah.", start=0.5)
    wave = speak(speech, MAN, speech.end + 0.5)
    first, second = speech.phrases
    spoken = loudness(wave, first.start + 0.02, first.end - 0.02)
    assert loudness(wave, 0.0, 0.42) < spoken / 100
    assert loudness(wave, first.end + 0.15, second.start - 0.1) < spoken / 30
    assert loudness(wave, speech.end + 0.2, speech.end + 0.5) < spoken / 100


@pytest.mark.parametrize("voice", [MAN, WOMAN], ids=["man", "woman"])
def test_pitch(voice: Voice) -> None:
    speech = Speech.of("aha", pace=0.4)
    sound = speech.accents[0]
    frequencies, power = spectrum(speak(speech, voice, 1.0), sound.start, sound.end)
    low = (frequencies > 60) & (frequencies < 1.5 * voice.pitch)
    assert frequencies[low][power[low].argmax()] == pytest.approx(voice.pitch, rel=0.12)


@pytest.mark.parametrize(
    ("text", "noise", "low", "high"), [("a sister", "S", 5000, 9000), ("a shoe", "SH", 2000, 5000)]
)
def test_fricatives_hiss_where_they_should(text: str, noise: str, low: int, high: int) -> None:
    speech = Speech.of(text)
    sound = next(s for s in speech.sounds if s.phoneme.name == noise)
    frequencies, power = spectrum(speak(speech, MAN, 1.0), sound.start + 0.02, sound.end - 0.02)
    assert low < (frequencies * power).sum() / power.sum() < high


def test_vowels_have_their_resonances() -> None:
    """Second formants: `ee` far above `oo`."""
    found = {}
    for text, name in (("bee", "IY"), ("boo", "UW")):
        speech = Speech.of(text, pace=0.5)
        sound = next(s for s in speech.sounds if s.phoneme.name == name)
        frequencies, power = spectrum(speak(speech, MAN, 1.5), sound.middle, sound.end)
        band = (frequencies > 1500) & (frequencies < 3000)
        found[name] = power[band].sum() / power[frequencies < 1200].sum()
    assert found["IY"] > 5 * found["UW"]


def test_voices_fit_people() -> None:
    """Women's are higher than men's, children's highest, and no two are the same."""
    kinds = {"man": (0.8, 40), "woman": (-0.8, 40), "child": (0.0, 6)}
    voices = {
        name: [Voice.fitting(Draw(seed), *given) for seed in range(8)]
        for name, given in kinds.items()
    }
    pitch = {name: np.mean([voice.pitch for voice in found]) for name, found in voices.items()}
    size = {name: np.mean([voice.size for voice in found]) for name, found in voices.items()}
    assert 90 < pitch["man"] < 140 < 180 < pitch["woman"] < 230 < pitch["child"]
    assert size["man"] < size["woman"] < size["child"]
    assert len({voice.pitch for found in voices.values() for voice in found}) == 24
