from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from tests.vision.detector_models import OrtSession, noise_picture, save_scrfd
from vplugin.picture import Rect
from vplugin.vision.detect import open_detector
from vplugin.vision.detections import Detections
from vplugin.vision.tile import _whole_faces, detect_tiled, tile_rects


@pytest.mark.parametrize(
    ("width", "height", "side", "overlap", "count"),
    [(640, 360, 640, 96, 1), (641, 360, 640, 96, 2), (1920, 1080, 640, 96, 8), (3, 3, 640, 0, 1)],
)
def test_tiles_cover_the_picture_and_share_the_overlap(width, height, side, overlap, count) -> None:
    rects = tile_rects(width, height, side, overlap)
    assert len(rects) == count
    covered = np.zeros((height, width), int)
    for rect in rects:
        assert rect == rect.intersect(Rect(0, 0, width, height))
        covered[rect.slices] += 1
    assert covered.min() >= 1
    columns = sorted({rect.x for rect in rects})
    assert all(a + side - b >= overlap for a, b in pairwise(columns))


def test_overlap_must_fit() -> None:
    with pytest.raises(ValueError, match="overlap"):
        tile_rects(100, 100, 64, 64)


def test_boxes_cut_by_inner_borders_or_too_large_are_left_to_others() -> None:
    boxes = np.array(
        [[0, 5, 20, 30], [10, 10, 40, 40], [70, 10, 99.5, 40], [10, 10, 80, 80], [3, 80, 20, 100]],
        np.float32,
    )
    faces = Detections(boxes, np.ones(5, np.float32))
    left_tile = _whole_faces(faces, Rect(0, 0, 100, 100), 180, 100, 50)
    assert left_tile.boxes.tolist() == boxes[[0, 1, 4]].tolist()
    right_tile = _whole_faces(faces, Rect(80, 0, 100, 100), 180, 100, 50)
    assert right_tile.boxes.tolist() == boxes[[1, 2, 4]].tolist()


class _SpotDetector:
    """Sees white squares between 16 and 100 pixels, like a detector with its limits."""

    border = 0.0
    fixed_size = None

    def candidates(self, pictures, *, score, canvas=None):
        return [self._find(picture) for picture in pictures]

    def _find(self, picture):
        _, _, stats, _ = cv2.connectedComponentsWithStats((picture[..., 0] > 128).astype(np.uint8))
        boxes = np.array([[x, y, x + w, y + h] for x, y, w, h, _ in stats[1:]], np.float32)
        boxes = boxes.reshape(-1, 4)
        side = boxes[:, 2] - boxes[:, 0]
        boxes = boxes[(side >= 16) & (side <= 100)]
        return Detections(boxes, np.ones(len(boxes), np.float32))


def test_small_and_large_faces_are_found_once_each() -> None:
    fine = np.zeros((1080, 1920, 3), np.uint8)
    squares = [(30, 30, 20), (620, 300, 24), (1000, 500, 60), (1880, 1050, 18), (300, 600, 250)]
    for x, y, side in squares:
        fine[y : y + side, x : x + side] = 255
    coarse = np.ascontiguousarray(fine[::3, ::3])
    found = detect_tiled(_SpotDetector(), coarse, fine, side=640)
    boxes = sorted((found.boxes * 3).round().astype(int).tolist())
    for (x, y, side), box in zip(sorted(squares), boxes, strict=True):
        np.testing.assert_allclose(box, [x, y, x + side, y + side], atol=3)


def test_tiles_through_a_real_detector(tmp_path) -> None:
    detector = open_detector(OrtSession(save_scrfd(tmp_path / "d.onnx", batch="n", batched=True)))
    fine = noise_picture(700, 400)
    coarse = np.ascontiguousarray(fine[::2, ::2])
    found = detect_tiled(detector, coarse, fine, score=0.6, side=256, max_faces=20)
    alone = detector.detect([coarse], score=0.6)[0]
    assert len(alone) > 0
    assert len(found) == 20
    assert found.points.shape == (20, 5, 2)
