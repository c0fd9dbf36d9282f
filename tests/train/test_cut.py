"""Crops carry their truth along; a mirror swaps left and right in all of it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.bank_items import SIZE, bank
from vplugin.synth.parts import Segment
from vplugin.train.augment import Framing
from vplugin.train.cut import MIRROR, box_frame, cut, mirrored, template_frame
from vplugin.train.faces import Face, read_face
from vplugin.vision.align import apply, template

STILL = Framing(turn=0.0, scale=0.0, shift=0.0, squeeze=0.0)
MOVED = Framing(turn=20.0, scale=0.1, shift=0.05)


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Face:
    return read_face(bank(tmp_path_factory.mktemp("bank") / "one.npy", range(4, 5))[0])


def _random() -> np.random.Generator:
    return np.random.default_rng(5)


def test_mirror_order_is_its_own_inverse() -> None:
    assert sorted(MIRROR) == list(range(106))
    assert [MIRROR[index] for index in MIRROR] == list(range(106))
    assert [index for index in range(106) if MIRROR[index] == index] == [
        0, 53, 60, 62, 71, 72, 73, 74, 80, 86
    ]  # fmt: skip


def test_twice_mirrored_is_the_face_itself(face: Face) -> None:
    twice = mirrored(mirrored(face))
    for name in ("image", "segments", "box", "points", "landmarks", "visible", "pose"):
        np.testing.assert_allclose(getattr(twice, name), getattr(face, name), atol=1e-4)
    assert twice.words == face.words


def test_a_mirror_moves_truth_with_pixels(face: Face) -> None:
    other = mirrored(face)
    for points, labels in ((face, face.segments), (other, other.segments)):
        first, second = points.points[:2].round().astype(int)
        assert labels[first[1], first[0]] == Segment.RIGHT_EYE
        assert labels[second[1], second[0]] == Segment.LEFT_EYE
    assert other.pose[0] == -face.pose[0]
    assert other.pose[1] == face.pose[1]
    assert other.words["expression.blink_right"] == face.words["expression.blink_left"]
    assert np.array_equal(other.image[:, ::-1], face.image)


@pytest.mark.parametrize("framing", [STILL, MOVED])
@pytest.mark.parametrize("side", [64, 192])
def test_points_and_segments_follow_the_pixels(face: Face, framing: Framing, side: int) -> None:
    crop = cut(face, box_frame(face, _random(), framing, side), side, _random(), None)
    eyes = crop.points(face.points)[:2]
    for size in (side, side // 2):
        segments = crop.segments(size)
        places = ((eyes + 1) * size / 2 - 0.5).round().astype(int)
        assert segments[places[0, 1], places[0, 0]] == Segment.RIGHT_EYE
        assert segments[places[1, 1], places[1, 0]] == Segment.LEFT_EYE
    pixels = ((eyes + 1) * side / 2 - 0.5).round().astype(int)
    assert all(crop.picture[y, x].max() < 60 for x, y in pixels)


def test_box_crop_is_that_of_the_contract(face: Face) -> None:
    crop = cut(face, box_frame(face, _random(), STILL, 192), 192, _random(), None)
    x0, y0, x1, y1 = face.box
    middle = np.array([[(x0 + x1) / 2, (y0 + y1) / 2]])
    np.testing.assert_allclose(crop.points(middle), 0, atol=1e-3)
    high = np.array([[(x0 + x1) / 2, y0], [(x0 + x1) / 2, y1]])
    np.testing.assert_allclose(crop.points(high)[:, 1], [-1 / 1.5, 1 / 1.5], atol=1e-3)


def test_outside_the_rendered_picture_nobody_knows(face: Face) -> None:
    matrix = np.array([[1.0, 0, 20], [0, 1, 0]])
    segments = cut(face, matrix, SIZE, _random(), None).segments(SIZE)
    assert (segments[:, :20] == 255).all()
    assert (segments[:, 20:] != 255).all()


def test_template_crop_puts_the_points_where_the_template_has_them(face: Face) -> None:
    goal = template("arcface_112").at(112)
    exact = template_frame(face, _random(), STILL, "arcface_112", 112)
    off = template_frame(face, _random(), STILL, "arcface_112", 112, error=0.05)
    errors = [np.hypot(*(apply(matrix, face.points) - goal).T).mean() for matrix in (exact, off)]
    assert errors[0] < 8
    assert not np.allclose(exact, off)
    assert errors[1] < 3 * errors[0] + 6


def test_another_backdrop_leaves_people_alone(face: Face) -> None:
    other = np.full((50, 70, 3), (0, 255, 0), np.uint8)
    picture = cut(face, np.eye(3)[:2], SIZE, _random(), other).picture
    assert np.array_equal(picture[face.alpha == 255], face.image[face.alpha == 255])
    assert (picture[face.alpha == 0] == (0, 255, 0)).all()
