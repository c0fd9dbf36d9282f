"""Posing, joining, and normals."""

from __future__ import annotations

import numpy as np
import pytest

from vplugin.synth.assembly import PIVOT, Placed, joined, posed, smooth_normals
from vplugin.synth.parts import Material, Part, Segment

NOSE = np.array([[0.0, 40.0, -30.0]])
NOWHERE = np.zeros(3)


def turned(points, yaw=0.0, pitch=0.0, roll=0.0, body=0.0, share=1.0):
    angles = np.radians([yaw, pitch, roll, body])
    return posed(points, np.full(1, share), angles, NOWHERE)[0] - PIVOT


@pytest.mark.parametrize(
    ("angles", "axis", "sign"),
    [
        ({"yaw": 40.0}, 0, 1),
        ({"yaw": -40.0}, 0, -1),
        ({"pitch": 20.0}, 1, 1),
        ({"pitch": -20.0}, 1, -1),
        ({"body": 40.0}, 0, 1),
    ],
)
def test_which_way_a_face_turns(angles, axis, sign):
    rest, now = turned(NOSE), turned(NOSE, **angles)
    assert np.sign(now[axis] - rest[axis]) == sign
    assert np.linalg.norm(now) == pytest.approx(np.linalg.norm(rest))


def test_roll_tilts_clockwise():
    crown = np.array([[0.0, -110.0, 95.0]])
    assert turned(crown, roll=15.0)[0] > 40.0


def test_what_stays_with_the_body():
    np.testing.assert_allclose(
        turned(NOSE, yaw=50.0, roll=20.0, share=0.0), turned(NOSE), atol=1e-9
    )
    half, whole = turned(NOSE, yaw=50.0, share=0.5), turned(NOSE, yaw=25.0)
    np.testing.assert_allclose(half, whole, atol=1e-9)


def test_place_is_of_the_frame():
    out = posed(NOSE, np.ones(1), np.zeros(4), np.array([1.0, 2.0, 600.0]))
    np.testing.assert_allclose(out, NOSE + np.array([1, 2, 600]))


def part(vertices, triangles, **more) -> Part:
    return Part(vertices, triangles, Material.CLOTH, Segment.CLOTH, vertices, **more)


def test_parts_that_share_vertices_are_smooth_across():
    roof = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 1.0]])
    left, right = np.array([[0, 1, 2]], np.int32), np.array([[0, 2, 3]], np.int32)
    mesh = joined([Placed(part(roof, left), roof, 1), Placed(part(roof, right), roof, 2)])
    assert mesh.vertices.shape == (4, 3)
    assert mesh.triangles.tolist() == [[0, 1, 2], [0, 2, 3]]
    np.testing.assert_allclose(mesh.normals, smooth_normals(roof, mesh.triangles))
    assert mesh.part.tolist() == [0, 1]
    assert mesh.rows[:, 8].tolist() == [1.0, 2.0]
    assert mesh.labels.tolist() == [16, 16]


def test_parts_of_their_own_are_apart():
    corner = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    triangle = np.array([[0, 1, 2]], np.int32)
    mesh = joined([Placed(part(corner, triangle), corner + n, 0) for n in range(2)])
    assert mesh.triangles.tolist() == [[0, 1, 2], [3, 4, 5]]
    np.testing.assert_allclose(abs(mesh.normals[:, 2]), 1.0)


def test_nothing():
    assert len(joined([]).triangles) == 0
