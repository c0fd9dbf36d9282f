from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vision.swap_models import draw_face, points_at
from vplugin.picture import Rect
from vplugin.vision import mask
from vplugin.vision.align import crop_rect, similarity, template


def _points(size: int, **changes) -> np.ndarray:
    return template("arcface_128").at(size)


MASKS = {
    "face": lambda size: mask.polygon_mask(mask.face_outline(_points(size)), size, size * 0.08),
    "hull": lambda size: mask.hull_mask(_points(size), size, size * 0.05),
    "ellipse": lambda size: mask.ellipse_mask(size, size * 0.08),
    "box": mask.box_mask,
    "padded box": lambda size: mask.box_mask(size, 0.2, 0.1),
}


@pytest.mark.parametrize("size", [96, 128, 256, 512])
@pytest.mark.parametrize("name", MASKS)
def test_masks_are_soft_full_inside_and_zero_at_the_border(name, size):
    made = MASKS[name](size)
    assert made.shape == (size, size)
    assert made.dtype == np.float32
    assert made.min() == 0.0
    assert made.max() == pytest.approx(1.0, abs=1e-3)
    edge = np.concatenate([made[0], made[-1], made[:, 0], made[:, -1]])
    assert not edge.any()
    assert made[round(size * 0.56), size // 2] > 0.99  # the nose
    steps = np.abs(np.diff(made, axis=1)).max()
    assert steps < 0.35 * 128 / size + 0.02  # no hard edge


@given(degrees=st.floats(-180, 180), eyes=st.floats(20, 60), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_the_outline_goes_round_eyes_nose_and_mouth(degrees, eyes, seed):
    points = points_at(100, 100, eyes, degrees, wobble=seed)
    outline = mask.face_outline(points).astype(np.float32)
    for point in points:
        assert cv2.pointPolygonTest(outline[:, None], tuple(map(float, point)), True) > 0


def test_the_far_side_of_a_turned_face_is_narrower():
    points = _points(128).copy()
    points[2, 0] += 0.25 * 35.0  # the nose points to the right
    outline = mask.face_outline(points)
    middle = points[:2, 0].mean()
    right, left = outline[:, 0].max() - middle, middle - outline[:, 0].min()
    assert right < 0.6 * left


def test_skin_is_kept_and_a_fringe_is_not():
    size = 128
    crop = np.full((size, size, 3), (60, 90, 160), np.uint8)
    draw_face(crop, _points(size).astype(np.float32), (215, 165, 140))
    crop[:34] = (40, 25, 15)  # dark hair down to the forehead
    found = mask.skin_mask(crop, _points(size))
    same = mask.skin_mask(crop.astype(np.float32) / 255, _points(size))
    np.testing.assert_allclose(found, same, atol=1e-3)
    assert found[80:84, 50:54].min() > 0.95  # cheek
    assert found[52, 46] > 0.9  # an eye: a feature, whatever its colour
    assert found[10:24, 40:90].max() < 0.05  # hair
    assert found[64, 4:10].max() < 0.05  # background


@pytest.mark.parametrize("place", [(640, 360, 40, 0), (300, 500, 90, 30), (20, 700, 60, -50)])
def test_insightface_mask_is_the_one_over_the_whole_picture(place):
    """The same steps as insightface's paste-back, over a whole picture."""
    matrix = similarity(points_at(*place), template("arcface_128").at(128))
    white = cv2.warpAffine(
        np.full((128, 128), 255, np.float32), cv2.invertAffineTransform(matrix), (1280, 720)
    )
    white[white > 20] = 255
    rows, columns = np.where(white == 255)
    extent = int(np.sqrt(np.ptp(rows) * np.ptp(columns)))
    kernel = max(extent // 10, 10)
    white = cv2.erode(white, np.ones((kernel, kernel), np.uint8), iterations=1)
    blur = 2 * max(extent // 20, 5) + 1
    whole = cv2.GaussianBlur(white, (blur, blur), 0) / 255
    rect = crop_rect(matrix, 128, Rect(0, 0, 1280, 720))
    ours = mask.insightface_mask(matrix, 128, rect)
    np.testing.assert_allclose(ours, whole[rect.slices], atol=5e-3)
    outside = whole.copy()
    outside[rect.slices] = 0
    assert outside.max() == 0


def test_support_is_the_tightest_rectangle():
    made = np.zeros((20, 30), np.float32)
    assert mask.support(made).empty
    made[4, 7], made[9, 21] = 0.1, 1.0
    assert mask.support(made) == Rect(7, 4, 15, 6)
