"""What a model says of held-out pictures, and how good it is (see :mod:`.scoring`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vplugin.nets.unif2ace.generate import answer, chance_of, draw
from vplugin.nets.unif2ace.model import Unif2ace
from vplugin.nets.unif2ace.objective import D3Diff, mask_codes
from vplugin.nets.unif2ace.probe import AttributeProbe
from vplugin.nets.unif2ace.sampler import Unmasking
from vplugin.nets.unif2ace.sequences import drawing
from vplugin.nets.unif2ace.tokenizer import ImageTokenizer
from vplugin.train.description.captions import caption, notable
from vplugin.train.description.examples import Described
from vplugin.train.description.questions import CANNOT_TELL, DESCRIBE, ask
from vplugin.train.description.scoring import (
    Answered,
    caption_counts,
    caption_figures,
    fidelity,
    frechet,
    question_figures,
)
from vplugin.train.description.vocabulary import Vocabulary
from vplugin.train.probe import values_of
from vplugin.train.swap import as_signed

__all__ = [
    "RATIOS",
    "Drawing",
    "Reader",
    "caption_metrics",
    "code_metrics",
    "drawn_metrics",
    "question_metrics",
]

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

    def told(self, places: Sequence[int]) -> tuple[Tensor, Mapping[str, Tensor] | None]:
        """Codes of some pictures, and features where experts want them, on the model's device."""
        device = self.model.head.weight.device
        features = None
        if self.features is not None:
            features = self.features(as_signed(self.bank.pictures(places)).to(device))
        return self.bank.code_rows(places).to(device), features

    def cannot(self, places: Sequence[int], prompts: Sequence[str]) -> list[float]:
        """How likely the model holds it that a question cannot be answered."""
        first, found = self.words.numbers(CANNOT_TELL)[0], []
        for start in range(0, len(places), _AT_ONCE):
            asked = [self.words.numbers(text) for text in prompts[start : start + _AT_ONCE]]
            codes, features = self.told(places[start : start + _AT_ONCE])
            found += chance_of(self.model, codes, asked, first, features=features).tolist()
        return found

    def answers(self, places: Sequence[int], prompts: Sequence[str], most: int) -> list[str]:
        """What the model answers to a prompt about each of some pictures."""
        found: list[list[int]] = []
        for start in range(0, len(places), _AT_ONCE):
            asked = [self.words.numbers(text) for text in prompts[start : start + _AT_ONCE]]
            codes, features = self.told(places[start : start + _AT_ONCE])
            found += answer(self.model, codes, asked, most=most, features=features)
        return [self.words.text(numbers) for numbers in found]


class Drawing(NamedTuple):
    """How faces are drawn.

    Attributes:
        slot: Places of the text, as in training.
        guidance: Towards the text.
        unmasking: Steps and temperature.
    """

    slot: int
    guidance: float
    unmasking: Unmasking


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
    where, prompts = [place for place, _ in asked], [one.text for _, one in asked]
    texts, cannot = reader.answers(where, prompts, 40), reader.cannot(where, prompts)
    return question_figures(
        [
            Answered(question, text, chance)
            for (_, question), text, chance in zip(asked, texts, cannot, strict=True)
        ]
    )


def drawn_metrics(
    reader: Reader,
    places: Places,
    tokenizer: ImageTokenizer,
    probe: AttributeProbe,
    how: Drawing,
) -> dict[str, float]:
    """``drawn``: share of what captions asked for that a probe finds in the faces drawn from them.

    ``drawn_relative`` is that over ``drawn_ceiling``, what it finds of the same in the original
    pictures behind the tokenizer; ``drawn_distance`` is the Fréchet distance of the probe's
    features between the drawn and the reconstructed pictures.
    """
    model, device = reader.model, reader.model.head.weight.device
    asked = [notable(reader.bank.facts(int(place))) for place in places]
    texts = [
        reader.words.numbers(caption(facts, np.random.default_rng((46, int(place)))))
        for place, facts in zip(places, asked, strict=True)
    ]
    chance = torch.Generator(device).manual_seed(47)
    made, true = [], []
    for start in range(0, len(places), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        codes = draw(
            model,
            texts[part],
            how.unmasking,
            slot=how.slot,
            guidance=how.guidance,
            generator=chance,
        )
        made.append(tokenizer.decode(codes).clamp(-1, 1))
        true.append(tokenizer.decode(reader.bank.code_rows(places[part]).to(device)).clamp(-1, 1))
    values = [[v for x in shown for v in values_of(probe, x)] for shown in (made, true)]
    drawn, ceiling = (fidelity(asked, found)[0] for found in values)
    features = [torch.cat([probe.features(x) for x in shown]).cpu() for shown in (made, true)]
    return {
        "drawn": drawn,
        "drawn_ceiling": ceiling,
        "drawn_relative": drawn / ceiling,
        "drawn_distance": frechet(*(one.double().numpy() for one in features)),
    }


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
