from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tests.train.description.people import anybody
from vplugin.train.description.grammar import ABSENT, UNSEEN, Fact
from vplugin.train.description.questions import CANNOT_TELL, KINDS, Question, ask, right
from vplugin.train.description.vocabulary import Vocabulary

FACTS = {
    "glasses": Fact("glasses"),
    "hat": Fact(ABSENT),
    "lipstick": Fact(ABSENT),
    "earrings": Fact("earrings"),
    "smile": Fact("smiling"),
    "beard": Fact(UNSEEN),
    "gender": Fact("woman"),
    "colour": Fact("red"),
}


def many(facts=FACTS, seeds: int = 200) -> dict[str, Question]:
    found = {}
    for seed in range(seeds):
        found |= {one.text: one for one in ask(facts, np.random.default_rng(seed))}
    return found


def test_about_eight_of_all_kinds_and_none_twice() -> None:
    random, vocabulary, kinds = np.random.default_rng(1), Vocabulary.of_grammar(), Counter()
    for _ in range(200):
        questions = ask(anybody(random), random)
        assert len({one.text for one in questions}) == len(questions) == 8
        for one in questions:
            kinds[one.kind] += 1
            assert vocabulary.unknown(f"{one.text} {one.answer}") == []
            assert right(one, one.answer)
    assert min(kinds[kind] for kind in KINDS) > 100


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("what is the eyewear ?", "glasses"),
        ("name the hair colour ?", "red"),
        ("what is the headwear ?", "none"),
        ("what is the beard ?", CANNOT_TELL),
        ("which is the gender , man or woman ?", "woman"),
        ("does the person wear glasses ?", "yes"),
        ("is the person not wearing spectacles ?", "no"),
        ("does the person wear lipstick ?", "no"),
        ("does the person not wear lipstick ?", "yes"),
        ("is this a man ?", "no"),
        ("is the hair colour red ?", "yes"),
        ("is the person not smiling ?", "no"),
        ("does the person have stubble ?", CANNOT_TELL),
        ("how many of eyewear and headwear are worn ?", "one"),
        ("how many of eyewear and ear jewelry are worn ?", "two"),
    ],
)
def test_answers_are_right(text: str, answer: str) -> None:
    assert many()[text].answer == answer


def test_several_claims_hold_together() -> None:
    several = [one for one in many().values() if one.kind == "several"]
    by_answer = Counter(one.answer for one in several)
    assert set(by_answer) == {"yes", "no", CANNOT_TELL}
    for one in several:
        if one.answer == "yes":
            assert "beard" not in one.about
            assert not {"hat", "lipstick"} & set(one.about)
        if one.answer == CANNOT_TELL:
            assert "beard" in one.about


def test_what_is_hidden_makes_counting_impossible() -> None:
    counts = [q for q in many(FACTS | {"mask": Fact(UNSEEN)}).values() if q.kind == "count"]
    assert all(q.hidden == ("mask" in q.about) for q in counts)
    assert any(q.hidden for q in counts)


def test_descriptions_are_right_by_what_they_say() -> None:
    asked = many()["describe what is worn ."]
    assert asked.kind == "describe"
    assert right(asked, "earrings and eyeglasses")
    assert right(asked, "Spectacles ,  earrings")
    assert not right(asked, "glasses")
    assert not right(asked, "glasses , earrings and a cap")


def test_yes_and_no_are_about_as_frequent() -> None:
    random = np.random.default_rng(4)
    answers = Counter(
        one.answer
        for _ in range(300)
        for one in ask(anybody(random), random)
        if one.kind == "yes or no" and not one.hidden
    )
    assert 0.35 < answers["yes"] / answers.total() < 0.65


def test_of_nobody_nothing_is_asked() -> None:
    assert ask({}, np.random.default_rng(1)) == []
