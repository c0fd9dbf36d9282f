"""How pictures and words stand in one row of tokens, and who may look at whom (Show-o's formats).

    draw     [PAD]* <t2i> <sot> words <eot>  <soi> codes <eoi>
    answer   <mmu> <soi> codes <eoi>  <sot> question answer <eot> [PAD]*
    speak    <sot> words <eot> [PAD]*

Words look back, codes look at each other, nobody looks at padding (*omni-attention*). Not for what
words mean: here they are numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import torch
from torch import Tensor

__all__ = [
    "IGNORED", "Layout", "Sequences", "Task", "answering", "conversing", "drawing", "omni",
    "speaking",
]  # fmt: skip

IGNORED = -100  # a label that no loss counts
_SPECIALS = ("pad", "soi", "eoi", "sov", "eov", "t2i", "mmu", "t2v", "v2v", "lvg")


class Task(IntEnum):
    """What a row is for; also the group of experts that serves it."""

    ANSWER = 0
    DRAW = 1


@dataclass(frozen=True)
class Layout:
    """Which number means what: words first, then Show-o's ten specials, codes, and the mask.

    Attributes:
        words: Of the text tokenizer.
        codes: Of the image tokenizer.
        begin: The word that begins a text.
        end: The word that ends it (of Phi-1.5 the same one).
    """

    words: int
    codes: int
    begin: int
    end: int

    def special(self, name: str) -> int:
        """Number of ``pad``, ``soi`` …"""
        return self.words + _SPECIALS.index(name)

    @property
    def first_code(self) -> int:
        """Number of code 0."""
        return self.words + len(_SPECIALS)

    @property
    def mask(self) -> int:
        """Number of the masked code."""
        return self.first_code + self.codes

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self.mask + 1

    @property
    def code_columns(self) -> slice:
        """Of logits: the codes, without the mask."""
        return slice(self.first_code, self.mask)


@dataclass(frozen=True)
class Sequences:
    """Rows of one task.

    Attributes:
        tokens: (N, L) int64.
        real: (N, L) bool, what is not padding.
        task: What they are for.
        image: Where the codes stand; None where there are none.
        labels: (N, L) int64, of each place the word that should *stand* there, or IGNORED.
        parts: (N, L) int64: 0 what all see, then one number for each of several texts of a row;
            None: one text.
    """

    tokens: Tensor
    real: Tensor
    task: Task
    image: slice | None
    labels: Tensor
    parts: Tensor | None = None

    @property
    def places(self) -> Tensor:
        """(N or 1, L) where each token stands; every text of a row begins behind the picture."""
        places = torch.arange(self.tokens.shape[1], device=self.tokens.device)[None]
        if self.parts is None:
            return places
        head = (self.parts == 0).sum(1, keepdim=True)
        before = torch.searchsorted(self.parts, self.parts)  # where its text begins
        return torch.where(self.parts == 0, places, places - before + head)

    @property
    def allowed(self) -> Tensor:
        """(N, L, L) bool, see :func:`omni`."""
        block = None
        if self.image is not None:
            start = 0 if self.task == Task.ANSWER else self.image.start - 1
            block = slice(start, self.image.stop + 1)
        seen = omni(self.real, block)
        if self.parts is None:
            return seen
        return seen & ((self.parts[:, None] == 0) | (self.parts[:, None] == self.parts[..., None]))

    def to(self, device: torch.device) -> Sequences:
        """The same rows elsewhere."""
        tokens, real, labels = (x.to(device) for x in (self.tokens, self.real, self.labels))
        parts = None if self.parts is None else self.parts.to(device)
        return Sequences(tokens, real, self.task, self.image, labels, parts)


def omni(real: Tensor, block: slice | None) -> Tensor:
    """Who may look at whom.

    Every place sees what is before it, and those of the block see all of the block: the picture
    with its brackets; of rows that answer, with the task's token before them too. Nobody sees
    padding, but padding sees itself, so that no row of a softmax is empty.

    Args:
        real: (N, L) bool, what is not padding.
        block: Places that see each other; None where there is no picture.

    Returns:
        (N, L, L) bool: query, key.
    """
    length = real.shape[1]
    places = torch.arange(length, device=real.device)
    seen = places[None] <= places[:, None]
    if block is not None:
        inside = (places >= block.start) & (places < block.stop)
        seen = seen | (inside[None] & inside[:, None])
    itself = places[None] == places[:, None]
    return (seen & real[:, None]) | itself


def drawing(
    layout: Layout, texts: Sequence[Sequence[int]], codes: Tensor, *, slot: int
) -> Sequences:
    """Rows that draw; they have no labels: what is masked is the loss's business.

    Args:
        layout: What the numbers mean.
        texts: Words of each row; an empty text draws anything. Too long ones lose their end.
        codes: (N, T) codes below ``layout.codes``; that number itself is a masked one.
        slot: Places before the picture: the words and three more.
    """
    task, pad = layout.special("t2i"), layout.special("pad")
    rows = [[task, layout.begin, *text[: slot - 3], layout.end] for text in texts]
    left = torch.tensor([[pad] * (slot - len(row)) + row for row in rows], device=codes.device)
    tokens = torch.cat([left, _framed(layout, codes)], 1)
    image = slice(slot + 1, slot + 1 + codes.shape[1])
    return Sequences(tokens, tokens != pad, Task.DRAW, image, torch.full_like(tokens, IGNORED))


def answering(
    layout: Layout,
    codes: Tensor,
    prompts: Sequence[Sequence[int]],
    answers: Sequence[Sequence[int]] | None = None,
    *,
    slot: int | None = None,
) -> Sequences:
    """Rows that answer a question about a picture, or describe it.

    Args:
        layout: What the numbers mean.
        codes: (N, T) codes.
        prompts: Words of the question.
        answers: Words of the answer, which are the labels; None: it is to be found, and the row
            ends with the question.
        slot: Places after the picture, words and two more; None: as many as the longest row needs.
            Too long answers lose their end.
    """
    said = [None] * len(prompts) if answers is None else answers
    texts = [_text(layout, *pair) for pair in zip(prompts, said, strict=True)]
    text, wanted = _padded(layout, [row for row, _ in texts], [one for _, one in texts], slot)
    return _about(layout, codes, text, wanted)


def conversing(
    layout: Layout,
    codes: Tensor,
    pairs: Sequence[Sequence[tuple[Sequence[int], Sequence[int]]]],
    *,
    slot: int | None = None,
) -> Sequences:
    """Rows that answer several questions about a picture, none of which sees the others.

    Each is at the places that it would have alone, so that the answers are those of as many rows of
    :func:`answering`, and the picture is read only once (for training).

    Args:
        layout: What the numbers mean.
        codes: (N, T) codes.
        pairs: Words of the questions and of the answers, of each row.
        slot: Places after the picture, the words and two more for each question; None: as many as
            the longest row needs. What does not fit is left out.
    """
    rows, labels, parts = [], [], []
    for asked in pairs:
        texts = [_text(layout, *pair) for pair in asked]
        rows.append([token for row, _ in texts for token in row])
        labels.append([label for _, wanted in texts for label in wanted])
        parts.append([number for number, (row, _) in enumerate(texts, 1) for _ in row])
    text, goal = _padded(layout, rows, labels, slot)
    long = text.shape[1]
    numbers = [
        (row + [len(asked) + 1] * long)[:long] for row, asked in zip(parts, pairs, strict=True)
    ]
    found = _about(layout, codes, text, goal)
    parted = torch.zeros_like(found.tokens)
    parted[:, -long:] = torch.tensor(numbers)
    return replace(found, parts=parted)


def speaking(
    layout: Layout, texts: Sequence[Sequence[int]], *, slot: int | None = None
) -> Sequences:
    """Rows of words alone, each word a label.

    Args:
        layout: What the numbers mean.
        texts: Words.
        slot: Places, words and two more; None: as many as the longest row needs.
    """
    rows = [[layout.begin, *text, layout.end] for text in texts]
    labels = [[IGNORED, *row[1:]] for row in rows]
    tokens, wanted = _padded(layout, rows, labels, slot)
    return Sequences(tokens, tokens != layout.special("pad"), Task.ANSWER, None, wanted)


def _text(
    layout: Layout, prompt: Sequence[int], answer: Sequence[int] | None
) -> tuple[list[int], list[int]]:
    """A question with its answer, and the labels."""
    said = [] if answer is None else [*answer, layout.end]
    return [layout.begin, *prompt, *said], [IGNORED] * (1 + len(prompt)) + said


def _about(layout: Layout, codes: Tensor, text: Tensor, wanted: Tensor) -> Sequences:
    """Rows of a picture and texts (N, S) about it."""
    head = _framed(layout, codes)
    head = torch.cat([torch.full_like(head[:, :1], layout.special("mmu")), head], 1)
    tokens = torch.cat([head, text.to(codes.device)], 1)
    labels = torch.cat([torch.full_like(head, IGNORED), wanted.to(codes.device)], 1)
    image = slice(2, 2 + codes.shape[1])
    return Sequences(tokens, tokens != layout.special("pad"), Task.ANSWER, image, labels)


def _framed(layout: Layout, codes: Tensor) -> Tensor:
    """(N, T + 2) the picture between its brackets."""
    bracket = torch.full_like(codes[:, :1], layout.special("soi"))
    return torch.cat([bracket, codes + layout.first_code, bracket + 1], 1)


def _padded(
    layout: Layout, rows: list[list[int]], labels: list[list[int]], slot: int | None
) -> tuple[Tensor, Tensor]:
    """Rows and labels of one length, padded at the right."""
    long = slot or max(map(len, rows))
    pad = layout.special("pad")
    tokens = [(row + [pad] * (long - len(row)))[:long] for row in rows]
    wanted = [(row + [IGNORED] * (long - len(row)))[:long] for row in labels]
    return torch.tensor(tokens), torch.tensor(wanted)
