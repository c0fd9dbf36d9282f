"""Frames of somebody, however they lie on the disk: a folder of pictures, a video, a picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from vplugin.errors import SourceError, SourceMissingError
from vplugin.train.contest.cases import Rgb
from vplugin.vision.source import PICTURE_SUFFIXES, picture_files, read_picture

__all__ = ["Footage", "names_in", "spread"]

_VIDEOS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"})


def names_in(folder: Path) -> dict[str, Path]:
    """What a folder holds, by name without ending: folders, videos and pictures.

    Raises:
        SourceMissingError: There is no such folder.
        SourceError: Two things have one name.
    """
    if not folder.is_dir():
        raise SourceMissingError("there is no such folder", where=folder, mend="check the path")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        known = path.suffix.lower() in _VIDEOS | PICTURE_SUFFIXES
        if path.name.startswith(".") or not (path.is_dir() or known):
            continue
        name = path.name if path.is_dir() else path.stem
        if name in found:
            both = f"{found[name].name} and {path.name}"
            raise SourceError(f"both {both} are called {name}", where=folder, mend="rename one")
        found[name] = path
    return found


def spread(length: int, count: int) -> list[int]:
    """``count`` places evenly spread over a length, the first among them; all if it is short."""
    if count >= length:
        return list(range(length))
    return [int(place) for place in np.arange(count) * length // count]


class Footage:
    """Frames in order.

    Args:
        path: A folder of pictures (or of a folder ``frames`` of them), a video or a picture.

    Raises:
        SourceError: A folder holds no pictures.
    """

    def __init__(self, path: Path) -> None:
        inner = path / "frames"
        self.path = inner if inner.is_dir() else path
        self._video = self.path.suffix.lower() in _VIDEOS and not self.path.is_dir()
        self._files = [] if self._video else picture_files(self.path)

    def __len__(self) -> int:
        return self._frames if self._video else len(self._files)

    @cached_property
    def _frames(self) -> int:
        try:
            with av.open(str(self.path)) as video:
                # A header may be wrong or silent about the number; packets are quick to count.
                return sum(packet.size > 0 for packet in video.demux(video=0))
        except (FFmpegError, IndexError) as error:
            raise _unreadable(self.path, error) from error

    def place_of(self, other: Footage, place: int) -> int | None:
        """Which of these frames belongs to a frame of another footage of the same scene.

        The same place if both are equally long, else the picture of the same name; None if there
        is none.
        """
        if len(self) == len(other):
            return place
        if self._video or other._video:
            return None
        stem = other._files[place].stem
        return next((k for k, file in enumerate(self._files) if file.stem == stem), None)

    def read(self, places: Sequence[int]) -> list[Rgb]:
        """Some frames, in ascending order: (H, W, 3) uint8 RGB each.

        Raises:
            SourceError: A frame cannot be read.
        """
        if not self._video:
            return [np.asarray(read_picture(self._files[place]), np.uint8) for place in places]
        found = self._decoded(set(places))
        if len(found) < len(set(places)):
            what = f"only {len(found)} of {len(places)} frames can be decoded"
            raise SourceError(what, where=self.path, mend="is it cut short?")
        return [found[place] for place in places]

    def _decoded(self, wanted: set[int]) -> dict[int, Rgb]:
        found: dict[int, Rgb] = {}
        try:
            with av.open(str(self.path)) as video:
                for place, frame in enumerate(video.decode(video=0)):
                    if place in wanted:
                        found[place] = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
                    if place >= max(wanted):
                        break
        except (FFmpegError, IndexError) as error:
            raise _unreadable(self.path, error) from error
        return found


def _unreadable(path: Path, error: Exception) -> SourceError:
    said = getattr(error, "strerror", None) or "it has no picture"
    return SourceError(f"cannot be read: {said}", where=path, mend="is it a video?")
