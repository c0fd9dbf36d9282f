from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest

from tests.vision.trajectories import face_at
from vplugin.errors import SinkError, SourceError, SourceMissingError
from vplugin.vision.trackfile import TrackRecord, TrackWriter, read_tracks


def record(number: int) -> TrackRecord:
    faces = [face_at(100 + number, 200).evolve(track=1, score=0.75)]
    if number % 2:
        faces.append(face_at(500, 100, 60).evolve(track=2, points=None))
    return TrackRecord(Fraction(number * 1001, 30000), tuple(faces), cut=number == 2)


def assert_same(found: list[TrackRecord], expected: list[TrackRecord]) -> None:
    assert [(r.time, r.cut) for r in found] == [(r.time, r.cut) for r in expected]
    for a, b in zip(found, expected, strict=True):
        assert [(f.track, f.score) for f in a.faces] == [(f.track, f.score) for f in b.faces]
        for x, y in zip(a.faces, b.faces, strict=True):
            np.testing.assert_allclose(x.box, y.box, atol=1e-3)
            if y.points is None:
                assert x.points is None
            else:
                np.testing.assert_allclose(x.points, y.points, atol=1e-3)


def test_there_and_back(tmp_path) -> None:
    path = tmp_path / "new" / "tracks.jsonl"
    writer = TrackWriter(path)
    for number in (1, 0, 2, 3):
        writer.write(record(number))
    assert not path.exists()
    writer.finish()
    assert os.listdir(path.parent) == ["tracks.jsonl"]
    assert_same(read_tracks(path), [record(n) for n in range(4)])


def test_abandoned_leaves_nothing_and_keeps_the_older_file(tmp_path) -> None:
    path = tmp_path / "tracks.jsonl"
    first = TrackWriter(path)
    first.write(record(0))
    first.finish()
    first.abandon()
    second = TrackWriter(path)
    second.write(record(1))
    second.abandon()
    assert os.listdir(tmp_path) == ["tracks.jsonl"]
    assert_same(read_tracks(path), [record(0)])


def test_goes_on_after_a_crash(tmp_path) -> None:
    path = tmp_path / "tracks.jsonl"
    dead = TrackWriter(path)
    dead.write(record(0))
    position = dead.position
    dead.write(record(1))  # after the last snapshot: the frame will be run again
    dead._file.close()
    alive = TrackWriter(path, position)
    alive.write(record(1))
    alive.write(record(2))
    alive.finish()
    assert_same(read_tracks(path), [record(n) for n in range(3)])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("garbage", 1),
        ("[]", 1),
        ('{"vplugin_tracks": 99}', 1),
        ('{"frames": 1}', 1),
        ('{"vplugin_tracks": 1}\n{"time": "1/0", "cut": false, "faces": []}', 2),
        ('{"vplugin_tracks": 1}\n{"time": "1", "cut": false, "faces": []}\n{"time": "2"', 3),
        ('{"vplugin_tracks": 1}\n{"time": "1", "cut": false, "faces": [{"track": 1}]}', 2),
    ],
)
def test_what_is_no_track_file(tmp_path, text, line) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(text)
    with pytest.raises(SourceError, match=f"odd.jsonl: line {line} "):
        read_tracks(path)


def test_missing_directory_and_binary(tmp_path) -> None:
    with pytest.raises(SourceMissingError, match="does not exist"):
        read_tracks(tmp_path / "none.jsonl")
    with pytest.raises(SourceError, match="cannot be read"):
        read_tracks(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(SourceError, match="cannot be read"):
        read_tracks(tmp_path / "binary")


def test_unwritable(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot be written"):
        TrackWriter(tmp_path / "file" / "tracks.jsonl")
