from __future__ import annotations

import numpy as np
import pytest

from tests.vision.swap_models import draw_face, points_at, smooth_picture
from vplugin.frame import Face
from vplugin.vision.cover import Keeper, cover_mask, covered


def _face(x: float, track: int | None = None) -> Face:
    return Face(np.array([x, 50, x + 60, 120], np.float32), track=track)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("style", ["gaussian", "pixelate", "fill"])
@pytest.mark.parametrize("size", [(1, 1), (7, 40), (300, 260)])
def test_styles_keep_shape_and_type(style, dtype, size):
    rgb = smooth_picture(*size)
    rgb = rgb if dtype == np.uint8 else (rgb / 255).astype(np.float32)
    made = covered(rgb, style, 20.0, (1.0, 0.5, 0.0))
    assert (made.shape, made.dtype) == (rgb.shape, rgb.dtype)
    if style == "fill":
        full = 255 if dtype == np.uint8 else 1.0
        np.testing.assert_allclose(made[0, 0], [full, full * 0.5, 0], atol=0.6)


@pytest.mark.parametrize("style", ["gaussian", "pixelate"])
def test_features_are_gone(style):
    """Grain of 15 % of a face: what is left of the eyes is no more than a shade."""
    rgb = np.full((300, 300, 3), (215, 165, 140), np.uint8)
    draw_face(rgb, points_at(150, 130, 90), (215, 165, 140))
    made = covered(rgb, style, 0.15 * 230, (0, 0, 0))
    assert rgb.std(axis=(0, 1)).max() > 15
    detail = np.abs(np.diff(made.astype(float), axis=1))
    if style == "gaussian":
        assert detail.max() < 5
    else:
        assert len(np.unique(made.reshape(-1, 3), axis=0)) <= 81


def test_ellipse_and_box():
    box, ellipse = cover_mask(80, 60, "box"), cover_mask(80, 60, "ellipse")
    assert box.shape == ellipse.shape == (60, 80)
    assert box.min() == 1.0
    assert ellipse[0, 0] == 0.0
    assert ellipse[30, 40] == 1.0
    # The face itself, in a region larger by a quarter on each side, is covered to its corners.
    assert ellipse[10 + 1 : 50 - 1, 13 + 1 : 67 - 1].min() > 0.9


def test_missed_faces_stay_covered_and_the_cover_grows():
    keeper = Keeper(3)
    assert [c.missed for c in keeper.update([_face(10, 1)])] == [0]
    widths = []
    for missed in (1, 2, 3):
        (cover,) = keeper.update([])
        assert (cover.missed, cover.track) == (missed, 1)
        left, _, right, _ = cover.grown(0.25)
        widths.append(right - left)
    assert widths == sorted(widths)
    assert widths[0] > 60 * 1.5
    assert keeper.update([]) == []


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        (_face(10, 1), _face(400, 1), 1),
        (_face(10, 1), _face(15, 2), 1),
        (_face(10), _face(15), 1),
        (_face(10), _face(400), 2),
        (_face(10, 1), _face(400, 2), 2),
        (_face(10, 1), _face(400), 2),
    ],
    ids=["same track", "renumbered", "untracked", "gone", "another", "lost its number"],
)
def test_a_face_that_was_found_again_is_not_held_twice(before, after, count):
    keeper = Keeper(5)
    keeper.update([before])
    assert len(keeper.update([after])) == count


def test_the_state_travels():
    keeper = Keeper(2)
    keeper.update([_face(10, 1), _face(300)])
    other = Keeper(2)
    other.restore(keeper.snapshot())
    assert other.update([]) == keeper.update([])
