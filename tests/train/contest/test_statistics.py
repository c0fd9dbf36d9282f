"""Intervals by resampled groups, and McNemar's test."""

from __future__ import annotations

import numpy as np
import pytest

from vplugin.train.contest.statistics import Bootstrap, mcnemar

RNG = np.random.default_rng(5)


def test_an_interval_is_that_of_the_mean() -> None:
    values = RNG.normal(3.0, 2.0, 400)
    (found,) = Bootstrap(np.arange(400)).intervals(values[:, None])
    error = values.std() / 20
    assert found.mean == pytest.approx(values.mean())
    assert found.n == 400
    assert found.low == pytest.approx(found.mean - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(found.mean + 1.96 * error, abs=0.15 * error)


def test_copies_of_a_case_do_not_narrow_it() -> None:
    values = RNG.normal(size=50)
    (once,) = Bootstrap(np.arange(50), 2000).intervals(values[:, None])
    groups = np.repeat(np.arange(50), 8)
    (copied,) = Bootstrap(groups, 2000).intervals(np.repeat(values, 8)[:, None])
    assert copied.n == 400
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=1e-9)


def test_what_has_no_figure_is_left_out() -> None:
    values = np.array([[1.0, np.nan], [3.0, 5.0], [np.nan, 7.0], [2.0, np.nan]])
    one, two = Bootstrap(np.arange(4), 500).intervals(values)
    assert (one.mean, one.n) == (2.0, 3)
    assert (two.mean, two.n) == (6.0, 2)
    (none,) = Bootstrap(np.arange(4), 50).intervals(np.full((4, 1), np.nan))
    assert np.isnan(none.mean)
    assert none.n == 0


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_few_groups_have_no_interval(groups: int) -> None:
    (found,) = Bootstrap(np.arange(6) % groups, 50).intervals(np.arange(6.0)[:, None])
    assert found.mean == 2.5
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_columns_are_resampled_together_and_always_alike() -> None:
    values = RNG.normal(size=(40, 1))
    columns = np.concatenate([values, values + 1.0], axis=1)
    one, two = Bootstrap(np.arange(40), 300).intervals(columns)
    assert two.low - one.low == pytest.approx(1.0)
    again, _ = Bootstrap(np.arange(40), 300).intervals(columns)
    assert again == one


@pytest.mark.parametrize(
    ("only_ours", "only_theirs", "wanted"),
    [(0, 0, 1.0), (5, 5, 1.0), (10, 0, 2 / 2**10), (1, 7, 2 * 9 / 2**8)],
)
def test_mcnemar(only_ours: int, only_theirs: int, wanted: float) -> None:
    ours = np.array([1.0] * only_ours + [0.0] * only_theirs + [1, 0, np.nan])
    theirs = np.array([0.0] * only_ours + [1.0] * only_theirs + [1, 0, 1])
    assert mcnemar(ours, theirs) == pytest.approx(wanted)
