"""Where video can go: containers, protocols and addresses as typed data.

The tables say what the product vouches for, beyond what FFmpeg would accept: MPEG-TS takes any
codec, for instance, but players read only some. Encoders are in :mod:`vplugin.media.encoding`,
writing in :mod:`vplugin.media.sink`.
"""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from vplugin.errors import SinkError
from vplugin.media.address import Address

__all__ = [
    "CONTAINERS",
    "PROTOCOLS",
    "Container",
    "Protocol",
    "Target",
    "nearest",
    "parse_target",
]

_MILLISECOND = Fraction(1, 1000)
_TS_CLOCK = Fraction(1, 90000)


@dataclass(frozen=True)
class Container:
    """A container format.

    Attributes:
        name: What ``format:`` calls it.
        muxer: FFmpeg's name.
        suffixes: File name endings that mean it.
        clock: The only unit in which it can tell time, or None where it takes the source's.
        video: Codecs that players expect in it; None leaves the word to the muxer.
        copied: Codecs of sound, text and data that players expect in it, likewise.
        seeks: Whether finishing it needs a file that can be written at any place.
        timecode: Whether it can carry a start timecode.
        data: Whether tracks that are neither sound nor text may be tried.
    """

    name: str
    muxer: str
    suffixes: tuple[str, ...]
    clock: Fraction | None = None
    video: frozenset[str] | None = None
    copied: frozenset[str] | None = None
    seeks: bool = False
    timecode: bool = False
    data: bool = False

    @property
    def family(self) -> str:
        """``mov`` for MP4 and QuickTime, which share one muxer, else the muxer's name."""
        return "mov" if self.muxer in ("mp4", "mov", "ipod") else self.muxer


_TS_COPIED = frozenset(
    {"aac", "aac_latm", "ac3", "eac3", "mp2", "mp3", "dts", "truehd", "opus", "s302m"}
    | {"dvb_subtitle", "dvb_teletext", "hdmv_pgs_subtitle", "scte_35", "klv", "timed_id3"}
)
_MP4_VIDEO = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "vvc", "mpeg2video"})

CONTAINERS: Mapping[str, Container] = MappingProxyType(
    {
        item.name: item
        for item in (
            Container("mp4", "mp4", (".mp4", ".m4v"), None, _MP4_VIDEO, None, True, True),
            Container("mov", "mov", (".mov", ".qt"), None, None, None, True, True),
            Container("mkv", "matroska", (".mkv",), _MILLISECOND, timecode=True),
            Container("webm", "webm", (".webm",), _MILLISECOND, timecode=True),
            Container(
                "ts",
                "mpegts",
                (".ts", ".m2ts", ".mts"),
                _TS_CLOCK,
                frozenset({"h264", "hevc", "mpeg2video"}),
                _TS_COPIED,
                data=True,
            ),
            Container("nut", "nut", (".nut",)),
            Container("flv", "flv", (".flv",), _MILLISECOND, frozenset({"h264", "hevc", "av1"})),
            Container(
                "hls",
                "hls",
                (".m3u8",),
                _TS_CLOCK,
                frozenset({"h264", "hevc", "av1"}),
                frozenset({"aac", "ac3", "eac3", "mp3"}),
            ),
        )
    }
)


@dataclass(frozen=True)
class Protocol:
    """A way to send a stream somewhere.

    Attributes:
        scheme: Before ``://``.
        container: Name of the container that its receivers expect.
        query: URL parameters added where the address does not set them.
    """

    scheme: str
    container: str
    query: Mapping[str, str]


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        item.scheme: item
        for item in (
            Protocol("rtmp", "flv", {}),
            Protocol("rtmps", "flv", {}),
            Protocol("udp", "ts", {"pkt_size": "1316"}),
            Protocol("tcp", "ts", {}),
            Protocol("unix", "ts", {}),
        )
    }
)

Kind = Literal["file", "hls", "stream", "pipe"]


@dataclass(frozen=True)
class Target:
    """Where an output goes.

    Attributes:
        kind: ``file`` appears by rename; ``hls`` is a playlist with segments; ``stream`` an
            address; ``pipe`` the standard output or a device, written in place.
        url: What FFmpeg is told.
        container: The format.
        path: Absolute, for files and playlists; None for streams and the standard output.
        title: For people: no secrets in it.
    """

    kind: Kind
    url: str
    container: Container
    path: Path | None
    title: str


def parse_target(uri: str, *, base: str | Path = ".", format: str | None = None) -> Target:
    """Understand an output address.

    Args:
        uri: A path, ``file://…``, one of :data:`PROTOCOLS`, or ``-`` for the standard output.
        base: Folder that a relative path is relative to.
        format: Name of a container where the address does not tell, or tells another.

    Raises:
        SinkError: The protocol or the ending of the name is unknown.
    """
    if not uri or "\0" in uri:
        raise SinkError(
            "the output needs a name", where=repr(uri), mend="set `uri`, for example out.mp4"
        )
    if uri == "-":
        return Target("pipe", "-", _container(format or "ts", uri), None, "standard output")
    scheme, separator, rest = uri.partition("://")
    if separator and scheme.lower() != "file":
        return _stream(uri, scheme.lower(), format)
    path = Path(base, rest if separator else uri).absolute()
    if _is_device(path):
        return Target("pipe", str(path), _container(format or "ts", uri), path, str(path))
    container = _container(format, uri) if format else _by_suffix(path)
    return Target(
        "hls" if container.name == "hls" else "file", str(path), container, path, str(path)
    )


def _is_device(path: Path) -> bool:
    """Whether something is there that is written in place: a FIFO, a device, a socket."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _stream(uri: str, scheme: str, format: str | None) -> Target:
    protocol = PROTOCOLS.get(scheme)
    if protocol is None:
        known = _list(f"{name}://" for name in PROTOCOLS)
        raise SinkError(
            f"cannot send to a {scheme}:// address",
            where=_shown(uri),
            mend=f"use {known}, a file, or - for standard output",
        )
    parts = urlsplit(uri)
    given = {item.partition("=")[0] for item in parts.query.split("&") if item}
    wanted = {k: v for k, v in protocol.query.items() if k not in given}
    query = "&".join(
        item for item in (parts.query, *(f"{k}={v}" for k, v in wanted.items())) if item
    )
    url = urlunsplit(parts._replace(query=query))
    return Target("stream", url, _container(format or protocol.container, uri), None, _shown(uri))


def _container(name: str, uri: str) -> Container:
    known = CONTAINERS.get(name) or next((c for c in CONTAINERS.values() if c.muxer == name), None)
    if known is None:
        raise SinkError(
            f"unknown output format {name!r}",
            where=_shown(uri),
            mend=nearest(name, CONTAINERS) or f"use {_list(CONTAINERS)}",
        )
    return known


def _by_suffix(path: Path) -> Container:
    suffix = path.suffix.lower()
    for container in CONTAINERS.values():
        if suffix in container.suffixes:
            return container
    endings = [ending for container in CONTAINERS.values() for ending in container.suffixes]
    what = f"unknown file name ending {suffix!r}" if suffix else "the file name has no ending"
    raise SinkError(what, where=path, mend=f"use {_list(endings)}, or set `format`")


def _shown(uri: str) -> str:
    """An address without secrets."""
    return uri if uri == "-" else Address.parse(uri).title


def nearest(word: str, known: Iterable[str]) -> str | None:
    """``did you mean …`` for a misspelt word, or None."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {close[0]!r}?" if close else None


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
