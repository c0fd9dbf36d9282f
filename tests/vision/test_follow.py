"""Faces between two looks: they move as their landmarks do, and the detector is asked in time."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vision.swap_models import points_at, smooth_picture
from vplugin.vision.detections import Detections
from vplugin.vision.follow import Follower

BOX = np.array([[80.0, 60, 160, 160]], np.float32)
POINTS = points_at(120, 110, 35, wobble=None)[None]
FOUND = Detections(BOX, np.array([0.9], np.float32), POINTS)
PICTURE = smooth_picture(320, 180, 1)
OTHER = np.zeros((180, 320, 3), np.uint8)  # a bright bar in the dark
OTHER[:, 40:90] = 230
DENSE = np.zeros((106, 2), np.float32)


def moved(held: Detections, scale: float = 1.0, x: float = 0.0) -> Detections:
    middle = held.points.mean(axis=1, keepdims=True)
    points = (held.points - middle) * scale + middle + np.array([x, 0], np.float32)
    return Detections(held.boxes, held.scores, points.astype(np.float32))


def refine_by(**change):
    return lambda _, held: (moved(held, **change), [DENSE] * len(held))


@pytest.mark.parametrize("every", [2, 3, 5])
def test_the_detector_looks_at_every_so_many(every):
    follower, looks = Follower(), []
    for number in range(11):
        if follower.follow(PICTURE, number / 25, every, refine_by()) is None:
            looks.append(number)
            follower.looked(PICTURE, FOUND)
    assert looks == list(range(0, 11, every))


def test_boxes_move_and_grow_as_their_points_do():
    follower = Follower()
    assert follower.follow(PICTURE, 0, 9, refine_by()) is None
    follower.looked(PICTURE, FOUND)
    for number in (1, 2):
        found, dense = follower.follow(PICTURE, number / 25, 9, refine_by(x=10))
    np.testing.assert_allclose(found.boxes, np.add(BOX, [[20, 0, 20, 0]]), atol=1e-3)
    np.testing.assert_allclose(found.points, np.add(POINTS, [20, 0]), atol=1e-3)
    assert dense[0] is DENSE
    found, _ = follower.follow(PICTURE, 0.12, 9, refine_by(scale=1.5))
    sides = found.boxes[0, 2:] - found.boxes[0, :2]
    np.testing.assert_allclose(sides, [120, 150], rtol=1e-3)
    assert found.scores[0] == FOUND.scores[0]


def test_the_detector_looks_where_landmarks_go_astray_or_another_picture_comes():
    follower = Follower()
    follower.follow(PICTURE, 0, 9, refine_by())
    follower.looked(PICTURE, FOUND)
    assert follower.follow(PICTURE, 0.04, 9, refine_by()) is not None
    assert follower.follow(PICTURE, 0.08, 9, lambda _, held: (held, [None])) is None
    follower.looked(PICTURE, FOUND)
    assert follower.follow(OTHER, 0.12, 9, refine_by()) is None  # a cut
    follower.looked(OTHER, FOUND)
    assert follower.follow(OTHER[:, :300], 0.16, 9, refine_by()) is None  # another size


def test_no_face_stays_no_face_until_the_next_look():
    follower = Follower()
    follower.follow(PICTURE, 0, 3, refine_by())
    follower.looked(PICTURE, Detections.empty())
    found, dense = follower.follow(PICTURE, 0.04, 3, lambda _, held: (held, []))
    assert len(found) == len(dense) == 0
