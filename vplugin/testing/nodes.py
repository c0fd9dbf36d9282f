"""Ends of test graphs: a source that generates frames and a sink that writes down what it gets.

They let a graph run on any machine without a media file, over process borders too.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import IO, Any

from pydantic import Field

from vplugin.frame import Frame, Tombstone
from vplugin.node import Context, Params, Sink, Source, StreamInfo
from vplugin.testing.frames import Scene

__all__ = ["Collect", "Pattern", "checksum", "read_log"]


class PatternParams(Params):
    """What is generated."""

    count: int = Field(30, ge=0, description="Number of frames.")
    width: int = Field(160, ge=1, description="Pixels.")
    height: int = Field(96, ge=1, description="Pixels.")
    pixel: str = Field("yuv420p", description="FFmpeg pixel format.")
    faces: int = Field(1, ge=0, description="Number of people.")
    rate: float = Field(30.0, gt=0, description="Frames per second.")
    live: bool = Field(False, description="Keep to the clock, as a camera does.")
    still: bool = Field(False, description="One picture for all frames: costs no time to make.")


class Pattern(Source[PatternParams]):
    """Generated frames (:mod:`vplugin.testing.frames`), as a file or as a camera."""

    def open(self, context: Context) -> None:
        super().open(context)
        wanted = self.params
        self._scene = Scene(
            wanted.width,
            wanted.height,
            wanted.pixel,
            wanted.faces,
            rate=Fraction(wanted.rate).limit_denominator(1001),
        )
        self._number = 0
        self._stopped = Event()
        self._first = self._scene.frame(0)
        self._start = time.monotonic()

    def info(self) -> StreamInfo:
        """A stream of known length."""
        return StreamInfo(
            time_base=self._first.time_base,
            format=self._scene.format,
            live=self.params.live,
            frames=self.params.count,
            duration=float(self.params.count / self._scene.rate),
            title="generated",
        )

    def read(self) -> Frame | None:
        """The next frame, at its time if live."""
        number = self._number
        if number >= self.params.count or self._stopped.is_set():
            return None
        self._number += 1
        if self.params.live:
            due = self._start + number / self.params.rate - time.monotonic()
            self._stopped.wait(max(0.0, due))
        if self.params.still:
            return self._first.evolve(pts=number, seq=number)
        return self._scene.frame(number)

    def stop(self) -> None:
        """End with the next frame."""
        self._stopped.set()


class CollectParams(Params):
    """Where to write."""

    path: Path | None = Field(None, description="File of one JSON line a frame or tombstone.")
    pixels: bool = Field(True, description="Whether to take checksums of the pixels.")


class Collect(Sink[CollectParams]):
    """Writes one line a frame: stream, seq, pts, faces, patches, checksum of the pixels."""

    def open(self, context: Context) -> None:
        super().open(context)
        path = self.params.path
        self._file: IO[str] | None = open(path, "w") if path else None  # noqa: SIM115 - closed in close()
        self._count = 0

    def process(self, frame: Frame) -> None:
        self._count += 1
        line: dict[str, Any] = {
            "stream": frame.stream,
            "seq": frame.seq,
            "pts": frame.pts,
            "time": str(frame.time),
            "tracks": sorted(face.track for face in frame.faces if face.track is not None),
            "patches": len(frame.patches),
            "at": time.monotonic(),
        }
        if self.params.pixels:
            line["crc"] = checksum(frame)
        self._write(line)

    def skip(self, tombstone: Tombstone) -> None:
        """Write the reason in place of the frame."""
        self._write({"stream": tombstone.stream, "seq": tombstone.seq, "reason": tombstone.reason})

    def flush(self, stream: str) -> Iterable[Frame]:
        """Let the lines reach the disk."""
        if self._file:
            self._file.flush()
        return ()

    def report(self) -> dict[str, Any]:
        """How many frames came."""
        return {"collected": self._count}

    def abort(self) -> None:
        """Remove the file."""
        self.close()
        if self.params.path:
            self.params.path.unlink(missing_ok=True)

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _write(self, line: dict[str, Any]) -> None:
        if self._file:
            self._file.write(json.dumps(line) + "\n")


def checksum(frame: Frame) -> int:
    """CRC-32 over all planes with the patches applied."""
    value = 0
    for plane in frame.planes(frame.format.bounds):
        value = zlib.crc32(plane.tobytes(), value)
    return value


def read_log(path: Path) -> list[dict[str, Any]]:
    """The frames that :class:`Collect` wrote down, without the end marks."""
    return [line for line in _lines(path) if line.get("reason") != "eos"]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    text: Sequence[str] = path.read_text().splitlines()
    yield from (json.loads(line) for line in text)
