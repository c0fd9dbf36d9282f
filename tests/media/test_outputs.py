from __future__ import annotations

import os
from fractions import Fraction

import pytest

from vplugin.errors import SinkError
from vplugin.media.outputs import CONTAINERS, nearest, parse_target


@pytest.mark.parametrize(
    ("uri", "kind", "container", "title"),
    [
        ("out.mp4", "file", "mp4", None),
        ("a/b/OUT.MOV", "file", "mov", None),
        ("x.mkv", "file", "mkv", None),
        ("x.m2ts", "file", "ts", None),
        ("live/x.m3u8", "hls", "hls", None),
        ("-", "pipe", "ts", "standard output"),
        ("rtmp://u:p@host/app/secret", "stream", "flv", "rtmp://host/app/…"),
        ("udp://239.0.0.1:5000?ttl=4", "stream", "ts", "udp://239.0.0.1:5000"),
        ("tcp://127.0.0.1:9000", "stream", "ts", "tcp://127.0.0.1:9000"),
    ],
)
def test_addresses(uri, kind, container, title, tmp_path):
    target = parse_target(uri, base=tmp_path)
    assert (target.kind, target.container.name) == (kind, container)
    assert target.title == (title or str(tmp_path / uri))


def test_paths_are_relative_to_the_base(tmp_path):
    assert parse_target("a/b.mp4", base=tmp_path).path == tmp_path / "a/b.mp4"
    assert parse_target(f"file://{tmp_path}/b.mp4").path == tmp_path / "b.mp4"


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        ("udp://h:1", "udp://h:1?pkt_size=1316"),
        ("udp://h:1?pkt_size=188&ttl=2", "udp://h:1?pkt_size=188&ttl=2"),
        ("tcp://h:1?listen", "tcp://h:1?listen"),
        ("rtmp://h/app/key", "rtmp://h/app/key"),
    ],
)
def test_datagrams_have_a_size(uri, url):
    assert parse_target(uri).url == url


@pytest.mark.parametrize(
    ("uri", "format", "what"),
    [
        ("out.mp5", None, "ending '.mp5'"),
        ("out", None, "no ending"),
        ("", None, "needs a name"),
        ("a\0b.mp4", None, "needs a name"),
        ("srt://h:1", None, "srt://"),
        ("out.mp4", "mpfour", "unknown output format 'mpfour'"),
    ],
)
def test_refusals(uri, format, what):
    with pytest.raises(SinkError, match=what) as caught:
        parse_target(uri, format=format)
    assert caught.value.mend
    assert "\n" not in str(caught.value)


def test_format_overrides_the_ending_and_takes_muxer_names(tmp_path):
    assert parse_target("x.bin", base=tmp_path, format="mkv").container.name == "mkv"
    assert parse_target("x.bin", base=tmp_path, format="matroska").container.name == "mkv"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_written_in_place(tmp_path):
    os.mkfifo(tmp_path / "fifo.ts")
    assert parse_target("fifo.ts", base=tmp_path).kind == "pipe"


def test_clocks():
    assert CONTAINERS["mp4"].clock is None
    assert CONTAINERS["mkv"].clock == Fraction(1, 1000)
    assert CONTAINERS["ts"].clock == Fraction(1, 90000)


def test_nearest_spelling():
    assert nearest("ultrafst", ("ultrafast", "slow")) == "did you mean 'ultrafast'?"
    assert nearest("zzz", ("ultrafast", "slow")) is None
