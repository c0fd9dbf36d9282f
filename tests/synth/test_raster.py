"""Triangles in samples, and the map of shadows."""

from __future__ import annotations

import numpy as np
import pytest

from vplugin.synth.raster import projected, rasterise, widen
from vplugin.synth.shadow import light_axes, lit, shadow_map, softly_lit, through

SQUARE = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def square(size: float, z: float) -> np.ndarray:
    half = size / 2
    return np.array([[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]])


def drawn(vertices, triangles, side=16):
    nearness, seen = np.zeros((side, side), np.float32), np.full((side, side), -1, np.int32)
    places = projected(vertices, float(side), side / 2, side / 2)
    rasterise(places, triangles, nearness, seen)
    return nearness, seen


def test_a_square_covers_its_samples_once():
    nearness, seen = drawn(square(50.0, 100.0), SQUARE)
    assert (seen >= 0).sum() == 64
    assert set(np.unique(seen)) == {-1, 0, 1}
    np.testing.assert_allclose(nearness[seen >= 0], 0.01, rtol=1e-6)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_nearer_one_is_seen(order):
    squares = [square(50.0, 100.0), square(50.0, 200.0)]
    vertices = np.concatenate([squares[n] for n in order])
    nearness, _ = drawn(vertices, np.concatenate([SQUARE, SQUARE + 4]).astype(np.int32))
    assert nearness[8, 8] == pytest.approx(0.01)


def test_what_is_behind_the_camera_is_not_drawn():
    _, seen = drawn(square(50.0, -100.0), SQUARE)
    assert (seen == -1).all()


def test_bounds():
    bounds = np.array([np.inf, np.inf, -np.inf, -np.inf])
    widen(bounds, square(50.0, 100.0), 16.0, 8.0, 8.0)
    np.testing.assert_allclose(bounds, [4, 4, 12, 12])


def test_axes_are_right_angled():
    axes = light_axes((0.0, -0.6, -0.8)).reshape(3, 3)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(axes[2], (0.0, 0.6, 0.8))


def room(half_angle: float, hairs: bool = False):
    """A small square before a large wall, light from the camera."""
    vertices = np.concatenate([square(40.0, 900.0), square(400.0, 1000.0)])
    triangles = np.concatenate([SQUARE, SQUARE + 4]).astype(np.int32)
    strands, links = np.zeros((0, 3)), np.zeros(0)
    if hairs:
        x = np.arange(-100.0, -60.0, 0.5)
        ends = np.stack(
            [np.stack([x, np.full_like(x, y), np.full_like(x, 950.0)], -1) for y in (-50, 50)], 1
        )
        strands, links = ends.reshape(-1, 3), np.tile([0.4, 0.0], len(x))
    return shadow_map(vertices, triangles, strands, links, (0.0, 0.0, -1.0), half_angle, 256)


def test_a_shadow_is_where_the_square_is():
    shadows = room(0.02)
    assert lit(shadows, 0.0, 0.0, 999.0) == 0.0
    assert lit(shadows, 60.0, 0.0, 999.0) == 1.0
    assert lit(shadows, 0.0, 0.0, 899.0) == 1.0


def test_a_large_light_softens_the_edge():
    def edge(half_angle):
        shadows = room(half_angle)
        return [softly_lit(shadows, x, 0.0, 999.0, 0) for x in np.arange(0.0, 60.0, 1.0)]

    hard, soft = edge(0.02), edge(0.2)
    partly = [sum(0.05 < value < 0.95 for value in values) for values in (hard, soft)]
    assert partly[1] > 2 * partly[0]
    assert soft[0] < 0.1
    assert soft[-1] == 1.0


def test_hair_lets_a_part_through():
    shadows = room(0.02, hairs=True)
    assert 0.1 < through(shadows, -80.0, 0.0, 999.0) < 0.75
    assert through(shadows, -80.0, 0.0, 940.0) == 1.0
    assert through(shadows, 80.0, 0.0, 999.0) == 1.0
