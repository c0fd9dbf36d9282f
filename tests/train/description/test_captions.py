from __future__ import annotations

import numpy as np
import pytest

from tests.train.description.people import anybody, seen
from vplugin.train.description.captions import caption, chosen, listed, notable, parse, say
from vplugin.train.description.facts import facts_of
from vplugin.train.description.grammar import ABSENT, ATTRIBUTES, Fact
from vplugin.train.description.holdout import HELD_OUT, composed
from vplugin.train.description.vocabulary import Vocabulary


def test_captions_say_just_what_they_are_to_say() -> None:
    random, vocabulary = np.random.default_rng(1), Vocabulary.of_grammar()
    lengths = []
    for _ in range(400):
        said = chosen(anybody(random), random)
        text = caption(said, random)
        assert parse(text) == {name: fact.value for name, fact in said.items()}, text
        assert vocabulary.unknown(text) == []
        lengths.append(len(text.split()))
    assert 25 < np.mean(lengths) < 60


def test_everything_can_be_said_and_in_many_ways() -> None:
    facts = facts_of(seen())
    random = np.random.default_rng(2)
    assert set(chosen(facts, random, least=1, absent=0)) == set(notable(facts))
    assert len(notable(facts)) >= 14
    texts = {caption(notable(facts), random) for _ in range(40)}
    assert len(texts) == 40
    assert {text.split()[0] for text in texts} >= {"a", "this", "here"}


def test_shades_choose_among_the_words_of_a_value() -> None:
    said = {"age": Fact("middle-aged", "fifties"), "gender": Fact("woman")}
    texts = {caption(said, np.random.default_rng(seed)) for seed in range(40)}
    assert any("in her fifties" in text for text in texts)
    assert not any("forties" in text for text in texts)
    beard = {
        say("beard", {"beard": Fact("beard", "full")}, np.random.default_rng(n)) for n in range(30)
    }
    assert beard == {"a beard", "a full beard"}


def test_absence_is_said_seldom_and_only_where_it_is_true() -> None:
    facts = {name: Fact(ABSENT) for name in ("glasses", "hat", "beard")}
    random = np.random.default_rng(3)
    share = np.mean([len(chosen(facts, random, absent=0.2)) for _ in range(500)]) / 3
    assert share == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            "a woman in her fifties with short grey hair and round glasses",
            {"gender": "woman", "age": "middle-aged", "hair": "short", "colour": "grey",
             "glasses": "glasses", "frame": "round"},
        ),
        ("a lady, wearing a cap.", {"gender": "woman", "hat": "cap"}),
        ("dark brown hair tied back", {"hair": "tied", "colour": "dark"}),
        ("very short white hair", {"hair": "shaved", "colour": "white"}),
        ("fair skin and fair hair", {"skin": "light", "colour": "blond"}),
        ("dark glasses , dark eyes and dark hair",
         {"glasses": "sunglasses", "iris": "brown", "colour": "dark"}),
        ("he is not smiling", {"smile": ABSENT}),
        ("no facial hair", {"beard": ABSENT}),
        ("a short beard and short hair", {"beard": "beard", "hair": "short"}),
        ("a bald head", {"hair": "bald"}),
        ("an old hairy spaceship with long", {"age": "old"}),
        ("", {}),
    ],
)  # fmt: skip
def test_reading_back(text: str, values: dict[str, str]) -> None:
    assert parse(text) == values


def test_lists() -> None:
    assert [listed(list("abc")[:n]) for n in range(4)] == ["", "a", "a and b", "a , b and c"]


def test_held_out_pairs_are_of_the_grammar_and_are_found() -> None:
    for pair in HELD_OUT:
        for name, value in pair:
            assert value in ATTRIBUTES[name].values
        facts = {name: Fact(value) for name, value in pair}
        assert composed(facts) == [pair]
        assert not composed(dict([facts.popitem()]))
    assert len(set(HELD_OUT)) == len(HELD_OUT)
