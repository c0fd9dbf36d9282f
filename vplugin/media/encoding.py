"""Setting a video encoder up: settings checked, pixel format chosen, codec context opened.

:func:`open_encoder` is the only place that touches a codec context. It fails early, with the
encoder's own words where there are any. What each encoder has is in :mod:`vplugin.media.encoders`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
from av.codec.codec import find_best_pix_fmt_of_list
from av.codec.context import Flags
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from vplugin.errors import SinkError
from vplugin.media.encoders import Encoder, private_options
from vplugin.media.outputs import nearest

__all__ = [
    "EncoderSettings",
    "VideoFacts",
    "check_settings",
    "choose_pixel",
    "open_encoder",
]

_DEFAULT_RATE = Fraction(25)
# FF_LOSS_*: resolution, depth, colour space, alpha, colour quantisation, chroma. The bits above
# them say that the target holds more than the source, which is no loss.
_LOSSES = 0x3F
_LOSS_WORDS = {1: "chroma resolution", 2: "bits", 4: "its colour space", 8: "alpha", 32: "colour"}
_FIELD_ORDERS = {"progressive": 1, "tt": 2, "bb": 3, "tb": 4, "bt": 5}


@dataclass(frozen=True)
class EncoderSettings:
    """What to code with; every field as ``vplugin.nodes.encode`` documents it."""

    codec: str = "h264"
    crf: float | None = None
    preset: str | None = None
    tune: str | None = None
    gop: int | None = None
    pixel_format: str | None = None
    bitrate: int | None = None
    threads: int = 0
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class VideoFacts:
    """What an encoder is told about the pictures it will get.

    Attributes:
        pixel: Pixel format as they come.
        width: Columns.
        height: Rows.
        time_base: Seconds per unit of their pts.
        rate: Frames per second, a hint for rate control and level.
        colour: Matrix, range, primaries, transfer, as FFmpeg's numbers.
        sample_aspect: Width over height of a pixel.
        field_order: ``progressive``, ``tt``, ``bb``, ``tb``, ``bt`` or ``unknown``.
        parameters: What an encoder must be told its own way, by the option that takes it: HDR
            metadata as ``x265-params`` → ``max-cll=…``.
    """

    pixel: str
    width: int
    height: int
    time_base: Fraction
    rate: Fraction | None = None
    colour: tuple[int, int, int, int] = (2, 0, 2, 2)
    sample_aspect: tuple[int, int] = (1, 1)
    field_order: str = "unknown"
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def interlaced(self) -> bool:
        """Whether the rows come from two fields."""
        return self.field_order in ("tt", "bb", "tb", "bt")


def check_settings(settings: EncoderSettings, encoder: Encoder, *, live: bool) -> dict[str, str]:
    """The encoder's options for the settings.

    Raises:
        SinkError: A setting that the encoder does not have, or a value that it does not know.
    """
    options = dict(encoder.options) | (dict(encoder.live) if live else {})
    if settings.preset is not None:
        options[_preset_option(settings.preset, encoder)] = settings.preset
    if settings.tune is not None:
        _one_of("tune", settings.tune, encoder.tunes, encoder)
        options["tune"] = settings.tune
    if settings.crf is not None and settings.bitrate is not None:
        raise SinkError("crf and bitrate exclude each other", where="encode", mend="give one")
    crf = encoder.crf if settings.crf is None and settings.bitrate is None else settings.crf
    if crf is not None:
        if encoder.quality is None:
            mend = "leave crf out, or use codec h264, h265, av1 or vp9"
            raise SinkError(f"{encoder.name} has no crf", where="crf", mend=mend)
        options[encoder.quality] = f"{crf:g}"
    if live and settings.bitrate:
        options |= {"maxrate": str(settings.bitrate), "bufsize": str(settings.bitrate)}
    _check_names(settings.options, encoder)
    return options | dict(settings.options)


def _preset_option(preset: str, encoder: Encoder) -> str:
    if encoder.speed is None:
        mend = "leave preset out; see `options` for what the encoder has"
        raise SinkError(f"{encoder.name} has no presets", where="preset", mend=mend)
    if encoder.presets:
        _one_of("preset", preset, encoder.presets, encoder)
    return encoder.speed


def _one_of(key: str, value: str, known: tuple[str, ...], encoder: Encoder) -> None:
    if value not in known:
        mend = nearest(value, known) or f"use {', '.join(known)}" if known else f"leave {key} out"
        raise SinkError(f"{encoder.name} has no {key} {value!r}", where=key, mend=mend)


def _check_names(options: Mapping[str, str], encoder: Encoder) -> None:
    if not options:
        return
    context = av.Codec(encoder.name, "w").create("video")
    known = {item.name for item in context.supported_options.generic} | private_options(
        encoder.name
    )
    for name in options:
        if name not in known:
            mend = nearest(name, known) or f"`ffmpeg -h encoder={encoder.name}` lists them"
            raise SinkError(f"{encoder.name} has no option {name!r}", where="options", mend=mend)


def choose_pixel(encoder: Encoder, source: str, wanted: str | None = None) -> str:
    """The pixel format to code in: as asked, else the source's or the nearest that loses nothing.

    Raises:
        SinkError: The encoder does not take the wanted one, or takes none without loss.
    """
    formats = encoder.formats
    if wanted is not None:
        if formats and wanted not in formats:
            mend = nearest(wanted, formats) or f"use {', '.join(formats)}"
            raise SinkError(
                f"{encoder.name} does not take pixel format {wanted!r}",
                where="pixel_format",
                mend=mend,
            )
        return wanted
    if source in formats or not formats:
        return source
    bare = source.replace("yuvj", "yuv")  # the "j" is a range tag, which is carried otherwise
    kin = [name for name in formats if _is_rgb(name) == _is_rgb(bare) and "yuvj" not in name]
    best, loss = find_best_pix_fmt_of_list(kin or formats, bare, has_alpha=True)
    lost = [word for bit, word in _LOSS_WORDS.items() if int(loss) & _LOSSES & bit]
    if best is None or lost or not kin:
        losing = " and ".join(lost) or "its colour model"
        nearest_format = best.name if best is not None else "yuv420p"
        raise SinkError(
            f"{encoder.name} cannot keep {source} pictures: {losing} would be lost",
            where="pixel_format",
            mend=f"allow it with pixel_format: {nearest_format}, or use codec: ffv1",
        )
    return best.name


def _is_rgb(name: str) -> bool:
    return av.VideoFormat(name).is_rgb


def open_encoder(
    context: VideoCodecContext,
    encoder: Encoder,
    settings: EncoderSettings,
    facts: VideoFacts,
    pixel: str,
    *,
    live: bool,
) -> None:
    """Set a codec context up and open it.

    Raises:
        SinkError: The encoder refuses; the text has its own words where it said any.
    """
    _configure(context, encoder, settings, facts, pixel, live=live)
    if encoder.name == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "1")  # errors only; it writes to stderr by itself
    try:
        context.open()
    except (FFmpegError, ValueError) as error:
        raise _refusal(encoder, settings, facts, pixel, live=live) from error
    if context.options:
        names = ", ".join(context.options)
        raise SinkError(f"{encoder.name} did not use the options {names}", where="options")


def _configure(
    context: VideoCodecContext,
    encoder: Encoder,
    settings: EncoderSettings,
    facts: VideoFacts,
    pixel: str,
    *,
    live: bool,
) -> None:
    context.width, context.height, context.pix_fmt = facts.width, facts.height, pixel
    context.time_base = facts.time_base
    context.framerate = facts.rate or _DEFAULT_RATE
    context.sample_aspect_ratio = Fraction(*facts.sample_aspect)
    matrix, full_range, primaries, transfer = facts.colour
    context.colorspace, context.color_range = matrix, full_range
    context.color_primaries, context.color_trc = primaries, transfer
    context.field_order = _FIELD_ORDERS.get(facts.field_order, 0)
    context.flags |= Flags.frame_duration
    if facts.interlaced and encoder.fields:
        context.flags |= Flags.interlaced_dct | Flags.interlaced_me
    if settings.bitrate:
        context.bit_rate = settings.bitrate
    if settings.gop:
        context.gop_size = settings.gop
    context.thread_count = settings.threads
    context.thread_type = "AUTO"
    options = check_settings(settings, encoder, live=live)
    if encoder.extra is not None:
        added = (
            *_own_parameters(encoder, settings, facts),
            *facts.parameters.get(encoder.extra, ()),
        )
        given = options.get(encoder.extra)
        joined = ":".join((*added, *((given,) if given else ())))
        options |= {encoder.extra: joined} if joined else {}
    context.options = options


def _own_parameters(
    encoder: Encoder, settings: EncoderSettings, facts: VideoFacts
) -> tuple[str, ...]:
    """What FFmpeg's options do not reach: quiet logs, threads it ignores, the first field."""
    threads = settings.threads
    if encoder.name == "libx264" and facts.interlaced:
        return ("bff=1",) if facts.field_order in ("bb", "tb") else ("tff=1",)
    if encoder.name == "libx265":
        return ("log-level=error", *((f"pools={threads}",) if threads else ()))
    if encoder.name == "libsvtav1" and threads:
        return (f"lp={threads}",)
    return ()


def _refusal(
    encoder: Encoder,
    settings: EncoderSettings,
    facts: VideoFacts,
    pixel: str,
    *,
    live: bool,
) -> SinkError:
    """The error for an encoder that would not open."""
    said = _encoder_words(encoder, settings, facts, pixel, live=live)
    size = f"{facts.width}x{facts.height} {pixel}"
    horizontal, vertical = _chroma_steps(pixel)
    if facts.width % horizontal or facts.height % vertical:
        mend = "set pixel_format: yuv444p, which needs no even size, or use codec: ffv1 or vp9"
    else:
        mend = "check crf, preset, tune, bitrate and options"
    reason = f": {said}" if said else ""
    return SinkError(f"{encoder.name} refuses {size}{reason}", where="encode", mend=mend)


def _chroma_steps(pixel: str) -> tuple[int, int]:
    """Width and height must be multiples of these for chroma to have whole samples."""
    format = av.VideoFormat(pixel, 64, 64)
    return max(64 // c.width for c in format.components), max(
        64 // c.height for c in format.components
    )


def _encoder_words(encoder: Encoder, *setup: Any, live: bool) -> str:
    """What the encoder says when it is opened once more with FFmpeg's log switched on.

    The log stays off otherwise: its callback needs Python's lock in FFmpeg's threads.
    """
    context = av.Codec(encoder.name, "w").create("video")
    before = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as lines, suppress(FFmpegError, ValueError):
            _configure(context, encoder, *setup, live=live)
            context.open()
    finally:
        av.logging.set_level(before)
    return next((" ".join(text.split()) for _, _, text in lines if text.strip()), "")
