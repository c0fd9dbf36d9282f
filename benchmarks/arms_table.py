"""What the arms came to: seeds pooled, arm against arm, beside what was expected beforehand.

Rows of a contest are called ``A2 5``: arm and seed. A case's figure of an arm is the mean over its
seeds; differences are taken case by case, so that intervals are paired ones, and the sign of every
seed's own difference stands beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.table import Table as RichTable

from vplugin.train.contest.metrics import METRICS, Metric
from vplugin.train.contest.statistics import Bootstrap, Interval
from vplugin.train.contest.table import Table

__all__ = ["EXPECTED", "Compared", "Difference", "compared", "documented", "report"]

Array = npt.NDArray[Any]

#: Shown for every arm.
SHOWN = (
    "id_retrieval", "id_source", "lower_retrieval", "lower_source", "pose", "expression",
    "psnr_face", "psnr_background", "detail_source", "detail_target",
)  # fmt: skip


@dataclass(frozen=True)
class Expectation:
    """What was written down before anything was trained (reliableswap.md, §7.7).

    Attributes:
        arm: Whose figure.
        other: Less whose.
        metric: Which.
        said: What it should be.
    """

    arm: str
    other: str
    metric: str
    said: str


EXPECTED = (
    Expectation("A2", "A0", "id_retrieval", "+3 to +12 points"),
    Expectation("A2", "A0", "psnr_face", "+0.5 to +2 dB"),
    Expectation("A2", "A0", "expression", "within 10 %"),
    Expectation("A1", "A0", "id_retrieval", "up as A2, or less"),
    Expectation("A2", "A1", "psnr_face", "A2 better"),
    Expectation("A4", "A2", "lower_retrieval", "+5 to +20 points"),
    Expectation("A4", "A2", "id_retrieval", "-1 to +2 points"),
    Expectation("A3", "A0", "lower_retrieval", "up"),
    Expectation("A5", "A2", "id_retrieval", "A5 is the upper bound"),
)


@dataclass(frozen=True)
class Difference:
    """One expectation, and what came out.

    Attributes:
        expected: What was expected.
        interval: Of the pooled difference.
        seeds: The difference of each seed.
    """

    expected: Expectation
    interval: Interval
    seeds: tuple[float, ...]

    @property
    def clear(self) -> bool:
        """Whether the interval is clear of zero."""
        return self.interval.low > 0 or self.interval.high < 0


@dataclass(frozen=True)
class Compared:
    """All arms.

    Attributes:
        arms: Arm or other row → measure → interval of the pooled figure.
        seeds: How many runs each of these has.
        differences: The expectations that could be tested.
    """

    arms: Mapping[str, Mapping[str, Interval]]
    seeds: Mapping[str, int]
    differences: tuple[Difference, ...]

    def plain(self) -> dict[str, Any]:
        """Arm → metric → {mean, low, high, n, seeds}, and ``differences``, as JSON holds them."""
        found: dict[str, Any] = {
            arm: {
                metric: _plain(interval) | {"seeds": self.seeds[arm]}
                for metric, interval in metrics.items()
            }
            for arm, metrics in self.arms.items()
        }
        found["differences"] = [
            {"arm": d.expected.arm, "other": d.expected.other, "metric": d.expected.metric}
            | {"expected": d.expected.said, "seeds": list(d.seeds)}
            | _plain(d.interval)
            for d in self.differences
        ]
        return found


def compared(table: Table, draws: int = 10_000) -> Compared:
    """Pool the seeds of each arm.

    Args:
        table: Of a contest whose rows are called ``ARM SEED``; other rows stand as they are.
        draws: Of the bootstrap.
    """
    stills = table.figures.stills
    runs: dict[str, list[str]] = {}
    for row in stills:
        arm, _, seed = row.rpartition(" ")
        runs.setdefault(arm if arm and seed.isdigit() else row, []).append(row)
    pooled = {
        arm: {
            metric: np.mean([stills[row][metric] for row in rows], axis=0)
            for metric in stills[rows[0]]
        }
        for arm, rows in runs.items()
    }
    bootstrap = Bootstrap(table.figures.groups, draws)
    places = [(arm, metric) for arm, metrics in pooled.items() for metric in metrics]
    tested = [e for e in EXPECTED if {e.arm, e.other} <= set(runs) and e.metric in pooled[e.arm]]
    columns = [pooled[arm][metric] for arm, metric in places]
    columns += [pooled[e.arm][e.metric] - pooled[e.other][e.metric] for e in tested]
    intervals = bootstrap.intervals(np.stack(columns, 1))
    arms: dict[str, dict[str, Interval]] = {arm: {} for arm in pooled}
    for (arm, metric), interval in zip(places, intervals, strict=False):
        arms[arm][metric] = interval
    differences = tuple(
        Difference(e, interval, _of_seeds(e, runs, stills))
        for e, interval in zip(tested, intervals[len(places) :], strict=True)
    )
    return Compared(arms, {arm: len(rows) for arm, rows in runs.items()}, differences)


def _of_seeds(
    expected: Expectation, runs: Mapping[str, list[str]], stills: Mapping[str, Mapping[str, Array]]
) -> tuple[float, ...]:
    """The difference of each seed that both arms have."""
    ours, theirs = (
        {row.rpartition(" ")[2]: row for row in runs[arm]} for arm in (expected.arm, expected.other)
    )
    metric = expected.metric
    return tuple(
        float(np.nanmean(stills[ours[seed]][metric] - stills[theirs[seed]][metric]))
        for seed in ours
        if seed in theirs
    )


def report(found: Compared, title: str) -> RichTable:
    """The arms, on a terminal."""
    metrics = _metrics(found)
    out = RichTable("row", *(metric.label for metric in metrics), title=title)
    for arm, figures in found.arms.items():
        out.add_row(arm, *(_cell(metric.name, figures[metric.name]) for metric in metrics))
    return out


def documented(found: Compared) -> str:
    """Both tables in Markdown: the arms, and the expectations beside what came out."""
    metrics = _metrics(found)
    lines = [
        "| row | runs | " + " | ".join(metric.label for metric in metrics) + " |",
        "|---|---|" + "---|" * len(metrics),
    ]
    for arm, figures in found.arms.items():
        cells = " | ".join(_cell(metric.name, figures[metric.name]) for metric in metrics)
        lines.append(f"| {arm} | {found.seeds[arm]} | {cells} |")
    lines += ["", "| difference | expected | came out | seeds |", "|---|---|---|---|"]
    for one in found.differences:
        e = one.expected
        metric = next(m for m in METRICS if m.name == e.metric)
        seeds = ", ".join(f"{value * metric.scale:+.{metric.digits}f}" for value in one.seeds)
        cell = _cell(e.metric, one.interval)
        shown = f"**{cell}**" if one.clear else cell
        lines.append(f"| {e.arm} - {e.other}, {metric.label} | {e.said} | {shown} | {seeds} |")
    return "\n".join(lines) + "\n"


def _metrics(found: Compared) -> list[Metric]:
    there = next(iter(found.arms.values()))
    return [metric for metric in METRICS if metric.name in SHOWN and metric.name in there]


def _cell(name: str, interval: Interval) -> str:
    metric = next(metric for metric in METRICS if metric.name == name)
    mean, low, high = (metric.shown(x) for x in (interval.mean, interval.low, interval.high))
    return f"{mean} [{low}, {high}]"


def _plain(interval: Interval) -> dict[str, Any]:
    values = {"mean": interval.mean, "low": interval.low, "high": interval.high}
    return {k: round(v, 6) if np.isfinite(v) else None for k, v in values.items()} | {
        "n": interval.n
    }
