"""A file server on loopback that can be cut, and stores that nobody else uses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class FileServer:
    """What the server does; requests are recorded as (path, Range header)."""

    files: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)  #: bytes after which the next answers are cut
    errors: list[int] = field(default_factory=list)  #: status codes of the next answers
    redirects: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    port: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        told = self.server.told
        name, wanted = self.path.lstrip("/"), self.headers.get("Range")
        told.requests.append((name, wanted))
        if told.errors:
            self.send_error(told.errors.pop(0))
        elif name in told.redirects:
            self._head(302, Location=told.redirects[name])
        elif name not in told.files:
            self.send_error(404)
        else:
            self._file(told, told.files[name], wanted if told.ranges else None)

    def _file(self, told: FileServer, data: bytes, wanted: str | None) -> None:
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if start >= len(data) > 0:
            self.send_error(416)
            return
        self._head(206 if wanted else 200, **{"Content-Length": str(len(data) - start)})
        cut = told.cuts.pop(0) if told.cuts else len(data)
        self.wfile.write(data[start : start + cut])

    def _head(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    told: FileServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with _Server(("127.0.0.1", 0), _Handler) as running:
        running.told = FileServer(port=running.server_port)
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running.told
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def own_store(tmp_path, monkeypatch):
    """No test reads or writes the store of the person who runs it."""
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path / "default-store"))
    monkeypatch.delenv("VPLUGIN_MODEL_MIRROR", raising=False)
    monkeypatch.delenv("VPLUGIN_ACCEPT_LICENCES", raising=False)
