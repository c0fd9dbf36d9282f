"""Generated frames: known faces, readable numbers, in every pixel format."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from vplugin.errors import PictureError
from vplugin.picture import LAYOUTS
from vplugin.testing.frames import Scene, face_at, frames, paint, read_number


@pytest.mark.parametrize("pixel", sorted(LAYOUTS))
def test_number_is_readable_in_every_format(pixel: str) -> None:
    scene = Scene(pixel=pixel, width=177, height=97, faces=2)
    for number in (0, 1, 777, 65535):
        assert read_number(scene.frame(number).picture) == number


@pytest.mark.parametrize("size", [(40, 20), (160, 96), (1280, 720)])
def test_number_survives_jpeg(size: tuple[int, int]) -> None:
    import cv2

    coded = cv2.imencode(".jpg", paint(*size, 4711), [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    assert read_number(cv2.imdecode(coded, cv2.IMREAD_COLOR)) == 4711


def test_painted_over_number_is_an_error() -> None:
    rgb = paint(160, 96, 3)
    rgb[:20] = 128
    with pytest.raises(PictureError, match="carries no number"):
        read_number(rgb)


def test_smallest_picture() -> None:
    assert Scene(1, 1, faces=0).frame(0).format.plane_shapes == ((1, 1), (1, 1), (1, 1))


def test_faces_are_where_they_are_said_to_be() -> None:
    scene = Scene(320, 240, faces=2)
    for number in (0, 7, 31):
        rgb = paint(320, 240, number, scene.faces_at(number)).astype(int)
        for face in scene.faces_at(number):
            assert face.points is not None
            x0, y0, x1, y1 = face.box
            assert x0 >= 0
            assert y0 >= 0
            assert x1 <= 320
            assert y1 <= 240
            eye = rgb[tuple(np.rint(face.points[0]).astype(int)[::-1])]
            cheek = rgb[round(y0 + (y1 - y0) * 0.6), round(x0 + (x1 - x0) * 0.3)]
            assert eye.sum() < cheek.sum(), "eyes are darker than cheeks"


def test_faces_move_smoothly_and_keep_their_track() -> None:
    scene = Scene(faces=3)
    steps = [face_at(scene, n + 1, 2).box - face_at(scene, n, 2).box for n in range(40)]
    assert 0 < np.abs(steps).max() < 0.05 * scene.width
    assert [face.track for face in scene.faces_at(9)] == [0, 1, 2]


def test_times_are_exact() -> None:
    made = frames(4, start=2, rate=Fraction(30000, 1001), time_base=Fraction(1, 90000))
    assert [frame.pts for frame in made] == [6006, 9009, 12012, 15015]
    assert [frame.pts for frame in frames(3)] == [0, 1, 2]
