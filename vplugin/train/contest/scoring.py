"""Holding a contest: every contestant swaps every case, and is measured.

    table = evaluate(suite, [mine], evaluators)

*Target unchanged* and, where there is one, the exact truth take part whether asked or not. The rows
``copy`` and ``mesh`` need models: :func:`vplugin.train.contest.weightless.weightless`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.errors import TrainError
from vplugin.train.contest.cases import Answer, Case, Clip, Suite
from vplugin.train.contest.contestants import TRUTH, UNCHANGED, Contestant, ExactTruth, Unchanged
from vplugin.train.contest.evaluators import Evaluators
from vplugin.train.contest.likeness import (
    Behaviour,
    Columns,
    Likeness,
    Transfer,
    embedded,
    recognised,
)
from vplugin.train.contest.looks import Scene
from vplugin.train.contest.measures import identity_variance
from vplugin.train.contest.notes import notes_of
from vplugin.train.contest.pictures import flicker
from vplugin.train.contest.table import Figures, Sample, Table, tabulated

__all__ = ["Progress", "evaluate"]

Array = npt.NDArray[Any]
Progress = Callable[[str, int, int], None]  # what (cases, clips), how many are done, of how many

_SAMPLES = 8


def evaluate(
    suite: Suite,
    contestants: Sequence[Contestant],
    evaluators: Evaluators,
    *,
    reference: str = UNCHANGED,
    draws: int = 10_000,
    batch: int = 8,
    progress: Progress | None = None,
) -> Table:
    """Judge contestants by a suite.

    Args:
        suite: What is swapped.
        contestants: Who swaps, besides *target unchanged* and the exact truth.
        evaluators: Who judges.
        reference: The row from which differences are told.
        draws: Of the bootstrap.
        batch: Cases that a contestant gets at once.
        progress: Told what is done.

    Raises:
        TrainError: The suite is empty, two rows have one name, or there is no reference row.
    """
    everybody = _everybody(suite, contestants)
    names = [one.name for one in everybody]
    if reference not in names:
        raise TrainError(f"no row {reference!r}", mend=f"choose from {', '.join(names)}")
    board = _Board(suite, evaluators)
    done = 0
    for cases in _batched(suite.cases(), batch):
        board.about(cases)
        for one in everybody:
            one.new_shot()
            board.add(one.name, cases, one.answers(cases, suite.size))
        done += len(cases)
        _tell(progress, "cases", done, len(suite))
    if not done:
        raise TrainError("there is nothing to judge", where=suite.name, mend="more pairs")
    moving = _moving(list(suite.clips()), everybody, suite.size, evaluators, progress)
    figures = board.figures(names, moving)
    rows = tabulated(figures, reference, draws)
    notes = notes_of(suite, evaluators, done, board.people, board.floor, moving)
    return Table(suite.name, suite.size, rows, reference, notes, figures, board.samples())


def _everybody(suite: Suite, contestants: Sequence[Contestant]) -> list[Contestant]:
    """Contestants, with those that are always there."""
    first: list[Contestant] = [Unchanged()]
    last: list[Contestant] = [ExactTruth()] if suite.exact else []
    everybody = [*first, *(one for one in contestants if one.name not in (UNCHANGED, TRUTH)), *last]
    names = [one.name for one in everybody]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise TrainError(f"two rows are called {twice!r}", mend="give each a name of its own")
    return everybody


def _batched(cases: Iterator[Case], size: int) -> Iterator[list[Case]]:
    while part := list(islice(cases, size)):
        yield part


def _tell(progress: Progress | None, what: str, done: int, total: int) -> None:
    if progress is not None:
        progress(what, done, total)


class _Board:
    """Figures as they come in."""

    def __init__(self, suite: Suite, evaluators: Evaluators) -> None:
        self._size = suite.size
        self._every = max(1, -(-len(suite) // _SAMPLES))
        self._likeness: list[Likeness] = []
        for embed, name, lower in (
            (evaluators.identity, "id", False),
            (evaluators.lower, "lower", True),
        ):
            if embed is not None:
                self._likeness.append(Likeness(embed, name, suite.size, lower=lower))
        reads = evaluators.parameters if suite.exact else None
        self._transfer = Transfer(reads) if reads is not None else None
        self._behaviour = Behaviour(evaluators) if evaluators.reader is not None else None
        self._identified = evaluators.identity is not None
        self._looks: dict[str, list[dict[str, float]]] = {}
        self._groups: list[int] = []
        self._scenes: list[Scene] = []
        self._pictures: list[tuple[Case, dict[str, Answer]]] = []

    @property
    def people(self) -> int:
        """Size of the gallery; 0 without an evaluator."""
        return self._likeness[0].people if self._likeness else 0

    @property
    def floor(self) -> float | None:
        """See :attr:`Behaviour.floor`."""
        return self._behaviour.floor if self._behaviour is not None else None

    def about(self, cases: Sequence[Case]) -> None:
        """Some cases begin."""
        for index, case in enumerate(cases, len(self._groups)):
            if index % self._every == 0:
                self._pictures.append((case, {}))
        self._groups += [case.group for case in cases]
        self._scenes = [Scene(case, self._size) for case in cases]
        for judge in (*self._likeness, self._transfer, self._behaviour):
            if judge is not None:
                judge.about(cases)

    def add(self, row: str, cases: Sequence[Case], answers: Sequence[Answer]) -> None:
        """A contestant's answers to them."""
        found = [
            scene.measured(answer.crop) for scene, answer in zip(self._scenes, answers, strict=True)
        ]
        self._looks.setdefault(row, []).extend(found)
        for judge in (*self._likeness, self._transfer):
            if judge is not None:
                judge.add(row, answers)
        if self._behaviour is not None:
            self._behaviour.add(row, cases, answers)
        for case, shown in self._pictures:
            if case in cases:
                shown[row] = answers[cases.index(case)]

    def figures(self, names: Sequence[str], moving: dict[str, Columns]) -> Figures:
        """All of them."""
        stills: dict[str, Columns] = {}
        sets: dict[str, dict[str, tuple[float, int]]] = {}
        for row in names:
            seen = self._looks[row]
            stills[row] = {key: np.array([one[key] for one in seen]) for key in seen[0]}
            for judge in (*self._likeness, self._transfer, self._behaviour):
                if judge is not None:
                    stills[row] |= judge.columns(row)
            if self._identified:
                sets[row] = {"frechet": self._likeness[0].frechet(row)}
        return Figures(stills, np.array(self._groups), moving, sets)

    def samples(self) -> tuple[Sample, ...]:
        """Cases evenly spread over the suite."""
        return tuple(
            Sample(
                case.name,
                case.sources[0].crop(self._size),
                case.target.crop(self._size),
                {row: answer.crop for row, answer in shown.items()},
            )
            for case, shown in self._pictures
        )


def _moving(
    clips: Sequence[Clip],
    everybody: Sequence[Contestant],
    size: int,
    evaluators: Evaluators,
    progress: Progress | None,
) -> dict[str, Columns]:
    """Row → measure → a figure for each clip; empty without clips."""
    if not clips:
        return {}
    found: dict[str, list[dict[str, float]]] = {one.name: [] for one in everybody}
    for index, clip in enumerate(clips):
        right = np.stack([case.reference.crop(size) for case in clip])
        masks = np.stack([case.reference.mask(size) for case in clip])
        for one in everybody:
            one.new_shot()
            answers = [one.answers([case], size)[0] for case in clip]
            crops = np.stack([answer.crop for answer in answers])
            figures = {"flicker": flicker(crops, right, masks)}
            if evaluators.identity is not None:
                seen = embedded(evaluators.identity, recognised(answers, size), lower=False)
                figures["id_variance"] = identity_variance(seen)
            found[one.name].append(figures)
        _tell(progress, "clips", index + 1, len(clips))
    return {
        name: {key: np.array([row[key] for row in rows]) for key in rows[0]}
        for name, rows in found.items()
    }
