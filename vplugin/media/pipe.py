"""Standard input as a file that FFmpeg can read and that another thread can end."""

from __future__ import annotations

import os
import select
import sys

from vplugin.errors import SourceError

__all__ = ["PipeInput"]

_HEAD = 16  # bytes


class PipeInput:
    """Reads a file descriptor; :meth:`stop` ends a read that waits.

    Args:
        descriptor: To read from; 0 is standard input. It is not closed.

    Attributes:
        head: The first bytes that were read, to tell what it is.

    Raises:
        SourceError: It is closed, or a terminal.
    """

    def __init__(self, descriptor: int = 0) -> None:
        try:
            terminal = os.isatty(descriptor)
            os.fstat(descriptor)
        except OSError as error:
            raise SourceError(
                "is closed", where="standard input", mend="pipe a video in"
            ) from error
        if terminal:
            raise SourceError(
                "is a terminal", where="standard input", mend="pipe a video in: `cat clip.ts | …`"
            )
        self.name = "-"
        self.head = b""
        self._descriptor = descriptor
        self._stopped = False
        self._wake_read, self._wake_write = os.pipe()

    def read(self, count: int) -> bytes:
        """Up to ``count`` bytes; none at the end or after :meth:`stop`."""
        if sys.platform != "win32":  # select() there knows only sockets
            ready, _, _ = select.select([self._descriptor, self._wake_read], [], [])
            if self._wake_read in ready:
                return b""
        data = b"" if self._stopped else os.read(self._descriptor, count)
        self.head = self.head or data[:_HEAD]
        return data

    def stop(self) -> None:
        """End a read that waits, and all later ones."""
        if not self._stopped:
            self._stopped = True
            os.write(self._wake_write, b"x")

    def close(self) -> None:
        """Free what belongs to this object; call it when nothing reads any more."""
        self._stopped = True
        for descriptor in (self._wake_read, self._wake_write):
            if descriptor >= 0:
                os.close(descriptor)
        self._wake_read = self._wake_write = -1
