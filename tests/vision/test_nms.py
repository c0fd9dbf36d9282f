from __future__ import annotations

import numpy as np
import pytest
from insightface.model_zoo import SCRFD

from vplugin.vision.nms import iou_matrix, nms


def _boxes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 100, (count, 2))
    boxes = np.hstack([low, low + rng.uniform(5, 60, (count, 2))]).astype(np.float32)
    return boxes, rng.uniform(0, 1, count).astype(np.float32)


@pytest.mark.parametrize(
    ("boxes", "scores", "border", "kept"),
    [
        ([], [], 0, []),
        ([[0, 0, 10, 10]], [0.1], 0, [0]),
        ([[0, 0, 10, 10], [0, 0, 10, 10]], [0.1, 0.2], 0, [1]),
        ([[0, 0, 10, 10], [20, 0, 30, 10]], [0.1, 0.2], 0, [1, 0]),
        ([[0, 0, 10, 10], [0, 0, 10, 10]], [0.5, 0.5], 0, [0]),
        # IoU is 1/3 by edges and 0.375 with one more row and column
        ([[0, 0, 10, 10], [5, 0, 15, 10]], [0.9, 0.8], 0, [0, 1]),
        ([[0, 0, 10, 10], [5, 0, 15, 10]], [0.9, 0.8], 1, [0]),
    ],
)
def test_nms_by_hand(boxes, scores, border, kept) -> None:
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    assert nms(boxes, np.array(scores), 0.35, border=border).tolist() == kept


@pytest.mark.parametrize("seed", range(5))
def test_nms_equals_insightface(seed) -> None:
    boxes, scores = _boxes(120, seed)
    peer = SCRFD.__new__(SCRFD)
    peer.nms_thresh = 0.4
    assert nms(boxes, scores, 0.4).tolist() == peer.nms(np.hstack([boxes, scores[:, None]]))


def test_iou_matrix() -> None:
    first = np.array([[0, 0, 10, 10], [5, 5, 5, 5]], np.float32)
    second = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [50, 50, 60, 60]], np.float32)
    np.testing.assert_allclose(iou_matrix(first, second), [[1, 1 / 3, 0], [0, 0, 0]])
