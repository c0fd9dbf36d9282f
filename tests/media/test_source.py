from __future__ import annotations

import os
import shutil
import subprocess
from fractions import Fraction
from functools import partial
from itertools import pairwise

import av
import numpy as np
import pytest

from vplugin.errors import PictureError, SourceError, SourceMissingError
from vplugin.frame import Frame
from vplugin.media.address import Address
from vplugin.media.original import ContentLight, SourceTracks
from vplugin.media.picture_io import from_picture
from vplugin.media.pipe import PipeInput
from vplugin.media.reader import ReaderOptions
from vplugin.media.source import FileSource
from vplugin.picture import ColourTags, PictureFormat
from vplugin.testing.clips import make_clip, number_of, numbered_picture

AUDIO_PACKET = Fraction(1024, 48000)


def opened(path, **changes) -> FileSource:
    return FileSource(Address.parse(str(path)), ReaderOptions(threads=1), **changes)


def all_frames(source: FileSource) -> list[Frame]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def read_all(path, **changes) -> tuple[list[Frame], SourceTracks, list[av.Packet], dict]:
    source = opened(path, **changes)
    try:
        frames = all_frames(source)
        packets = [packet for frame in frames for packet in frame.original.packets]
        return frames, source.tracks, [*packets, *source.tail().packets], source.report()
    finally:
        source.close()


def numbers(frames: list[Frame]) -> list[int]:
    return [number_of(frame.picture) for frame in frames]


def raw_packets(path, kind: str) -> list[tuple[int, bytes]]:
    with av.open(str(path)) as container:
        wanted = [s for s in container.streams if s.type == kind]
        return [(p.pts, bytes(p)) for p in container.demux(wanted) if p.size]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("a.mp4", {}),
        ("bframes.mp4", {"options": {"bf": "3", "g": "10"}}),
        ("ntsc.mov", {"rate": Fraction(30000, 1001), "audio": "pcm_s24le"}),
        ("ts.ts", {"options": {"bf": "2"}}),
        ("ms.mkv", {"codec": "ffv1", "audio": "flac"}),
        ("vfr.mp4", {"pts": [0, 1, 2, 7, 8, 30, 31, 60], "time_base": Fraction(1, 600)}),
        ("web.webm", {"codec": "libvpx-vp9", "audio": "libopus", "frames": 8}),
    ],
)
def test_every_frame_comes_once_in_order_at_its_exact_time(tmp_path, name, changes):
    path = make_clip(tmp_path / name, **changes)
    with av.open(str(path)) as container:
        expected = [(f.pts, f.time_base) for f in container.decode(video=0)]
    frames, tracks, packets, report = read_all(path)
    assert [(f.pts, f.time_base) for f in frames] == expected
    assert numbers(frames) == list(range(len(expected)))
    assert [(f.original.frame.pts, f.original.frame.time_base) for f in frames] == expected
    assert [(p.pts, bytes(p)) for p in packets] == raw_packets(path, "audio")
    assert report["frames"] == len(expected)
    assert report["repaired_pts"] == report["corrupt"] == 0
    assert tracks.origin == 0
    assert not tracks.live


def test_what_the_container_says_is_kept(tmp_path):
    path = make_clip(
        tmp_path / "a.mov",
        codec="prores_ks",
        pix_fmt="yuv422p10le",
        audio="pcm_s16le",
        audio_tracks=2,
        rotation=90,
        sample_aspect=Fraction(4, 3),
        colour=ColourTags(9, False, 9, 16),
        metadata={"title": "Ada", "timecode": "10:00:00:00"},
        chapters=[("one", 0), ("two", 1)],
        frames=50,
    )
    frames, tracks, _, _ = read_all(path)
    assert tracks.path == str(path)
    assert tracks.metadata["title"] == "Ada"
    assert tracks.timecode == "10:00:00:00"
    assert (tracks.rotation, tracks.sample_aspect) == (90, (4, 3))
    assert tracks.display_matrix is not None
    assert tracks.colour == ColourTags(9, False, 9, 16)
    assert [c.metadata["title"] for c in tracks.chapters] == ["one", "two"]
    assert tracks.frame_rate == 25
    assert [t.kind for t in tracks.tracks].count("audio") == 2
    assert tracks.others[1].metadata["language"] == "eng"
    format = frames[0].format
    assert (format.pixel, format.rotation, format.sample_aspect) == ("yuv422p10le", 90, (4, 3))
    assert format.colour == ColourTags(9, False, 9, 16)


def test_fields_are_announced(tmp_path):
    frames, tracks, _, _ = read_all(make_clip(tmp_path / "i.mp4", interlaced=True, frames=4))
    assert all(frame.format.interlaced for frame in frames)
    assert tracks.field_order == "tt"


def test_hdr_of_the_mastering_screen_is_read(tmp_path):
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    path = make_clip(
        tmp_path / "hdr.mp4",
        codec="libx265",
        pix_fmt="yuv420p10le",
        frames=3,
        audio=None,
        options={
            "preset": "ultrafast",
            "x265-params": f"log-level=error:pools=1:master-display={display}:max-cll=1000,400",
        },
    )
    _, tracks, _, _ = read_all(path)
    screen = tracks.mastering_display
    assert screen is not None
    assert screen.primaries is not None
    assert screen.primaries[0] == (Fraction(34000, 50000), Fraction(16000, 50000))
    assert screen.white_point == (Fraction(15635, 50000), Fraction(16450, 50000))
    assert screen.luminance == (Fraction(50, 10000), Fraction(1000))
    assert tracks.content_light == ContentLight(1000, 400)


def test_sound_that_starts_later_stays_later(tmp_path):
    path = make_clip(tmp_path / "a.mkv", audio="pcm_s16le", audio_offset=Fraction(1, 2))
    _, tracks, packets, _ = read_all(path)
    assert tracks.others[0].start == 500
    assert packets[0].pts * packets[0].time_base == Fraction(1, 2)


def test_subtitles_come_along_and_begin_with_a_trim(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as output:
        video = output.add_stream("ffv1", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        words = output.add_mux_stream("subrip")
        for number in range(50):
            picture = numbered_picture(PictureFormat("yuv420p", 64, 48), number)
            frame = from_picture(picture)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(video.encode(frame))
            if number % 25 == 0:
                packet = av.Packet(f"line {number}".encode())
                packet.stream, packet.time_base = words, Fraction(1, 1000)
                packet.pts = packet.dts = number * 40
                packet.duration = 800
                output.mux(packet)
        output.mux(video.encode(None))
    _, tracks, packets, _ = read_all(path, trim_in=0.4)
    assert tracks.others[0].kind == "subtitle"
    spoken = [(bytes(p), p.pts, p.duration) for p in packets]
    assert spoken == [(b"line 0", 400, 400), (b"line 25", 1000, 800)]


def test_a_timecode_that_cannot_be_is_no_reason_to_stop(tmp_path):
    path = make_clip(tmp_path / "a.mkv", frames=3, metadata={"timecode": "25:99:00:77"})
    frames, tracks, _, _ = read_all(path)
    assert len(frames) == 3
    assert tracks.timecode == "25:99:00:77"


def test_a_pixel_format_that_cannot_be_handled_names_the_file(tmp_path):
    path = tmp_path / "bayer.nut"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bayer_bggr8"
        frame = av.VideoFrame(64, 48, "bayer_bggr8")
        frame.pts = 0
        output.mux(stream.encode(frame))
    with pytest.raises(PictureError, match=r"bayer\.nut: pixel format 'bayer_bggr8'"):
        opened(path)


def test_templates_outlive_the_input(tmp_path):
    path = make_clip(tmp_path / "a.mkv", frames=10)
    source = opened(path)
    frames = all_frames(source)
    packets = [p for f in frames for p in f.original.packets] + list(source.tail().packets)
    tracks = source.tracks
    source.close()
    del source
    copy = tmp_path / "copy.mp4"
    with av.open(str(copy), "w") as output:
        [sound] = tracks.others
        stream = output.add_stream_from_template(sound.template, opaque=True)
        for packet in packets:
            packet.stream = stream
            output.mux(packet)
    assert [data for _, data in raw_packets(copy, "audio")] == [
        data for _, data in raw_packets(path, "audio")
    ]


def test_info_says_what_to_expect(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=50)
    source = opened(path)
    info = source.info
    source.close()
    assert (info.frames, info.duration, info.title, info.live) == (50, 2.0, "a.mp4", False)
    assert info.format is not None
    assert (info.format.width, info.format.pixel) == (64, "yuv420p")


@pytest.mark.parametrize("name", ["t.mp4", "t.mkv", "t.ts"])
@pytest.mark.parametrize(
    ("trim_in", "trim_out", "wanted"),
    [
        (0.4, 0.8, range(10, 20)),
        ("00:00:01.2", None, range(30, 50)),
        (None, "0.2", range(5)),
        ("7f", "8f", range(7, 8)),
        (Fraction(1001, 1000), 1.5, range(26, 38)),
    ],
)
def test_trim_is_exact_to_the_frame(tmp_path, name, trim_in, trim_out, wanted):
    path = make_clip(tmp_path / name, frames=50, options={"g": "12", "bf": "2"})
    whole = {number_of(f.picture): f.pts for f in read_all(path)[0]}
    frames, tracks, packets, report = read_all(path, trim_in=trim_in, trim_out=trim_out)
    assert numbers(frames) == list(wanted)
    assert [f.pts for f in frames] == [whole[n] for n in wanted]
    assert tracks.origin == (frames[0].time if trim_in is not None else 0)
    begin, end = frames[0].time, whole[0] * frames[0].time_base + Fraction(wanted.stop, 25)
    tick = Fraction(2, 1000)  # of Matroska's clock
    for packet in packets:
        assert packet.pts * packet.time_base + AUDIO_PACKET > begin - tick
        assert packet.pts * packet.time_base < end
    heard = [p.pts * p.time_base for p in packets]
    assert heard[0] <= begin + AUDIO_PACKET + tick or trim_in is None
    assert heard[-1] >= end - 3 * AUDIO_PACKET
    assert report["trim"]["in"] == pytest.approx(wanted.start / 25)


def test_trim_moves_the_timecode_and_reads_one(tmp_path):
    path = make_clip(
        tmp_path / "t.mov",
        codec="prores_ks",
        pix_fmt="yuv422p10le",
        audio=None,
        metadata={"timecode": "01:00:00:00"},
    )
    frames, tracks, _, _ = read_all(path, trim_in="01:00:00:10", trim_out="01:00:00:12")
    assert numbers(frames) == [10, 11]
    assert tracks.timecode == "01:00:00:10"


def test_expected_frames_of_a_trim(tmp_path):
    source = opened(make_clip(tmp_path / "t.mp4", frames=50), trim_in=0.4, trim_out=1.4)
    info = source.info
    source.close()
    assert (info.frames, info.duration) == (25, 1.0)


@pytest.mark.parametrize(
    ("trim", "words"),
    [
        ({"trim_in": 5}, "after its last frame"),
        ({"trim_in": 1, "trim_out": 0.5}, "keeps nothing"),
        ({"trim_in": -1}, "keeps nothing"),
        ({"trim_in": "soon"}, "not a time"),
    ],
)
def test_impossible_trims_are_refused(tmp_path, trim, words):
    with pytest.raises(SourceError, match=words):
        opened(make_clip(tmp_path / "t.mp4"), **trim)


def test_missing_pts_are_made_and_counted(tmp_path):
    path = make_clip(tmp_path / "raw.h264", audio=None, frames=20, options={"bf": "2"})
    frames, _, _, report = read_all(path)
    assert numbers(frames) == list(range(20))
    times = [frame.time for frame in frames]
    assert times == [Fraction(n, 25) for n in range(20)]
    assert [f.original.frame.pts for f in frames] == [f.pts for f in frames]
    assert report["repaired_pts"] == 20


def test_a_clock_that_starts_again_is_joined(tmp_path):
    path = tmp_path / "joined.ts"
    for index in range(2):
        part = make_clip(tmp_path / f"{index}.ts", frames=50, first=50 * index)
        with path.open("ab") as joined, part.open("rb") as piece:
            shutil.copyfileobj(piece, joined)
    frames, _, packets, report = read_all(path)
    assert numbers(frames) == list(range(100))
    times = [frame.time for frame in frames]
    assert all(late > early for early, late in pairwise(times))
    assert float(times[-1] - times[0]) == pytest.approx(99 / 25, abs=0.1)
    heard = [packet.dts for packet in packets]
    assert heard == sorted(heard)
    assert report["time_restarts"] == 1


def test_a_change_of_size_comes_with_its_frames(tmp_path):
    path = tmp_path / "change.ts"
    for index, size in enumerate([(64, 48), (96, 64)]):
        part = make_clip(tmp_path / f"{index}.ts", frames=10, first=10 * index, size=size)
        with path.open("ab") as joined, part.open("rb") as piece:
            shutil.copyfileobj(piece, joined)
    frames, _, _, report = read_all(path)
    assert [(f.format.width, f.format.height) for f in frames] == [(64, 48)] * 10 + [(96, 64)] * 10
    assert report["format_changes"] == [{"frame": 10, "format": "96x64 yuv420p"}]


@pytest.mark.parametrize("size", [(1, 1), (65, 49), (63, 1)])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p10le", "gray"])
def test_odd_and_tiny_pictures_work(tmp_path, size, pix_fmt):
    path = make_clip(
        tmp_path / "odd.mkv", size=size, codec="ffv1", pix_fmt=pix_fmt, frames=3, audio=None
    )
    frames, _, _, _ = read_all(path)
    assert [(f.format.width, f.format.height, f.format.pixel) for f in frames] == [
        (*size, pix_fmt)
    ] * 3


@pytest.mark.parametrize(("name", "codec"), [("a.png", "png"), ("a.jpg", "mjpeg")])
def test_a_picture_file_is_a_source_of_one_frame(tmp_path, name, codec):
    pixel = "rgb24" if codec == "png" else "yuvj420p"
    path = make_clip(
        tmp_path / name,
        codec=codec,
        pix_fmt=pixel,
        frames=1,
        audio=None,
        format="image2",
        container_options={"update": "1"},
    )
    frames, _, _, _ = read_all(path)
    assert [(f.pts, f.format.pixel) for f in frames] == [(0, pixel)]
    assert frames[0].format.colour.full_range or codec == "png"


def test_packed_video_is_unpacked_for_the_graph_and_the_encoder(tmp_path):
    path = make_clip(
        tmp_path / "raw.avi", codec="rawvideo", pix_fmt="yuv422p", frames=2, audio=None
    )
    packed = tmp_path / "packed.avi"
    with av.open(str(path)) as source, av.open(str(packed), "w") as output:
        stream = output.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "uyvy422"
        for frame in source.decode(video=0):
            output.mux(stream.encode(frame.reformat(format="uyvy422")))
        output.mux(stream.encode(None))
    frames, tracks, _, _ = read_all(packed)
    assert tracks.pixel == "uyvy422"
    assert {f.format.pixel for f in frames} == {"yuv422p"}
    assert {f.original.frame.format.name for f in frames} == {"yuv422p"}
    for frame, plain in zip(frames, read_all(path)[0], strict=True):
        for one, other in zip(frame.picture.planes, plain.picture.planes, strict=True):
            np.testing.assert_array_equal(one, other)


def test_generated_pictures_need_no_file():
    frames, _, _, _ = read_all("lavfi://testsrc2=size=64x48:rate=25:duration=0.2")
    assert [frame.pts for frame in frames] == list(range(5))


def cut(path, share: float):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def spoilt(case: str, folder):
    """An input that cannot be used, by the name of what is wrong with it."""
    if case == "empty":
        (folder / "empty.mp4").touch()
    elif case == "garbage":
        (folder / "garbage.mp4").write_bytes(np.random.default_rng(0).bytes(20000))
    elif case == "no_moov":
        cut(make_clip(folder / "no_moov.mp4", frames=50), 0.6)
    elif case == "cut_mp4":
        options = {"movflags": "faststart"}
        cut(make_clip(folder / "cut_mp4.mp4", frames=50, container_options=options), 0.6)
    elif case == "cut_mkv":
        return cut(make_clip(folder / "cut.mkv", frames=75), 0.4)
    elif case == "sound":
        return make_clip(folder / "sound.m4a", codec=None)
    addresses = {
        "folder": folder,
        "srt": "srt://127.0.0.1:9000",
        "unknown": "nonsense://host/clip",
        "filter": "lavfi://nosuchfilter=size=640x360",
    }
    return addresses.get(case, folder / f"{case}.mp4")


@pytest.mark.parametrize(
    ("case", "kind", "words"),
    [
        ("missing", SourceMissingError, "no such file"),
        ("folder", SourceError, "is a folder"),
        ("empty", SourceError, "0 bytes"),
        ("garbage", SourceError, "FFmpeg can read"),
        ("no_moov", SourceError, "moov"),
        ("cut_mp4", SourceError, "cut short"),
        ("cut_mkv", SourceError, "cut short"),
        ("sound", SourceError, "no picture, only audio"),
        ("srt", SourceError, "does not speak srt://"),
        ("unknown", SourceError, "does not speak nonsense://"),
        ("filter", SourceError, "names and values of its filters"),
    ],
)
def test_bad_input_is_refused_in_one_line(tmp_path, case, kind, words):
    place = spoilt(case, tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(kind, match=words) as caught:
        read_all(place)
    error = caught.value
    assert "\n" not in str(error)
    assert error.where
    assert error.mend
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("case", ["cut_mp4", "cut_mkv"])
def test_a_cut_file_can_be_taken_as_far_as_it_goes(tmp_path, case):
    frames, _, _, report = read_all(spoilt(case, tmp_path), on_truncated="accept")
    assert len(frames) > 10
    assert report["truncated"]
    assert numbers(frames)[:10] == list(range(10))


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = make_clip(tmp_path / "a.mp4", frames=2)
    monkeypatch.setattr("vplugin.media.fault.os.access", lambda *_: False)
    with pytest.raises(SourceError, match="may not be read") as caught:
        opened(path)
    assert "chmod" in str(caught.value)


def test_a_track_that_is_not_there(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=2)
    with pytest.raises(SourceError, match="1 video track"):
        FileSource(Address.parse(str(path)), ReaderOptions(track=1))


def test_a_demuxer_that_is_not_there(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=2)
    with pytest.raises(SourceError, match="no demuxer 'nonsense'"):
        FileSource(Address.parse(str(path)), ReaderOptions(format="nonsense"))


def test_damaged_packets_are_counted_and_passed_over(tmp_path):
    path = make_clip(
        tmp_path / "a.mov", frames=10, audio=None, codec="png", pix_fmt="rgb24", size=(64, 48)
    )
    with av.open(str(path)) as container:
        victim = [packet.pos for packet in container.demux(video=0) if packet.size][4]
    data = bytearray(path.read_bytes())
    data[victim : victim + 8] = bytes(8)  # the signature of a PNG
    path.write_bytes(data)
    frames, _, _, report = read_all(path)
    assert report["corrupt"] == 1
    (warning,) = report["warnings"]
    assert "1 damaged packets or pictures" in warning
    assert numbers(frames) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert [f.time for f in frames] == [Fraction(n, 25) for n in numbers(frames)]


def test_stop_ends_the_reading(tmp_path):
    source = opened(make_clip(tmp_path / "a.mp4"))
    assert source.read() is not None
    source.stop()
    assert source.read() is None
    source.close()
    source.close()


def test_standard_input_is_a_file_that_cannot_be_searched(tmp_path, monkeypatch):
    path = make_clip(tmp_path / "a.ts", frames=20)
    with path.open("rb") as piped:
        monkeypatch.setattr("vplugin.media.source.PipeInput", partial(PipeInput, piped.fileno()))
        frames, tracks, packets, _ = read_all("-", trim_in="5f")
    assert numbers(frames) == list(range(5, 20))
    assert tracks.path is None
    assert packets


def test_an_mp4_with_its_index_at_the_end_cannot_be_piped(tmp_path, monkeypatch):
    large = {"codec": "rawvideo", "pix_fmt": "rgb24", "size": (640, 480)}
    path = make_clip(tmp_path / "a.mov", frames=5, **large)
    assert path.stat().st_size > 1 << 17  # more than FFmpeg keeps to look at again
    command = ["cat", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as cat:
        assert cat.stdout is not None
        piped = partial(PipeInput, cat.stdout.fileno())
        monkeypatch.setattr("vplugin.media.source.PipeInput", piped)
        with pytest.raises(SourceError, match=r"index at the end.*mkv, nut or ts"):
            opened("-")
