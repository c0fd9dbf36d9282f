"""Drawing and answering: the same with what was read kept as with everything read again."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import Tensor

from tests.nets.unif2ace.small import LAYOUT, PARALLEL, SIZE, codes, model
from tests.nets.unif2ace.test_sequence_experts import SETTINGS, features
from vplugin.nets.unif2ace.experts import TokenSettings
from vplugin.nets.unif2ace.generate import answer, chance_of, draw
from vplugin.nets.unif2ace.sampler import Unmasking, unmask
from vplugin.nets.unif2ace.sequences import answering, drawing

MODELS = {
    "dense": {"size": SIZE},
    "parallel": {"size": PARALLEL},
    "experts": {"size": SIZE, "token": TokenSettings(6, 1, 4, 2), "sequence": SETTINGS},
}
BY_MODEL = pytest.mark.parametrize("kind", MODELS)
PROMPTS = [[5], [5, 6, 7]]


@BY_MODEL
def test_answers_are_those_of_reading_everything_again(kind: str) -> None:
    net = model(**MODELS[kind])
    seen = features() if kind == "experts" else None
    found = answer(net, codes(), PROMPTS, most=6, features=seen)
    for row, prompt in enumerate(PROMPTS):
        said: list[int] = []
        one = {k: v[row : row + 1] for k, v in seen.items()} if seen else None
        while len(said) < 6:
            rows = answering(LAYOUT, codes()[row : row + 1], [[*prompt, *said]])
            stream = net(rows, features=one).stream[:, -1]
            said.append(int(net.logits(stream, slice(0, LAYOUT.words)).argmax()))
            if said[-1] == LAYOUT.end:
                said.pop()
                break
        assert found[row] == said
    assert any(found)


def test_how_likely_an_answer_begins_with_a_word() -> None:
    net = model()
    chances = torch.stack([chance_of(net, codes(), PROMPTS, w) for w in range(LAYOUT.words)], 1)
    assert torch.allclose(chances.sum(1), torch.ones(2, dtype=chances.dtype), atol=1e-5)
    first = [said[0] if said else LAYOUT.end for said in answer(net, codes(), PROMPTS)]
    assert chances.argmax(1).tolist() == first


def test_an_answer_ends_with_its_word() -> None:
    net = model()
    with torch.no_grad():
        net.head.bias[LAYOUT.end] = 1e3
    assert answer(net, codes(), PROMPTS) == [[], []]


@BY_MODEL
@pytest.mark.parametrize("guidance", [0.0, 2.0])
def test_drawing_reads_words_once_as_if_it_read_them_always(kind: str, guidance: float) -> None:
    net, texts = model(**MODELS[kind]), [[5, 6], [8]]
    how = Unmasking(steps=3, temperature=0.7)
    random = torch.Generator().manual_seed(4)
    found = draw(net, texts, how, codes=4, slot=7, guidance=guidance, generator=random)

    def predict(now: Tensor) -> Tensor:
        logits = []
        for asked in (texts, [[], []]):
            rows = drawing(LAYOUT, asked, now, slot=7)
            ratio = (now == LAYOUT.codes).double().mean(1)
            logits.append(net.code_logits(rows, net(rows, ratio=ratio)))
        return logits[0] + guidance * (logits[0] - logits[1])

    blank = torch.full((2, 4), LAYOUT.codes)
    with torch.inference_mode():
        wanted = unmask(predict, blank, LAYOUT.codes, how, torch.Generator().manual_seed(4))
    assert torch.equal(found, wanted)
    assert found.max() < LAYOUT.codes


def test_the_text_is_heard() -> None:
    net, how = model(), Unmasking(steps=1)
    drawn = [
        draw(net, [text], how, codes=4, slot=7, generator=torch.Generator().manual_seed(4))
        for text in ([5, 6], [9, 11, 12])
    ]
    assert not torch.equal(*drawn)


def schedule(steps: int, codes: int = 16) -> list[int]:
    """How many are still masked at each reading."""
    counts = []

    def predict(now: Tensor) -> Tensor:
        counts.append(int((now[0] == 5).sum()))
        return torch.zeros(*now.shape, 5)

    unmask(predict, torch.full((2, codes), 5), 5, Unmasking(steps))
    return counts


def test_unmasking_follows_the_cosine_and_settles_at_least_one() -> None:
    assert schedule(4) == [16, 14, 11, 6]
    assert schedule(1) == [16]
    assert schedule(40) == sorted(schedule(40), reverse=True)
    assert len(schedule(40)) == len(set(schedule(40))) == 16


def test_what_is_given_stays_and_the_surest_stays_without_chance() -> None:
    def predict(now: Tensor) -> Tensor:
        logits = torch.zeros(1, 4, 3)
        logits[0, :, 1] = torch.tensor([9.0, 20.0, 15.0, 9.0])
        if int((now == 3).sum()) < 3:  # later it thinks otherwise
            logits = logits.flip(-1)
            logits[0, :, 2] = 30.0
        return logits

    given = torch.tensor([[0, 3, 3, 3]])
    found = unmask(predict, given, 3, Unmasking(3, temperature=0))
    assert found.tolist() == [[0, 1, 2, 2]]


def test_temperature_varies_which_code_stays() -> None:
    def first(temperature: float, seed: int) -> int:
        seen = []

        def predict(now: Tensor) -> Tensor:
            seen.append(now.clone())
            logits = torch.zeros(1, 8, 2)
            logits[0, :, 0] = 4 + torch.arange(8) / 8
            return logits

        random = torch.Generator().manual_seed(seed)
        unmask(predict, torch.full((1, 8), 2), 2, Unmasking(8, temperature), random)
        return int((seen[1][0] != 2).nonzero()[0])

    cold, warm = (Counter(first(t, s) for s in range(12)) for t in (0.0, 8.0))
    assert len(warm) > 3
    assert len(cold) < len(warm)
