"""What a model says of held-out pictures, and how good it is (see :mod:`.scoring`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vplugin.nets.unif2ace.generate import answer
from vplugin.nets.unif2ace.model import Unif2ace
from vplugin.nets.unif2ace.objective import D3Diff, mask_codes
from vplugin.nets.unif2ace.sequences import drawing
from vplugin.train.description.captions import caption, notable
from vplugin.train.description.examples import Described
from vplugin.train.description.questions import DESCRIBE, ask
from vplugin.train.description.scoring import (
    Answered,
    caption_counts,
    caption_figures,
    question_figures,
)
from vplugin.train.description.vocabulary import Vocabulary
from vplugin.train.swap import as_signed

__all__ = ["RATIOS", "Reader", "caption_metrics", "code_metrics", "question_metrics"]

#: Shares of masked codes at which the cross entropy is measured.
RATIOS = (0.05, 0.25, 0.55, 0.8, 1.0)
_AT_ONCE = 64
_LONGEST = 90  # words of a caption

Places = npt.NDArray[np.int64]
Features = Callable[[Tensor], Mapping[str, Tensor]]


@dataclass(frozen=True)
class Reader:
    """A model before a bank.

    Attributes:
        model: In evaluation mode.
        words: Its vocabulary.
        bank: What it is shown.
        features: Of pictures in -1…1, for experts for pictures; None: without.
    """

    model: Unif2ace
    words: Vocabulary
    bank: Described
    features: Features | None = None

    def answers(self, places: Sequence[int], prompts: Sequence[str], most: int) -> list[str]:
        """What the model answers to a prompt about each of some pictures."""
        device, found = self.model.head.weight.device, []
        for start in range(0, len(places), _AT_ONCE):
            part = places[start : start + _AT_ONCE]
            asked = [self.words.numbers(text) for text in prompts[start : start + _AT_ONCE]]
            told = None
            if self.features is not None:
                told = self.features(as_signed(self.bank.pictures(part)).to(device))
            codes = self.bank.code_rows(part).to(device)
            found += answer(self.model, codes, asked, most=most, features=told)
        return [self.words.text(numbers) for numbers in found]


def caption_metrics(reader: Reader, places: Places) -> dict[str, float]:
    """Precision, recall and F1 of captions that were asked for in full."""
    some = [int(place) for place in places]
    texts = reader.answers(some, [DESCRIBE] * len(some), _LONGEST)
    facts = [reader.bank.facts(place) for place in some]
    return caption_figures(caption_counts(zip(texts, facts, strict=True)))


def question_metrics(reader: Reader, places: Places) -> dict[str, float]:
    """Accuracy of answers by kind and attribute; about eight questions a picture."""
    asked = [
        (int(place), question)
        for place in places
        for question in ask(reader.bank.facts(int(place)), np.random.default_rng((43, int(place))))
    ]
    texts = reader.answers([place for place, _ in asked], [one.text for _, one in asked], 40)
    return question_figures(
        [Answered(question, text) for (_, question), text in zip(asked, texts, strict=True)]
    )


def code_metrics(reader: Reader, places: Places, slot: int) -> dict[str, float]:
    """``nats_055`` …: mean cross entropy of masked codes, by the share that is masked."""
    model, bank = reader.model, reader.bank
    device = model.head.weight.device
    codes = bank.code_rows(places)
    texts = []
    for place in places:
        said = notable(bank.facts(int(place)))
        texts.append(reader.words.numbers(caption(said, np.random.default_rng((44, int(place))))))
    figures = {}
    for ratio in RATIOS:
        counts = torch.full((len(codes),), max(1, round(ratio * codes.shape[1])))
        masked = mask_codes(counts, codes.shape[1], torch.Generator().manual_seed(45))
        parts = []
        for start in range(0, len(codes), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            hidden = torch.where(masked[part], model.layout.codes, codes[part])
            rows = drawing(model.layout, texts[part], hidden, slot=slot).to(device)
            share = masked[part].float().mean(1).to(device)
            logits = model.code_logits(rows, model(rows, ratio=share))
            loss = D3Diff(codes.shape[1], 1.0, 0.0).loss(
                logits, codes[part].to(device), masked[part].to(device)
            )
            parts.append(float(loss["mask"]) * len(hidden))
        figures[f"nats_{round(100 * ratio):03d}"] = sum(parts) / len(codes)
    return figures
