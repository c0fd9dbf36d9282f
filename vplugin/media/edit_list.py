"""The edit list of a finished MP4 or MOV, made to reach the end of its last picture.

An edit list says which part of a track is shown. FFmpeg 8's ``hybrid_fragmented`` measures it by
the last fragment alone: where that holds only pictures shown before one of the fragment before (B
frames, which are decoded after the picture they are shown before), players hide the last picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import IO

__all__ = ["cover_end"]

_HEADER, _LONG_HEADER = 8, 16  # bytes
# Where a box of version 0 has its duration, and one of version 1, in bytes after its header.
_DURATION = {b"mvhd": (16, 24), b"tkhd": (20, 28), b"mdhd": (16, 24)}
_SCALE = (12, 20)  # likewise the time scale of mvhd and mdhd
_WIDTH = (4, 8)  # of a duration
_EDITS, _EDIT = 8, (12, 20)  # where the edits begin, and what one takes


def cover_end(path: str | Path, span: Fraction) -> bool:
    """Lengthen the first track, and its only edit, to a span; never shorten them.

    Args:
        path: A complete file whose first track is the picture.
        span: Seconds from its first picture to the end of the last.

    Returns:
        Whether anything was too short.

    Raises:
        OSError: The file cannot be changed.
    """
    with open(path, "r+b") as file:
        film = _find(file, b"moov", b"mvhd")
        edits = _find(file, b"moov", b"trak", b"edts", b"elst")
        if film is None or edits is None:
            return False
        scale = _number(file, film + _SCALE[_version(file, film)])
        version, count = _version(file, edits), _number(file, edits + 4)
        last = edits + _EDITS + (count - 1) * _EDIT[version]
        if not count or not _raise(file, last, _WIDTH[version], math.ceil(span * scale)):
            return False
        starts = range(edits + _EDITS, last + 1, _EDIT[version])  # empty ones delay the track
        whole = sum(_number(file, at, _WIDTH[version]) for at in starts)
        _lengthen(file, b"moov", b"mvhd", duration=whole)
        _lengthen(file, b"moov", b"trak", b"tkhd", duration=whole)
        _lengthen(file, b"moov", b"trak", b"mdia", b"mdhd", duration=span)
        return True


def _find(file: IO[bytes], *names: bytes) -> int | None:
    """Where the content of a nested box begins: the first of each name."""
    start, end = 0, file.seek(0, 2)
    for name in names:
        found = next((where for kind, *where in _boxes(file, start, end) if kind == name), None)
        if found is None:
            return None
        start, end = found
    return start


def _boxes(file: IO[bytes], at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the content of each box in a range."""
    while at + _HEADER <= end:
        file.seek(at)
        header = file.read(_LONG_HEADER)
        size, inner = int.from_bytes(header[:4], "big"), _HEADER
        if size == 1:
            size, inner = int.from_bytes(header[8:16], "big"), _LONG_HEADER
        if size < inner:
            return
        yield header[4:8], at + inner, at + size
        at += size


def _number(file: IO[bytes], at: int, size: int = 4) -> int:
    file.seek(at)
    return int.from_bytes(file.read(size), "big")


def _version(file: IO[bytes], box: int) -> int:
    return _number(file, box, 1)


def _raise(file: IO[bytes], at: int, width: int, value: int) -> bool:
    """Write a number where a smaller one is."""
    if _number(file, at, width) >= value:
        return False
    file.seek(at)
    file.write(value.to_bytes(width, "big"))
    return True


def _lengthen(file: IO[bytes], *path: bytes, duration: int | Fraction) -> None:
    """A header's duration: in its units, or in seconds by its own time scale."""
    box = _find(file, *path)
    if box is None:
        return
    version = _version(file, box)
    if isinstance(duration, Fraction):
        duration = math.ceil(duration * _number(file, box + _SCALE[version]))
    _raise(file, box + _DURATION[path[-1]][version], _WIDTH[version], duration)
