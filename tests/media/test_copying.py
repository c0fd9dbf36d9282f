from __future__ import annotations

from fractions import Fraction

import av
import pytest

from tests.media.transcode import TRACKLESS
from vplugin.media.copying import CopiedTrack, Nowhere, carried_metadata, refusal, shifted_chapters
from vplugin.media.original import Chapter, SourceTrack, detach
from vplugin.media.outputs import CONTAINERS
from vplugin.testing.clips import make_clip


def sound(path, codec: str) -> SourceTrack:
    make_clip(path, audio=codec, frames=3)
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        (template,) = detach([stream])
        return SourceTrack(1, "audio", codec, stream.time_base, template=template, channels=2)


@pytest.mark.parametrize(
    ("codec", "carried", "refused"),
    [
        ("aac", {"mp4", "mov", "mkv", "ts", "nut", "flv", "hls"}, {"webm"}),
        ("pcm_s24le", {"mp4", "mov", "mkv", "nut"}, {"ts", "webm", "flv", "hls"}),
        ("ac3", {"mp4", "mov", "mkv", "ts", "hls"}, {"webm"}),
        ("libopus", {"mp4", "mkv", "webm", "ts"}, {"hls"}),
    ],
)
def test_which_container_holds_which_sound(tmp_path, codec, carried, refused):
    track = sound(tmp_path / "in.mkv", codec)
    if codec == "libopus":
        track = SourceTrack(1, "audio", "opus", track.time_base, template=track.template)
    for name in carried | refused:
        muxer = "mpegts" if name == "hls" else CONTAINERS[name].muxer
        reason = refusal(track, CONTAINERS[name], muxer)
        assert (reason is None) == (name in carried), (name, reason)


def test_unknown_tracks_and_data():
    unknown = SourceTrack(2, "data", "", Fraction(1, 1000))
    assert "cannot be copied" in (refusal(unknown, CONTAINERS["ts"], "mpegts") or "")


def test_only_what_is_about_the_content_is_carried():
    tags = {
        "title": "T",
        "language": "eng",
        "encoder": "Lavf",
        "ENCODER": "Lavf",
        "major_brand": "qt",
        "DURATION": "00:01",
        "BPS-eng": "1",
        "_STATISTICS_TAGS": "BPS",
        "timecode": "01:00:00:00",
        "com.apple.make": "A",
    }
    assert carried_metadata(tags) == {"title": "T", "language": "eng", "com.apple.make": "A"}


def packet(stamp: int | None, payload: bytes = b"x", dts: int | None = None) -> av.Packet:
    made = av.Packet(payload)
    made.pts, made.dts = stamp, stamp if dts is None else dts
    made.time_base = Fraction(1, 1000)
    return made


@pytest.fixture
def copy():
    with av.open(Nowhere(), "w", format="nut") as output:
        yield CopiedTrack(
            SourceTrack(1, "audio", "aac", Fraction(1, 1000)), output.add_stream("aac", 48000), 100
        )


def test_packets_are_copied_not_lent(copy):
    given = packet(150)
    taken = copy.take(given)
    assert (taken.pts, taken.dts, bytes(taken)) == (50, 50, b"x")
    assert (given.pts, given.dts) == (150, 150)
    assert copy.count == 1


def test_empty_and_timeless_packets_are_left_out(copy):
    assert copy.take(av.Packet(b"x")) is None
    assert copy.take(av.Packet(0)) is None
    assert copy.count == 0


def test_times_that_do_not_increase_are_moved_and_counted(copy):
    times = [copy.take(packet(stamp)).dts for stamp in (100, 120, 120, 110, 200)]
    assert times == [0, 20, 21, 22, 100]
    assert copy.moved == 2


def test_chapters_follow_the_trim():
    chapters = tuple(
        Chapter(start, start + 1000, Fraction(1, 1000), number, {"title": f"c{number}"})
        for number, start in enumerate((0, 1000, 2000))
    )
    tracks = TRACKLESS.__class__(**{**vars(TRACKLESS), "chapters": chapters})
    assert [c["start"] for c in shifted_chapters(tracks)] == [0, 1000, 2000]
    late = tracks.__class__(**{**vars(tracks), "origin": Fraction(3, 2)})
    assert [(c["start"], c["end"], c["metadata"]["title"]) for c in shifted_chapters(late)] == [
        (0, 500, "c1"),
        (500, 1500, "c2"),
    ]
