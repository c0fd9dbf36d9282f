from __future__ import annotations

import numpy as np
import pytest

from vplugin.train.description.grammar import ABSENT, UNSEEN, Fact
from vplugin.train.description.questions import CANNOT_TELL, Question
from vplugin.train.description.scoring import (
    Answered,
    Counts,
    calibration,
    caption_counts,
    caption_figures,
    fidelity,
    frechet,
    question_figures,
)

FACTS = {
    "gender": Fact("woman"), "glasses": Fact("glasses"), "hat": Fact(ABSENT), "beard": Fact(UNSEEN),
    "colour": Fact("red"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "right", "wrong", "missed"),
    [
        ("a woman with red hair , wearing glasses .", 3, 0, 0),
        ("a woman with red hair .", 2, 0, 1),
        ("a man with red hair , wearing glasses .", 2, 1, 1),
        ("a woman with red hair , wearing glasses and no hat .", 3, 0, 0),
        ("a woman with red hair , wearing glasses and a cap .", 3, 1, 0),
        ("a woman with red hair and a beard , wearing glasses .", 3, 1, 0),
        ("a woman with red hair , wearing no glasses .", 2, 1, 1),
        ("a woman with long red hair , wearing glasses .", 3, 0, 0),  # length is undecided
        ("", 0, 0, 3),
    ],
)
def test_captions_are_counted(text: str, right: int, wrong: int, missed: int) -> None:
    counts = caption_counts([(text, FACTS)])
    assert sum(counts.values(), Counts()) == Counts(right, wrong, missed)


def test_figures_of_captions() -> None:
    counts = caption_counts([("a man , wearing glasses .", FACTS)] * 3)
    figures = caption_figures(counts)
    assert figures["precision"] == pytest.approx(1 / 2)
    assert figures["recall"] == pytest.approx(1 / 3)
    assert figures["f1"] == pytest.approx(2 / 5)
    assert figures["f1_glasses"] == 1
    assert figures["f1_gender"] == 0


def test_figures_of_answers() -> None:
    see = Question("what", ("colour",), "what is the hair colour ?", "red")
    hide = Question("yes or no", ("beard",), "does the person have a beard ?", CANNOT_TELL)
    said = [
        Answered(see, "red", 0.1),
        Answered(see, CANNOT_TELL, 0.9),
        Answered(hide, CANNOT_TELL, 0.9),
        Answered(hide, "no", 0.1),
    ]
    figures = question_figures(said)
    assert figures["accuracy"] == figures["accuracy_what"] == figures["accuracy_yes_or_no"] == 0.5
    assert figures["accuracy_about_beard"] == 0.5
    assert figures["cannot_recall"] == figures["cannot_precision"] == 0.5
    assert figures["cannot_calibration"] == pytest.approx(0.4)
    assert "cannot_calibration" not in question_figures([Answered(see, "red")])


def test_calibration() -> None:
    random = np.random.default_rng(1)
    sure = random.random(20_000)
    assert calibration(sure, random.random(20_000) < sure) < 0.02
    assert calibration(np.ones(10), np.zeros(10, bool)) == 1


def test_fidelity_of_drawn_faces() -> None:
    found = [{"gender": "woman", "glasses": ABSENT, "beard": "beard"}, {"colour": "red"}]
    mean, by_name = fidelity([FACTS, FACTS], found)
    assert mean == pytest.approx(2 / 3)
    assert by_name == {"colour": 1.0, "gender": 1.0, "glasses": 0.0}


def test_distance_of_sets_of_features() -> None:
    random = np.random.default_rng(1)
    one = random.normal(0, 1, (4000, 3))
    assert frechet(one, one) == pytest.approx(0, abs=1e-6)
    assert frechet(one, one + np.array([2.0, 0, 0])) == pytest.approx(4)
    assert frechet(one, 3 * one) == pytest.approx(4 * 3, rel=0.1)  # (3 - 1)² of each axis
