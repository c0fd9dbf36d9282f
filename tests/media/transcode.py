"""From a source to a writer without any engine, for the tests of the sink."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from vplugin.frame import Frame
from vplugin.media.address import Address
from vplugin.media.encoding import EncoderSettings
from vplugin.media.original import Original
from vplugin.media.outputs import parse_target
from vplugin.media.picture_io import from_picture, to_picture
from vplugin.media.reader import ReaderOptions
from vplugin.media.sink import VideoWriter, WriterSettings
from vplugin.media.source import FileSource
from vplugin.picture import Picture, PictureFormat
from vplugin.testing.clips import number_of, numbered_picture

_ENCODER = {field.name for field in fields(EncoderSettings)}
FAST = {"h264": "ultrafast", "h265": "ultrafast", "av1": "12", "vp9": "8"}


def writer(uri: str | Path, *, tap: Any = None, format: str | None = None, **changes: Any):
    """A writer with the fastest preset; ``changes`` of either settings class."""
    encoder = {key: changes.pop(key) for key in list(changes) if key in _ENCODER}
    codec = encoder.setdefault("codec", "h264")
    if codec in FAST:
        encoder.setdefault("preset", FAST[codec])
    encoder.setdefault("threads", 1)
    target = parse_target(str(uri), format=format)
    return VideoWriter(target, WriterSettings(EncoderSettings(**encoder), **changes), tap=tap)


def transcode(
    source: str | Path,
    uri: str | Path,
    *,
    edit: Callable[[Frame], Frame] = lambda frame: frame,
    trim_in: Any = None,
    trim_out: Any = None,
    **changes: Any,
) -> VideoWriter:
    """Read a file and write it; the writer is finished, or has aborted and raised."""
    reader = FileSource(
        Address.parse(str(source)), ReaderOptions(threads=1), trim_in=trim_in, trim_out=trim_out
    )
    try:
        output = writer(uri, **changes)
        try:
            while (frame := reader.read()) is not None:
                output.write(edit(frame))
            output.carry(reader.tail())
            output.finish()
        finally:
            output.abort()
    finally:
        reader.close()
    return output


def made_frames(
    format: PictureFormat, count: int = 3, *, step: int = 1, base: Fraction = Fraction(1, 25)
) -> Iterable[Frame]:
    """Frames that no source made: numbered pictures."""
    for number in range(count):
        yield Frame(numbered_picture(format, number), number * step, base, seq=number)


def decoded(frame: Frame) -> Frame:
    """The same frame as if a decoder in this process had made it."""
    sheet = from_picture(frame.picture)
    sheet.pts, sheet.time_base = frame.pts, frame.time_base
    original = Original(sheet, (), TRACKLESS)
    return replace(frame, original=original, picture=to_picture(sheet))


def _trackless() -> Any:
    from vplugin.media.original import SourceTrack, SourceTracks

    video = SourceTrack(0, "video", "rawvideo", Fraction(1, 25))
    return SourceTracks("generated", None, "generated", False, (video,), 0, 64, 48, "yuv420p")


TRACKLESS = _trackless()


def pictures_in(path: str | Path) -> list[Picture]:
    """All pictures of a file, decoded by PyAV alone."""
    with av.open(str(path)) as container:
        return [to_picture(frame) for frame in container.decode(video=0)]


def numbers_in(path: str | Path) -> list[int]:
    """The numbers painted on them."""
    return [number_of(picture) for picture in pictures_in(path)]


def packets_in(path: str | Path, kind: str, index: int = 0) -> list[tuple[Fraction, bytes]]:
    """Time and payload of every packet of one stream."""
    with av.open(str(path)) as container:
        stream = [s for s in container.streams if s.type == kind][index]
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(stream)
            if packet.size
        ]


def times_in(path: str | Path) -> list[Fraction]:
    """Presentation times of the video, in order."""
    return sorted(time for time, _ in packets_in(path, "video"))
