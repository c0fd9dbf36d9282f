"""The sounds of English as targets: how long, with which resonances, and with which mouth.

One table serves ears and eyes: :mod:`vplugin.synth.voice` reads the resonances and noises,
:mod:`vplugin.synth.visemes` the lips and the jaw. Diphthongs, plosives and affricates are written
as the parts they are heard as: ``AY`` is ``AA`` then ``IH``, ``P`` a closed mouth and then a burst.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["PARTS", "PHONEMES", "SILENCE", "Lips", "Noise", "Phoneme", "parts_of"]


@dataclass(frozen=True)
class Lips:
    """What a mouth does for a sound; every number is a share of its full range, 0 to 1.

    Attributes:
        jaw: How far the jaw drops.
        wide: Corners drawn apart.
        pucker: Lips pushed forward and rounded.
        gap: Lips apart beyond what the jaw does.
        closed: Lips pressed on each other: nothing else may open them.
        bite: Lower lip under the upper teeth.
        tongue: Tongue raised to the teeth.
        force: How much the sound insists on its mouth against its neighbours.
    """

    jaw: float = 0.0
    wide: float = 0.0
    pucker: float = 0.0
    gap: float = 0.0
    closed: float = 0.0
    bite: float = 0.0
    tongue: float = 0.0
    force: float = 1.0


@dataclass(frozen=True)
class Noise:
    """Air rushing through a narrow place.

    Attributes:
        level: Loudness, 1 is a vowel's.
        centre: Hz.
        width: Hz.
    """

    level: float = 0.0
    centre: float = 5000.0
    width: float = 3000.0


@dataclass(frozen=True)
class Phoneme:
    """One sound.

    Attributes:
        name: ARPAbet, with a digit for a part that is no phoneme by itself.
        seconds: Usual length.
        formants: Hz of the first three resonances in a grown man's mouth.
        lips: What is seen.
        voiced: Strength of the glottal pulses, 0 to 1.
        breath: Strength of the noise at the glottis, 0 to 1.
        noise: Noise made in the mouth.
        nasal: Whether the air leaves by the nose.
        vowel: Whether it carries a syllable.
    """

    name: str
    seconds: float
    formants: tuple[float, float, float]
    lips: Lips = Lips()
    voiced: float = 1.0
    breath: float = 0.0
    noise: Noise = Noise()
    nasal: bool = False
    vowel: bool = False


def _vowel(name: str, ms: float, formants: tuple[float, float, float], *lips: float) -> Phoneme:
    return Phoneme(name, ms / 1000, formants, Lips(*lips), vowel=True)


SILENCE = Phoneme("_", 0.12, (500, 1500, 2500), Lips(force=0.35), voiced=0.0)

# Resonances: after Peterson and Barney 1952 and Klatt 1980; lengths: after Klatt 1976.
_TABLE = (
    _vowel("IY", 105, (280, 2250, 2950), 0.10, 0.60, 0.0, 0.26),
    _vowel("IH", 78, (400, 1950, 2550), 0.20, 0.35, 0.0, 0.28),
    _vowel("EH", 92, (550, 1770, 2490), 0.38, 0.30, 0.0, 0.34),
    _vowel("AE", 118, (690, 1660, 2490), 0.55, 0.40, 0.0, 0.40),
    _vowel("AA", 118, (710, 1100, 2540), 0.66, 0.05, 0.0, 0.42),
    _vowel("AO", 112, (590, 880, 2540), 0.52, 0.0, 0.45, 0.38),
    _vowel("AH", 84, (620, 1220, 2550), 0.42, 0.08, 0.0, 0.34),
    _vowel("AX", 55, (500, 1400, 2500), 0.22, 0.08, 0.0, 0.24),
    _vowel("UH", 78, (450, 1030, 2380), 0.22, 0.0, 0.50, 0.24),
    _vowel("UW", 105, (310, 900, 2250), 0.12, 0.0, 0.92, 0.20),
    _vowel("ER", 108, (470, 1270, 1600), 0.22, 0.0, 0.40, 0.24),
    _vowel("OW1", 75, (540, 1000, 2350), 0.40, 0.0, 0.55, 0.30),
    _vowel("EY1", 70, (480, 1850, 2500), 0.30, 0.42, 0.0, 0.30),
    Phoneme("Y", 0.045, (260, 2200, 3000), Lips(0.10, 0.45, 0.0, 0.20)),
    Phoneme("W", 0.055, (290, 650, 2150), Lips(0.08, 0.0, 1.0, 0.10, force=1.8)),
    Phoneme("R", 0.06, (330, 1100, 1500), Lips(0.16, 0.0, 0.50, 0.18)),
    Phoneme("L", 0.06, (350, 1050, 2700), Lips(0.20, 0.15, 0.0, 0.26, tongue=0.8)),
    Phoneme("M", 0.07, (270, 1000, 2200), Lips(closed=1.0, force=3.0), voiced=0.6, nasal=True),
    Phoneme(
        "N", 0.062, (270, 1500, 2600), Lips(0.10, 0.15, 0.0, 0.20, tongue=0.9), 0.6, nasal=True
    ),
    Phoneme("NG", 0.068, (270, 1900, 2600), Lips(0.20, 0.15, 0.0, 0.22), 0.6, nasal=True),
    Phoneme("P1", 0.07, (300, 800, 2100), Lips(closed=1.0, force=3.0), voiced=0.0),
    Phoneme(
        "P2", 0.03, (400, 1100, 2200), Lips(0.10, 0.0, 0.1, 0.2), 0.0, 0.4, Noise(0.30, 900, 1500)
    ),
    Phoneme("B1", 0.058, (230, 800, 2100), Lips(closed=1.0, force=3.0), voiced=0.16),
    Phoneme(
        "B2", 0.012, (350, 1000, 2200), Lips(0.1, 0.0, 0.1, 0.2), 0.7, 0.0, Noise(0.22, 900, 1500)
    ),
    Phoneme("T1", 0.055, (300, 1700, 2600), Lips(0.08, 0.2, 0.0, 0.22, tongue=1.0), voiced=0.0),
    Phoneme(
        "T2", 0.032, (400, 1750, 2600), Lips(0.1, 0.2, 0.0, 0.24), 0.0, 0.35, Noise(0.5, 4300, 2500)
    ),
    Phoneme("D1", 0.045, (230, 1700, 2600), Lips(0.08, 0.2, 0.0, 0.22, tongue=1.0), voiced=0.18),
    Phoneme(
        "D2", 0.012, (350, 1700, 2600), Lips(0.1, 0.2, 0.0, 0.24), 0.7, 0.0, Noise(0.35, 4000, 2500)
    ),
    Phoneme("K1", 0.058, (300, 1900, 2400), Lips(0.16, 0.1, 0.0, 0.22, force=0.6), voiced=0.0),
    Phoneme(
        "K2",
        0.038,
        (400, 1850, 2400),
        Lips(0.2, 0.1, 0.0, 0.24, force=0.6),
        0.0,
        0.4,
        Noise(0.45, 1900, 900),
    ),
    Phoneme("G1", 0.048, (230, 1900, 2400), Lips(0.16, 0.1, 0.0, 0.22, force=0.6), voiced=0.18),
    Phoneme(
        "G2",
        0.016,
        (350, 1850, 2400),
        Lips(0.2, 0.1, 0.0, 0.24, force=0.6),
        0.7,
        0.0,
        Noise(0.3, 1900, 900),
    ),
    Phoneme(
        "F",
        0.09,
        (340, 1100, 2080),
        Lips(0.06, 0.1, 0.0, 0.16, bite=1.0, force=2.0),
        0.0,
        0.0,
        Noise(0.16, 6500, 6000),
    ),
    Phoneme(
        "V",
        0.06,
        (260, 1100, 2080),
        Lips(0.06, 0.1, 0.0, 0.16, bite=1.0, force=2.0),
        0.5,
        0.0,
        Noise(0.08, 6500, 6000),
    ),
    Phoneme(
        "TH",
        0.085,
        (320, 1290, 2540),
        Lips(0.14, 0.1, 0.0, 0.24, tongue=1.0),
        0.0,
        0.0,
        Noise(0.13, 6000, 6000),
    ),
    Phoneme(
        "DH",
        0.045,
        (270, 1290, 2540),
        Lips(0.14, 0.1, 0.0, 0.24, tongue=1.0),
        0.6,
        0.0,
        Noise(0.06, 6000, 6000),
    ),
    Phoneme(
        "S",
        0.1,
        (320, 1390, 2530),
        Lips(0.04, 0.4, 0.0, 0.24, force=1.3),
        0.0,
        0.0,
        Noise(0.55, 6800, 2200),
    ),
    Phoneme(
        "Z",
        0.075,
        (270, 1390, 2530),
        Lips(0.04, 0.4, 0.0, 0.24, force=1.3),
        0.5,
        0.0,
        Noise(0.28, 6800, 2200),
    ),
    Phoneme(
        "SH",
        0.105,
        (300, 1840, 2750),
        Lips(0.06, 0.0, 0.65, 0.34, force=1.4),
        0.0,
        0.0,
        Noise(0.6, 3300, 1500),
    ),
    Phoneme(
        "ZH",
        0.07,
        (270, 1840, 2750),
        Lips(0.06, 0.0, 0.65, 0.34, force=1.4),
        0.5,
        0.0,
        Noise(0.3, 3300, 1500),
    ),
    Phoneme("HH", 0.06, (500, 1500, 2500), Lips(0.2, 0.0, 0.0, 0.26, force=0.25), 0.0, 0.7),
)

PHONEMES: Mapping[str, Phoneme] = MappingProxyType({item.name: item for item in _TABLE})

PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "EY": ("EY1", "IY"),
        "AY": ("AA", "IH"),
        "OY": ("AO", "IH"),
        "AW": ("AA", "UH"),
        "OW": ("OW1", "UH"),
        "P": ("P1", "P2"),
        "B": ("B1", "B2"),
        "T": ("T1", "T2"),
        "D": ("D1", "D2"),
        "K": ("K1", "K2"),
        "G": ("G1", "G2"),
        "CH": ("T1", "SH"),
        "JH": ("D1", "ZH"),
    }
)


def parts_of(name: str) -> tuple[Phoneme, ...]:
    """The sounds that a phoneme of the rules is made of.

    Raises:
        KeyError: There is no such phoneme.
    """
    return tuple(PHONEMES[part] for part in PARTS.get(name, (name,)))
