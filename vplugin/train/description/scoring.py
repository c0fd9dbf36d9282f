"""How good captions, answers and drawn faces are, counted exactly: no judge, no other model.

A caption is read back by the grammar; an answer is right or wrong; of "cannot tell" it also counts
how sure the model was. Not for making the answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vplugin.train.description.captions import notable, parse
from vplugin.train.description.grammar import UNSEEN, Facts
from vplugin.train.description.questions import Question, right

__all__ = [
    "Answered", "Counts", "caption_counts", "caption_figures", "calibration", "fidelity",
    "frechet",
    "question_figures",
]  # fmt: skip


@dataclass(frozen=True)
class Counts:
    """What captions said of one attribute.

    Attributes:
        right: Said, and true.
        wrong: Said, and false or not to be seen.
        missed: Notable, and not said, or said wrongly.
    """

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.right + other.right, self.wrong + other.wrong, self.missed + other.missed
        )

    @property
    def precision(self) -> float:
        """Share of what was said that is true; 1 if nothing was said."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Share of what is notable that was said; 1 if nothing is."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 1.0


def caption_counts(pairs: Iterable[tuple[str, Facts]]) -> dict[str, Counts]:
    """By attribute, what captions said.

    What lies between two values, and so is no fact, is neither right nor wrong. That something is
    not there may be left unsaid; said wrongly it counts.

    Args:
        pairs: Captions that were asked for everything, and the facts.
    """
    counts: dict[str, Counts] = defaultdict(Counts)
    for text, facts in pairs:
        said, expected = parse(text), notable(facts)
        for name, value in said.items():
            if name in facts:
                true = facts[name].value == value
                # That something is absent and was said to be is true, but nothing to be found.
                found = true and name in expected
                counts[name] += Counts(int(found), int(not true), 0)
        for name, fact in expected.items():
            counts[name] += Counts(0, 0, int(said.get(name) != fact.value))
    return dict(counts)


def caption_figures(counts: Mapping[str, Counts]) -> dict[str, float]:
    """``precision``, ``recall``, ``f1`` over everything said, and ``f1_NAME`` of each attribute."""
    whole = sum(counts.values(), Counts())
    figures = {"precision": whole.precision, "recall": whole.recall, "f1": whole.f1}
    return figures | {f"f1_{name}": one.f1 for name, one in sorted(counts.items())}


@dataclass(frozen=True)
class Answered:
    """One question, and what a model said.

    Attributes:
        question: With its right answer.
        answer: The model's.
        cannot: How likely it held "cannot tell" to be, 0 to 1; NaN if it does not say.
    """

    question: Question
    answer: str
    cannot: float = float("nan")


def question_figures(answers: Sequence[Answered]) -> dict[str, float]:
    """``accuracy``, ``accuracy_KIND``, ``accuracy_about_ATTRIBUTE``, and those of "cannot tell".

    ``cannot_recall`` is the share of what nobody can tell that was answered so,
    ``cannot_precision`` the share of such answers that are right, ``cannot_calibration`` see
    :func:`calibration`.
    """
    groups: dict[str, list[bool]] = defaultdict(list)
    for one in answers:
        good = right(one.question, one.answer)
        groups["accuracy"].append(good)
        groups[f"accuracy_{one.question.kind.replace(' ', '_')}"].append(good)
        for name in one.question.about:
            groups[f"accuracy_about_{name}"].append(good)
        if one.question.hidden:
            groups["cannot_recall"].append(good)
        if " ".join(one.answer.split()) == "cannot tell":
            groups["cannot_precision"].append(one.question.hidden)
    figures = {name: float(np.mean(goods)) for name, goods in sorted(groups.items())}
    sure = np.array([one.cannot for one in answers])
    if len(sure) and np.isfinite(sure).all():
        hidden = np.array([one.question.hidden for one in answers])
        figures["cannot_calibration"] = calibration(sure, hidden)
    return figures


def calibration(
    sure: npt.NDArray[np.float64], true: npt.NDArray[np.bool_], bins: int = 10
) -> float:
    """Expected calibration error: how far what was thought likely is from how often it was so.

    Args:
        sure: (N,) in 0…1.
        true: (N,).
        bins: Equal parts of 0…1.
    """
    at = np.minimum((sure * bins).astype(int), bins - 1)
    error = 0.0
    for part in range(bins):
        inside = at == part
        if inside.any():
            error += inside.mean() * abs(sure[inside].mean() - true[inside].mean())
    return float(error)


def fidelity(
    asked: Sequence[Facts], found: Sequence[Mapping[str, str]]
) -> tuple[float, dict[str, float]]:
    """Attribute accuracy of drawn faces, as a probe reads them.

    Args:
        asked: What each face was to show.
        found: Values that a probe saw, by attribute; the same order.

    Returns:
        The mean over everything that was asked for, and by attribute.
    """
    groups: dict[str, list[bool]] = defaultdict(list)
    for facts, values in zip(asked, found, strict=True):
        for name, fact in facts.items():
            if fact.value != UNSEEN and name in values:
                groups[name].append(values[name] == fact.value)
    every = [good for goods in groups.values() for good in goods]
    by_name = {name: float(np.mean(goods)) for name, goods in sorted(groups.items())}
    return float(np.mean(every)) if every else float("nan"), by_name


def frechet(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Fréchet distance of two sets of features (N, F) and (M, F), each taken for a normal one.

    ‖μ − ν‖² + tr(A + B − 2 (A B)^½), as FID; it falls with more pictures, so compare equal numbers.
    """
    spread, others = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (one, other))
    # The eigenvalues of A B are those of a positive matrix: their roots are the trace of its root.
    roots = np.sqrt(np.clip(np.linalg.eigvals(spread @ others).real, 0, None))
    apart = float(((one.mean(0) - other.mean(0)) ** 2).sum())
    return apart + float(np.trace(spread) + np.trace(others) - 2 * roots.sum())
