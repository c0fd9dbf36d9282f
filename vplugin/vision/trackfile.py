"""Tracks of a clip in a file, for two passes: one graph records them, a second one applies them.

JSON lines: a header, then a line per frame with its exact time. Times are fractions of seconds, so
a file fits its clip whatever the time base of the second run is. The file appears under its name
when the recording is complete.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from vplugin.errors import SinkError, SourceError, SourceMissingError
from vplugin.frame import Face

__all__ = ["TrackRecord", "TrackWriter", "read_tracks"]

_VERSION = 1
_KEY = "vplugin_tracks"


@dataclass(frozen=True)
class TrackRecord:
    """The tracked faces of one frame.

    Attributes:
        time: Of the frame, in seconds, exact.
        faces: With box, score, points and track number.
        cut: Whether a new shot begins.
    """

    time: Fraction
    faces: tuple[Face, ...]
    cut: bool = False


class TrackWriter:
    """Writes a track file, which takes its name when it is finished.

    Args:
        path: Where it shall appear.
        position: Bytes that an earlier writer of the same file had written (:attr:`position`), to
            go on after a crash; what it wrote beyond is dropped.

    Raises:
        SinkError: The file cannot be written.
    """

    def __init__(self, path: Path, position: int = 0) -> None:
        self.path = path
        self.temporary = path.with_name(f".{path.name}.part")
        with _reporting(self.path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = self.temporary.open("r+b" if position else "wb")
            self._file.truncate(position)
            self._file.seek(position)
        if not position:
            self._line({_KEY: _VERSION})

    @property
    def position(self) -> int:
        """Bytes written so far, all of them handed to the system."""
        return self._file.tell()

    def write(self, record: TrackRecord) -> None:
        """Add a frame."""
        faces = [_face_json(face) for face in record.faces]
        self._line({"time": str(record.time), "cut": record.cut, "faces": faces})

    def finish(self) -> None:
        """Close and give the file its name."""
        with _reporting(self.path):
            self._file.close()
            os.replace(self.temporary, self.path)

    def abandon(self) -> None:
        """Close and remove what was written, unless it is finished."""
        if not self._file.closed:
            self._file.close()
            self.temporary.unlink(missing_ok=True)

    def _line(self, value: dict[str, Any]) -> None:
        with _reporting(self.path):
            self._file.write(json.dumps(value, separators=(",", ":")).encode() + b"\n")
            self._file.flush()


@contextmanager
def _reporting(path: Path) -> Iterator[None]:
    """Turns the system's errors in a block into ours."""
    try:
        yield
    except OSError as error:
        raise SinkError(
            f"tracks cannot be written: {error.strerror}",
            where=path,
            mend="choose a folder that you can write to and that has room",
        ) from error


def read_tracks(path: Path) -> list[TrackRecord]:
    """All frames of a track file, in the order of their times.

    Raises:
        SourceMissingError: There is no such file.
        SourceError: It is not a track file.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise SourceMissingError(
            "the track file does not exist", where=path, mend="record it first with `record:`"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"the track file cannot be read: {error}", where=path) from error
    return sorted(_records(path, lines), key=lambda record: record.time)


def _records(path: Path, lines: Sequence[str]) -> Iterator[TrackRecord]:
    for number, line in enumerate(lines or [""], 1):
        try:
            value = json.loads(line)
            if number > 1:
                faces = tuple(_face_of(item) for item in value["faces"])
                yield TrackRecord(Fraction(value["time"]), faces, bool(value["cut"]))
            elif value[_KEY] != _VERSION:
                raise ValueError(f"version {value[_KEY]} of the format")
        except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
            raise SourceError(
                f"line {number} is not of a track file",
                where=path,
                mend="record it again with `record:`",
            ) from error


def _face_json(face: Face) -> dict[str, Any]:
    return {
        "track": face.track,
        "score": round(float(face.score), 4),
        "box": _rounded(face.box),
        "points": None if face.points is None else _rounded(face.points),
    }


def _face_of(item: dict[str, Any]) -> Face:
    points = item["points"]
    return Face(
        np.array(item["box"], np.float32).reshape(4),
        float(item["score"]),
        None if points is None else np.array(points, np.float32).reshape(5, 2),
        track=int(item["track"]),
    )


def _rounded(values: npt.NDArray[Any]) -> Any:
    """Nested lists of numbers to a thousandth of a pixel."""
    return np.round(values.astype(np.float64), 3).tolist()
