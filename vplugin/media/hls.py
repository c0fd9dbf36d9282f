"""The files of an HLS output: a playlist and its segments beside it (RFC 8216).

A film's playlist appears when it is complete; a live one is replaced by rename with every segment
and keeps only the newest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO, cast

from vplugin.errors import SinkError
from vplugin.media.output_file import check_place, sink_error

__all__ = ["HlsFiles", "segment_muxer"]

_LIVE_SECONDS, _FILM_SECONDS = 2, 6
_LIVE_SEGMENTS = 6


class _Part:
    """One file, for a muxer that does not look whether writing succeeds."""

    def __init__(self, url: str, errors: list[OSError]) -> None:
        self.name = url
        self._errors = errors
        try:
            self._raw = open(url, "wb", buffering=0)  # noqa: SIM115 — closed by the muxer
        except OSError as error:
            errors.append(error)
            raise

    def write(self, data: bytes) -> int:
        """Remember an error instead of raising it: PyAV can hand on only one at a time."""
        rest = memoryview(data)
        try:
            while rest and not self._errors:
                rest = rest[self._raw.write(rest) :]
        except OSError as error:
            self._errors.append(error)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def close(self) -> None:
        self._raw.close()


def segment_muxer(codec: str) -> str:
    """MPEG-TS segments for H.264, which every player reads; MP4 for other video codecs."""
    return "mpegts" if codec == "h264" else "mp4"


class HlsFiles:
    """Names, muxer options, and clearing up.

    Args:
        playlist: The ``.m3u8``.
        codec: FFmpeg's name of the video codec, which decides on the kind of segments.
        live: Whether the playlist slides.
        overwrite: Whether a playlist of that name may be replaced.

    Raises:
        SinkError: The playlist exists or the folder cannot be made.
    """

    def __init__(self, playlist: Path, codec: str, *, live: bool, overwrite: bool) -> None:
        self.playlist = playlist
        self._live = live
        self._errors: list[OSError] = []
        self._transport = segment_muxer(codec) == "mpegts"
        self._suffix = "ts" if self._transport else "m4s"
        try:
            check_place(playlist, overwrite=overwrite)
            self.discard()
        except SinkError:
            raise
        except OSError as error:
            raise sink_error(error, playlist) from error

    @property
    def name(self) -> str:
        """What opens the whole."""
        return str(self.playlist)

    @property
    def options(self) -> dict[str, str]:
        """For FFmpeg's ``hls`` muxer."""
        name = self.playlist.stem.replace("%", "%%")
        folder = str(self.playlist.parent).replace("%", "%%")
        flags = "temp_file+independent_segments" + ("+delete_segments" if self._live else "")
        return {
            "hls_time": str(_LIVE_SECONDS if self._live else _FILM_SECONDS),
            "hls_list_size": str(_LIVE_SEGMENTS if self._live else 0),
            "hls_segment_type": "mpegts" if self._transport else "fmp4",
            "hls_segment_filename": f"{folder}/{name}_%05d.{self._suffix}",
            "hls_fmp4_init_filename": f"{self.playlist.stem}_init.mp4",
            "hls_flags": flags,
            **({} if self._live else {"hls_playlist_type": "vod"}),
        }

    @property
    def segments(self) -> list[Path]:
        """What is there, in order; the initial segment of MP4 first."""
        stem = re.escape(self.playlist.stem)
        ours = re.compile(rf"{stem}_(init\.mp4|\d{{5,}}\.(ts|m4s))(\.tmp)?")
        found = [path for path in self.playlist.parent.iterdir() if ours.fullmatch(path.name)]
        return sorted(found, key=lambda path: ("_init" not in path.name, path.name))

    @property
    def size(self) -> int:
        """Bytes of all segments."""
        return sum(path.stat().st_size for path in self.segments)

    def open(self, url: str, flags: int, options: Mapping[str, str]) -> IO[bytes]:
        """For ``av.open(io_open=…)``: every file of the muxer, with its errors remembered."""
        return cast("IO[bytes]", _Part(url, self._errors))

    def check(self) -> None:
        """Say what FFmpeg's HLS muxer keeps to itself.

        Raises:
            OSError: A file could not be written.
        """
        if self._errors:
            raise self._errors[0]

    def ignore(self) -> None:
        """The muxer may write its last files; :meth:`discard` removes them."""

    def commit(self) -> None:
        """The muxer has closed the playlist with ``ENDLIST``.

        Raises:
            OSError: As :meth:`check`.
            SinkError: There is none.
        """
        self.check()
        if not self.playlist.is_file():
            raise SinkError("the playlist could not be written", where=self.playlist)

    def discard(self) -> None:
        """Remove the playlist and its segments."""
        draft = self.playlist.with_name(f"{self.playlist.name}.tmp")
        for path in (self.playlist, draft, *self.segments):
            path.unlink(missing_ok=True)
