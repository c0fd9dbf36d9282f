"""Principal components of plain portraits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.train.plain_items import plain_bank
from vplugin.train.goals import Goals, Picture
from vplugin.train.recognise import SIDE
from vplugin.vision.lower import lower_part


def _all(crop: Picture) -> Picture:
    return crop


def _lower(crop: Picture) -> Picture:
    rows, columns = lower_part()
    return np.ascontiguousarray(crop[rows, columns])


@pytest.mark.parametrize("part", [_all, _lower])
def test_components_are_uncorrelated_sorted_and_tell_people(tmp_path: Path, part: object) -> None:
    assert callable(part)
    bank = plain_bank(tmp_path / "some.npy", range(40))
    goals = Goals(bank, part, 8)
    people, values = goals.of(bank, part)
    np.testing.assert_array_equal(people, range(40))
    np.testing.assert_allclose(values.T @ values / 40, np.eye(8), atol=0.02)
    assert (np.diff(goals.weights) <= 1e-5).all()
    assert goals.weights.mean() == pytest.approx(1)
    again = Goals(bank, part, 8).of(bank, part)[1]
    np.testing.assert_allclose(values, again, atol=1e-4)


def test_only_the_part_that_is_seen_counts(tmp_path: Path) -> None:
    bank = plain_bank(tmp_path / "some.npy", range(12))
    goals = Goals(bank, _lower, 4)
    changed = np.load(tmp_path / "some.npy")
    changed["image"][:, :20] = 0  # above the lower face
    np.save(tmp_path / "changed.npy", changed)
    unlike = type(bank)([tmp_path / "changed.npy"])
    np.testing.assert_allclose(goals.of(bank, _lower)[1], goals.of(unlike, _lower)[1])
    assert SIDE == 112
