"""Frames from folders, videos and pictures."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from vplugin.errors import SourceError, SourceMissingError
from vplugin.train.contest.footage import Footage, names_in, spread

LEVELS = (20, 80, 140, 200, 240)


def frame(level: int) -> np.ndarray:
    return np.full((32, 48, 3), level, np.uint8)


def save_frames(folder: Path, levels: tuple[int, ...] = LEVELS, first: int = 0) -> Path:
    folder.mkdir(parents=True)
    for index, level in enumerate(levels, first):
        cv2.imwrite(str(folder / f"{index:04d}.png"), frame(level))
    return folder


def save_video(path: Path, levels: tuple[int, ...] = LEVELS) -> Path:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", 25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "bgr0"
        for level in levels:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame(level), "rgb24")))
        output.mux(stream.encode(None))
    return path


def levels_of(pictures: list[np.ndarray]) -> list[int]:
    assert all(picture.shape == (32, 48, 3) for picture in pictures)
    return [int(picture.mean()) for picture in pictures]


@pytest.mark.parametrize("kind", ["frames", "inner", "video"])
def test_frames_are_read_by_place(tmp_path: Path, kind: str) -> None:
    if kind == "video":
        path = save_video(tmp_path / "071.mkv")
    else:
        save_frames(tmp_path / "071" / ("frames" if kind == "inner" else ""))
        path = tmp_path / "071"
    footage = Footage(path)
    assert len(footage) == 5
    assert levels_of(footage.read([0, 2, 4])) == [20, 140, 240]


def test_a_picture_is_footage_of_one(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "ada.png"), frame(90))
    footage = Footage(tmp_path / "ada.png")
    assert len(footage) == 1
    assert levels_of(footage.read([0])) == [90]


def test_results_are_matched_by_place_or_name(tmp_path: Path) -> None:
    whole = Footage(save_frames(tmp_path / "whole"))
    video = Footage(save_video(tmp_path / "video.mkv"))
    part = Footage(save_frames(tmp_path / "part", LEVELS[2:4], first=2))
    assert video.place_of(whole, 3) == 3
    assert part.place_of(whole, 2) == 0
    assert part.place_of(whole, 0) is None
    assert part.place_of(video, 2) is None, "a video's frames have no names"


@pytest.mark.parametrize(
    ("length", "count", "wanted"),
    [(10, 5, [0, 2, 4, 6, 8]), (3, 10, [0, 1, 2]), (1, 1, [0]), (300, 3, [0, 100, 200])],
)
def test_spread(length: int, count: int, wanted: list[int]) -> None:
    assert spread(length, count) == wanted


def test_names_are_without_endings(tmp_path: Path) -> None:
    save_frames(tmp_path / "000")
    save_video(tmp_path / "001.mkv")
    cv2.imwrite(str(tmp_path / "ada.png"), frame(1))
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden").mkdir()
    assert list(names_in(tmp_path)) == ["000", "001", "ada"]
    cv2.imwrite(str(tmp_path / "ada.jpg"), frame(1))
    with pytest.raises(SourceError, match=r"ada.jpg and ada.png are called ada — rename one"):
        names_in(tmp_path)


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match="no such folder"):
        names_in(tmp_path / "none")
    (tmp_path / "bad.mp4").write_bytes(b"not a video at all" * 20)
    with pytest.raises(SourceError, match=r"bad.mp4: cannot be read"):
        len(Footage(tmp_path / "bad.mp4"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no pictures"):
        Footage(tmp_path / "empty")
    video = Footage(save_video(tmp_path / "short.mkv"))
    with pytest.raises(SourceError, match="only 1 of 2 frames can be decoded"):
        video.read([4, 9])
