from __future__ import annotations

import numpy as np
import pytest

from vplugin.train.evaluate import average_precision, judge, recall_at
from vplugin.vision.detections import Detections

BOX = (10.0, 10.0, 30.0, 30.0)
FAR = (60.0, 60.0, 80.0, 80.0)
NEAR = (12.0, 10.0, 32.0, 30.0)  # IoU 0.82 with BOX
OFF = (22.0, 10.0, 42.0, 30.0)  # IoU 0.25


def detections(*rows: tuple[tuple[float, ...], float], shift: float = 0.0) -> Detections:
    boxes = np.array([box for box, _ in rows], np.float32).reshape(-1, 4)
    points = np.zeros((len(rows), 5, 2), np.float32) + shift
    return Detections(boxes, np.array([score for _, score in rows], np.float32), points)


def truth(*boxes: tuple[float, ...], wanted: tuple[bool, ...] | None = None):
    faces = np.array(boxes).reshape(-1, 4)
    return faces, np.zeros((len(faces), 5, 2)), np.array(wanted or [True] * len(faces), bool)


@pytest.mark.parametrize(
    ("found", "faces", "right", "ap"),
    [
        (detections((BOX, 0.9)), truth(BOX), [True], 1.0),
        (detections((OFF, 0.9)), truth(BOX), [False], 0.0),
        (detections((BOX, 0.9), (FAR, 0.8)), truth(BOX, FAR), [True, True], 1.0),
        (detections((BOX, 0.9), (NEAR, 0.8)), truth(BOX), [True, False], 1.0),
        (detections((FAR, 0.9), (BOX, 0.8)), truth(BOX), [False, True], 0.5),
        (detections((BOX, 0.9)), truth(BOX, FAR), [True], 0.5),
        (detections((FAR, 0.9), (BOX, 0.8)), truth(BOX, FAR, wanted=(True, False)), [True], 1.0),
        (detections(), truth(BOX), [], 0.0),
        (detections((BOX, 0.9)), truth(), [False], 0.0),
    ],
)
def test_detections_are_matched_by_overlap(found, faces, right, ap) -> None:
    judged = judge([found], [faces])
    assert judged.right.tolist() == right
    assert average_precision(judged) == pytest.approx(ap)


def test_points_are_measured_in_shares_of_the_face() -> None:
    judged = judge([detections((BOX, 0.9), shift=3.0)], [truth(BOX)])
    assert judged.errors[0] == pytest.approx(np.hypot(3, 3) / 20)
    assert judged.sizes[0] == pytest.approx(20)


def test_recall_stops_before_one_alarm_too_many() -> None:
    found = [
        detections((BOX, 0.9), (FAR, 0.8)),
        detections((FAR, 0.7), (BOX, 0.6)),
        detections((BOX, 0.5)),
        detections(),
    ]
    judged = judge(found, [truth(BOX)] * 4)
    assert recall_at(judged, 0.0) == (pytest.approx(0.25), pytest.approx(0.9))
    assert recall_at(judged, 0.25) == (pytest.approx(0.25), pytest.approx(0.8))
    assert recall_at(judged, 0.5) == (pytest.approx(0.75), pytest.approx(0.5))
    assert recall_at(judge([detections()], [truth(BOX)]), 1.0) == (0.0, 1.0)
