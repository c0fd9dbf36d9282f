from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from tests.vision.swap_models import points_at, smooth_picture
from vplugin.errors import SourceError, SourceMissingError
from vplugin.frame import Face
from vplugin.vision.source import load_source, mean_embedding, read_picture


def _face(width: float = 100, points: bool = True) -> Face:
    box = np.array([10, 10, 10 + width, 10 + width], np.float32)
    return Face(box, points=points_at(60, 60, 40) if points else None)


def _save(path, image) -> None:
    assert cv2.imwrite(str(path), image[..., ::-1])


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "webp", "jpg"])
def test_pictures_are_read_as_rgb(tmp_path, suffix):
    image = np.zeros((40, 60, 3), np.uint8)
    image[..., 0] = 220
    _save(tmp_path / f"red.{suffix}", image)
    read = read_picture(tmp_path / f"red.{suffix}")
    assert read.shape == (40, 60, 3)
    assert np.abs(read.astype(int) - image).max() <= 6


@pytest.mark.parametrize("kind", ["grey", "alpha", "16 bit"])
def test_other_kinds_of_pictures_become_rgb_of_8_bits(tmp_path, kind):
    path = tmp_path / "x.png"
    shapes = {"grey": (9, 9), "alpha": (9, 9, 4), "16 bit": (9, 9, 3)}
    dtype = np.uint16 if kind == "16 bit" else np.uint8
    cv2.imwrite(str(path), np.full(shapes[kind], 60 if dtype == np.uint8 else 60 * 257, dtype))
    read = read_picture(path)
    assert (read.shape, read.dtype) == ((9, 9, 3), np.uint8)
    assert (read == 60).all()


@pytest.mark.parametrize(
    ("content", "faces", "error", "message"),
    [
        (None, [], SourceMissingError, "there is no such picture"),
        (b"", [], SourceError, "is not a picture"),
        (b"garbage" * 99, [], SourceError, "is not a picture"),
        ("picture", [], SourceError, "no face was found"),
        ("picture", [_face(points=False)], SourceError, "no face was found"),
        ("picture", [_face(), _face(90)], SourceError, "2 faces are in this picture"),
    ],
    ids=["missing", "empty", "garbage", "no face", "no points", "two faces"],
)
def test_bad_sources_are_one_line_errors(tmp_path, content, faces, error, message):
    path = tmp_path / "ada.png"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        _save(path, smooth_picture(80, 60))
    with pytest.raises(error, match=message) as caught:
        load_source(path, lambda image: faces)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    assert "—" in text  # it says how to mend it


def test_an_empty_folder(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(SourceError, match="holds no pictures"):
        load_source(tmp_path, lambda image: [_face()])


def test_a_bad_picture_in_a_folder_is_named(tmp_path):
    _save(tmp_path / "a.png", smooth_picture(80, 60))
    (tmp_path / "b.jpg").write_bytes(b"?")
    with pytest.raises(SourceError, match=re.escape(str(tmp_path / "b.jpg"))):
        load_source(tmp_path, lambda image: [_face()])


def test_someone_small_in_the_background_does_not_count(tmp_path):
    _save(tmp_path / "ada.png", smooth_picture(80, 60))
    source = load_source(tmp_path / "ada.png", lambda image: [_face(20), _face(100)])
    assert len(source.views) == 1
    assert source.embedding is None


def test_a_folder_gives_all_views_and_one_embedding(tmp_path):
    for name in ("b.PNG", "a.jpg", "c.webp"):
        _save(tmp_path / name, smooth_picture(80, 60))
    raw = iter(np.eye(512)[:3] * [[1.0], [50.0], [0.1]])
    source = load_source(tmp_path, lambda image: [_face()], lambda image, points: next(raw))
    assert [view.name.rsplit("/", 1)[-1] for view in source.views] == ["a.jpg", "b.PNG", "c.webp"]
    # Each counts the same, however long its embedding.
    np.testing.assert_allclose(source.embedding[:3], np.full(3, 3**-0.5), rtol=1e-6)
    assert source.length == pytest.approx(51.1 / 3)


def test_mean_embedding_has_length_one():
    rng = np.random.default_rng(0)
    assert np.linalg.norm(mean_embedding(list(rng.normal(0, 9, (4, 512))))) == pytest.approx(1)
