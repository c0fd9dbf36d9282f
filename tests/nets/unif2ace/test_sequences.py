from __future__ import annotations

import pytest
import torch

from tests.nets.unif2ace.small import LAYOUT
from vplugin.nets.unif2ace.model import SHOWO_LAYOUT
from vplugin.nets.unif2ace.sequences import IGNORED, Task, answering, drawing, speaking

PAD, SOI, EOI, T2I, MMU = (LAYOUT.special(n) for n in ("pad", "soi", "eoi", "t2i", "mmu"))
CODES = torch.tensor([[3, 7], [0, 11]])
C = LAYOUT.first_code


def test_numbers_of_showo() -> None:
    assert SHOWO_LAYOUT.special("pad") == 50295
    assert SHOWO_LAYOUT.first_code == 50305
    assert SHOWO_LAYOUT.mask == 58497
    assert SHOWO_LAYOUT.size == 58498
    codes = torch.zeros(1, 256, dtype=torch.int64)
    assert drawing(SHOWO_LAYOUT, [[5]], codes, slot=129).tokens.shape == (1, 387)


def test_rows_that_draw_are_padded_at_the_left() -> None:
    rows = drawing(LAYOUT, [[5, 6], []], CODES, slot=6)
    assert rows.tokens.tolist() == [
        [PAD, T2I, 1, 5, 6, 2, SOI, C + 3, C + 7, EOI],
        [PAD, PAD, PAD, T2I, 1, 2, SOI, C, C + 11, EOI],
    ]
    assert rows.image == slice(7, 9)
    assert rows.task == Task.DRAW
    assert (rows.labels == IGNORED).all()


def test_too_long_a_text_loses_its_end_and_not_its_brackets() -> None:
    rows = drawing(LAYOUT, [[5, 6, 7, 8, 9]], CODES[:1], slot=5)
    assert rows.tokens[0, :6].tolist() == [T2I, 1, 5, 6, 2, SOI]


def test_rows_that_answer_are_padded_at_the_right_and_label_the_answer() -> None:
    rows = answering(LAYOUT, CODES, [[5], [5, 6]], [[8, 9], [7]])
    assert rows.tokens.tolist() == [
        [MMU, SOI, C + 3, C + 7, EOI, 1, 5, 8, 9, 2],
        [MMU, SOI, C, C + 11, EOI, 1, 5, 6, 7, 2],
    ]
    assert rows.labels.tolist() == [
        [IGNORED] * 7 + [8, 9, 2],
        [IGNORED] * 8 + [7, 2],
    ]
    assert rows.image == slice(2, 4)
    wider = answering(LAYOUT, CODES, [[5], [5, 6]], [[8, 9], []], slot=6)
    assert wider.tokens[:, -3:].tolist() == [[9, 2, PAD], [2, PAD, PAD]]
    assert wider.labels[:, -3:].tolist() == [[9, 2, IGNORED], [2, IGNORED, IGNORED]]


def test_a_question_alone_ends_with_the_question() -> None:
    rows = answering(LAYOUT, CODES, [[5], [5, 6]])
    assert rows.tokens[:, 5:].tolist() == [[1, 5, PAD], [1, 5, 6]]
    assert (rows.labels == IGNORED).all()


def test_words_alone() -> None:
    rows = speaking(LAYOUT, [[5, 6], [7]])
    assert rows.tokens.tolist() == [[1, 5, 6, 2], [1, 7, 2, PAD]]
    assert rows.labels.tolist() == [[IGNORED, 5, 6, 2], [IGNORED, 7, 2, IGNORED]]
    assert rows.image is None
    assert torch.equal(rows.allowed[0], torch.ones(4, 4).tril().bool())


def seen(allowed: torch.Tensor) -> list[str]:
    return ["".join("x" if one else "." for one in row) for row in allowed.tolist()]


def test_who_looks_at_whom_when_drawing() -> None:
    rows = drawing(LAYOUT, [[5]], CODES[:1], slot=5)
    assert seen(rows.allowed[0]) == [
        "x........",  # padding sees itself, and nobody sees it
        ".x.......",
        ".xx......",
        ".xxx.....",
        ".xxxx....",
        ".xxxxxxxx",  # the picture and its brackets see the words and each other
        ".xxxxxxxx",
        ".xxxxxxxx",
        ".xxxxxxxx",
    ]


def test_who_looks_at_whom_when_answering() -> None:
    rows = answering(LAYOUT, CODES[:1], [[5]], [[8]], slot=5)
    assert seen(rows.allowed[0]) == [
        "xxxxx.....",
        "xxxxx.....",
        "xxxxx.....",
        "xxxxx.....",
        "xxxxx.....",
        "xxxxxx....",
        "xxxxxxx...",
        "xxxxxxxx..",
        "xxxxxxxxx.",
        "xxxxxxxxxx",
    ]


@pytest.mark.parametrize("name", ["tokens", "real", "labels"])
def test_rows_go_to_a_device_whole(name: str) -> None:
    rows = speaking(LAYOUT, [[5]])
    assert getattr(rows.to(torch.device("meta")), name).device.type == "meta"
