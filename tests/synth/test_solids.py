from __future__ import annotations

import numpy as np
import pytest

from vplugin.synth import solids


def _area(solid: solids.Solid) -> float:
    a, b, c = (solid.vertices[solid.triangles[:, k]] for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


@pytest.mark.parametrize(
    ("solid", "area"),
    [
        (solids.ball((1, 2, 3), (10, 10, 10), 40, 60), 4 * np.pi * 100),
        (solids.box((0, 0, 0), (10, 20, 30)), 2 * (200 + 300 + 600)),
        (
            solids.tube(np.array([[0, 0, 0], [0, 50, 0], [0, 100.0, 0]]), 5.0, 60),
            2 * np.pi * 5 * 100 + 2 * np.pi * 25,
        ),
    ],
)
def test_areas_are_those_of_the_bodies(solid, area):
    assert _area(solid) == pytest.approx(area, rel=0.02)
    assert solid.texture.shape == solid.vertices.shape
    assert solid.triangles.max() < len(solid.vertices)


def test_a_closed_tube_is_a_ring():
    turn = np.arange(60) * 2 * np.pi / 60
    path = np.stack([50 * np.cos(turn), 50 * np.sin(turn), 0 * turn], -1)
    ring = solids.tube(path, 4.0, 40, closed=True)
    assert _area(ring) == pytest.approx(4 * np.pi**2 * 50 * 4, rel=0.02)


def test_joined_keeps_every_triangle():
    a, b = solids.ball((0, 0, 0), (1, 1, 1)), solids.ball((5, 0, 0), (1, 1, 1))
    both = solids.joined([a, b])
    assert len(both.triangles) == 2 * len(a.triangles)
    assert _area(both) == pytest.approx(2 * _area(a))


@pytest.mark.parametrize(
    ("angles", "ahead"),
    [
        ((90, 0, 0), (1, 0, 0)),
        ((0, 90, 0), (0, 1, 0)),
        ((0, 0, 90), (0, 0, -1)),
    ],
)
def test_rotations_turn_as_heads_do(angles, ahead):
    """A face looks along -z: positive yaw to the picture's right, positive pitch down."""
    matrix = solids.rotation(*angles)
    np.testing.assert_allclose(solids.turned(np.array([0.0, 0, -1]), matrix), ahead, atol=1e-9)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
