"""Where an input is: a path, a URL, a device or standard input, and how FFmpeg has to be told.

Also the one place that knows which schemes run at their own pace, and which parts of an address are
secrets that must not be shown or logged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

__all__ = ["Address"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_LIVE = frozenset({"rtsp", "rtsps", "rtmp", "rtmps", "rtmpt", "udp", "tcp", "rtp", "srtp", "v4l2"})
_FORMATS = MappingProxyType({"v4l2": "video4linux2", "lavfi": "lavfi"})

# A short look at the stream is enough to know its tracks. Packets read during that look are kept
# (no `nobuffer`): they hold the first key frame, and a live graph catches up at once anyway.
_PROBE = {"probesize": "1000000", "analyzeduration": "1000000"}
_OPTIONS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "rtsp": {**_PROBE, "rtsp_transport": "tcp"},
        "rtsps": {**_PROBE, "rtsp_transport": "tcp"},
        "rtmp": {**_PROBE, "rtmp_live": "live"},
        "rtmps": {**_PROBE, "rtmp_live": "live"},
        "udp": {**_PROBE, "overrun_nonfatal": "1", "fifo_size": "50000"},
        "tcp": {**_PROBE},
    }
)


@dataclass(frozen=True)
class Address:
    """One input.

    Attributes:
        uri: As the graph says it.
        target: What FFmpeg is told: an absolute path, a URL, a filter graph; "-" for stdin.
        scheme: ``file``, ``pipe``, ``lavfi``, ``rtsp`` …
        format: FFmpeg demuxer to force, or None.
        path: Where it is a file.
        options: For the demuxer and protocol, by scheme.
    """

    uri: str
    target: str
    scheme: str
    format: str | None = None
    path: Path | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, uri: str, base: str | Path = ".") -> Address:
        """Understand an address; relative paths are relative to ``base``."""
        if uri == "-":
            return cls(uri, uri, "pipe")
        match = _SCHEME.match(uri)
        if match is None or match[1].lower() == "file":
            path = Path(uri[len("file://") :] if match else uri)
            whole = (Path(base) / path).absolute()
            return cls(uri, str(whole), "file", path=whole)
        scheme, rest = match[1].lower(), uri[match.end() :]
        format = _FORMATS.get(scheme)
        options = _OPTIONS.get(scheme, {})
        return cls(uri, rest if format else uri, scheme, format, options=options)

    @property
    def live(self) -> bool | None:
        """Whether it runs at its own pace; None where only the opened stream can tell (HLS)."""
        if self.scheme in ("http", "https"):
            return None
        return self.scheme in _LIVE

    @property
    def title(self) -> str:
        """For people: without user names, passwords, query keys and RTMP stream keys."""
        if self.scheme == "pipe":
            return "standard input"
        if self.path is not None or self.scheme in ("lavfi", "v4l2"):
            return self.uri
        parts = urlsplit(self.uri)
        host = parts.netloc.rpartition("@")[2]
        path = parts.path
        if self.scheme.startswith("rtmp"):
            app, _, key = path.lstrip("/").partition("/")
            path = f"/{app}/…" if key else f"/{app}"
        return f"{parts.scheme}://{host}{path}"
