"""Video encoders as typed data: what our few parameters are called in each.

Setting one up is :mod:`vplugin.media.encoding`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import av
from av.codec.codec import UnknownCodecError

from vplugin.errors import SinkError
from vplugin.media.outputs import nearest

__all__ = ["ENCODERS", "Encoder", "find_encoder", "private_options"]


@dataclass(frozen=True)
class Encoder:
    """A video encoder and what our parameters are called there.

    Attributes:
        name: FFmpeg's name of the encoder.
        codec: FFmpeg's name of what it makes.
        quality: Option that ``crf`` sets, or None where there is no such scale.
        crf: Used where neither ``crf`` nor ``bitrate`` is given.
        speed: Option that ``preset`` sets, or None.
        presets: Its values; empty where FFmpeg checks them.
        tunes: Values of ``tune``; empty where there is none.
        options: Set unless given otherwise.
        live: Likewise, in a live run.
        extra: Option that takes the encoder's own parameters as ``name=value:…``.
        fields: Whether it codes interlaced pictures as such.
        captions: Whether A53 captions on frames survive.
    """

    name: str
    codec: str
    quality: str | None = None
    crf: float | None = None
    speed: str | None = None
    presets: tuple[str, ...] = ()
    tunes: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    live: Mapping[str, str] = field(default_factory=dict)
    extra: str | None = None
    fields: bool = False
    captions: bool = False

    @property
    def formats(self) -> tuple[str, ...]:
        """Pixel formats it takes, by FFmpeg's names; empty where FFmpeg does not know."""
        return tuple(item.name for item in av.Codec(self.name, "w").video_formats or ())


_FAST = ("ultrafast", "superfast", "veryfast", "faster", "fast")
_PRESETS = (*_FAST, "medium", "slow", "slower", "veryslow", "placebo")
_TUNES = ("psnr", "ssim", "grain", "fastdecode", "zerolatency", "animation")
_NUMBERS = tuple(str(number) for number in range(14))
_PROFILES = ("proxy", "lt", "standard", "hq", "4444", "4444xq")

ENCODERS: Mapping[str, Encoder] = MappingProxyType(
    {
        item.name: item
        for item in (
            Encoder(
                "libx264",
                "h264",
                "crf",
                18,
                "preset",
                _PRESETS,
                (*_TUNES, "film", "stillimage"),
                live={"preset": "veryfast", "tune": "zerolatency"},
                extra="x264-params",
                fields=True,
                captions=True,
            ),
            Encoder(
                "libx265",
                "hevc",
                "crf",
                20,
                "preset",
                _PRESETS,
                _TUNES,
                options={"a53cc": "1"},  # off by default, unlike libx264's
                live={"preset": "ultrafast", "tune": "zerolatency"},
                extra="x265-params",
                captions=True,
            ),
            Encoder(
                "libsvtav1",
                "av1",
                "crf",
                25,
                "preset",
                _NUMBERS,
                options={"preset": "8"},
                live={"preset": "10"},
                extra="svtav1-params",
            ),
            Encoder(
                "libvpx-vp9",
                "vp9",
                "crf",
                24,
                "cpu-used",
                _NUMBERS[:9],
                ("psnr", "ssim"),
                options={"row-mt": "1", "cpu-used": "2"},
                live={"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
            ),
            Encoder("ffv1", "ffv1", options={"level": "3", "slicecrc": "1"}, fields=True),
            Encoder(
                "prores_ks",
                "prores",
                speed="profile",
                presets=_PROFILES,
                options={"vendor": "apl0"},
                fields=True,
            ),
        )
    }
)

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("h264", "x264", "avc"), "libx264"),
        **dict.fromkeys(("h265", "hevc", "x265"), "libx265"),
        **dict.fromkeys(("av1", "svtav1"), "libsvtav1"),
        "vp9": "libvpx-vp9",
        "prores": "prores_ks",
    }
)


def find_encoder(name: str) -> Encoder:
    """The encoder for a codec name (``h264``) or an encoder name (``x264``, ``h264_nvenc``).

    Raises:
        SinkError: There is no such video encoder here.
    """
    full = _NAMES.get(name.lower(), name)
    if full in ENCODERS:
        return ENCODERS[full]
    try:
        codec = av.Codec(full, "w")
    except UnknownCodecError as error:
        known = sorted({*_NAMES, *ENCODERS})
        mend = nearest(name, known) or f"use {', '.join(known)}"
        raise SinkError(f"unknown video codec {name!r}", where="codec", mend=mend) from error
    if codec.type != "video":
        raise SinkError(f"{name!r} codes {codec.type}, not video", where="codec", mend="use h264")
    names = private_options(full)
    return replace(
        Encoder(codec.name, codec.canonical_name),
        quality="crf" if "crf" in names else None,
        speed="preset" if "preset" in names else None,
        captions="a53cc" in names,
    )


def private_options(encoder: str) -> set[str]:
    """Names of the options that only this encoder has."""
    context = av.Codec(encoder, "w").create("video")
    return {option.name for option in context.supported_options.private}
