from __future__ import annotations

import numpy as np
import pytest

from tests.vision.mesh_faces import face
from vplugin.vision.mesh_model import face_model
from vplugin.vision.mesh_warp import draw, pyramid, read, sampled


def _grid(size: int) -> np.ndarray:
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    return np.dstack([x, y]).astype(np.float32)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_what_lies_in_the_plane_is_carried_exactly(scale):
    model = face_model()
    vertices = model.placed(face(3))
    size = int(320 * scale)
    surface = draw(model, vertices, size, scale)
    found = surface.carry(vertices[:, :2], -1.0)
    there = surface.regions < 255
    assert 0.1 < there.mean() < 0.9
    want = (_grid(size) + 0.5) / scale - 0.5
    # Pixels on the border of a triangle belong to a neighbour: they reach a little beyond it.
    assert np.abs(found - want)[there].max() < 1.5 / scale
    assert np.abs(found - want)[there].mean() < 0.02
    assert (found[~there] == -1.0).all()


def test_the_near_side_hides_the_far_one():
    model = face_model()
    vertices = model.placed(face(yaw=60))
    depth = draw(model, vertices, 320, 1.0).carry(vertices[:, 2:], 1e3)[..., 0]
    front = draw(model, vertices, 320, 1.0).regions < 255
    # The cheek that is turned away lies behind the nose wherever both fall on one pixel.
    tip = np.rint(vertices[86, :2]).astype(int)
    near = depth[tip[1] - 3 : tip[1] + 4, tip[0] - 6 : tip[0]]
    assert front[tip[1], tip[0] - 4]
    assert near.min() < vertices[86, 2] + 15


def test_the_regions_are_where_they_should_be():
    model = face_model()
    vertices = model.placed(face(jaw=2.0))
    regions = draw(model, vertices, 320, 1.0).regions
    mouth = vertices[[62, 60], :2].mean(axis=0)
    places = {1: vertices[34, :2], 2: vertices[88, :2], 3: mouth, 0: vertices[86, :2]}
    for number, (x, y) in places.items():
        assert regions[round(y), round(x)] == number


def test_a_pyramid_halves_and_stops():
    levels = pyramid(np.full((401, 300, 4), 77, np.uint8))
    assert [level.shape[:2] for level in levels] == [(401, 300), (200, 150), (100, 75)]
    assert (levels[-1] == 77).all()


@pytest.mark.parametrize("density", [1.0, 2.0, 5.0])
def test_a_ramp_is_read_where_it_is_at_any_density(density):
    x = np.linspace(0, 255, 512)
    ramp = np.repeat(np.tile(x, (512, 1))[..., None], 3, axis=2).astype(np.float32)
    places = (_grid(64) * density + 100).astype(np.float32)
    found = sampled(pyramid(ramp), places, density)
    np.testing.assert_allclose(found[..., 0], places[..., 0] * 255 / 511, atol=0.05)


def test_fine_patterns_do_not_alias():
    board = np.indices((512, 512)).sum(axis=0) % 2 * 255
    image = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    places = (_grid(100) * 4.0 + 37).astype(np.float32)
    assert np.ptp(sampled(pyramid(image), places, 4.0).astype(int)) < 10
    assert np.ptp(read(image, places).astype(int)) == 0  # every fourth sample: all of one colour
    assert read(image, places)[0, 0, 0] in (0, 255)
