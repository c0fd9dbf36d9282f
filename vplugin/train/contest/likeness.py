"""What evaluators say about answers, gathered over a suite: identity, transfer, behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.train.contest.cases import Answer, Case, Rgb, Shot
from vplugin.train.contest.evaluators import Embed, Evaluators, Read, identity_crop, lower_crop
from vplugin.train.contest.measures import (
    angle_error,
    cosine,
    expression_error,
    frechet_distance,
    gaze_error,
    openness_error,
    retrieved,
    transfer,
    unit,
)
from vplugin.train.contest.parameters import LOWER, UPPER, where

__all__ = ["Behaviour", "Columns", "Likeness", "Transfer", "embedded", "recognised"]

Array = npt.NDArray[Any]
Columns = dict[str, Array]


def embedded(embed: Embed, crops: Rgb, *, lower: bool) -> Array:
    """Embeddings (N, D) of crops by ``arcface_128`` (N, S, S, 3), of all of the face or half."""
    faces = identity_crop(crops)
    return np.asarray(embed(lower_crop(faces) if lower else faces), np.float64)


def recognised(answers: Sequence[Answer], size: int) -> Rgb:
    """What is recognised of answers (N, S, S, 3): the crop, or the face by its own points."""
    return np.stack([one.crop if one.shown is None else one.shown.crop(size) for one in answers])


class Likeness:
    """Retrieval and cosines by one embedder.

    Args:
        embed: The embedder.
        name: Of the columns: ``id`` or ``lower``.
        size: Side of the crop that is judged.
        lower: Whether it looks at the lower face.
    """

    def __init__(self, embed: Embed, name: str, size: int, *, lower: bool) -> None:
        self._embed, self._name, self._size, self._lower = embed, name, size, lower
        self._answers: dict[str, list[Array]] = {}
        self._sources: list[Array] = []
        self._targets: list[Array] = []
        self._gallery: dict[str, int] = {}  # person → case of which the source's picture is taken
        self._wanted: list[str] = []

    @property
    def people(self) -> int:
        """Size of the gallery."""
        return len(self._gallery)

    def about(self, cases: Sequence[Case]) -> None:
        """Look at the sources and targets of some cases."""
        for case in cases:
            if case.person in self._gallery:
                self._sources.append(self._sources[self._gallery[case.person]])
            else:
                self._gallery[case.person] = len(self._sources)
                self._sources.append(unit(self._of(case.sources)).mean(0))
            self._wanted.append(case.person)
        self._targets += list(self._of([case.target for case in cases]))

    def add(self, row: str, answers: Sequence[Answer]) -> None:
        """Look at a contestant's answers to them."""
        found = embedded(self._embed, recognised(answers, self._size), lower=self._lower)
        self._answers.setdefault(row, []).extend(found)

    def _of(self, shots: Sequence[Shot]) -> Array:
        crops = np.stack([shot.crop(self._size) for shot in shots])
        return embedded(self._embed, crops, lower=self._lower)

    def columns(self, row: str) -> Columns:
        """A figure for each case."""
        answers, sources = np.stack(self._answers[row]), np.stack(self._sources)
        made = {
            f"{self._name}_source": cosine(answers, sources),
            f"{self._name}_target": cosine(answers, np.stack(self._targets)),
        }
        if self.people < 2:
            return made
        places = {person: index for index, person in enumerate(self._gallery)}
        gallery = sources[list(self._gallery.values())]
        wanted = np.array([places[person] for person in self._wanted])
        return {f"{self._name}_retrieval": retrieved(answers, gallery, wanted)} | made

    def frechet(self, row: str) -> tuple[float, int]:
        """Distance of a row's answers from the pictures of the sources, and their number."""
        answers = unit(np.stack(self._answers[row]))
        pictures = unit(np.stack(self._sources)[list(self._gallery.values())])
        return frechet_distance(answers, pictures), len(answers)


class Transfer:
    """Transfer fraction by a regressor of parameters.

    Args:
        read: ArcFace crops → parameters.
    """

    def __init__(self, read: Embed) -> None:
        self._read = read
        self._answers: dict[str, list[Array]] = {}
        self._targets: list[Array] = []
        self._sources: list[Array] = []

    def about(self, cases: Sequence[Case]) -> None:
        """Note whose parameters are which."""
        truths = [case.truth for case in cases if case.truth is not None]
        self._targets += [truth.target for truth in truths]
        self._sources += [truth.source for truth in truths]

    def add(self, row: str, answers: Sequence[Answer]) -> None:
        """Look at a contestant's answers to them."""
        found = embedded(self._read, recognised(answers, len(answers[0].crop)), lower=False)
        self._answers.setdefault(row, []).extend(found)

    def columns(self, row: str) -> Columns:
        """A figure for each case."""
        read, target, source = (
            np.stack(rows) for rows in (self._answers[row], self._targets, self._sources)
        )
        halves = {"all": ("",), "lower": LOWER, "upper": UPPER}
        return {
            f"transfer_{name}": transfer(read[:, kept], target[:, kept], source[:, kept])
            for name, kept in ((name, where(half)) for name, half in halves.items())
        }


class Behaviour:
    """Pose, expression, gaze and openness beside what is right, by one reader."""

    def __init__(self, evaluators: Evaluators) -> None:
        assert evaluators.reader is not None
        self._reader = evaluators.reader
        self._answers: dict[str, list[Read]] = {}
        self._right: list[Read] = []
        self._off: list[float] = []

    @property
    def floor(self) -> float | None:
        """Degrees by which the reader itself is off on the exact truth; None without one."""
        return float(np.mean(self._off)) if self._off else None

    def about(self, cases: Sequence[Case]) -> None:
        """Look at what is right."""
        right = self._reader.read(
            [case.target if case.truth is None else case.truth.own for case in cases]
        )
        for case, read in zip(cases, right, strict=True):
            if case.truth is not None and case.truth.pose is not None:
                self._off += list(angle_error(read.pose[None], case.truth.pose))
        self._right += right

    def add(self, row: str, cases: Sequence[Case], answers: Sequence[Answer]) -> None:
        """Look at a contestant's answers."""
        both = zip(cases, answers, strict=True)
        shots = [answer.shown or Shot(answer.picture, case.target.points) for case, answer in both]
        self._answers.setdefault(row, []).extend(self._reader.read(shots))

    def columns(self, row: str) -> Columns:
        """A figure for each case."""
        ours, right = self._answers[row], self._right

        def both(name: str) -> tuple[Array, Array]:
            one, two = (
                np.stack([getattr(read, name) for read in reads]) for reads in (ours, right)
            )
            return one, two

        return {
            "pose": angle_error(*both("pose")),
            "expression": expression_error(*both("expression")),
            "openness": openness_error(*both("open")),
            "gaze": gaze_error(*both("gaze"), both("lids")[1]),
        }
