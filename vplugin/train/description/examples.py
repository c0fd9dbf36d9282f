"""What a model of describing learns from: items of the bank as numbers, drawn anew at each step.

Not for the network or the loss: here pictures are codes already and words are numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vplugin.nets.unif2ace.tokenizer import ImageTokenizer
from vplugin.train.bank import pictures_of
from vplugin.train.description.captions import caption, chosen
from vplugin.train.description.facts import facts_of
from vplugin.train.description.grammar import Fact, Facts
from vplugin.train.description.holdout import composed
from vplugin.train.description.questions import DESCRIBE, PROMPTS, ask
from vplugin.train.description.source import seen_of
from vplugin.train.description.vocabulary import Vocabulary
from vplugin.train.shards import Item, Shards
from vplugin.train.swap import as_signed

__all__ = ["Described", "codes_of", "described", "pairs_about", "text_of"]

Pair = tuple[list[int], list[int]]
_AT_ONCE = 64


@dataclass(frozen=True)
class Described:
    """A bank with its codes.

    Attributes:
        items: All of them.
        codes: (N, T) uint16 of all.
        plain: Indices of the items without a held-out pair.
        composed: Indices of those with one.
    """

    items: Shards
    codes: npt.NDArray[np.uint16]
    plain: npt.NDArray[np.int64]
    composed: npt.NDArray[np.int64]

    def facts(self, index: int) -> dict[str, Fact]:
        """What is true of an item."""
        return facts_of(seen_of(self.items[int(index)]))

    def code_rows(self, indices: Sequence[int] | npt.NDArray[np.int64]) -> Tensor:
        """(len, T) int64."""
        return torch.from_numpy(self.codes[np.asarray(indices)].astype(np.int64))

    def pictures(self, indices: Sequence[int] | npt.NDArray[np.int64]) -> Tensor:
        """(len, 3, S, S) uint8."""
        return pictures_of([self.items[int(index)]["image"] for index in indices])


def described(items: Shards, tokenizer: ImageTokenizer, device: torch.device) -> Described:
    """Read a bank through a tokenizer, once, and part it by the held-out pairs."""
    held = np.array(
        [bool(composed(facts_of(seen_of(_words(items, n))))) for n in range(len(items))]
    )
    codes = codes_of(items, tokenizer, device)
    return Described(items, codes, np.flatnonzero(~held), np.flatnonzero(held))


def _words(items: Shards, index: int) -> Item:
    item: Item = items[index]
    return item


def codes_of(
    items: Shards, tokenizer: ImageTokenizer, device: torch.device
) -> npt.NDArray[np.uint16]:
    """Codes of all pictures: (N, T)."""
    tokenizer, parts = tokenizer.to(device), []
    with torch.inference_mode():
        for start in range(0, len(items), _AT_ONCE):
            end = min(start + _AT_ONCE, len(items))
            shown = pictures_of([items[index]["image"] for index in range(start, end)])
            codes = tokenizer.encode(as_signed(shown).to(device))
            parts.append(codes.cpu().numpy().astype(np.uint16))
    return np.concatenate(parts)


def text_of(facts: Facts, words: Vocabulary, generator: np.random.Generator) -> list[int]:
    """A caption to draw from."""
    return words.numbers(caption(chosen(facts, generator), generator))


def pairs_about(
    facts: Facts, words: Vocabulary, generator: np.random.Generator, questions: int
) -> list[Pair]:
    """A caption and questions, as numbers; what is asked for first is now one, now another.

    Half of the captions are asked for in full and say everything that is notable, the others say a
    random share of it.
    """
    full = generator.random() < 0.5
    said = chosen(facts, generator, least=1.0, absent=0.0) if full else chosen(facts, generator)
    prompt = DESCRIBE if full else PROMPTS[int(generator.integers(len(PROMPTS)))]
    pairs = [(prompt, caption(said, generator))]
    pairs += [(one.text, one.answer) for one in ask(facts, generator, questions)]
    return [(words.numbers(asked), words.numbers(answer)) for asked, answer in pairs]
