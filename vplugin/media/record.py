"""What is in a stream, in little memory: exact times, digests of payloads, what the header says.

A :class:`Record` is filled while an output is written (of what went in), or by :func:`measure`
from a file; :mod:`vplugin.media.fidelity` compares two. Times are kept in a spooled file of eight
bytes a frame, so that a film of ten hours needs no more memory than a clip.
"""

from __future__ import annotations

import hashlib
import heapq
import math
import tempfile
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from vplugin.media.copying import carried_metadata, shifted_chapters
from vplugin.media.encoding import VideoFacts
from vplugin.media.original import AnyPacket, SourceTrack, SourceTracks, side_data_of
from vplugin.picture import ColourTags

__all__ = ["Record", "Times", "TrackRecord", "captions_of", "carried_properties", "measure"]

_BLOCK = 4096  # pts kept in memory before they are spooled
_SPOOL = 1 << 20  # bytes of pts kept in memory before they go to a file: 36 minutes at 60 fps
_REORDER = 64  # frames; no codec shows a frame later than that after it is decoded
_ADTS_HEADER, _ADTS_CHECKED = 7, 9  # bytes, without and with a checksum
_FULL = 2  # AVColorRange
_FIELD_ORDERS = ("unknown", "progressive", "tt", "bb", "tb", "bt")


class Times:
    """The presentation times of one stream, in order, exact.

    Args:
        time_base: Seconds per unit of the numbers that :meth:`add` takes.
    """

    def __init__(self, time_base: Fraction) -> None:
        self.time_base = time_base
        self.count = 0
        self.last_duration = 0
        self._hash = hashlib.sha256()
        self._block = array("q")
        self._spool = tempfile.SpooledTemporaryFile(_SPOOL)  # noqa: SIM115 — closed by close()
        self._first: int | None = None
        self._last: int | None = None

    def add(self, pts: int, duration: int = 0) -> None:
        """One more frame."""
        if self._first is None:
            self._first = pts
        self._last, self.last_duration = pts, duration
        self.count += 1
        top, bottom = pts * self.time_base.numerator, self.time_base.denominator
        common = math.gcd(top, bottom)
        self._hash.update(b"%d/%d;" % (top // common, bottom // common))
        self._block.append(pts)
        if len(self._block) == _BLOCK:
            self._flush()

    def _flush(self) -> None:
        self._spool.write(self._block.tobytes())
        self._block = array("q")

    @property
    def first(self) -> Fraction | None:
        """Seconds, or None while there is no frame."""
        return None if self._first is None else self._first * self.time_base

    @property
    def end(self) -> Fraction | None:
        """Seconds at which the last frame ends, or None while there is none."""
        return None if self._last is None else (self._last + self.last_duration) * self.time_base

    @property
    def span(self) -> Fraction:
        """Seconds from the first frame to the end of the last."""
        return Fraction(0) if self.first is None or self.end is None else self.end - self.first

    @property
    def sha256(self) -> str:
        """Of all times as reduced fractions of a second: ``0/1;1/25;2/25;``."""
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[int]:
        self._flush()
        self._spool.seek(0)
        while data := self._spool.read(_BLOCK * 8):
            yield from array("q", data)
        self._spool.seek(0, 2)

    def close(self) -> None:
        """Free the spool."""
        self._spool.close()


@dataclass
class TrackRecord:
    """One copied track.

    Attributes:
        kind: ``audio``, ``subtitle``, ``data`` …
        codec: FFmpeg's name.
        language: Or "" where unknown.
        packets: How many.
        first: Seconds at which the first one is shown, or None.
        last: Seconds at which the last one is shown, or None.
    """

    kind: str
    codec: str
    language: str = ""
    packets: int = 0
    first: Fraction | None = None
    last: Fraction | None = None
    _hash: Any = field(default_factory=hashlib.sha256, repr=False)

    def add(self, packet: AnyPacket) -> None:
        """One more packet, in the order of the file."""
        self.packets += 1
        self._hash.update(_payload(packet, self.codec))
        if packet.pts is not None and packet.time_base is not None:
            time = packet.pts * packet.time_base
            self.first = time if self.first is None else min(self.first, time)
            self.last = time if self.last is None else max(self.last, time)

    @property
    def sha256(self) -> str:
        """Of all payloads, one after the other."""
        return str(self._hash.hexdigest())


def _payload(packet: AnyPacket, codec: str) -> bytes:
    """The bytes that matter; MPEG-TS puts an ADTS header in front of each AAC packet."""
    data = bytes(packet)
    if codec == "aac" and len(data) > _ADTS_HEADER and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        length = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
        if length == len(data):
            return data[_ADTS_HEADER if data[1] & 1 else _ADTS_CHECKED :]
    return data


@dataclass
class Record:
    """A whole input or output.

    Attributes:
        times: Of the video.
        tracks: The others; by index in the input for an input, in file order for an output.
        properties: What the header and the first frame say, by name, as text.
        captions: SHA-256 of all A53 captions in order of presentation, None where there are none.
        metadata: Of the container, without what is about the file itself.
    """

    times: Times
    tracks: dict[int, TrackRecord] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    captions: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    _captions: Any = field(default_factory=hashlib.sha256, repr=False)

    def caption(self, data: bytes | None) -> None:
        """The captions of the next frame, if it has any."""
        if data:
            self._captions.update(data)
            self.captions = self._captions.hexdigest()

    def track(self, track: SourceTrack) -> TrackRecord:
        """Begin to record an input's track."""
        language = track.metadata.get("language", "")
        record = TrackRecord(track.kind, track.codec, "" if language == "und" else language)
        self.tracks[track.index] = record
        return record

    def close(self) -> None:
        """Free the spool."""
        self.times.close()


def captions_of(frame: av.VideoFrame) -> bytes | None:
    """A frame's A53 captions (CEA-608/708), or None."""
    try:
        found: Any = side_data_of(frame).get("A53_CC")
    except (KeyError, ValueError):  # side data of a kind that PyAV does not know yet
        return None
    return bytes(found) if found is not None else None


def carried_properties(facts: VideoFacts, tracks: SourceTracks | None) -> dict[str, str]:
    """What an output should say about itself, from what its encoder was told."""
    matrix, full_range, primaries, transfer = facts.colour
    chapters = shifted_chapters(tracks) if tracks is not None else []
    return _properties(
        (facts.width, facts.height),
        facts.pixel,
        ColourTags(matrix, full_range == _FULL, primaries, transfer),
        facts.sample_aspect,
        tracks.rotation if tracks is not None else 0,
        facts.field_order,
        (tracks.timecode or "") if tracks is not None else "",
        [chapter["metadata"].get("title", "") for chapter in chapters],
    )


def _properties(
    size: tuple[int, int],
    pixel: str,
    colour: ColourTags,
    aspect: tuple[int, int],
    rotation: int,
    field_order: str,
    timecode: str,
    chapters: list[str],
) -> dict[str, str]:
    ratio = Fraction(*aspect) if all(aspect) else Fraction(1)
    return {
        "size": f"{size[0]}x{size[1]}",
        "pixel format": pixel.replace("yuvj", "yuv"),
        "colour tags": f"matrix {colour.matrix}, primaries {colour.primaries}, "
        f"transfer {colour.transfer}, {'full' if colour.full_range else 'limited'} range",
        "pixel aspect": f"{ratio.numerator}:{ratio.denominator}",
        "rotation": f"{rotation % 360}°",
        "field order": field_order,
        "timecode": timecode,
        "chapters": f"{len(chapters)}: {', '.join(chapters)}" if chapters else "",
    }


def measure(path: str | Path, *, captions: bool = False) -> Record:
    """Record what is in a file.

    Args:
        path: The file or playlist.
        captions: Whether to decode all pictures, which is the only way to their captions.

    Raises:
        av.error.FFmpegError: It cannot be read.
    """
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        record = Record(Times(video.time_base or Fraction(1, 1000)))
        record.metadata = carried_metadata(container.metadata)
        for stream in container.streams:
            if stream.index != video.index and _counts(stream):
                language = stream.metadata.get("language", "")
                name = stream.codec_context.name if stream.codec_context else stream.name or ""
                record.tracks[stream.index] = TrackRecord(
                    stream.type, name, "" if language == "und" else language
                )
        waiting: list[tuple[int, int]] = []
        for packet in container.demux():
            index = packet.stream.index  # the empty packets at the end have no stream_index
            if index != video.index:
                if packet.size and index in record.tracks:
                    record.tracks[index].add(packet)
                continue
            _show(packet, waiting, record.times)
            if captions or not record.properties:
                _decode(packet, container, record, captions=captions)
        for entry in sorted(waiting):
            record.times.add(*entry)
    return record


def _counts(stream: Any) -> bool:
    """Whether a stream is content: not a muxer's own chapter or timecode track."""
    return stream.type in ("audio", "subtitle", "video") or (
        stream.type == "data" and stream.name not in (None, "", "bin_data")
    )


def _show(packet: AnyPacket, waiting: list[tuple[int, int]], times: Times) -> None:
    """Take a video packet's time, putting decoding order into order of presentation."""
    if not packet.size or packet.pts is None or packet.is_discard:
        return
    heapq.heappush(waiting, (packet.pts, packet.duration or 0))
    if len(waiting) > _REORDER:
        times.add(*heapq.heappop(waiting))


def _decode(packet: AnyPacket, container: Any, record: Record, *, captions: bool) -> None:
    """Look into the pictures: the first one's tags, everyone's captions."""
    for frame in packet.decode():
        if not record.properties:
            record.properties = _properties_of_frame(frame, container)
        if captions:
            record.caption(captions_of(frame))


def _properties_of_frame(frame: av.VideoFrame, container: Any) -> dict[str, str]:
    video = container.streams.video[0]
    full = frame.color_range == _FULL or frame.format.name.startswith("yuvj")
    aspect = video.sample_aspect_ratio or Fraction(1)
    order = video.codec_context.field_order
    timecode = video.metadata.get("timecode") or video.metadata.get("TIMECODE", "")
    return _properties(
        (frame.width, frame.height),
        frame.format.name,
        ColourTags(int(frame.colorspace), full, int(frame.color_primaries), int(frame.color_trc)),
        (aspect.numerator, aspect.denominator),
        round(frame.rotation / 90) * 90,
        _FIELD_ORDERS[order] if 0 <= order < len(_FIELD_ORDERS) else "unknown",
        timecode,
        [chapter["metadata"].get("title", "") for chapter in container.chapters()],
    )
