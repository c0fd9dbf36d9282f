"""What the model is asked for: a picture of a text, and an answer to a question about a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from vplugin.nets.unif2ace.attention import Past
from vplugin.nets.unif2ace.model import Output, Unif2ace
from vplugin.nets.unif2ace.sampler import Unmasking, unmask
from vplugin.nets.unif2ace.sequence_experts import Surroundings
from vplugin.nets.unif2ace.sequences import Sequences, Task, answering, drawing

__all__ = ["answer", "chance_of", "draw"]


@torch.inference_mode()
def draw(
    model: Unif2ace,
    texts: Sequence[Sequence[int]],
    how: Unmasking,
    *,
    codes: int = 256,
    slot: int = 64,
    guidance: float = 3.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Codes of pictures of texts.

    The words are read once: they never look at the picture, so that only its places are read again
    at each step.

    Args:
        model: In evaluation mode.
        texts: Words of each.
        how: Steps and temperature.
        codes: Of a picture.
        slot: Places before the picture, as in training.
        guidance: w of (1 + w) · with the text − w · without; 0 halves the work.
        generator: Where chance comes from, on the model's device.

    Returns:
        (N, codes) int64.
    """
    device = model.head.weight.device
    asked = [*texts, *([()] * len(texts) if guidance else [])]
    layout = model.layout
    blank = torch.full((len(asked), codes), layout.codes, device=device)
    rows = drawing(layout, asked, blank, slot=slot)
    allowed = rows.allowed
    words = _read_words(model, rows, allowed, slot)
    image = slice(1, 1 + codes)
    places = torch.arange(slot, slot + codes + 2, device=device)[None]

    def predict(now: Tensor) -> Tensor:
        both = now.repeat(len(asked) // len(now), 1)
        tokens = rows.tokens[:, slot:].clone()
        tokens[:, image] = both + layout.first_code
        ratio = (both == layout.codes).float().mean(1)
        around = Surroundings(Task.DRAW, image, {}, ratio)
        read = model.read(tokens, allowed[:, slot:], places, around, words)
        logits = model.logits(read.stream[:, image], layout.code_columns)
        if not guidance:
            return logits
        given, free = logits.chunk(2)
        return given + guidance * (given - free)

    return unmask(predict, blank[: len(texts)], layout.codes, how, generator)


def _read_words(model: Unif2ace, rows: Sequences, allowed: Tensor, slot: int) -> tuple[Past, ...]:
    around = Surroundings(Task.DRAW, None, {}, None)
    places = torch.arange(slot, device=rows.tokens.device)[None]
    read = model.read(rows.tokens[:, :slot], allowed[:, :slot, :slot], places, around)
    return read.past


@torch.inference_mode()
def answer(
    model: Unif2ace,
    codes: Tensor,
    prompts: Sequence[Sequence[int]],
    *,
    most: int = 64,
    features: Mapping[str, Tensor] | None = None,
) -> list[list[int]]:
    """The likeliest words, one after the other.

    The picture and the question are read once; each further word reads itself alone.

    Args:
        model: In evaluation mode.
        codes: (N, T) of the pictures.
        prompts: Words of each question.
        most: Words of an answer.
        features: Of encoders, as in :meth:`Unif2ace.forward`.

    Returns:
        The words of each answer, without the one that ends it.
    """
    rows = answering(model.layout, codes, prompts)
    output = model(rows, features=features)
    last = rows.real.sum(1) - 1  # the padding of shorter questions is behind them
    now = _next(model, output, last)
    found, past, real = [now], output.past, rows.real
    around = Surroundings(Task.ANSWER, None, {}, None)
    while len(found) < most and not _ended(found, model.layout.end):
        real = torch.cat([real, torch.ones_like(real[:, :1])], 1)
        places = (last + len(found))[:, None]
        read = model.read(now[:, None], real[:, None], places, around, past)
        past = read.past
        now = _next(model, read, torch.zeros_like(last))
        found.append(now)
    return [_until(row, model.layout.end) for row in torch.stack(found, 1).tolist()]


@torch.inference_mode()
def chance_of(
    model: Unif2ace,
    codes: Tensor,
    prompts: Sequence[Sequence[int]],
    word: int,
    *,
    features: Mapping[str, Tensor] | None = None,
) -> Tensor:
    """How likely each answer begins with a word: (N,) in 0…1; arguments as of :func:`answer`."""
    rows = answering(model.layout, codes, prompts)
    stream = model(rows, features=features).stream
    last = rows.real.sum(1) - 1
    ends = stream[torch.arange(len(last), device=last.device), last]
    chances: Tensor = model.logits(ends, slice(0, model.layout.words)).softmax(-1)[:, word]
    return chances


def _next(model: Unif2ace, read: Output, at: Tensor) -> Tensor:
    """(N,) the likeliest word after a place; only words and never a picture's tokens."""
    stream = read.stream[torch.arange(len(at), device=at.device), at]
    return model.logits(stream, slice(0, model.layout.words)).argmax(-1)


def _ended(found: list[Tensor], end: int) -> bool:
    return bool((torch.stack(found) == end).any(0).all())


def _until(row: list[int], end: int) -> list[int]:
    return row[: row.index(end)] if end in row else row
