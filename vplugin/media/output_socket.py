"""A TCP connection to write to, or to wait for.

Ours rather than FFmpeg's: PyAV connects while it holds Python's lock, so a caller who does not come
would stop the whole process.
"""

from __future__ import annotations

import socket
from urllib.parse import parse_qsl, urlsplit

from vplugin.errors import SinkError

__all__ = ["OutputSocket"]

_PATIENCE = 10.0  # seconds for a connection, and for a receiver that takes nothing
_CALL_PATIENCE = 30.0  # seconds for a caller, when listening


class OutputSocket:
    """A file object for a muxer.

    Args:
        url: ``tcp://host:port``; with ``?listen`` it waits for one caller. ``timeout`` (in
            microseconds) and ``listen_timeout`` (in milliseconds) are as in FFmpeg.
        title: For people.

    Raises:
        SinkError: There is no port in it.
    """

    def __init__(self, url: str, title: str) -> None:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            self._host, self._port = parts.hostname or "", parts.port
            self._patience = float(query.get("timeout", _PATIENCE * 1e6)) / 1e6
            self._call_patience = float(query.get("listen_timeout", _CALL_PATIENCE * 1e3)) / 1e3
        except ValueError as error:
            raise SinkError(f"is no address: {error}", where=title) from error
        if self._port is None:
            raise SinkError("has no port", where=title, mend="write tcp://host:port")
        self._listen = query.get("listen", "0") != "0"
        self.name = title
        self.closed = False
        self._peer: socket.socket | None = None
        self._discard = False

    def connect(self) -> None:
        """Find the receiver, or let it find us.

        Raises:
            SinkError: Nobody called in time.
            OSError: There is no such host, or nobody listens.
        """
        address = (self._host, self._port or 0)
        if self._listen:
            with socket.create_server(address) as server:
                server.settimeout(self._call_patience)
                try:
                    self._peer, _ = server.accept()
                except TimeoutError as error:
                    what = f"nobody called within {self._call_patience:g} s"
                    mend = "start the receiver, or raise listen_timeout"
                    raise SinkError(what, where=self.name, mend=mend) from error
        else:
            self._peer = socket.create_connection(address, timeout=self._patience)
        self._peer.settimeout(self._patience)
        self._peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def write(self, data: bytes) -> int:
        """All of ``data``, or an error."""
        if not self._discard and self._peer is not None:
            self._peer.sendall(data)
        return len(data)

    def ignore(self) -> None:
        """Take further writes without doing them."""
        self._discard = True

    def commit(self) -> None:
        """Nothing is left to do but to close."""
        self.discard()

    def discard(self) -> None:
        """Close."""
        self.closed = True
        if self._peer is not None:
            self._peer.close()
