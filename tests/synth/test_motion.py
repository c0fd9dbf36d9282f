"""Curves: smooth, inside their bounds, the same each time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from vplugin.synth.draw import Draw
from vplugin.synth.motion import Aim, Blink, Path, Wander, blinks, eased, hump


def test_eased_and_hump() -> None:
    assert [eased(x) for x in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert [hump(x, 2.0) for x in (-2.0, 0.0, 3.0)] == [0.0, 1.0, 0.0]


def test_wander() -> None:
    wander = Wander(Draw(3), 400.0, 0.5, 2.0)
    values = np.array([wander.at(t) for t in np.arange(0, 400, 0.02)])
    assert values.std() == pytest.approx(2.0, rel=0.35)
    assert abs(values.mean()) < 0.5
    assert np.abs(np.diff(values, 2)).max() < 0.02  # no corners
    assert wander.at(-5.0) == wander.at(0.0)
    assert [Wander(Draw(3), 9.0, 0.5, 2.0).at(t) for t in (1.0, 7.3)] == [
        wander.at(1.0),
        wander.at(7.3),
    ]


def test_path_goes_from_aim_to_aim() -> None:
    path = Path(
        [Aim(float("-inf"), (0.0, 5.0)), Aim(1.0, (10.0, 5.0), 1.0), Aim(1.5, (0.0, 0.0), 1.0)]
    )
    assert path.at(0.9) == (0.0, 5.0)
    assert path.at(3.0) == (0.0, 0.0)
    assert path.at(1.5)[0] == pytest.approx(5.0)
    assert path.at(1.6, slower=0.1) == (0.0, 0.0)
    assert path.at(1.2, lag=0.5) == (0.0, 5.0)
    steps = [path.at(t)[0] for t in np.arange(0.5, 3.0, 0.01)]
    assert max(abs(b - a) for a, b in pairwise(steps)) < 0.5


def test_a_blink_is_fast_down_and_slower_up() -> None:
    blink = Blink(2.0, 0.15)
    closed = [blink.closed(2.0 + 0.15 * share) for share in (0.0, 0.15, 0.35, 0.71, 1.0)]
    assert closed[0] == 0.0
    assert closed[-1] == pytest.approx(0.0, abs=1e-9)
    assert closed[2] == 1.0
    assert closed[1] == pytest.approx(closed[3])


def test_blinks_come_by_chance_but_not_at_once_again() -> None:
    found = blinks(Draw(1), 300.0, likely=[50.0])
    starts = np.array([blink.start for blink in found])
    assert 40 < len(found) < 110  # people: 15 to 20 a minute
    assert np.diff(starts).min() >= 0.7
    assert np.diff(starts).std() > 1.0
    assert all(0.12 < blink.seconds < 0.21 for blink in found)
