"""A landmark net's points take the place of a detector's coarse ones, where the two agree."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vplugin.vision.align import apply
from vplugin.vision.detections import Detections
from vplugin.vision.landmarks import FIVE, face_square
from vplugin.vision.points import PointRefiner

IMAGE = np.zeros((200, 300, 3), np.uint8)
TRUTH = np.array([[120.0, 80], [160, 88], [138, 108], [120, 124], [152, 130]], np.float32)
BOX = np.array([95.0, 50, 180, 150], np.float32)


class Knowing:
    """Says that the five points are where they are told to be; keeps what it was asked."""

    def __init__(self, points: np.ndarray) -> None:
        self.points, self.turns = points, np.zeros(0)

    def of_faces(self, image: np.ndarray, boxes: np.ndarray, turns: np.ndarray) -> np.ndarray:
        self.turns = turns
        found = np.zeros((len(boxes), 106, 2), np.float32)
        found[:, list(FIVE)] = self.points
        return found


def found(points: np.ndarray | None, box: np.ndarray = BOX) -> Detections:
    five = None if points is None else points[None].astype(np.float32)
    return Detections(box[None], np.ones(1, np.float32), five)


@pytest.mark.parametrize(
    ("off", "box", "better"),
    [
        (6.0, BOX, True),
        (60.0, BOX, False),  # it looks at something else
        (1.0, np.array([130.0, 90, 145, 105], np.float32), False),  # too small to see more
        (6.0, BOX + np.float32((200, 0, 200, 0)), False),  # its centre is not in the picture
    ],
)
def test_points_are_taken_where_both_agree(off: float, box: np.ndarray, better: bool) -> None:
    coarse = TRUTH + np.float32(off)
    refined, dense = PointRefiner(Knowing(TRUTH)).refined(IMAGE, found(coarse, box))
    assert refined.points is not None
    np.testing.assert_allclose(refined.points[0], TRUTH if better else coarse)
    assert (dense[0] is not None) == better
    np.testing.assert_array_equal(refined.boxes[0], box)


def test_the_face_is_turned_upright_first() -> None:
    knowing = Knowing(TRUTH)
    PointRefiner(knowing).refined(IMAGE, found(TRUTH))
    assert knowing.turns == pytest.approx([math.atan2(8, 40)])
    eyes = apply(face_square(BOX, turn=float(knowing.turns[0])), TRUTH[:2])
    assert eyes[0, 1] == pytest.approx(eyes[1, 1])
    assert eyes[0, 0] < eyes[1, 0]
    centre = apply(face_square(BOX, turn=1.0), np.array([[137.5, 100.0]]))
    assert centre[0] == pytest.approx([96, 96])


@pytest.mark.parametrize("given", [Detections.empty(), found(None)], ids=["none", "no points"])
def test_nothing_to_refine(given: Detections) -> None:
    refined, dense = PointRefiner(Knowing(TRUTH)).refined(IMAGE, given)
    assert refined is given
    assert dense == [None] * len(given)
