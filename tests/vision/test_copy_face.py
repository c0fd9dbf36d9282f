from __future__ import annotations

import numpy as np
import pytest

from tests.vision.swap_models import draw_face, points_at, smooth_picture
from vplugin.vision.align import apply, similarity, template, warp, yaw
from vplugin.vision.copy_face import CopySwapper, placed
from vplugin.vision.source import Source, View

SKIN = (215, 165, 140)


def _picture(points: np.ndarray, skin=SKIN, size: int = 400) -> np.ndarray:
    image = smooth_picture(size, size, 9)
    draw_face(image, points, skin)
    return image


def _view(eyes: float = 80, degrees: float = 0, turn: float = 0.0, skin=SKIN) -> View:
    points = points_at(200, 200, eyes, degrees, wobble=None)
    points[2, 0] += turn * eyes
    return View(_picture(points, skin), points)


def _target(size: int, turn: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    points = template("arcface_128").at(size)
    points[2, 0] += turn * size * 35 / 128
    crop = np.full((size, size, 3), 0.2, np.float32)
    image = (crop * 255).astype(np.uint8)
    draw_face(image, points.astype(np.float32), (150, 98, 66))
    return image.astype(np.float32) / 255, points


@pytest.mark.parametrize("size", CopySwapper.sizes)
@pytest.mark.parametrize("degrees", [0, 40, 170])
def test_the_sources_face_lies_on_the_targets_points(size, degrees):
    swapper = CopySwapper()
    view = _view(eyes=90, degrees=degrees)
    crop, points = _target(size)
    made = swapper.swap(crop[None], points[None], [swapper.prepare(Source("x", (view,)))], [None])
    want = warp(view.image, placed(view.points, points), (size, size)) / 255
    inner = made.masks[0] > 0.9
    assert inner[int(points[2, 1]), int(points[2, 0])]
    assert inner.mean() > 0.15
    # Mirrored or not: the cartoon is symmetric.
    assert np.abs(made.crops[0] - want)[inner].mean() < 0.04


def test_hair_before_either_face_stays_out():
    view = _view()
    crop, points = _target(128)
    crop[:, :52] = (0.1, 0.3, 0.1)  # something in front of the target's cheek, beside the eye
    swapper = CopySwapper()
    prepared = swapper.prepare(Source("x", (view,)))
    mask = swapper.swap(crop[None], points[None], [prepared], [None]).masks[0]
    assert mask[100:110, 40:44].max() < 0.1
    assert mask[80, 64] > 0.9
    assert prepared[0].rgba[4, 4, 3] == 0  # the source's background


def test_the_side_that_looks_the_same_way_is_taken_and_kept():
    swapper = CopySwapper()
    prepared = swapper.prepare(Source("x", (_view(turn=0.3),)))
    assert [round(view.yaw, 1) for view in prepared] == [0.3, -0.3]

    def taken(turn: float, track: int | None) -> float:
        crop, points = _target(128, turn)
        assert yaw(points) == pytest.approx(turn, abs=0.05)
        made = swapper.swap(crop[None], points[None], [prepared], [track]).crops[0]
        sides = []
        for view in prepared:
            matrix = placed(view.points, points)
            sides.append(np.abs(warp(view.rgba[..., :3], matrix, (128, 128)) / 255 - made).mean())
        return prepared[int(np.argmin(sides))].yaw

    assert taken(0.3, None) > 0 > taken(-0.3, None)
    assert taken(0.3, 1) > 0
    assert taken(-0.03, 1) > 0  # no flipping about the middle …
    assert taken(-0.03, 2) < 0
    assert taken(-0.3, 1) < 0  # … but a real turn counts
    assert taken(0.03, 1) < 0


def test_mirrored_views_keep_left_and_right():
    (view, mirror) = CopySwapper().prepare(Source("x", (_view(turn=0.2),)))
    width = view.rgba.shape[1]
    assert mirror.points[0, 0] == pytest.approx(width - 1 - view.points[1, 0])
    assert mirror.points[0, 0] < mirror.points[1, 0]
    assert (mirror.rgba[:, ::-1] == view.rgba).all()
    assert yaw(mirror.points) == pytest.approx(-yaw(view.points))


def test_sources_are_kept_at_twice_their_resolution_up_to_a_bound():
    sizes = [
        CopySwapper().prepare(Source("x", (_view(eyes=eyes),)))[0].rgba.shape[0]
        for eyes in (5, 35, 70)
    ]
    assert sizes[0] == 128
    assert sizes[1] == pytest.approx(2 * 160, abs=8)  # 35 pixels between the eyes are 128 wide
    assert sizes[2] == pytest.approx(2 * sizes[1], abs=8)
    points = points_at(1500, 1500, 900, wobble=None)
    huge = View(np.zeros((3000, 3000, 3), np.uint8), points)
    prepared = CopySwapper().prepare(Source("x", (huge,)))[0]
    assert prepared.rgba.shape == (1024, 1024, 4)
    np.testing.assert_allclose(
        apply(similarity(points, prepared.points), points), prepared.points, atol=0.1
    )


def test_foreshortening_is_followed_half_way():
    points = template("arcface_128").at(128)
    squeezed = points * [0.7, 1.0]
    moved = apply(placed(points, squeezed), points)
    width, height = np.ptp(moved[:2, 0]), np.ptp(moved[[0, 3], 1])
    whole = np.ptp(points[:2, 0]) / np.ptp(points[[0, 3], 1])
    assert 0.7 * whole < width / height < whole
    np.testing.assert_allclose(apply(placed(points, points * 2 + 3), points), points * 2 + 3)
