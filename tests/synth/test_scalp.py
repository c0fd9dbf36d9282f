"""The surface hair falls over, on shapes of which one knows the answer."""

from __future__ import annotations

import numpy as np
import pytest

from vplugin.synth.parts import Floats, Indices
from vplugin.synth.scalp import (
    BODY,
    CENTRE_Y,
    CENTRE_Z,
    HAT,
    build_surface,
    covered,
    head_radius,
    is_covered,
    pushed_out,
    quarter_turn,
    scattered,
)


def ball(radius: float) -> tuple[Floats, Indices]:
    """A sphere about the head's centre."""
    rows, columns = 40, 60
    a = np.pi * np.arange(rows + 1) / rows
    b = 2 * np.pi * np.arange(columns) / columns
    y = np.cos(a)[:, None] * np.ones(columns)
    x, z = np.sin(a)[:, None] * np.cos(b), np.sin(a)[:, None] * np.sin(b)
    vertices = np.stack([x, y, z], -1).reshape(-1, 3) * radius + (0, CENTRE_Y, CENTRE_Z)
    index = np.arange(len(vertices), dtype=np.int32).reshape(rows + 1, columns)
    p, q = index[:-1], np.roll(index, -1, axis=1)[:-1]
    r, s = index[1:], np.roll(index, -1, axis=1)[1:]
    return vertices, np.concatenate(
        [np.stack([p, q, r], -1).reshape(-1, 3), np.stack([q, s, r], -1).reshape(-1, 3)]
    )


@pytest.mark.parametrize(
    "way", [(0, -1, 0), (1, 0, 0), (-1, 0.2, 0.3), (0.3, -0.8, -0.5), (0, 0, 1), (0.2, 0.2, -1)]
)
def test_the_map_of_a_ball_is_its_radius(way: tuple[float, float, float]) -> None:
    surface = build_surface([(*ball(80.0), BODY)])
    assert head_radius(surface.head, *way) == pytest.approx(80.0, abs=1.0)


def test_points_inside_are_pushed_out_and_others_stay() -> None:
    surface = build_surface([(*ball(80.0), BODY)])
    skull = surface.head, np.zeros_like(surface.torso)
    x, y, z = pushed_out(*skull, 30.0, CENTRE_Y, CENTRE_Z, 5.0, 0.0)
    assert (x, y, z) == pytest.approx((85.0, CENTRE_Y, CENTRE_Z), abs=1.0)
    assert pushed_out(*skull, 100.0, CENTRE_Y, CENTRE_Z, 5.0, 0.0) == (100.0, CENTRE_Y, CENTRE_Z)


def test_a_hat_covers_what_is_below_it() -> None:
    vertices, triangles = ball(90.0)
    high = (vertices[:, 1] < CENTRE_Y - 30.0)[triangles].all(axis=1)
    surface = build_surface([(*ball(80.0), BODY), (vertices, triangles[high], HAT)])
    assert is_covered(surface.cover, 0.0, -200.0, CENTRE_Z)
    assert not is_covered(surface.cover, 0.0, CENTRE_Y + 20.0, 200.0)
    _, y, _ = covered(surface.head, surface.cover, 0.0, -200.0, CENTRE_Z)
    assert y == pytest.approx(CENTRE_Y - 87.0, abs=1.5)


def test_turns_grow_from_the_front_round_to_the_back() -> None:
    turns = [quarter_turn(x, f) for x, f in ((0, 1), (1, 1), (1, 0), (1, -1), (0.001, -1))]
    assert turns == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0], abs=0.01)


def test_roots_follow_the_density() -> None:
    vertices, triangles = ball(80.0)
    density = (vertices[:, 0] > 0.0).astype(np.float64)
    roots = np.empty((2000, 9))
    placed = scattered(vertices, triangles, vertices, density, 2000, 5, roots)
    found = roots[:placed]
    assert placed > 1500
    assert found[:, 0].min() > -10.0
    assert (found[:, 3:6] * (found[:, :3] - (0, CENTRE_Y, CENTRE_Z))).sum(axis=1).min() > 70.0
    assert np.allclose(found[:, :3], found[:, 6:9])
    nothing = scattered(vertices, triangles, vertices, np.zeros(len(vertices)), 9, 5, roots)
    assert nothing == 0
