"""Builds :class:`SourceTracks` from an open input and its first decoded picture."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av

from vplugin.media.address import Address
from vplugin.media.original import (
    Chapter,
    ContentLight,
    MasteringDisplay,
    SourceTrack,
    SourceTracks,
    detach,
    side_data_of,
)
from vplugin.media.picture_io import colour_tags

__all__ = ["describe", "start_timecode"]

_FIELD_ORDERS = ("unknown", "progressive", "tt", "bb", "tb", "bt")  # AVFieldOrder
_MASTERING = struct.Struct("=20i2i")  # AVMasteringDisplayMetadata: ten rationals, two flags


@dataclass(frozen=True)
class Begin:
    """Where the frames that come begin, and where they end.

    Attributes:
        origin: As :attr:`SourceTracks.origin`.
        timecode: Of the first frame that comes, or None.
        end: The input's time in seconds of the first frame that no longer comes; None without trim.
    """

    origin: Fraction = Fraction(0)
    timecode: str | None = None
    end: Fraction | None = None


def describe(
    container: Any, video: Any, frame: av.VideoFrame, address: Address, live: bool, begin: Begin
) -> SourceTracks:
    """Everything a sink may want to keep of the input.

    Args:
        container: The open input.
        video: The stream that is decoded.
        frame: Its first picture as decoded.
        address: Where it is.
        live: Whether it runs at its own pace.
        begin: Time and timecode of the first frame, and the end of a trim.
    """
    templates = detach(container.streams)
    side = _side_data(frame)
    aspect = video.sample_aspect_ratio or Fraction(1)
    return SourceTracks(
        uri=address.title,
        path=str(address.path) if address.path else None,
        format=container.format.name,
        live=live,
        tracks=tuple(_track(*pair) for pair in zip(container.streams, templates, strict=True)),
        video=video.index,
        width=frame.width,
        height=frame.height,
        pixel=frame.format.name,
        metadata=dict(container.metadata),
        chapters=_chapters(container.chapters(), begin.end),
        timecode=begin.timecode,
        rotation=round(frame.rotation / 90) * 90 % 360,
        display_matrix=_integers(side.get("DISPLAYMATRIX"), 9),
        sample_aspect=(aspect.numerator, aspect.denominator),
        colour=colour_tags(frame),
        field_order=_FIELD_ORDERS[video.codec_context.field_order],
        frame_rate=video.average_rate or video.guessed_rate,
        bit_rate=video.codec_context.bit_rate,
        mastering_display=_mastering(side.get("MASTERING_DISPLAY_METADATA")),
        content_light=_light(side.get("CONTENT_LIGHT_LEVEL")),
        origin=begin.origin,
    )


def start_timecode(container: Any, video: Any) -> str | None:
    """The timecode of the clip's first frame, wherever its container keeps it."""
    places = (video.metadata, container.metadata, *(s.metadata for s in container.streams.data))
    for metadata in places:
        for key in ("timecode", "TIMECODE"):
            if key in metadata:
                return str(metadata[key])
    return None


def _track(stream: Any, template: Any) -> SourceTrack:
    sound = stream.codec_context if stream.type == "audio" else None
    return SourceTrack(
        index=stream.index,
        kind=stream.type,
        codec=getattr(stream, "name", None) or "",
        time_base=stream.time_base or Fraction(1, 90000),
        start=stream.start_time,
        duration=stream.duration,
        frames=stream.frames,
        metadata=dict(stream.metadata),
        disposition=stream.disposition,
        template=template,
        stream_id=stream.id,
        sample_rate=sound.sample_rate if sound else 0,
        channels=sound.channels if sound else 0,
    )


def _chapters(marks: Iterable[Mapping[str, Any]], end: Fraction | None) -> tuple[Chapter, ...]:
    """Those that begin before ``end``, cut there: MP4 and MOV are as long as their chapters."""
    chapters = (_chapter(mark) for mark in marks)
    if end is None:
        return tuple(chapters)
    return tuple(
        replace(chapter, end=min(chapter.end, math.floor(end / chapter.time_base)))
        for chapter in chapters
        if chapter.start * chapter.time_base < end
    )


def _chapter(mark: Mapping[str, Any]) -> Chapter:
    return Chapter(
        start=mark["start"],
        end=mark["end"],
        time_base=mark["time_base"],
        id=mark["id"],
        metadata=dict(mark["metadata"]),
    )


def _side_data(frame: av.VideoFrame) -> dict[str, bytes]:
    """Side data by FFmpeg's name; one place, because PyAV 19 iterates keys where 18 gives data."""
    items: Iterable[Any] = side_data_of(frame)
    return {item.type.name: bytes(item) for item in items}


def _integers(data: bytes | None, count: int) -> tuple[int, ...] | None:
    return struct.unpack(f"={count}i", data[: 4 * count]) if data else None


def _mastering(data: bytes | None) -> MasteringDisplay | None:
    if data is None or len(data) < _MASTERING.size:
        return None
    *numbers, has_primaries, has_luminance = _MASTERING.unpack(data[: _MASTERING.size])
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    values = [Fraction(top, bottom) if bottom else Fraction(0) for top, bottom in pairs]
    points = tuple(zip(values[0:8:2], values[1:8:2], strict=True))
    return MasteringDisplay(
        primaries=points[:3] if has_primaries else None,
        white_point=points[3] if has_primaries else None,
        luminance=(values[8], values[9]) if has_luminance else None,
    )


def _light(data: bytes | None) -> ContentLight | None:
    return ContentLight(*struct.unpack("=2I", data[:8])) if data and len(data) >= 8 else None
