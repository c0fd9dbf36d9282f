from __future__ import annotations

import av
import pytest

from vplugin.errors import SinkError
from vplugin.media.encoders import ENCODERS, find_encoder, private_options


@pytest.mark.parametrize(
    ("name", "encoder", "codec"),
    [
        ("h264", "libx264", "h264"),
        ("x264", "libx264", "h264"),
        ("H265", "libx265", "hevc"),
        ("hevc", "libx265", "hevc"),
        ("av1", "libsvtav1", "av1"),
        ("svtav1", "libsvtav1", "av1"),
        ("vp9", "libvpx-vp9", "vp9"),
        ("ffv1", "ffv1", "ffv1"),
        ("prores", "prores_ks", "prores"),
        ("libx264", "libx264", "h264"),
        ("mpeg2video", "mpeg2video", "mpeg2video"),
    ],
)
def test_names(name, encoder, codec):
    found = find_encoder(name)
    assert (found.name, found.codec) == (encoder, codec)


@pytest.mark.parametrize(
    ("name", "mend"), [("hh264", "did you mean 'h264'"), ("???", "use av1"), ("aac", "use h264")]
)
def test_unknown_ones_are_told(name, mend):
    with pytest.raises(SinkError, match=r"codec") as caught:
        find_encoder(name)
    assert mend in str(caught.value)


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_the_tables_say_what_ffmpeg_says(name):
    encoder = ENCODERS[name]
    codec = av.Codec(name, "w")
    options = {option.name for option in codec.create("video").supported_options.generic}
    options |= private_options(name)
    named = {encoder.quality, encoder.speed, encoder.extra, *encoder.options, *encoder.live}
    assert {option for option in named if option} <= options
    assert codec.canonical_name == encoder.codec
    assert encoder.formats
