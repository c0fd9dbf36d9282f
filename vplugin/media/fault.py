"""FFmpeg's errors in words: what is wrong with an input, where, and what to do about it."""

from __future__ import annotations

import os
from pathlib import Path

import av

from vplugin.errors import SourceError, SourceMissingError
from vplugin.media.address import Address

__all__ = ["check_file", "closed_by_peer", "source_error", "timed_out"]

_BOX_HEADER = 8  # bytes: big-endian size and four letters


def check_file(address: Address) -> None:
    """Refuse what cannot be a media file, before FFmpeg sees it.

    Raises:
        SourceMissingError: There is no such file.
        SourceError: It is a folder, empty or unreadable.
    """
    path = address.path
    if path is None or "%" in path.name:  # a numbered sequence of pictures
        return
    where = address.title
    if not path.exists():
        raise SourceMissingError(
            "there is no such file", where=where, mend=f"check the path; looked for {path}"
        )
    if path.is_dir():
        raise SourceError("is a folder", where=where, mend="name a video file in it")
    if not os.access(path, os.R_OK):
        raise SourceError("may not be read", where=where, mend=f"chmod u+r {path}")
    if path.is_file() and path.stat().st_size == 0:
        raise SourceError("is empty (0 bytes)", where=where, mend="copy or record it again")


def source_error(error: Exception, address: Address, head: bytes = b"") -> SourceError:
    """The fitting error of ours for one of FFmpeg's, raised while opening or reading.

    Args:
        error: FFmpeg's, or the operating system's.
        address: What was read.
        head: The first bytes, where it cannot be read again (standard input).
    """
    where, scheme = address.title, address.scheme
    if isinstance(error, av.error.ProtocolNotFoundError):
        return SourceError(
            f"this build of FFmpeg does not speak {scheme}://",
            where=where,
            mend="use rtsp, rtmp, udp, tcp, http(s), v4l2, lavfi or a file; "
            "relay others with ffmpeg or srt-live-transmit to udp://",
        )
    if isinstance(error, av.error.ConnectionRefusedError):
        return SourceError(
            "nobody listens there", where=where, mend="start the sender or check host and port"
        )
    if timed_out(error):
        return SourceError(
            "sent nothing in time",
            where=where,
            mend="check that the sender runs, or raise `timeout`",
        )
    if isinstance(error, FileNotFoundError):
        return SourceMissingError(
            "there is no such input", where=where, mend="check the name, and that it is plugged in"
        )
    if isinstance(error, PermissionError):
        return SourceError("may not be opened", where=where, mend="check the permissions")
    if isinstance(error, av.error.InvalidDataError):
        return _invalid(address, head)
    reason = getattr(error, "strerror", None) or str(error)
    return SourceError(f"cannot be read: {reason}", where=where, mend=_mend(address))


def timed_out(error: Exception) -> bool:
    """Whether an error is the end of our patience."""
    return isinstance(error, av.error.ExitError | TimeoutError)


def closed_by_peer(error: Exception) -> bool:
    """Whether the sender hung up: FFmpeg says "I/O error" (RTMP) or names the connection."""
    io_error = isinstance(error, av.error.OSError) and error.errno == 5
    return io_error or isinstance(error, ConnectionError | BrokenPipeError)


def _mend(address: Address) -> str:
    if address.scheme == "lavfi":
        return "check the names and values of its filters: `ffmpeg -filters` lists them"
    if address.scheme == "pipe":
        return "save it to a file and check that with ffprobe"
    return "check it with ffprobe"


def _invalid(address: Address, head: bytes) -> SourceError:
    if head[4:8] == b"ftyp":
        return SourceError(
            "is an MP4 or MOV with its index at the end, which cannot be read from a pipe",
            where=address.title,
            mend="pipe mkv, nut or ts, or give the path of the file",
        )
    if address.path is not None and _without_index(address.path):
        return SourceError(
            "has no index (moov): its recording was cut off",
            where=address.title,
            mend="copy it again, or rebuild it with a tool such as untrunc",
        )
    return SourceError(
        "is not a picture, sound or video that FFmpeg can read",
        where=address.title,
        mend=f"{_mend(address)}; it may be damaged or need a `format` of its own",
    )


def _without_index(path: Path) -> bool:
    """Whether it is an MP4/MOV whose top-level boxes include no ``moov``."""
    names, size = [], path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + _BOX_HEADER <= size:
            file.seek(at)
            header = file.read(2 * _BOX_HEADER)
            length, name = int.from_bytes(header[:4]), header[4:8]
            names.append(name)
            if length == 1:
                length = int.from_bytes(header[8:16])
            at += length if length >= _BOX_HEADER else size
    return names[:1] == [b"ftyp"] and b"moov" not in names
