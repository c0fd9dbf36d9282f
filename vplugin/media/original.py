"""What a source leaves for a sink in the same process: the decoder's own frame and its packets.

:class:`Original` hangs on ``Frame.original``; :class:`SourceTracks` describes the input once.
Nothing here refers to the open input: stream templates live in a container of their own, so a sink
may use them from another thread, and after the source is closed. What must not be used from there
is ``packet.stream`` of a packet (it belongs to the input); ``packet.stream_index`` is safe.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

import av
from av.sidedata import sidedata
from av.stream import Disposition

from vplugin.picture import ColourTags

AnyPacket: TypeAlias = "av.Packet[Any]"

__all__ = [
    "AnyPacket",
    "Chapter",
    "ContentLight",
    "MasteringDisplay",
    "Original",
    "SourceTrack",
    "SourceTracks",
    "detach",
    "side_data_of",
]


@dataclass(frozen=True)
class Chapter:
    """One chapter mark.

    Attributes:
        start: In units of ``time_base``.
        end: In units of ``time_base``.
        time_base: Seconds per unit.
        id: The container's own number.
        metadata: ``title`` and others.
    """

    start: int
    end: int
    time_base: Fraction
    id: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MasteringDisplay:
    """SMPTE ST 2086: the screen that an HDR picture was graded on.

    Attributes:
        primaries: CIE xy of red, green and blue, or None.
        white_point: CIE xy, or None.
        luminance: Darkest and brightest, cd/m², or None.
    """

    primaries: tuple[tuple[Fraction, Fraction], ...] | None
    white_point: tuple[Fraction, Fraction] | None
    luminance: tuple[Fraction, Fraction] | None


@dataclass(frozen=True)
class ContentLight:
    """CTA-861.3: brightest pixel (MaxCLL) and brightest frame on average (MaxFALL), cd/m²."""

    max_content: int
    max_average: int


@dataclass(frozen=True)
class SourceTrack:
    """One stream of the input.

    Attributes:
        index: Its number in the input; ``packet.stream_index`` of its packets.
        kind: ``video``, ``audio``, ``subtitle``, ``data``, ``attachment`` or ``unknown``.
        codec: FFmpeg's name, "" where unknown.
        time_base: Seconds per unit of its packets' pts.
        start: pts of its first frame as the container says, or None. Different tracks start at
            different times; that offset is what keeps sound and picture together.
        duration: In units of ``time_base``, or None.
        frames: As the container says, 0 where it does not.
        metadata: ``language``, ``title``, ``handler_name`` …
        disposition: Default, forced, attached picture …
        template: For ``OutputContainer.add_stream_from_template(template, opaque=True)``: codec
            parameters without a link to the input. None where the codec is unknown to FFmpeg, then
            its packets cannot be copied.
        stream_id: The container's own number of the stream (MPEG-TS PID).
        sample_rate: Hz, of sound, else 0.
        channels: Of sound, else 0.
    """

    index: int
    kind: str
    codec: str
    time_base: Fraction
    start: int | None = None
    duration: int | None = None
    frames: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    disposition: Disposition = field(default_factory=lambda: Disposition(0))
    template: av.stream.Stream | None = field(default=None, repr=False, compare=False)
    stream_id: int = 0
    sample_rate: int = 0
    channels: int = 0

    @property
    def attached_picture(self) -> bool:
        """Whether it is cover art: a video track of one packet that is no film."""
        return bool(self.disposition & Disposition.attached_pic)


@dataclass(frozen=True)
class SourceTracks:
    """The input as a whole.

    Attributes:
        uri: The path or address as the graph says it, secrets removed.
        path: Absolute path where the input is a file, else None.
        format: FFmpeg's name of the container format (``mov,mp4,m4a,3gp,3g2,mj2``).
        live: Whether it runs at its own pace.
        tracks: All streams, by index.
        video: Index of the stream that is decoded; its packets are not handed over.
        width: Of the first picture, columns.
        height: Of the first picture, rows.
        pixel: Pixel format as decoded (before any unpacking of packed formats).
        metadata: Of the container.
        chapters: In the input's time; none that begins after the end of a trim.
        timecode: Start timecode ("01:00:00;00") of the first frame that comes, or None.
        rotation: Degrees counter-clockwise that a player turns the picture by (0, 90, 180, 270).
        display_matrix: The nine integers behind ``rotation``, or None where there are none.
        sample_aspect: Width over height of a pixel, (1, 1) where unknown.
        colour: Tags of the first picture.
        field_order: FFmpeg's name: ``progressive``, ``tt``, ``bb``, ``tb``, ``bt`` or ``unknown``.
        frame_rate: A hint only; never compute a time from it.
        bit_rate: Of the video in bit/s, or None.
        mastering_display: HDR static metadata, or None.
        content_light: HDR static metadata, or None.
        origin: The input's time in seconds that an output may call zero: the time of the first
            frame of a trim or of a live input; 0 for a whole file, whose offsets are kept.
    """

    uri: str
    path: str | None
    format: str
    live: bool
    tracks: tuple[SourceTrack, ...]
    video: int
    width: int
    height: int
    pixel: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    chapters: tuple[Chapter, ...] = ()
    timecode: str | None = None
    rotation: int = 0
    display_matrix: tuple[int, ...] | None = None
    sample_aspect: tuple[int, int] = (1, 1)
    colour: ColourTags = field(default_factory=ColourTags)
    field_order: str = "unknown"
    frame_rate: Fraction | None = None
    bit_rate: int | None = None
    mastering_display: MasteringDisplay | None = None
    content_light: ContentLight | None = None
    origin: Fraction = Fraction(0)

    @property
    def picture(self) -> SourceTrack:
        """The track that is decoded."""
        return self.tracks[self.video]

    @property
    def others(self) -> tuple[SourceTrack, ...]:
        """All tracks whose packets are handed over."""
        return tuple(track for track in self.tracks if track.index != self.video)


@dataclass(eq=False)
class Original:
    """What belongs to one frame in its source's process.

    Its packets may grow until the frame is admitted: those of a frame dropped before it come first.

    Attributes:
        frame: The decoder's frame object, to be encoded itself; None after the last frame. Its pts
            and time base equal those of the vplugin frame.
        packets: Of all other tracks, in the order of the input, demuxed since the frame before.
            Timestamps as in the input, trimmed like the frames.
        tracks: The input.
    """

    frame: av.VideoFrame | None
    packets: tuple[AnyPacket, ...]
    tracks: SourceTracks


def detach(streams: Sequence[Any]) -> list[av.stream.Stream | None]:
    """Templates of streams in a container of their own, safe to use once the input is closed.

    A template taken from an input points into it; after ``close()`` that is freed memory. A copy in
    a ``null`` muxer, which is never started, has the same codec parameters and outlives the input.
    """
    holder = av.open(os.devnull, "w", format="null")
    copies: list[av.stream.Stream | None] = []
    for stream in streams:
        known = stream.codec_context is not None or stream.type in ("data", "attachment")
        copies.append(holder.add_stream_from_template(stream, opaque=True) if known else None)
    return copies


def side_data_of(frame: av.VideoFrame) -> Any:
    """A frame's side data, as ``frame.side_data`` gives it.

    That attribute is kept on the frame and refers back to it, so that the picture's memory would be
    free only when Python's garbage collector comes by: dozens of pictures later. This one is not.
    """
    container: Any = sidedata.SideDataContainer
    return container(frame)
