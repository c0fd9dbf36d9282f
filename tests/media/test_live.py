from __future__ import annotations

import http.server
import socket
import threading
import time
from fractions import Fraction
from functools import partial
from itertools import pairwise

import av
import pytest

from vplugin.errors import SourceError
from vplugin.media.address import Address
from vplugin.media.inputs import open_source, runs_by_itself
from vplugin.media.live import LiveSource
from vplugin.media.reader import ReaderOptions
from vplugin.media.source import FileSource
from vplugin.testing.clips import make_clip, number_of
from vplugin.testing.publish import Publisher, Sending, free_port

QUICK = 5.0  # seconds in which a source has to give up its reader


def live(uri: str, *, timeout: float = 5.0, paced: bool = False, **options: str) -> LiveSource:
    settings = ReaderOptions(low_delay=True, timeout=timeout, threads=1, options=options)
    return LiveSource(Address.parse(uri), settings, paced=paced)


def packet_times(frames, tail) -> list[Fraction]:
    packets = [packet for frame in frames for packet in frame.original.packets]
    return [packet.dts * packet.time_base for packet in (*packets, *tail.packets)]


@pytest.mark.parametrize(
    ("scheme", "format", "suffix", "options", "ended"),
    [
        ("tcp", "mpegts", "?listen", {}, "the sender ended the stream"),
        ("udp", "mpegts", "", {}, "the sender fell silent"),
        ("rtmp", "flv", "/live/key", {"listen": "1"}, "the sender hung up"),
    ],
)
def test_loopback(scheme, format, suffix, options, ended):
    kind = socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM
    place = f"{scheme}://127.0.0.1:{free_port(kind)}"
    target = place + (suffix if scheme == "rtmp" else "")
    source = live(place + suffix, timeout=4.0 if scheme == "udp" else 10.0, **options)
    try:
        with Publisher(Sending(target, format, frames=40)) as publisher:
            source.wait_open()
            frames, came = [], []
            while (frame := source.read()) is not None:
                frames.append(frame)
                came.append(time.monotonic())
        assert publisher.error is None
        shown = [number_of(frame.picture) for frame in frames]
        assert shown == list(range(40))
        assert all(late.pts > early.pts for early, late in pairwise(frames))
        assert float(frames[-1].time - frames[0].time) == pytest.approx(39 / 25, abs=0.01)
        heard = packet_times(frames, source.tail())
        assert len(heard) > 60
        assert heard == sorted(heard)
        delay = sorted(came[n] - publisher.times[n] for n in range(30, 38))
        assert delay[len(delay) // 2] < 0.5
        assert source.info.live
        assert source.tracks is not None
        assert source.tracks.live
        assert source.tracks.origin == frames[0].time
        assert "key" not in source.info.title
        report = source.report()
        assert report["ended"].startswith(ended)
        assert report["frames"] == 40
    finally:
        source.close()


@pytest.mark.parametrize(
    "uri", ["tcp://127.0.0.1:{}", "rtmp://127.0.0.1:{}/a", "rtsp://127.0.0.1:{}/a"]
)
def test_a_closed_port_is_said_at_once(uri):
    place = uri.format(free_port())
    began = time.monotonic()
    with pytest.raises(SourceError, match="nobody listens") as caught:
        live(place).wait_open()
    assert time.monotonic() - began < QUICK
    assert "\n" not in str(caught.value)


def test_silence_before_the_first_frame_is_an_error():
    place = f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    with pytest.raises(SourceError, match="sent nothing in time"):
        live(place, timeout=0.3).wait_open()


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("v4l2:///dev/video97", "no such input"),
        ("srt://127.0.0.1:9000", "does not speak srt://"),
        ("lavfi://nonsense=size=1", "cannot be read|FFmpeg can read|no such"),
    ],
)
def test_what_cannot_be_opened(uri, words):
    with pytest.raises(SourceError, match=words) as caught:
        live(uri).wait_open()
    assert caught.value.mend


@pytest.fixture
def silent_sender():
    """A TCP server that takes one connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = []
        thread = threading.Thread(target=lambda: taken.append(server.accept()))
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        thread.join()
        for connection, _ in taken:
            connection.close()


def test_stop_ends_a_wait_for_a_silent_sender(silent_sender):
    source = live(silent_sender, timeout=2.0)
    timer = threading.Timer(0.2, source.stop)
    timer.start()
    began = time.monotonic()
    source.wait_open()
    assert source.read() is None
    assert time.monotonic() - began < QUICK
    timer.join()
    source.close()
    assert time.monotonic() - began < 2 * QUICK
    assert source.tail() is None


def test_stop_ends_a_wait_for_the_next_frame():
    source = live("lavfi://testsrc2=size=64x48:rate=1/5", paced=True)
    source.wait_open()
    assert source.read() is not None
    timer = threading.Timer(0.1, source.stop)
    timer.start()
    began = time.monotonic()
    assert source.read() is None
    timer.join()
    source.close()
    assert time.monotonic() - began < QUICK
    assert source.report()["ended"] == "stopped"


def test_a_file_played_live_keeps_to_the_clock(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=25)
    source = live(str(path), paced=True)
    source.wait_open()
    came = []
    while source.read() is not None:
        came.append(time.monotonic())
    source.close()
    assert len(came) == 25
    assert came[-1] - came[0] == pytest.approx(24 / 25, abs=0.15)


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_sound_of_dropped_frames_goes_with_the_next(tmp_path, newest_first):
    path = make_clip(tmp_path / "a.mkv", frames=25)
    with av.open(str(path)) as container:
        sound = [p.dts * p.time_base for p in container.demux(audio=0) if p.size]
    source = live(str(path), paced=True)
    source.wait_open()
    kept, held = [], None
    while (frame := source.read()) is not None:
        if newest_first:  # as the engine does: the frame that waits makes room for the new one
            if held is not None and number_of(held.picture) % 3:
                source.dropped(held, "late")
            elif held is not None:
                kept.append(held)
            held = frame
        elif number_of(frame.picture) % 3:
            source.dropped(frame, "late")
        else:
            kept.append(frame)
    if held is not None:
        source.dropped(held, "late")
    tail = source.tail()
    source.close()
    assert packet_times(kept, tail) == sound
    assert source.report()["dropped"] == {"late": 25 - len(kept)}


def test_the_reader_sets_the_pace_of_reading_ahead(tmp_path):
    path = make_clip(tmp_path / "a.mkv", frames=100)
    source = LiveSource(Address.parse(str(path)), ReaderOptions(threads=1))
    source.wait_open()
    first = source.read()
    assert first is not None
    assert source.report().get("frames", 0) < 10
    source.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def web(tmp_path):
    """A folder on HTTP: (folder, address)."""
    handler = partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield tmp_path, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_hls_with_an_end_is_a_file_and_without_is_live(web):
    folder, place = web
    make_clip(
        folder / "a.m3u8",
        frames=50,
        format="hls",
        options={"g": "25"},
        container_options={"hls_time": "1", "hls_list_size": "0"},
    )
    text = (folder / "a.m3u8").read_text()
    (folder / "live.m3u8").write_text(text.replace("#EXT-X-ENDLIST\n", ""))
    options = ReaderOptions(timeout=5.0, threads=1)
    assert runs_by_itself(Address.parse(f"{place}/live.m3u8"), options)
    source = open_source(Address.parse(f"{place}/a.m3u8"), options)
    assert isinstance(source, FileSource)
    shown = []
    while (frame := source.read()) is not None:
        shown.append(number_of(frame.picture))
    source.close()
    assert shown == list(range(50))


def test_a_live_input_cannot_be_trimmed():
    with pytest.raises(SourceError, match="cannot be trimmed"):
        open_source(Address.parse("udp://127.0.0.1:19000"), ReaderOptions(), trim_in=1)
