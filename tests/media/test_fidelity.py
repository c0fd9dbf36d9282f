from __future__ import annotations

import resource
import shutil
import subprocess
from fractions import Fraction

import av
import pytest

from vplugin.errors import SinkError
from vplugin.media.fidelity import Fidelity, compare
from vplugin.media.record import Record, Times, measure
from vplugin.picture import ColourTags
from vplugin.testing.clips import make_clip

EXACT, CLOCK, DIFFERS = "exact", "equal within the container's clock", "differs"


def of(fidelity: Fidelity, name: str) -> str:
    return next(item.verdict for item in fidelity.properties if item.name == name)


def remux(
    source, target, *, drop: str = "", delay: Fraction = Fraction(0), late: Fraction = Fraction(0)
):
    """Copy all packets; leave one kind out, or move everything, or the sound alone."""
    with av.open(str(source)) as reading, av.open(str(target), "w") as writing:
        streams = {}
        for stream in reading.streams:
            if stream.type != drop:
                streams[stream.index] = writing.add_stream_from_template(stream, opaque=True)
        for packet in reading.demux():
            if packet.size and packet.stream_index in streams:
                by = delay + (late if packet.stream.type == "audio" else 0)
                ticks = round(by / packet.time_base)
                packet.dts = (packet.pts if packet.dts is None else packet.dts) + ticks
                packet.pts += ticks
                packet.stream = streams[packet.stream_index]
                writing.mux(packet)
    return target


def test_a_file_equals_itself(tmp_path):
    source = make_clip(tmp_path / "a.mp4", metadata={"title": "T"}, chapters=[("x", 0)])
    result = compare(source, source)
    assert result.verdict == EXACT
    assert result.sentences == ()
    assert result.times.frames == (25, 25)
    assert result.times.sha256[0] == result.times.sha256[1]
    assert [track.packets[0] > 40 for track in result.tracks] == [True]
    assert Fidelity.model_validate_json(result.model_dump_json()) == result


@pytest.mark.parametrize(
    ("name", "rate", "verdict"),
    [
        ("b.mov", Fraction(25), EXACT),
        ("b.mkv", Fraction(30000, 1001), CLOCK),
        ("b.ts", Fraction(25), CLOCK),
    ],
)
def test_copies_in_other_containers(tmp_path, name, rate, verdict):
    source = make_clip(tmp_path / "a.mp4", rate=rate)
    result = compare(source, remux(source, tmp_path / name))
    assert result.verdict == verdict, result.sentences
    assert result.times.largest_difference <= 0.001
    assert [track.verdict for track in result.tracks] != [DIFFERS]


@pytest.mark.parametrize(
    ("changes", "part", "sentence"),
    [
        ({"frames": 24}, None, "25 frames went in, 24 came out"),
        ({"colour": ColourTags(9, False, 9, 16)}, "colour tags", "matrix 2"),
        ({"colour": ColourTags(2, True)}, "colour tags", "full range"),
        ({"sample_aspect": Fraction(4, 3)}, "pixel aspect", "4:3"),
        ({"rotation": 90}, "rotation", "90°"),
        ({"interlaced": True}, "field order", "field order: progressive"),
        ({"pix_fmt": "yuv444p"}, None, None),
        ({"size": (96, 48)}, "size", "96x48"),
        ({"chapters": []}, "chapters", "one"),
        ({"metadata": {"title": "Other"}}, "metadata", "title=Other"),
        ({"metadata": {}}, "metadata", "title=A title"),
        ({"metadata": {"title": "A title"}}, "timecode", "01:00:00:00"),
        ({"audio": "ac3"}, None, "audio (aac): 48 packets went in"),
        ({"audio": None}, None, "audio (aac) is missing"),
        ({"audio_offset": Fraction(1, 5)}, None, "moved by 199 ms against the video"),
    ],
)
def test_every_difference_is_said(tmp_path, changes, part, sentence):
    clip = {
        "metadata": {"title": "A title", "timecode": "01:00:00:00"},
        "chapters": [("one", 0)],
    }
    source = make_clip(tmp_path / "a.mp4", **clip)
    other = make_clip(tmp_path / "b.mp4", **{**clip, **changes})
    result = compare(source, other)
    if sentence is None:  # more room than needed is no difference
        assert result.verdict == EXACT
        return
    assert result.verdict == DIFFERS
    assert any(sentence in text for text in result.sentences), result.sentences
    assert part is None or of(result, part) == DIFFERS


def test_fewer_bits_are_a_difference(tmp_path):
    deep = make_clip(tmp_path / "a.mp4", pix_fmt="yuv420p10le")
    flat = make_clip(tmp_path / "b.mp4")
    assert of(compare(deep, flat), "pixel format") == DIFFERS
    assert of(compare(flat, deep), "pixel format") == EXACT


def test_moved_as_a_whole_is_told_apart_from_out_of_step(tmp_path):
    source = make_clip(tmp_path / "a.mkv", options={"bf": "0"})
    whole = compare(source, remux(source, tmp_path / "b.mkv", delay=Fraction(1, 10)))
    assert whole.verdict == CLOCK
    assert Fraction(whole.times.shift) == Fraction(1, 10)
    sound = compare(source, remux(source, tmp_path / "c.mkv", late=Fraction(1, 10)))
    assert sound.verdict == DIFFERS
    assert any("against the video" in text for text in sound.sentences)


def test_one_frame_out_of_place(tmp_path):
    source = make_clip(tmp_path / "a.mkv", pts=[0, 40, 80, 120], time_base=Fraction(1, 1000))
    other = make_clip(tmp_path / "b.mkv", pts=[0, 40, 87, 120], time_base=Fraction(1, 1000))
    result = compare(source, other)
    assert result.verdict == DIFFERS
    assert result.times.largest_difference == pytest.approx(0.007)
    assert result.times.sha256[0] != result.times.sha256[1]


def test_a_byte_of_sound(tmp_path):
    source = make_clip(tmp_path / "a.mkv", audio="pcm_s16le")
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        packet = next(p for p in container.demux(audio=0) if p.size)
        sample = bytes(packet)[-64:]
    at = data.find(sample)
    data[at] ^= 1
    (tmp_path / "b.mkv").write_bytes(data)
    result = compare(source, tmp_path / "b.mkv")
    assert result.verdict == DIFFERS
    assert any("with other bytes" in text for text in result.sentences)


@pytest.mark.parametrize("content", [b"", b"not a film at all" * 100])
def test_what_cannot_be_read_back(tmp_path, content):
    (tmp_path / "b.mp4").write_bytes(content)
    with pytest.raises(SinkError, match="cannot be read back"):
        compare(make_clip(tmp_path / "a.mp4"), tmp_path / "b.mp4")


def test_times_are_exact_and_in_order():
    times = Times(Fraction(1001, 30000))
    for number in range(10_000):  # more than one block
        times.add(number)
    other = Times(Fraction(1, 30000))
    for number in range(10_000):
        other.add(number * 1001, 1001)
    assert list(times) == list(range(10_000))
    assert list(times) == list(range(10_000))  # and again
    assert times.sha256 == other.sha256
    assert (times.first, other.end) == (0, Fraction(10_000 * 1001, 30000))
    times.close()
    other.close()


def test_ten_hours_need_no_more_memory_than_a_clip():
    times = Times(Fraction(1, 90000))
    for number in range(100_000):
        times.add(number * 1500)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(100_000, 1_000_000):
        times.add(number * 1500)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    times.close()
    assert grown < 2048  # kB; a list of the same numbers would take 30 MB


def test_a_record_without_frames():
    record = Record(Times(Fraction(1, 25)))
    assert record.times.first is None
    assert record.times.end is None
    record.close()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs FFmpeg's tools")
def test_packets_are_counted_as_ffmpeg_counts_them(tmp_path):
    source = make_clip(tmp_path / "a.mp4", frames=50, options={"bf": "2"})
    command = ["ffmpeg", "-v", "error", "-i", str(source), "-map", "0", "-c", "copy"]
    lines = subprocess.run(
        [*command, "-f", "framemd5", "-"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    rows = [line.split(",") for line in lines if not line.startswith("#")]
    record = measure(source)
    assert record.times.count == sum(row[0] == "0" for row in rows) == 50
    assert record.tracks[1].packets == sum(row[0] == "1" for row in rows)
    assert sorted(int(row[2]) for row in rows if row[0] == "0") == list(record.times)
    record.close()
