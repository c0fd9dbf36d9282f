"""A voice for people who do not exist: a formant synthesiser in the manner of Klatt (1980).

Glottal pulses and noise go through the resonances of a throat; fricatives and bursts get noise of
their own. It is no speech product: it is there so that clips have sound whose every vowel falls
on an open mouth. All arithmetic is exact, so a voice has the same samples everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vplugin.synth.draw import Draw
from vplugin.synth.exact import compiled, cosine, exponential, sine
from vplugin.synth.parameters import Group, number
from vplugin.synth.speech import Phrase, Sound, Speech

__all__ = ["RATE", "Voice", "speak"]

RATE = 48000
_TRACK = 400  # rows per second of what changes
_STEP = RATE // _TRACK
_BLOCK = 24  # samples between changes of the filters
_LEVEL = 0.11  # root mean square of what is spoken: about -19 dB of full scale

Samples = npt.NDArray[np.float32]
Tracks = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Voice(Group):
    """How a person sounds."""

    pitch: float = number(70, 330, 160, 45, "Hz", "Mean frequency of the glottal pulses.")
    size: float = number(0.85, 1.3, 1.07, 0.07, "factor", "Resonances against those of a man.")
    breath: float = number(0, 1, 0.25, 0.12, "share", "Air that is heard in vowels.")
    roughness: float = number(0, 1, 0.25, 0.15, "share", "Unevenness of the pulses.")
    inflection: float = number(0, 2, 1, 0.25, "factor", "How much the pitch moves.")
    pace: float = number(0.7, 1.4, 1, 0.09, "factor", "Speed of speech.")

    @classmethod
    def fitting(cls, draw: Draw, sex: float, age: float) -> Voice:
        """A voice that one expects of somebody; higher ones come from smaller throats.

        Args:
            draw: Where the numbers come from.
            sex: Shape axis, -1 female to 1 male.
            age: Years.
        """
        male = min(1.0, max(0.0, 0.5 + 0.9 * sex))
        grown = min(1.0, max(0.0, (age - 5.0) / 12.0))
        pitch = 285.0 - grown * (78.0 + 95.0 * male) + draw.of("pitch").normal(0.0, 12.0)
        return cls.drawn(draw, size=1.27 - grown * (0.1 + 0.17 * male))._at(pitch)

    def _at(self, pitch: float) -> Voice:
        return replace(self, pitch=min(330.0, max(70.0, pitch)))


def speak(speech: Speech, voice: Voice, seconds: float, seed: int = 0) -> Samples:
    """The sound of a speech.

    Args:
        speech: What is said, and when.
        voice: By whom.
        seconds: Length of the result.
        seed: Of the noise.

    Returns:
        (N,) float32 in [-1, 1], one channel at :data:`RATE`, N = ``round(seconds * RATE)``.
    """
    count = round(seconds * RATE)
    if not speech.sounds:
        return np.zeros(count, np.float32)
    wave = np.zeros(count)
    tracks = _tracks(speech, voice, count // _STEP + 2, Draw(seed, "voice"))
    _sing(tracks, voice.size, voice.breath, voice.roughness, seed & 0x7FFFFFFF, wave)
    heard = wave[tracks[np.minimum(np.arange(count) // _STEP, len(tracks) - 1), _LOUD] > 0.1]
    power = float(np.sqrt(np.square(heard).mean())) if heard.size else 0.0
    scaled = wave * (_LEVEL / power) if power > 0 else wave
    return np.asarray(scaled / (1.0 + np.abs(scaled) * 0.25), np.float32)


# Columns of the tracks.
_PITCH, _VOICED, _BREATH, _NOISE, _CENTRE, _WIDTH, _F1, _F2, _F3, _NASAL, _LOUD = range(11)
_SMOOTHED = {  # by a moving average of so many seconds, twice
    _VOICED: 0.012,
    _BREATH: 0.012,
    _NOISE: 0.008,
    _CENTRE: 0.01,
    _WIDTH: 0.01,
    _F1: 0.034,
    _F2: 0.05,
    _F3: 0.05,
    _NASAL: 0.015,
}


def _tracks(speech: Speech, voice: Voice, rows: int, draw: Draw) -> Tracks:
    """(rows, 11): everything that changes while speaking."""
    tracks = np.zeros((rows, 11))
    tracks[:, _CENTRE], tracks[:, _WIDTH] = 5000.0, 3000.0
    _fill(tracks, speech)
    for column, seconds in _SMOOTHED.items():
        tracks[:, column] = _averaged(_averaged(tracks[:, column], seconds), seconds)
    tracks[:, _PITCH] = _pitch(speech, voice, rows, draw)
    return tracks


def _fill(tracks: Tracks, speech: Speech) -> None:
    """Each sound's targets in its rows; in a pause the resonances wait for the next sound."""
    done = 0
    for sound in speech.sounds:
        first, last = round(sound.start * _TRACK), round(sound.end * _TRACK)
        rows = tracks[first:last]
        tracks[done:last, _F1 : _F3 + 1] = sound.phoneme.formants
        noise = sound.phoneme.noise
        loud = 0.8 + 0.3 * sound.stress
        rows[:, _VOICED] = sound.phoneme.voiced * loud
        rows[:, _BREATH], rows[:, _NOISE] = sound.phoneme.breath, noise.level
        rows[:, _CENTRE], rows[:, _WIDTH] = noise.centre, noise.width
        rows[:, _NASAL], rows[:, _LOUD] = sound.phoneme.nasal, 1.0
        done = last
    tracks[done:, _F1 : _F3 + 1] = (500.0, 1500.0, 2500.0)
    _let_breath_in(tracks, speech)


def _let_breath_in(tracks: Tracks, speech: Speech) -> None:
    """An h has the resonances of the vowel after it."""
    for sound, after in zip(speech.sounds, speech.sounds[1:], strict=False):
        if sound.phoneme.name == "HH":
            rows = slice(round(sound.start * _TRACK), round(sound.end * _TRACK))
            tracks[rows, _F1 : _F3 + 1] = after.phoneme.formants


def _averaged(values: Tracks, seconds: float) -> Tracks:
    """A moving average that is centred and keeps the length."""
    half = max(1, round(seconds * _TRACK / 2))
    total = np.zeros_like(values)
    padded = np.concatenate([np.repeat(values[:1], half), values, np.repeat(values[-1:], half)])
    for offset in range(2 * half + 1):
        total += padded[offset : offset + len(values)]
    return total / (2 * half + 1)


def _pitch(speech: Speech, voice: Voice, rows: int, draw: Draw) -> Tracks:
    """Hz for each row: falling through a phrase, up on accents, up at the end of a question."""
    moved = np.zeros(rows)
    times = np.arange(rows) / _TRACK
    for phrase in speech.phrases:
        moved += _tune(phrase, times)
    for accent in speech.accents:
        moved += 0.17 * accent.stress * _hump(times, accent)
    wobble = _averaged(draw.normals(rows), 0.06)
    return voice.pitch * np.maximum(0.55, 1.0 + voice.inflection * moved + 0.05 * wobble)


def _tune(phrase: Phrase, times: Tracks) -> Tracks:
    inside = (times >= phrase.start) & (times < phrase.end + 0.05)
    share = (times - phrase.start) / max(0.1, phrase.end - phrase.start)
    end = np.clip((times - phrase.end + 0.3) / 0.3, 0.0, 1.0)
    turn = 0.45 if phrase.question else -0.2 if phrase.final else 0.06
    return np.where(inside, 0.09 - 0.16 * share + turn * end * end, 0.0)


def _hump(times: Tracks, sound: Sound) -> Tracks:
    away = (times - sound.middle) / 0.16
    inside = np.maximum(0.0, 1.0 - away * away)
    return inside * inside


@compiled
def _resonance(hertz: float, width: float, filters: Tracks, row: int) -> None:
    """Coefficients of a resonance (Klatt 1980, equation 2) into a row of the filters."""
    shrink = exponential(-3.141592653589793 * width / RATE)
    c = -shrink * shrink
    b = 2.0 * shrink * cosine(6.283185307179586 * hertz / RATE)
    filters[row, 0], filters[row, 1], filters[row, 2] = 1.0 - b - c, b, c


@compiled
def _throat(row: Tracks, size: float, filters: Tracks) -> None:
    """The resonances of the moment: three that speak, five that only colour."""
    nasal = row[_NASAL]
    _resonance(row[_F1] * size, 70.0 + 90.0 * nasal, filters, 0)
    _resonance(row[_F2] * size, 95.0 + 160.0 * nasal, filters, 1)
    _resonance(row[_F3] * size, 150.0 + 160.0 * nasal, filters, 2)
    for above in range(5):
        _resonance((3500.0 + 1000.0 * above) * size, 220.0 + 110.0 * above, filters, 3 + above)


@compiled
def _band(hertz: float, width: float, band: Tracks) -> None:
    """Coefficients of a biquad band pass of gain 1 at its centre."""
    turn = 6.283185307179586 * min(hertz, 15000.0) / RATE
    spread = sine(turn) * 0.5 * width / hertz
    band[0] = spread / (1.0 + spread)
    band[1] = 2.0 * cosine(turn) / (1.0 + spread)
    band[2] = -(1.0 - spread) / (1.0 + spread)


@compiled
def _shaped(y: float, filters: Tracks, memory: Tracks) -> float:
    """One sample through all resonances, one after the other."""
    for k in range(filters.shape[0]):
        y = filters[k, 0] * y + filters[k, 1] * memory[k, 0] + filters[k, 2] * memory[k, 1]
        memory[k, 1] = memory[k, 0]
        memory[k, 0] = y
    return y


@compiled
def _banded(x: float, band: Tracks, before: Tracks) -> float:
    """One sample through a band pass; ``before`` holds two of its inputs and two outputs."""
    y: float = band[0] * (x - before[1]) + band[1] * before[2] + band[2] * before[3]
    before[1], before[0] = before[0], x
    before[3], before[2] = before[2], y
    return y


@compiled
def _sing(
    tracks: Tracks, size: float, breath: float, roughness: float, seed: int, wave: Tracks
) -> None:
    """Fill ``wave`` sample by sample; one kernel because everything in it has memory."""
    filters, memory = np.zeros((8, 3)), np.zeros((8, 2))
    band, through = np.zeros(3), np.zeros((2, 4))
    row = np.zeros(tracks.shape[1])
    phase, shake, tilted, state = 0.0, 0.0, 0.0, (seed * 2654435761 + 12345) & 0x7FFFFFFF
    opened = 0.58 + 0.2 * breath
    for at in range(wave.shape[0]):
        if at % _BLOCK == 0:
            first = at // _STEP
            share = (at - first * _STEP) / _STEP
            for k in range(row.shape[0]):
                row[k] = tracks[first, k] + (tracks[first + 1, k] - tracks[first, k]) * share
            _throat(row, size, filters)
            _band(row[_CENTRE] * (0.6 + 0.4 * size), row[_WIDTH], band)
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        noise = state / 1073741824.0 - 1.0
        phase += row[_PITCH] * (1.0 + shake) / RATE
        if phase >= 1.0:
            phase -= 1.0
            shake = 0.05 * roughness * noise
        x = phase / opened
        pulse = 2.0 * x - 3.0 * x * x if x < 1.0 else 0.0
        tilted += 0.45 * (pulse - tilted)
        air = noise * (0.5 + 0.5 * (1.0 if x < 1.0 else 0.0))
        y = row[_VOICED] * (tilted + 0.05 * breath * air) + 0.09 * row[_BREATH] * noise
        y = _shaped(y, filters, memory)
        hiss = _banded(_banded(noise, band, through[0]), band, through[1])
        wave[at] = y + row[_NOISE] * hiss
