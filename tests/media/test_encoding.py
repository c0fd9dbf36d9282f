from __future__ import annotations

from fractions import Fraction

import av
import pytest

from vplugin.errors import SinkError
from vplugin.media.encoders import find_encoder
from vplugin.media.encoding import (
    EncoderSettings,
    VideoFacts,
    check_settings,
    choose_pixel,
    open_encoder,
)


@pytest.mark.parametrize(
    ("codec", "source", "chosen"),
    [
        ("h264", "yuv420p", "yuv420p"),
        ("h264", "nv12", "nv12"),
        ("h264", "yuvj420p", "yuvj420p"),
        ("h264", "p010le", "yuv420p10le"),
        ("h264", "yuv422p10le", "yuv422p10le"),
        ("h264", "yuv444p", "yuv444p"),
        ("h265", "nv12", "yuv420p"),
        ("h265", "yuv420p12le", "yuv420p12le"),
        ("av1", "nv12", "yuv420p"),
        ("av1", "yuvj420p", "yuv420p"),
        ("vp9", "yuv444p", "yuv444p"),
        ("prores", "yuv420p", "yuv422p10le"),
        ("prores", "nv12", "yuv422p10le"),
        ("ffv1", "p010le", "yuv420p10le"),
        ("ffv1", "gbrp10le", "gbrp10le"),
    ],
)
def test_the_pixel_format_is_kept_or_grows(codec, source, chosen):
    assert choose_pixel(find_encoder(codec), source) == chosen


@pytest.mark.parametrize(
    ("codec", "source", "lost"),
    [
        ("av1", "yuv422p10le", "chroma resolution"),
        ("av1", "yuv444p", "chroma resolution"),
        ("vp9", "p010le", "bits"),
        ("h264", "yuv420p12le", "bits"),
        ("h264", "rgb24", "colour"),
        ("h264", "yuva420p", "alpha"),
    ],
)
def test_no_loss_without_being_asked(codec, source, lost):
    with pytest.raises(SinkError, match=lost) as caught:
        choose_pixel(find_encoder(codec), source)
    assert "pixel_format: " in str(caught.value)
    offered = str(caught.value).split("pixel_format: ")[2].split(",")[0]
    assert choose_pixel(find_encoder(codec), source, offered) == offered


def test_a_wrong_pixel_format_is_told():
    with pytest.raises(SinkError, match=r"did you mean 'yuv420p'"):
        choose_pixel(find_encoder("h264"), "yuv420p", "yuv420")


@pytest.mark.parametrize(
    ("settings", "live", "expected"),
    [
        ({}, False, {"crf": "18"}),
        ({"crf": 0}, False, {"crf": "0"}),
        ({"crf": 22.5, "preset": "slow"}, False, {"crf": "22.5", "preset": "slow"}),
        ({"bitrate": 4_000_000}, False, {}),
        ({}, True, {"crf": "18", "preset": "veryfast", "tune": "zerolatency"}),
        ({"preset": "fast", "tune": "film"}, True, {"preset": "fast", "tune": "film"}),
        (
            {"bitrate": 1000},
            True,
            {"maxrate": "1000", "bufsize": "1000"},
        ),
        ({"options": {"refs": "2"}}, False, {"crf": "18", "refs": "2"}),
        ({"codec": "av1", "preset": "4"}, False, {"preset": "4", "crf": "25"}),
        ({"codec": "vp9", "preset": "4"}, False, {"cpu-used": "4"}),
        ({"codec": "prores", "preset": "hq"}, False, {"profile": "hq"}),
    ],
)
def test_options(settings, live, expected):
    chosen = EncoderSettings(**settings)
    options = check_settings(chosen, find_encoder(chosen.codec), live=live)
    assert options.items() >= expected.items()
    if "bitrate" in settings:
        assert "crf" not in options


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"preset": "fastr"}, "no preset 'fastr'.*did you mean 'faste?r?'"),
        ({"tune": "flim"}, "did you mean 'film'"),
        ({"crf": 20, "bitrate": 1000}, "exclude each other"),
        ({"codec": "ffv1", "crf": 20}, "ffv1 has no crf"),
        ({"codec": "ffv1", "preset": "fast"}, "ffv1 has no presets"),
        ({"codec": "av1", "preset": "fast"}, "libsvtav1 has no preset 'fast'"),
        ({"codec": "av1", "tune": "film"}, "leave tune out"),
        ({"options": {"rfes": "2"}}, "no option 'rfes'.*did you mean 'refs'"),
    ],
)
def test_settings_that_cannot_be(settings, what):
    chosen = EncoderSettings(**settings)
    with pytest.raises(SinkError, match=what) as caught:
        check_settings(chosen, find_encoder(chosen.codec), live=False)
    assert "\n" not in str(caught.value)


def opened(size=(64, 48), pixel="yuv420p", interlaced="progressive", **settings):
    chosen = EncoderSettings(threads=1, **settings)
    encoder = find_encoder(chosen.codec)
    context = av.Codec(encoder.name, "w").create("video")
    facts = VideoFacts(
        pixel,
        *size,
        Fraction(1, 30000),
        Fraction(30000, 1001),
        (9, 1, 9, 16),
        (4, 3),
        interlaced,
    )
    open_encoder(context, encoder, chosen, facts, pixel, live=False)
    return context


def test_what_the_encoder_is_told():
    context = opened(gop=7, bitrate=500_000, interlaced="bb")
    assert context.time_base == Fraction(1, 30000)
    assert context.framerate == Fraction(30000, 1001)
    assert context.sample_aspect_ratio == Fraction(4, 3)
    assert (context.colorspace, context.color_range) == (9, 1)
    assert (context.color_primaries, context.color_trc) == (9, 16)
    assert (context.gop_size, context.bit_rate) == (7, 500_000)
    assert context.thread_count == 1
    flags = av.codec.context.Flags
    assert context.flags & flags.interlaced_dct
    assert context.flags & flags.interlaced_me


@pytest.mark.parametrize(
    ("size", "settings", "what", "mend"),
    [
        ((65, 48), {}, "width not divisible by 2", "yuv444p"),
        ((64, 49), {"codec": "h265"}, "refuses 64x49", "yuv444p"),
        ((1, 1), {}, "refuses 1x1", "ffv1"),
        ((64, 48), {"options": {"level": "abc"}}, "level", "options"),
        ((2, 2), {"codec": "av1"}, "refuses 2x2", "options"),
    ],
)
def test_refusals_have_the_encoders_own_words(size, settings, what, mend):
    with pytest.raises(SinkError, match=what) as caught:
        opened(size, **settings)
    assert mend in str(caught.value)
    assert "\n" not in str(caught.value)
    assert av.logging.get_level() is None  # switched on for the reason only


@pytest.mark.parametrize(
    ("size", "pixel", "codec"),
    [
        ((65, 49), "yuv444p", "h264"),
        ((1, 1), "yuv444p", "h264"),
        ((1, 1), "yuv420p", "ffv1"),
        ((65, 49), "yuv420p", "vp9"),
        ((65, 49), "yuv420p", "av1"),
    ],
)
def test_odd_sizes_where_the_advice_says_so(size, pixel, codec):
    assert opened(size, pixel, codec=codec).is_open
