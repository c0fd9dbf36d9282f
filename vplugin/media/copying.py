"""Sound, text and data tracks carried from the input to the output byte for byte.

Which of them a container can carry is asked of the muxer itself, by a header written to nowhere;
the tables of :mod:`vplugin.media.outputs` narrow it to what players understand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import av
from av.bitstream import BitStreamFilterContext
from av.container import OutputContainer
from av.error import FFmpegError

from vplugin.media.original import AnyPacket, SourceTrack, SourceTracks
from vplugin.media.outputs import Container

if TYPE_CHECKING:
    from av.container.core import Chapter as AvChapter  # exists in the stub only

__all__ = [
    "CopiedTrack",
    "Nowhere",
    "carried_metadata",
    "copy_tracks",
    "refusal",
    "shifted_chapters",
]

# Written by a muxer about its own file; true of the input only.
_OWN_TAGS = frozenset(
    {"encoder", "major_brand", "minor_version", "compatible_brands", "duration", "vendor_id"}
    | {"bps", "number_of_frames", "number_of_bytes", "timecode"}
)
_INDEXED_BY_PACKETS = frozenset({"ac3", "eac3"})  # MP4's index needs to have seen one


class Nowhere:
    """A file object that keeps nothing, for a header that is only tried."""

    name = "nowhere"

    def __init__(self) -> None:
        self._place = 0

    def write(self, data: bytes) -> int:
        """Forget it."""
        self._place += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As a file does; there is no end to seek from."""
        self._place = offset if whence == 0 else self._place + offset
        return self._place

    def tell(self) -> int:
        """As a file does."""
        return self._place


def carried_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Tags that are about the content, not about the file they came from."""
    return {
        key: value
        for key, value in metadata.items()
        if key.lower().split("-")[0] not in _OWN_TAGS and not key.startswith("_STATISTICS")
    }


def refusal(track: SourceTrack, container: Container, muxer: str) -> str | None:
    """Why a container cannot carry a track, as a clause; None if it can."""
    name = track.codec or "an unknown codec"
    if track.template is None:
        return f"{name} cannot be copied"
    if track.kind == "data" and not container.data:
        return f"{container.name} has no place for data tracks"
    if container.copied is not None and track.codec not in container.copied:
        return f"players do not find {name} in {container.name}"
    # An empty index makes MP4 write at once what it would else refuse only at the end.
    early = muxer in ("mp4", "mov") and track.codec not in _INDEXED_BY_PACKETS
    options = {"movflags": "empty_moov"} if early else {}
    trial = av.open(Nowhere(), "w", format=muxer, container_options=options)
    try:
        _add(trial, track)
        trial.start_encoding()
        trial.close()
    except (FFmpegError, ValueError):
        return f"{container.name} cannot hold {name}"
    return None


def _add(output: OutputContainer, track: SourceTrack) -> Any:
    """A stream like a track. Sound of one or two channels gets the layout that MP4 insists on."""
    template: Any = track.template
    stream = output.add_stream_from_template(template, opaque=True)
    if track.kind == "audio" and stream.codec_context.layout.name.endswith("channels"):
        usual = {1: "mono", 2: "stereo"}.get(track.channels)
        if usual is not None:
            stream.codec_context.layout = usual
    return stream


@dataclass
class CopiedTrack:
    """One track on its way.

    Attributes:
        track: In the input.
        stream: In the output.
        shift: Taken off every timestamp, in units of the track's time base.
        unwrap: Takes the headers off AAC from a transport stream, or None.
        count: Packets so far.
        moved: Packets whose decoding time had to be raised, because it did not increase.
    """

    track: SourceTrack
    stream: Any
    shift: int = 0
    unwrap: BitStreamFilterContext | None = None
    count: int = 0
    moved: int = 0
    _last: int | None = None

    def take(self, packet: AnyPacket) -> AnyPacket | None:
        """A copy of the packet for this output, or None for an empty or timeless one.

        Its bytes are the input's; only headers that the input's container put before it go.

        A copy, because muxing rewrites timestamps in place, and two outputs may share an input.
        """
        stamp = packet.dts if packet.dts is not None else packet.pts
        if not packet.size or stamp is None:
            return None
        copied: AnyPacket = av.Packet(bytes(packet))
        dts = stamp - self.shift
        pts = packet.pts - self.shift if packet.pts is not None else dts
        if self._last is not None and dts <= self._last:
            dts, self.moved = self._last + 1, self.moved + 1
            pts = max(pts, dts)
        self._last = dts
        copied.pts, copied.dts, copied.duration = pts, dts, packet.duration
        copied.time_base = packet.time_base
        copied.is_keyframe = packet.is_keyframe
        for side in packet.iter_sidedata():
            copied.set_sidedata(side)
        if self.unwrap is not None:
            (copied,) = self.unwrap.filter(copied)
            copied.time_base = packet.time_base
        copied.stream = self.stream
        self.count += 1
        return copied


def copy_tracks(
    output: OutputContainer,
    tracks: SourceTracks,
    container: Container,
    *,
    muxer: str,
    sound: bool,
    missing: Callable[[str], None],
) -> Mapping[int, CopiedTrack]:
    """Add a stream to the output for every track that it can carry.

    Args:
        output: Before its header is written.
        tracks: The input.
        container: The output's.
        muxer: FFmpeg's name of the format that packets are really written in.
        sound: Whether sound is wanted.
        missing: Told about each track that is left out.

    Returns:
        By index in the input.
    """
    copied = {}
    for track in tracks.others:
        if (track.kind == "audio" and not sound) or _carried_otherwise(track, tracks):
            continue
        reason = refusal(track, container, muxer)
        if reason is not None:
            missing(f"track {track.index} ({track.kind}) is left out: {reason}")
            continue
        stream = _add(output, track)
        stream.metadata.update(carried_metadata(track.metadata))
        stream.disposition = track.disposition
        shift = round(tracks.origin / track.time_base)
        copied[track.index] = CopiedTrack(track, stream, shift, _unwrapper(track, muxer))
    return MappingProxyType(copied)


def _unwrapper(track: SourceTrack, muxer: str) -> BitStreamFilterContext | None:
    """MP4 in fragments, unlike the other containers, does not take ADTS headers off by itself."""
    template: Any = track.template
    if muxer not in ("mp4", "mov") or track.codec != "aac" or template.codec_context.extradata:
        return None
    return BitStreamFilterContext("aac_adtstoasc", template)


def _carried_otherwise(track: SourceTrack, tracks: SourceTracks) -> bool:
    """Timecode and chapter tracks of QuickTime: the muxer makes them anew from metadata."""
    if track.kind != "data" or not tracks.format.startswith("mov"):
        return False
    is_chapters = track.codec == "bin_data" and bool(tracks.chapters)
    return is_chapters or (tracks.timecode is not None and "timecode" in track.metadata)


def shifted_chapters(tracks: SourceTracks) -> list[AvChapter]:
    """Chapters in the output's time; those that end before its beginning are left out."""
    chapters: list[AvChapter] = []
    for chapter in tracks.chapters:
        offset = round(tracks.origin / chapter.time_base)
        start, end = max(0, chapter.start - offset), chapter.end - offset
        if end > start:
            chapters.append(
                {
                    "id": chapter.id,
                    "start": start,
                    "end": end,
                    "time_base": chapter.time_base,
                    "metadata": dict(chapter.metadata),
                }
            )
    return chapters
