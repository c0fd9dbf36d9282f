"""The second look: large faces are added, parts of them dropped, small ones left alone."""

from __future__ import annotations

import numpy as np
import pytest

from vplugin.vision.detections import Detections
from vplugin.vision.near import with_near_faces

PICTURE = np.zeros((480, 640, 3), np.uint8)
LARGE = (100.0, 40.0, 420.0, 440.0)
PART = (150.0, 100.0, 250.0, 220.0)
SMALL = (500.0, 300.0, 540.0, 350.0)


class Knowing:
    """Finds one face in small copies, wherever it is told to."""

    border = 0.0

    def __init__(self, box: tuple[float, ...], score: float = 0.8) -> None:
        self.box, self.score, self.sizes = box, score, []

    def detect(self, pictures: list[np.ndarray], *, score: float, iou: float) -> list[Detections]:
        self.sizes += [picture.shape[:2] for picture in pictures]
        return [faces((np.array(self.box) / 4, self.score)) for _ in pictures]


def faces(*rows: tuple[object, float]) -> Detections:
    boxes = np.array([box for box, _ in rows], np.float32).reshape(-1, 4)
    scores = np.array([score for _, score in rows], np.float32)
    return Detections(boxes, scores, np.zeros((len(rows), 5, 2), np.float32))


@pytest.mark.parametrize(
    ("first", "wanted"),
    [
        (faces(), {LARGE}),
        (faces((SMALL, 0.6)), {LARGE, SMALL}),
        (faces((PART, 0.6)), {LARGE}),  # an eye that was taken for a face
        (faces((PART, 0.9)), {LARGE, PART}),  # somebody in front, surer than the large face
        (faces((LARGE, 0.7)), {LARGE}),  # found twice
    ],
)
def test_large_faces_are_added(first: Detections, wanted: set[tuple[float, ...]]) -> None:
    detector = Knowing(LARGE)
    found = with_near_faces(detector, PICTURE, first)
    assert {tuple(box) for box in found.boxes.tolist()} == wanted
    assert detector.sizes == [(120, 160)]


def test_small_faces_of_the_copy_do_not_count() -> None:
    found = with_near_faces(Knowing(SMALL), PICTURE, faces())
    assert len(found) == 0


def test_a_small_picture_is_looked_at_once() -> None:
    detector, first = Knowing(LARGE), faces((SMALL, 0.6))
    assert with_near_faces(detector, PICTURE[:200, :300], first) is first
    assert detector.sizes == []
