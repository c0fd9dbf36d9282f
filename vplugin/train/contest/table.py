"""What a contest came to: a row for each contestant, a cell for each measure, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.train.contest.cases import Rgb
from vplugin.train.contest.metrics import METRICS, Metric
from vplugin.train.contest.statistics import Bootstrap, Interval, mcnemar

__all__ = ["Cell", "Figures", "Sample", "Table", "tabulated"]

Array = npt.NDArray[Any]

_RETRIEVAL = ("id_retrieval", "lower_retrieval")


@dataclass(frozen=True)
class Cell:
    """One figure of one row.

    Attributes:
        value: Mean, interval and number of cases.
        difference: From the reference row, case by case; None in that row itself and for figures
            of a whole set.
        mcnemar: Chance of so uneven a split from the reference row, for retrieval; or None.
    """

    value: Interval
    difference: Interval | None = None
    mcnemar: float | None = None


@dataclass(frozen=True, eq=False)
class Sample:
    """One case, as it looks.

    Attributes:
        name: Of the case.
        source: (S, S, 3) uint8 RGB.
        target: The same.
        answers: By row, the exact truth among them.
    """

    name: str
    source: Rgb
    target: Rgb
    answers: Mapping[str, Rgb]


@dataclass(frozen=True, eq=False)
class Figures:
    """Raw figures: row → measure → one for each case or clip, NaN where there is none.

    Attributes:
        stills: (N,) each, in the order of the cases.
        groups: (N,) to which group each case belongs.
        moving: (C,) each, in the order of the clips.
        sets: Figures of all answers together, with the number of answers.
    """

    stills: Mapping[str, Mapping[str, Array]]
    groups: Array
    moving: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    sets: Mapping[str, Mapping[str, tuple[float, int]]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Table:
    """The result.

    Attributes:
        suite: Its name.
        size: Side of the crop that was judged.
        rows: Row → measure → cell; every row has the same measures.
        reference: The row from which differences are told.
        notes: What has to be known to read it, a sentence each.
        figures: Behind it, for comparisons with other runs.
        samples: Pictures of some cases.
    """

    suite: str
    size: int
    rows: Mapping[str, Mapping[str, Cell]]
    reference: str
    notes: tuple[str, ...]
    figures: Figures
    samples: tuple[Sample, ...] = ()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The measures that there are, in order."""
        there = next(iter(self.rows.values()), {})
        return tuple(metric for metric in METRICS if metric.name in there)


def tabulated(figures: Figures, reference: str, draws: int) -> dict[str, dict[str, Cell]]:
    """Rows with intervals.

    Args:
        figures: Raw.
        reference: The row from which differences are told.
        draws: Of the bootstrap.

    Raises:
        ValueError: There is no such row.
    """
    if reference not in figures.stills:
        raise ValueError(f"no row {reference!r}; there are {', '.join(figures.stills)}")
    rows: dict[str, dict[str, Cell]] = {name: {} for name in figures.stills}
    _fill(rows, figures.stills, Bootstrap(figures.groups, draws), reference)
    clips = next((len(a) for row in figures.moving.values() for a in row.values()), 0)
    if clips:
        _fill(rows, figures.moving, Bootstrap(np.arange(clips), draws), reference)
    for name, sets in figures.sets.items():
        for metric, (value, n) in sets.items():
            rows[name][metric] = Cell(Interval(value, float("nan"), float("nan"), n))
    return rows


def _fill(
    rows: dict[str, dict[str, Cell]],
    raw: Mapping[str, Mapping[str, Array]],
    bootstrap: Bootstrap,
    reference: str,
) -> None:
    """Add the cells of some figures; all columns are resampled together."""
    places = [(row, metric) for row, columns in raw.items() for metric in columns]
    if not places:
        return
    values = np.stack([raw[row][metric] for row, metric in places], axis=1)
    against = np.stack([raw[reference][metric] for _, metric in places], axis=1)
    intervals = bootstrap.intervals(np.concatenate([values, values - against], axis=1))
    for index, (row, metric) in enumerate(places):
        difference = None if row == reference else intervals[len(places) + index]
        chance = None
        if metric in _RETRIEVAL and row != reference:
            chance = mcnemar(raw[row][metric], raw[reference][metric])
        rows[row][metric] = Cell(intervals[index], difference, chance)
