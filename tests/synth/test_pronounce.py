"""Letters to sounds: words whose pronunciation is not in doubt."""

from __future__ import annotations

import pytest

from vplugin.synth.phonemes import PARTS, PHONEMES, parts_of
from vplugin.synth.pronounce import pronounce, words_of


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("the", "DH-AX"),
        ("people", "P-IY-P-AX-L"),
        ("church", "CH-ER-CH"),
        ("know", "N-OW"),
        ("through", "TH-R-UW"),
        ("believe", "B-IH-L-IY-IY-V"),
        ("wishes", "W-IH-SH-IH-Z"),
        ("picture", "P-IH-K-CH-ER"),
        ("table", "T-EY-B-AX-L"),
        ("phone", "F-OW-N"),
        ("don't", "D-OW-N-T"),
        ("queen", "K-W-IY-N"),
    ],
)
def test_words(word: str, sounds: str) -> None:
    assert "-".join(pronounce(word)) == sounds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Good morning, Ben!", ["good", "morning", "ben"]),
        ("42 don't 'quote'", ["four", "two", "don't", "quote"]),
        ("…—?", []),
        ("Ünïcode ünd mehr", ["n", "code", "nd", "mehr"]),
    ],
)
def test_words_of(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_every_letter_and_pair_can_be_spoken() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz'"
    for first in letters:
        for second in letters:
            for name in pronounce(first + second):
                assert parts_of(name), name


def test_every_phoneme_is_used_and_sane() -> None:
    used = {part for parts in PARTS.values() for part in parts}
    for name, phoneme in PHONEMES.items():
        assert name[-1] not in "12" or name in used
        assert 0.01 <= phoneme.seconds <= 0.13
        f1, f2, f3 = phoneme.formants
        assert 200 <= f1 < f2 < f3 < 3200
