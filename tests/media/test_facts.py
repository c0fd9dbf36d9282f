from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import pytest

from tests.media.transcode import TRACKLESS, made_frames, writer
from vplugin.media.facts import hdr_parameters, video_facts
from vplugin.media.original import ContentLight, MasteringDisplay, Original
from vplugin.media.picture_io import from_picture
from vplugin.picture import ColourTags, PictureFormat

# The usual P3-D65 monitor of 1000 cd/m², as every HDR10 delivery names it.
DISPLAY = MasteringDisplay(
    (
        (Fraction(680, 1000), Fraction(320, 1000)),
        (Fraction(265, 1000), Fraction(690, 1000)),
        (Fraction(150, 1000), Fraction(60, 1000)),
    ),
    (Fraction(3127, 10000), Fraction(3290, 10000)),
    (Fraction(1, 10000), Fraction(1000)),
)
LIGHT = ContentLight(1000, 400)
WRITTEN = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"


def test_parameters():
    found = hdr_parameters(DISPLAY, LIGHT)
    assert found["x265-params"] == (f"master-display={WRITTEN}", "hdr10=1", "max-cll=1000,400")
    assert found["x264-params"] == (f"mastering-display={WRITTEN}", "cll=1000,400")
    display, light = found["svtav1-params"]
    assert display.startswith("mastering-display=G(0.2650,0.6900)B(0.1500,0.0600)R(0.6800,0.3200)")
    assert display.endswith("L(1000.0000,0.0001)")
    assert light == "content-light=1000,400"


@pytest.mark.parametrize(("display", "light", "count"), [(None, None, 0), (None, LIGHT, 1)])
def test_what_is_not_there_is_not_said(display, light, count):
    assert [len(values) for values in hdr_parameters(display, light).values()] == [count] * 3


@pytest.mark.parametrize("codec", ["h264", "h265", "av1"])
def test_hdr_metadata_reaches_the_stream(tmp_path, codec):
    format = PictureFormat("yuv420p10le", 64, 64, ColourTags(9, False, 9, 16))
    tracks = replace(TRACKLESS, mastering_display=DISPLAY, content_light=LIGHT)
    output = writer(tmp_path / "o.mkv", codec=codec)
    for frame in made_frames(format, 3):
        sheet = from_picture(frame.picture)
        sheet.pts, sheet.time_base = frame.pts, frame.time_base
        output.write(replace(frame, original=Original(sheet, (), tracks)))
    output.finish()
    with av.open(str(tmp_path / "o.mkv")) as made:
        side = {item.type.name for item in next(made.decode(video=0)).side_data}
    assert {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"} <= side


@pytest.mark.parametrize(
    ("colour", "pixel", "decoded_range", "expected"),
    [
        (ColourTags(), "yuv420p", None, 1),
        (ColourTags(full_range=True), "yuv420p", None, 2),
        (ColourTags(), "yuv420p", 0, 0),  # not tagged at all, and so it stays
        (ColourTags(full_range=True), "yuvj420p", 0, 2),
    ],
)
def test_the_range_is_told_as_it_is_tagged(colour, pixel, decoded_range, expected):
    (frame,) = made_frames(PictureFormat(pixel, 64, 48, colour), 1)
    decoded = None
    if decoded_range is not None:
        decoded = av.VideoFrame(64, 48, pixel)
        decoded.color_range = decoded_range
    assert video_facts(frame, decoded, None).colour[1] == expected


@pytest.mark.parametrize(
    ("interlaced", "order", "expected"),
    [
        (False, "progressive", "progressive"),
        (True, "bb", "bb"),
        (True, "unknown", "tt"),
        (True, "progressive", "tt"),
        (False, "unknown", "unknown"),
    ],
)
def test_field_order(interlaced, order, expected):
    format = PictureFormat("yuv420p", 64, 48, interlaced=interlaced)
    (frame,) = made_frames(format, 1)
    assert video_facts(frame, None, replace(TRACKLESS, field_order=order)).field_order == expected
