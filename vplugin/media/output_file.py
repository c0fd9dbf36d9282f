"""A file that appears whole: written beside its place under another name, then renamed.

The file object is ours rather than FFmpeg's so that a full disk is an error with its true name,
every byte reaches the disk before the rename, and nothing stays open when a muxer gives up.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

from vplugin.errors import SinkError
from vplugin.node import Artifact

if sys.platform != "win32":
    import fcntl

__all__ = ["OutputFile", "OutputPipe", "check_place", "sink_error"]

_ADVICE = {
    errno.ENOSPC: ("no space left on the device", "free some space, or write elsewhere"),
    errno.EDQUOT: ("the disk quota is used up", "free some space, or write elsewhere"),
    errno.EFBIG: ("the file would be larger than allowed here", "raise the limit, or split it"),
    errno.ENOENT: ("no file can be made there", "choose another folder"),
    errno.EACCES: ("no permission to write there", "choose a folder that you may write to"),
    errno.EROFS: ("the file system is read-only", "choose a folder that you may write to"),
    errno.ENAMETOOLONG: ("the file name is too long", "choose a shorter one"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "choose another path"),
    errno.EPIPE: ("the receiver hung up", "start the receiver again"),
    errno.ECONNRESET: ("the receiver hung up", "start the receiver again"),
    errno.ECONNREFUSED: ("nobody listens at this address", "start the receiver first"),
    errno.ECONNABORTED: ("the connection was cut", "start the receiver again"),
    errno.ETIMEDOUT: ("the receiver did not answer in time", "is the address right?"),
    errno.EHOSTUNREACH: ("the host cannot be reached", "is the address right?"),
    errno.ENETUNREACH: ("the network cannot be reached", "is the address right?"),
    errno.EADDRINUSE: ("the port is in use", "choose another port"),
    errno.EADDRNOTAVAIL: ("this machine does not have that address", "choose another address"),
}


def sink_error(error: Exception, where: str | Path) -> SinkError:
    """One line for an error of the operating system or of FFmpeg."""
    number = errno.ETIMEDOUT if isinstance(error, TimeoutError) else getattr(error, "errno", None)
    if number in _ADVICE:
        what, mend = _ADVICE[number]
        return SinkError(what, where=where, mend=mend)
    said = getattr(error, "strerror", None) or str(error)
    mend = "check the device or the address, or write elsewhere"
    return SinkError(f"cannot be written: {said}", where=where, mend=mend)


def check_place(path: Path, *, overwrite: bool) -> None:
    """See that a file may be made there, and make its folder.

    Raises:
        SinkError: It is a folder, or exists and may not be replaced.
        OSError: The folder cannot be made.
    """
    if path.is_dir():
        raise SinkError("is a folder", where=path, mend="name a file in it")
    if path.exists() and not overwrite:
        raise SinkError("exists already", where=path, mend="remove it, or set overwrite: true")
    path.parent.mkdir(parents=True, exist_ok=True)


class OutputFile:
    """A seekable file for a muxer, invisible under its name until :meth:`commit`.

    Args:
        final: Where it shall appear.
        overwrite: Whether a file that is there already may be replaced.

    Raises:
        SinkError: It is a folder, exists, cannot be written, or another run writes it.
    """

    def __init__(self, final: Path, *, overwrite: bool = True) -> None:
        self.final = final
        self.temporary = final.with_name(f".{final.name}.part")
        self.closed = False
        self._discard = False
        try:
            check_place(final, overwrite=overwrite)
            self._raw = self._claim()
        except SinkError:
            raise
        except OSError as error:
            raise sink_error(error, final) from error

    def _claim(self) -> IO[bytes]:
        """Open the temporary file for this run alone; what a killed run left there is emptied."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        number = os.open(self.temporary, flags, 0o666)
        try:
            if sys.platform != "win32":
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(number, 0)
        except BlockingIOError as error:
            os.close(number)
            mend = "give each output its own name"
            raise SinkError(
                "is being written by another encoder", where=self.final, mend=mend
            ) from (error)
        except BaseException:
            os.close(number)
            raise
        return os.fdopen(number, "r+b", buffering=0)

    @property
    def name(self) -> str:
        """The path that FFmpeg sees (it opens it once more to move the index to the front)."""
        return str(self.temporary)

    @property
    def artifact(self) -> Artifact:
        """For the engine, which clears up after a killed process."""
        partial = self.final.with_name(f"{self.final.stem}.partial{self.final.suffix}")
        return Artifact(str(self.temporary), str(partial), str(self.final))

    def write(self, data: bytes) -> int:
        """All of ``data``, or an error; a raw file may write less."""
        if not self._discard:
            rest = memoryview(data)
            while rest:
                rest = rest[self._raw.write(rest) :]
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As a file does."""
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        """As a file does."""
        return self._raw.tell()

    def commit(self) -> None:
        """Put everything on the disk and give the file its name.

        Raises:
            SinkError: The disk or the folder refuses; the file is gone then.
        """
        try:
            os.fsync(self._raw.fileno())
            self._raw.close()
            os.replace(self.temporary, self.final)
            self.closed = True
            self._sync_folder()
        except OSError as error:
            self.discard()
            raise sink_error(error, self.final) from error

    def _sync_folder(self) -> None:
        if sys.platform == "win32":
            return
        folder = os.open(self.final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def ignore(self) -> None:
        """Take further writes without doing them: a muxer that closes must not fail again."""
        self._discard = True

    def discard(self) -> None:
        """Close and remove what there is; harmless if called again or after :meth:`commit`."""
        if not self.closed:
            with suppress(FileNotFoundError):
                self.temporary.unlink()
            self._raw.close()
            self.closed = True


class OutputPipe:
    """The standard output or a device, for a muxer; written in order, never closed for others.

    Args:
        path: Device or FIFO; None for the standard output.
    """

    def __init__(self, path: Path | None) -> None:
        self.name = str(path) if path else "-"
        self.closed = False
        self._discard = False
        try:
            number = os.open(path, os.O_WRONLY) if path else os.dup(1)
        except OSError as error:
            raise sink_error(error, self.name) from error
        self._raw = os.fdopen(number, "wb", buffering=0)

    def write(self, data: bytes) -> int:
        """All of ``data``, or an error."""
        if not self._discard:
            rest = memoryview(data)
            while rest:
                rest = rest[self._raw.write(rest) :]
        return len(data)

    def ignore(self) -> None:
        """As :meth:`OutputFile.ignore`."""
        self._discard = True

    def commit(self) -> None:
        """Nothing is left to do but to close."""
        self.discard()

    def discard(self) -> None:
        """Close."""
        if not self.closed:
            self.closed = True
            self._raw.close()
