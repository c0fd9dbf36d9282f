from __future__ import annotations

import gc
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from tests.media.transcode import (
    decoded,
    made_frames,
    numbers_in,
    packets_in,
    pictures_in,
    times_in,
    transcode,
    writer,
)
from vplugin.errors import SinkError
from vplugin.media.copying import Nowhere
from vplugin.media.original import Original
from vplugin.media.picture_io import from_picture
from vplugin.picture import ColourTags, PictureFormat, Rect
from vplugin.testing.clips import make_clip, number_of

FFPROBE = shutil.which("ffprobe")
EXACT, CLOCK, DIFFERS = "exact", "equal within the container's clock", "differs"
NTSC = {"rate": Fraction(30000, 1001), "time_base": Fraction(1, 30000), "frames": 12}


def write_all(output, frames) -> None:
    for frame in frames:
        output.write(frame)
    output.finish()


def probe(path: Path, entries: str) -> dict:
    """What FFmpeg's own tool, of another version, says about a file."""
    command = [FFPROBE, "-v", "error", "-of", "json", "-show_entries", entries, str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.mark.parametrize(
    ("name", "codec", "verdict"),
    [
        ("o.mp4", "h264", EXACT),
        ("o.mov", "h264", EXACT),
        ("o.mkv", "h264", CLOCK),
        ("o.ts", "h264", CLOCK),
        ("o.nut", "h264", CLOCK),
        ("o.flv", "h264", CLOCK),
        ("o.m3u8", "h264", CLOCK),
        ("o.m3u8", "h265", CLOCK),
        ("o.mp4", "h265", EXACT),
        ("o.ts", "h265", CLOCK),
        ("o.mp4", "av1", EXACT),
        ("o.mkv", "av1", CLOCK),
        ("o.mkv", "vp9", CLOCK),
        ("o.mp4", "vp9", EXACT),
        ("o.mkv", "ffv1", CLOCK),
        ("o.nut", "ffv1", CLOCK),
        ("o.mov", "prores", EXACT),
        ("o.mkv", "prores", CLOCK),
    ],
)
def test_containers_and_codecs(tmp_path, name, codec, verdict):
    source = make_clip(tmp_path / "in.mov", **NTSC)
    output = transcode(source, tmp_path / name, codec=codec)
    assert output.fidelity is not None
    assert output.fidelity.verdict == verdict, output.fidelity.sentences
    assert numbers_in(tmp_path / name) == list(range(12))
    sound = [data for _, data in packets_in(source, "audio")]
    if name not in ("o.ts", "o.m3u8"):  # those put headers before it; fidelity looks behind them
        assert [data for _, data in packets_in(tmp_path / name, "audio")] == sound
    assert output.report()["frames"] == 12


@pytest.mark.parametrize(
    ("pixel", "codec", "coded"),
    [
        ("yuv420p", "h264", "yuv420p"),
        ("yuv422p10le", "h264", "yuv422p10le"),
        ("yuv420p10le", "h264", "yuv420p10le"),
        ("yuv444p", "h264", "yuv444p"),
        ("yuv420p10le", "h265", "yuv420p10le"),
        ("yuv422p10le", "h265", "yuv422p10le"),
        ("yuv420p10le", "av1", "yuv420p10le"),
        ("yuv444p", "vp9", "yuv444p"),
        ("yuv422p10le", "prores", "yuv422p10le"),
        ("yuv420p", "prores", "yuv422p10le"),
        ("yuv422p10le", "ffv1", "yuv422p10le"),
        ("yuv444p", "ffv1", "yuv444p"),
    ],
)
def test_pixel_formats(tmp_path, pixel, codec, coded):
    source = make_clip(
        tmp_path / "in.mkv",
        codec="ffv1",
        pix_fmt=pixel,
        frames=4,
        colour=ColourTags(9, False, 9, 16),
    )
    name = tmp_path / ("o.mov" if codec == "prores" else "o.mkv")
    output = transcode(source, name, codec=codec)
    assert output.report()["pixel_format"] == coded
    with av.open(str(name)) as made:
        frame = next(made.decode(video=0))
    assert frame.format.name == coded
    assert (frame.colorspace, frame.color_primaries, frame.color_trc) == (9, 9, 16)
    assert output.fidelity.verdict in (EXACT, CLOCK), output.fidelity.sentences
    if codec == "ffv1":  # lossless: the whole way is bit-exact
        for before, after in zip(pictures_in(source), pictures_in(name), strict=True):
            assert all(map(np.array_equal, before.planes, after.planes))


@pytest.mark.parametrize("pixel", ["nv12", "p010le", "yuv422p10le"])
def test_pictures_that_no_source_made(tmp_path, pixel):
    output = writer(tmp_path / "o.mkv", codec="ffv1")
    for frame in made_frames(PictureFormat(pixel, 64, 48), 3):
        output.write(frame)
    output.finish()
    assert [number_of(picture) for picture in pictures_in(tmp_path / "o.mkv")] == [0, 1, 2]
    assert output.fidelity.verdict == EXACT


def test_times_are_exact_with_b_frames_and_variable_rate(tmp_path):
    pts = [0, 1, 1001, 1500, 2002, 2500, 9000, 9001, 20000]
    source = make_clip(tmp_path / "in.mov", pts=pts, time_base=Fraction(1, 30000))
    output = transcode(source, tmp_path / "o.mp4", preset="medium", options={"bf": "3"})
    assert times_in(tmp_path / "o.mp4") == [Fraction(number, 30000) for number in pts]
    assert output.fidelity.verdict == EXACT
    with av.open(str(tmp_path / "o.mp4")) as made:
        kinds = {frame.pict_type for frame in made.decode(video=0)}
    assert PictureType.B in kinds  # the source's own I and P are not forced on the encoder
    assert times_in(tmp_path / "o.mp4")[-1] == Fraction(20000, 30000)


@pytest.mark.parametrize(("first", "hole"), [(0, 0), (0, 4), (7, 4)])
@pytest.mark.parametrize("name", ["o.mp4", "o.mov"])
def test_players_show_the_last_picture(tmp_path, name, first, hole):
    pts = [*range(first, first + 50), first + 50 + hole]
    source = make_clip(tmp_path / "in.mov", pts=pts, audio=None)
    # the B before the last P comes after it, as the only picture of the third fragment
    options = {"bf": "3", "x264-params": "b-adapt=0:scenecut=0"}
    output = transcode(source, tmp_path / name, preset="medium", options=options)
    assert output.fidelity.verdict == EXACT
    assert len(numbers_in(tmp_path / name)) == len(pts)


@pytest.mark.skipif(FFPROBE is None, reason="needs FFmpeg's tools")
@pytest.mark.parametrize("name", ["o.mp4", "o.mov", "o.mkv"])
def test_what_the_source_says_about_itself(tmp_path, name):
    source = make_clip(
        tmp_path / "in.mp4",
        **NTSC,
        container_options={"movflags": "use_metadata_tags"},
        rotation=90,
        sample_aspect=Fraction(4, 3),
        colour=ColourTags(1, True, 1, 1),
        audio_tracks=3,
        metadata={"title": "A title", "timecode": "01:02:03;04", "com.apple.make": "Camera"},
        chapters=[("one", 0), ("two", 1)],
        options={"bf": "2"},
    )
    output = transcode(source, tmp_path / name)
    made = probe(
        tmp_path / name,
        "stream:stream_tags:format_tags:chapter_tags:stream_side_data:chapter",
    )
    video, *sounds = (s for s in made["streams"] if s["codec_type"] in ("video", "audio"))
    assert video["side_data_list"][0]["rotation"] in (90, -90, 270)
    assert video["sample_aspect_ratio"] == "4:3"
    assert (video["color_space"], video["color_range"]) == ("bt709", "pc")
    assert (video["color_primaries"], video["color_transfer"]) == ("bt709", "bt709")
    tags = {key.lower(): value for key, value in video["tags"].items()}
    assert tags["timecode"] == "01:02:03;04"
    languages = [sound["tags"].get("language", "und") for sound in sounds]
    assert languages == ["und", "eng", "und" if name == "o.mov" else "deu"]
    assert {key.lower(): v for key, v in made["format"]["tags"].items()}.items() >= {
        "title": "A title",
        "com.apple.make": "Camera",
    }.items()
    lost = [s for s in output.fidelity.sentences if "language" in s]
    assert len(lost) == (name == "o.mov")  # QuickTime's own list of languages has no "deu"
    assert output.fidelity.verdict in (EXACT, CLOCK, DIFFERS if lost else EXACT)
    assert [c["tags"]["title"] for c in made["chapters"]][:1] == ["one"]


@pytest.mark.parametrize(
    ("codec", "name"), [("h264", "o.mp4"), ("prores", "o.mov"), ("ffv1", "o.mkv")]
)
def test_interlaced_stays_interlaced(tmp_path, codec, name):
    source = make_clip(tmp_path / "in.mp4", interlaced=True, frames=5, audio=None)
    output = transcode(source, tmp_path / name, codec=codec)
    with av.open(str(tmp_path / name)) as made:
        assert all(frame.interlaced_frame for frame in made.decode(video=0))
    assert output.fidelity.verdict in (EXACT, CLOCK), output.fidelity.sentences


def test_fields_that_an_encoder_cannot_code_are_told(tmp_path):
    source = make_clip(tmp_path / "in.mp4", interlaced=True, frames=3, audio=None)
    assert "both fields" in transcode(source, tmp_path / "o.mp4", codec="h265").warnings[0]


def _captioned(path: Path, count: int = 8) -> list[bytes]:
    """An H.264 transport stream with a CEA-708 caption in every frame; what they are."""
    captions = [bytes([0xFC, 0x80 + n, 0x80, 0xFD, 0x20 + n, 0x41]) for n in range(count)]
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", 25, options={"bf": "0", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for frame in (*made_frames(PictureFormat("yuv420p", 64, 48), count), None):
            sheet = from_picture(frame.picture) if frame is not None else None
            if frame is not None:
                sheet.pts, sheet.time_base = frame.pts, frame.time_base
            for packet in stream.encode(sheet):
                output.mux(_with_caption(packet, captions[packet.pts], stream))
    return captions


def _with_caption(packet, triples: bytes, stream):
    """ATSC A/53 part 4: the caption as a registered SEI message before the slice."""
    body = b"\xb5\x00\x31GA94\x03" + bytes([0x40 | len(triples) // 3, 0xFF]) + triples + b"\xff"
    sei = b"\x00\x00\x00\x01\x06\x04" + bytes([len(body)]) + body + b"\x80"
    made = av.Packet(sei + bytes(packet))
    made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
    made.is_keyframe, made.stream = packet.is_keyframe, stream
    return made


def captions_in(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(frame.side_data["A53_CC"]) for frame in container.decode(video=0)]


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_captions_survive(tmp_path, codec):
    captions = _captioned(tmp_path / "in.ts")
    assert captions_in(tmp_path / "in.ts") == captions

    def edit(frame):
        with frame.edit(Rect(0, 0, 32, 32), node="test") as rgb:
            rgb[:] = 255 - rgb
        return frame

    output = transcode(tmp_path / "in.ts", tmp_path / "o.mp4", codec=codec, edit=edit)
    assert captions_in(tmp_path / "o.mp4") == captions
    assert [p.verdict for p in output.fidelity.properties if p.name == "captions"] == [EXACT]


def test_lost_captions_are_told(tmp_path):
    _captioned(tmp_path / "in.ts")
    output = transcode(tmp_path / "in.ts", tmp_path / "o.mkv", codec="ffv1")
    assert any("captions are lost" in warning for warning in output.warnings)
    assert output.fidelity.verdict == DIFFERS


def _with_text(path: Path, sound: str = "aac") -> Path:
    """A MOV with picture, sound and text (mov_text)."""
    make_clip(path.with_suffix(".bare.mov"), audio=sound)
    text = path.with_suffix(".srt")
    text.write_text(
        "1\n00:00:00,100 --> 00:00:00,400\nHello\n\n2\n00:00:00,500 --> 00:00:00,900\nYou\n"
    )
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(path.with_suffix(".bare.mov"))]
    command += ["-i", str(text), "-map", "0", "-map", "1", "-c", "copy", "-c:s", "mov_text"]
    subprocess.run([*command, "-metadata:s:s:0", "language=fra", str(path)], check=True)
    return path


@pytest.mark.skipif(FFPROBE is None, reason="needs FFmpeg's tools")
def test_text_is_carried_byte_for_byte(tmp_path):
    source = _with_text(tmp_path / "in.mov")
    output = transcode(source, tmp_path / "o.mp4")
    assert packets_in(tmp_path / "o.mp4", "subtitle") == packets_in(source, "subtitle")
    assert packets_in(tmp_path / "o.mp4", "audio") == packets_in(source, "audio")
    assert not output.warnings
    assert output.fidelity.verdict == EXACT, output.fidelity.sentences


@pytest.mark.skipif(FFPROBE is None, reason="needs FFmpeg's tools")
def test_what_the_container_cannot_carry_is_told_or_refused(tmp_path):
    source = _with_text(tmp_path / "in.mov", sound="pcm_s16le")
    output = transcode(source, tmp_path / "o.ts")
    assert [w.split(" is left out")[0] for w in output.warnings if "left out" in w] == [
        "track 1 (audio)",
        "track 2 (subtitle)",
    ]
    with pytest.raises(SinkError, match=r"track 1 .audio. is left out") as caught:
        transcode(source, tmp_path / "strict.ts", strict=True)
    assert caught.value.mend
    assert not list(tmp_path.glob("*strict*"))


def test_sound_can_be_left_out(tmp_path):
    output = transcode(make_clip(tmp_path / "in.mp4"), tmp_path / "o.mp4", sound=False)
    with av.open(str(tmp_path / "o.mp4")) as made:
        assert [stream.type for stream in made.streams] == ["video"]
    assert output.fidelity.verdict == EXACT


def test_sound_of_a_transport_stream_goes_into_fragments(tmp_path):
    """AAC comes with ADTS headers there, which a fragmented MP4 does not take."""
    source = make_clip(tmp_path / "in.ts")
    output = transcode(source, tmp_path / "o.mp4")
    assert output.fidelity.verdict in (EXACT, CLOCK), output.fidelity.sentences
    plain = [data[7:] for _, data in packets_in(source, "audio")]
    assert [data for _, data in packets_in(tmp_path / "o.mp4", "audio")] == plain


@pytest.mark.parametrize("sound", ["ac3", "eac3", "pcm_s24le", "mp2", "flac", "alac"])
@pytest.mark.parametrize("name", ["o.mp4", "o.mov", "o.mkv"])
def test_sounds_of_all_kinds(tmp_path, sound, name):
    source = make_clip(tmp_path / "in.mkv", audio=sound)
    output = transcode(source, tmp_path / name)
    if output.warnings:
        assert (sound, name) in {("flac", "o.mov"), ("mp2", "o.mov")}
        return
    carried = b"".join(data for _, data in packets_in(tmp_path / name, "audio"))
    assert carried == b"".join(data for _, data in packets_in(source, "audio"))
    assert output.fidelity.verdict in (EXACT, CLOCK), output.fidelity.sentences


def test_a_trim_begins_at_zero_with_its_sound(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=50)
    output = transcode(source, tmp_path / "o.mp4", trim_in="10f", trim_out="20f")
    assert numbers_in(tmp_path / "o.mp4") == list(range(10, 20))
    assert times_in(tmp_path / "o.mp4") == [Fraction(n, 25) for n in range(10)]
    first = packets_in(tmp_path / "o.mp4", "audio")[0]
    begin = next(t for t, data in packets_in(source, "audio") if data == first[1])
    assert abs(begin - Fraction(10, 25) - first[0]) < Fraction(1, 40000)
    assert output.fidelity.verdict == EXACT, output.fidelity.sentences


@pytest.mark.parametrize(("trim_in", "kept"), [(None, ["a", "b"]), (1.2, ["b"])])
@pytest.mark.parametrize("name", ["o.mp4", "o.mov", "o.mkv"])
def test_chapters_after_a_trim_do_not_lengthen_the_output(tmp_path, name, trim_in, kept):
    marks = [("a", 0), ("b", 1), ("c", 2), ("d", 3)]
    source = make_clip(tmp_path / "in.mkv", frames=100, chapters=marks)
    output = transcode(source, tmp_path / name, trim_in=trim_in, trim_out=1.8)
    with av.open(str(tmp_path / name)) as made:
        found = [(c["metadata"]["title"], c["end"] * c["time_base"]) for c in made.chapters()]
        length = Fraction(made.duration, av.time_base)
    assert [title for title, _ in found] == kept
    until = Fraction(9, 5) - Fraction(str(trim_in or 0))
    assert abs(found[-1][1] - until) <= Fraction(1, 1000)
    assert length < until + Fraction(1, 10)
    assert output.fidelity.verdict in (EXACT, CLOCK), output.fidelity.sentences


def test_pictures_of_frames_that_do_not_come_are_let_go(tmp_path):
    original = decoded(next(iter(made_frames(PictureFormat("yuv420p", 64, 48))))).original
    holders = sys.getrefcount(original.frame)
    output = writer(tmp_path / "o.mp4")
    output.carry(original)
    picture, original = original.frame, None
    assert sys.getrefcount(picture) == holders
    output.abort()


def test_pictures_are_let_go_without_the_garbage_collector(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=10)
    gc.collect()
    gc.disable()
    try:
        transcode(source, tmp_path / "o.mp4")
        left = [item for item in gc.get_objects() if isinstance(item, av.VideoFrame)]
    finally:
        gc.enable()
    assert not left


def test_sound_of_frames_that_do_not_come_is_kept(tmp_path):
    from vplugin.media.address import Address
    from vplugin.media.source import FileSource

    source = make_clip(tmp_path / "in.mp4", frames=20)
    with closing(FileSource(Address.parse(str(source)))) as reader:
        output = writer(tmp_path / "o.mp4")
        number = 0
        while (frame := reader.read()) is not None:
            if number in (0, 1, 7, 19):
                output.carry(frame.original)
            else:
                output.write(frame)
            number += 1
        output.carry(reader.tail())
        output.finish()
    assert packets_in(tmp_path / "o.mp4", "audio") == packets_in(source, "audio")
    assert numbers_in(tmp_path / "o.mp4") == [n for n in range(20) if n not in (0, 1, 7, 19)]


def test_two_outputs_of_one_source_do_not_disturb_each_other(tmp_path):
    from vplugin.media.address import Address
    from vplugin.media.source import FileSource

    source = make_clip(tmp_path / "in.mp4", frames=10)
    with closing(FileSource(Address.parse(str(source)))) as reader:
        outputs = [writer(tmp_path / "a.mkv", codec="ffv1"), writer(tmp_path / "b.mp4")]
        while (frame := reader.read()) is not None:
            painted = frame.evolve()
            with painted.edit(frame.format.bounds, node="test") as rgb:
                rgb[:] = 0
            outputs[0].write(painted)
            outputs[1].write(frame)
        for output in outputs:
            output.carry(reader.tail())
            output.finish()
    assert numbers_in(tmp_path / "b.mp4") == list(range(10))
    assert numbers_in(tmp_path / "a.mkv") == [0] * 10
    assert packets_in(tmp_path / "b.mp4", "audio") == packets_in(source, "audio")


@pytest.mark.parametrize("name", ["o.mp4", "o.mov", "o.mkv", "o.ts"])
def test_a_power_cut_leaves_a_playable_file(tmp_path, name):
    """What is on the disk in the middle of a run plays, with sound in step."""
    from vplugin.media.address import Address
    from vplugin.media.source import FileSource

    source = make_clip(tmp_path / "in.mp4", frames=100, options={"g": "10", "bf": "2"})
    with closing(FileSource(Address.parse(str(source)))) as reader:
        output = writer(tmp_path / name, tune="zerolatency")
        for _ in range(90):
            output.write(reader.read())
        shutil.copy(output.artifacts[0].temporary, tmp_path / f"cut.{name}")
        output.abort()
    cut = numbers_in(tmp_path / f"cut.{name}")
    assert cut == list(range(len(cut)))
    assert len(cut) >= 40
    sound, picture = (
        packets_in(tmp_path / f"cut.{name}", "audio"),
        times_in(tmp_path / f"cut.{name}"),
    )
    expected = packets_in(source, "audio")[0][0] - times_in(source)[0]
    assert abs(sound[0][0] - picture[0] - expected) <= Fraction(1, 1000)
    assert sorted(os.listdir(tmp_path)) == sorted([f"cut.{name}", "in.mp4"])


@pytest.mark.parametrize("layout", ["hybrid", "faststart", "fragments"])
def test_layouts(tmp_path, layout):
    source = make_clip(tmp_path / "in.mp4", frames=60, options={"g": "10"})
    output = transcode(source, tmp_path / "o.mp4", layout=layout, gop=10)
    assert output.fidelity.verdict == EXACT, output.fidelity.sentences
    boxes = top_boxes(tmp_path / "o.mp4")
    assert ("moof" in boxes) == (layout == "fragments")
    assert (boxes.index("moov") < boxes.index("mdat")) == (layout != "hybrid")


def top_boxes(path: Path) -> list[str]:
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        names.append(data[at + 4 : at + 8].decode("latin-1"))
        at += int.from_bytes(data[at + 8 : at + 16]) if length == 1 else length or len(data)
    return names


def test_nothing_shows_before_the_end_and_an_old_file_stays_until_then(tmp_path):
    (tmp_path / "o.mp4").write_bytes(b"old")
    output = writer(tmp_path / "o.mp4")
    for frame in made_frames(PictureFormat("yuv420p", 64, 48)):
        output.write(frame)
    assert (tmp_path / "o.mp4").read_bytes() == b"old"
    output.abort()
    output.abort()
    output.finish()  # harmless after an abort, and makes no file
    with pytest.raises(SinkError, match="was given up after an error"):
        output.write(frame)
    assert os.listdir(tmp_path) == ["o.mp4"]
    assert (tmp_path / "o.mp4").read_bytes() == b"old"


def changed_size():
    yield from made_frames(PictureFormat("yuv420p", 64, 48), 2)
    yield replace(next(iter(made_frames(PictureFormat("yuv420p", 32, 32), 1))), pts=9)


def changed_pixels():
    yield from made_frames(PictureFormat("yuv420p", 64, 48), 2)
    yield replace(next(iter(made_frames(PictureFormat("yuv444p", 64, 48), 1))), pts=9)


def odd():
    yield from made_frames(PictureFormat("yuv420p", 65, 49), 2)


def one_pixel():
    yield from made_frames(PictureFormat("yuv420p", 1, 1), 2)


def standing_still():
    yield from made_frames(PictureFormat("yuv420p", 64, 48), 3, step=0)


def none_at_all():
    return iter(())


def too_deep():
    yield from made_frames(PictureFormat("yuv420p12le", 64, 48), 2)


@pytest.mark.parametrize(
    ("frames", "what"),
    [
        (changed_size, r"changes from 64x48 to 32x32 at 0\.360 s"),
        (changed_pixels, "pixel format changes to yuv444p"),
        (odd, "65x49.*not divisible by 2.*yuv444p"),
        (one_pixel, "1x1.*not divisible"),
        (standing_still, "not later than the one before"),
        (none_at_all, "no frame came"),
        (too_deep, "bits would be lost"),
    ],
)
def test_frames_that_cannot_be_written(tmp_path, frames, what):
    output = writer(tmp_path / "o.mp4")
    with pytest.raises(SinkError, match=what) as caught:
        write_all(output, frames())
    assert "\n" not in str(caught.value)
    assert caught.value.mend
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "settings", "what"),
    [
        ("o.ts", {"codec": "ffv1"}, "ts cannot hold ffv1 video"),
        ("o.ts", {"codec": "vp9"}, "ts cannot hold vp9 video"),
        ("o.webm", {"codec": "h264"}, "webm cannot hold h264 video.*vp9 or av1"),
        ("o.mp4", {"codec": "prores"}, "mp4 cannot hold prores video"),
        ("o.mp4", {"codec": "h2645"}, "unknown video codec"),
        ("o.mp4", {"preset": "fastest"}, "no preset"),
        ("o.mp4", {"options": {"nosuch": "1"}}, "no option"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_decoded(tmp_path, name, settings, what):
    with pytest.raises(SinkError, match=what):
        writer(tmp_path / name, **settings)
    assert os.listdir(tmp_path) == []


def test_an_output_that_cannot_be_read_back_gets_no_name(tmp_path):
    output = writer(tmp_path / "o.mp4")
    for frame in made_frames(PictureFormat("yuv420p", 64, 48)):
        output.write(frame)
    output._file.ignore()  # a disk that says it has written and has not
    with pytest.raises(SinkError, match="cannot be read back"):
        output.finish()
    assert os.listdir(tmp_path) == []


def test_an_output_that_is_its_own_source(tmp_path):
    source = make_clip(tmp_path / "in.mp4")
    before = source.read_bytes()
    with pytest.raises(SinkError, match="replace its own source"):
        transcode(source, source)
    assert source.read_bytes() == before
    assert os.listdir(tmp_path) == ["in.mp4"]


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("name", ["o.mp4", "o.mkv", "o.ts", "o.m3u8"])
def test_a_disk_that_fills_up(tmp_path, name, verify):
    """The limit on file size stands in for a full disk: the same write fails, and really."""
    output = writer(tmp_path / name, crf=0, verify=verify)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(SinkError, match="larger than allowed") as caught:
            write_all(output, made_frames(PictureFormat("yuv420p", 320, 240), 200))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(tmp_path / name) in str(caught.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device():
    output = writer("/dev/full", format="ts")
    with pytest.raises(SinkError, match="no space left"):
        write_all(output, made_frames(PictureFormat("yuv420p", 64, 48), 200))


def test_hls(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=400)
    output = transcode(source, tmp_path / "web" / "o.m3u8")
    text = (tmp_path / "web" / "o.m3u8").read_text()
    assert text.rstrip().endswith("#EXT-X-ENDLIST")
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in text
    segments = [line for line in text.splitlines() if not line.startswith("#")]
    assert segments == ["o_00000.ts", "o_00001.ts", "o_00002.ts"]
    assert sorted(os.listdir(tmp_path / "web")) == ["o.m3u8", *segments]
    assert numbers_in(tmp_path / "web" / "o.m3u8") == list(range(400))
    assert output.report()["bytes"] == sum((tmp_path / "web" / s).stat().st_size for s in segments)


def test_live_hls_slides_and_is_removed_when_it_fails(tmp_path):
    output = writer(tmp_path / "o.m3u8", live=True)
    for frame in made_frames(PictureFormat("yuv420p", 64, 48), 1000):
        output.write(frame)
    text = (tmp_path / "o.m3u8").read_text()
    assert "#EXT-X-ENDLIST" not in text
    assert 3 <= sum(line.endswith(".ts") for line in text.splitlines()) <= 6
    assert "o_00000.ts" not in text
    output.abort()
    assert os.listdir(tmp_path) == []


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        return int(probe_socket.getsockname()[1])


def test_tcp_to_a_listener(tmp_path):
    received = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def receive():
            peer, _ = server.accept()
            with peer:
                while data := peer.recv(65536):
                    received.extend(data)

        thread = threading.Thread(target=receive)
        thread.start()
        output = writer(f"tcp://127.0.0.1:{server.getsockname()[1]}", live=True)
        for frame in made_frames(PictureFormat("yuv420p", 64, 48), 30):
            output.write(decoded(frame))
        output.finish()
        thread.join()
    (tmp_path / "got.ts").write_bytes(received)
    assert numbers_in(tmp_path / "got.ts") == list(range(30))
    assert output.fidelity is None
    assert output.report()["output"].startswith("tcp://127.0.0.1:")


def test_tcp_waits_for_a_caller(tmp_path):
    port = free_port()
    output = writer(f"tcp://127.0.0.1:{port}?listen=1", live=True)
    received = bytearray()

    def call():
        while True:
            try:
                peer = socket.create_connection(("127.0.0.1", port), timeout=5)
                break
            except ConnectionRefusedError:
                continue
        with peer:
            while data := peer.recv(65536):
                received.extend(data)

    thread = threading.Thread(target=call)
    thread.start()
    for frame in made_frames(PictureFormat("yuv420p", 64, 48), 10):
        output.write(frame)
    output.finish()
    thread.join()
    (tmp_path / "got.ts").write_bytes(received)
    assert numbers_in(tmp_path / "got.ts") == list(range(10))


@pytest.mark.parametrize("scheme", ["tcp", "rtmp"])
def test_nobody_listens(scheme):
    tail = "/app/key" if scheme == "rtmp" else ""
    output = writer(f"{scheme}://127.0.0.1:{free_port()}{tail}", live=True)
    (frame,) = made_frames(PictureFormat("yuv420p", 64, 48), 1)
    with pytest.raises(SinkError, match="nobody listens") as caught:
        output.write(frame)
    assert "key" not in str(caught.value)


def test_a_caller_who_hangs_up():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up():
            peer, _ = server.accept()
            peer.recv(2000)
            peer.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        output = writer(f"tcp://127.0.0.1:{server.getsockname()[1]}", live=True, crf=0)
        with pytest.raises(SinkError, match="hung up"):
            write_all(output, made_frames(PictureFormat("yuv420p", 320, 240), 500))
        thread.join()


def test_nobody_calls():
    output = writer(f"tcp://127.0.0.1:{free_port()}?listen&listen_timeout=50", live=True)
    with pytest.raises(SinkError, match=r"nobody called within 0\.05 s"):
        write_all(output, made_frames(PictureFormat("yuv420p", 64, 48), 1))


@pytest.mark.parametrize("url", ["tcp://127.0.0.1", "tcp://127.0.0.1:99999"])
def test_a_port_is_needed(url):
    with pytest.raises(SinkError, match=r"[Pp]ort"):
        writer(url, live=True)


def test_udp(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        output = writer(f"udp://127.0.0.1:{receiver.getsockname()[1]}", live=True)
        for frame in made_frames(PictureFormat("yuv420p", 64, 48), 10):
            output.write(frame)
        output.finish()
        datagrams = []
        while sum(map(len, datagrams)) < 188 * 20:
            datagrams.append(receiver.recv(65536))
        receiver.setblocking(False)
        try:
            while True:
                datagrams.append(receiver.recv(65536))
        except BlockingIOError:
            pass
    assert max(map(len, datagrams)) <= 1316
    (tmp_path / "got.ts").write_bytes(b"".join(datagrams))
    assert numbers_in(tmp_path / "got.ts") == list(range(10))


def test_standard_output(tmp_path):
    reading, writing = os.pipe()
    saved = os.dup(1)
    os.dup2(writing, 1)
    os.close(writing)
    try:
        output = writer("-", format="mkv", codec="ffv1")
    finally:
        os.dup2(saved, 1)
        os.close(saved)
    collected: list[bytes] = []

    def collect():
        with os.fdopen(reading, "rb") as stream:
            collected.append(stream.read())

    thread = threading.Thread(target=collect)
    thread.start()
    for frame in made_frames(PictureFormat("yuv420p", 64, 48), 5):
        output.write(frame)
    output.finish()
    thread.join()
    (tmp_path / "got.mkv").write_bytes(collected[0])
    assert numbers_in(tmp_path / "got.mkv") == list(range(5))


def test_a_packet_of_a_track_that_is_left_out_does_no_harm(tmp_path):
    output = writer(tmp_path / "o.mp4")
    (frame,) = made_frames(PictureFormat("yuv420p", 64, 48), 1)
    frame = decoded(frame)
    stray = av.Packet(b"stray")
    with av.open(Nowhere(), "w", format="nut") as other:
        stray.stream = other.add_stream("aac", 48000)
    frame.original = Original(frame.original.frame, (stray,), frame.original.tracks)
    output.write(frame)
    output.finish()
    assert numbers_in(tmp_path / "o.mp4") == [0]
