from __future__ import annotations

import pytest

from vplugin.errors import TrainError
from vplugin.train.description.vocabulary import Vocabulary, split


def test_words_have_numbers_that_give_them_again() -> None:
    words = Vocabulary.of_grammar()
    text = "a woman in her fifties , wearing round glasses . cannot tell ?"
    numbers = words.numbers(text)
    assert words.text(numbers) == text
    assert 0 not in numbers
    assert {words.begin, words.end} == {1, 2}
    assert words.text([words.begin, *numbers, words.end, 10**6]) == text


def test_it_is_closed_small_and_the_same_every_time() -> None:
    words = Vocabulary.of_grammar()
    assert words.words == Vocabulary.of_grammar().words
    assert words.words[3:] == tuple(sorted(words.words[3:]))
    assert 150 < len(words) < 400
    assert words.numbers("a zeppelin") == [*words.numbers("a"), 0]
    assert words.unknown("a zeppelin , a zeppelin") == ["zeppelin"]


def test_words_of_other_texts_are_added_by_how_often_they_come() -> None:
    known = len(Vocabulary.of_grammar())
    words = Vocabulary.of_texts(["sideburns and jowls", "sideburns, freckles?"], known + 2)
    assert words.words[known:] == ("sideburns", "freckles")


def test_marks_are_words() -> None:
    assert split("It's a Five-o'clock shadow, isn't it?") == [
        "it's", "a", "five-o'clock", "shadow", ",", "isn't", "it", "?",
    ]  # fmt: skip


@pytest.mark.parametrize("words", [["a"], ["<unknown>", "<begin>", "<end>", "a", "a"]])
def test_what_is_no_vocabulary_is_refused(words: list[str]) -> None:
    with pytest.raises(TrainError, match="not a vocabulary"):
        Vocabulary(words)
