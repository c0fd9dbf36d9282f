"""A text tokenizer of whole words, closed: what the grammar can say, each word one number.

The same grammar gives the same numbers on every machine. A text of other people's words gets the
numbers of those that are known; a vocabulary of other texts is made by counting their words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from vplugin.errors import TrainError
from vplugin.train.description import questions
from vplugin.train.description.captions import caption_words
from vplugin.train.description.grammar import ATTRIBUTES

__all__ = ["Vocabulary", "split"]

_SPECIAL = ("<unknown>", "<begin>", "<end>")
_WORD = re.compile(r"[a-z0-9][a-z0-9'’-]*|[.,?!:;]")


class Vocabulary:
    """Words and their numbers.

    Args:
        words: In order of their numbers, the three specials first.

    Raises:
        TrainError: The specials are missing, or a word is there twice.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._numbers = {word: number for number, word in enumerate(self.words)}
        if self.words[:3] != _SPECIAL or len(self._numbers) != len(self.words):
            raise TrainError("not a vocabulary", mend="use the one that the model was trained with")

    @classmethod
    def of_grammar(cls) -> Vocabulary:
        """All words of captions, questions and answers."""
        return cls([*_SPECIAL, *sorted(set(_grammar_words()))])

    @classmethod
    def of_texts(cls, texts: Iterable[str], size: int) -> Vocabulary:
        """The commonest words of some texts, beside those of the grammar.

        Args:
            texts: Any.
            size: How many numbers there may be in all.
        """
        counts = Counter(word for text in texts for word in split(text))
        known = cls.of_grammar().words
        more = [word for word, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
        new = [word for word in more if word not in set(known)]
        return cls([*known, *new[: max(0, size - len(known))]])

    def __len__(self) -> int:
        return len(self.words)

    @property
    def begin(self) -> int:
        """Number of the word that begins a text."""
        return self._numbers["<begin>"]

    @property
    def end(self) -> int:
        """Number of the word that ends it."""
        return self._numbers["<end>"]

    def numbers(self, text: str) -> list[int]:
        """Numbers of a text's words, without begin and end; unknown words are number 0."""
        return [self._numbers.get(word, 0) for word in split(text)]

    def text(self, numbers: Iterable[int]) -> str:
        """Words of numbers, with spaces between; numbers that are no words are left out."""
        known = (int(number) for number in numbers)
        return " ".join(self.words[n] for n in known if len(_SPECIAL) <= n < len(self.words))

    def unknown(self, text: str) -> list[str]:
        """Words of a text that have no number of their own, each once."""
        return [word for word in dict.fromkeys(split(text)) if word not in self._numbers]


def split(text: str) -> list[str]:
    """Words and marks of a text, in lower case."""
    return _WORD.findall(text.lower())


def _grammar_words() -> Iterator[str]:
    yield from caption_words()
    yield from questions.question_words()
    for attribute in ATTRIBUTES.values():
        yield from split(f"{attribute.asked} {' '.join(attribute.values)}")
