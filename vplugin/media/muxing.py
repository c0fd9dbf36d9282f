"""The container of an output: opened with the right options, its tracks and tags in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import av
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from vplugin.errors import SinkError
from vplugin.media.copying import (
    CopiedTrack,
    Nowhere,
    carried_metadata,
    copy_tracks,
    shifted_chapters,
)
from vplugin.media.encoders import Encoder
from vplugin.media.encoding import EncoderSettings, VideoFacts, open_encoder
from vplugin.media.hls import HlsFiles, segment_muxer
from vplugin.media.original import SourceTracks
from vplugin.media.output_file import OutputFile, OutputPipe
from vplugin.media.output_socket import OutputSocket
from vplugin.media.outputs import Target

__all__ = ["Layout", "Opening", "Outlet", "check_codec", "open_outlet"]

Layout: TypeAlias = Literal["hybrid", "faststart", "fragments"]
Missing: TypeAlias = Callable[[str], None]
Holder: TypeAlias = OutputFile | OutputPipe | OutputSocket | HlsFiles | None

_FRAGMENT = MappingProxyType({"frag_duration": "1000000"})  # microseconds
_CLUSTER = MappingProxyType({"cluster_time_limit": "1000"})  # milliseconds
# `delay_moov` lets edit lists be written although the file grows in fragments: without it, sound
# that starts before zero and pictures coded out of order begin at the wrong time.
_LAYOUTS: Mapping[Layout, Mapping[str, str]] = MappingProxyType(
    {
        "hybrid": {"movflags": "hybrid_fragmented+delay_moov", **_FRAGMENT},
        "faststart": {"movflags": "faststart"},
        "fragments": {"movflags": "frag_keyframe+delay_moov+default_base_moof", **_FRAGMENT},
    }
)
# What the tags of MP4 can hold; any other key needs QuickTime's own list of keys.
_MP4_TAGS = frozenset(
    {"title", "artist", "album_artist", "composer", "album", "date", "comment", "genre"}
    | {"copyright", "grouping", "lyrics", "description", "synopsis", "show", "episode_id"}
    | {"network", "keywords", "track", "disc", "creation_time"}
)
_BUFFER = 1 << 18  # bytes handed to the file at once
_ASPECT_CODECS = frozenset({"h264", "hevc", "mpeg2video"})  # carry the pixel aspect themselves
_APPLE_HEVC = "hvc1"  # the only tag of HEVC in MP4 that Apple's players accept


@dataclass(frozen=True)
class Opening:
    """What an output begins with.

    Attributes:
        target: Where to.
        holder: The file behind it; None for an address, which FFmpeg opens.
        encoder: For the video.
        settings: Its settings.
        facts: About the pictures.
        pixel: Pixel format to code in.
        tracks: The source, if it is in this process.
        sound: Whether sound is copied.
        layout: Of MP4 and MOV.
        live: Whether frames come at their own pace.
    """

    target: Target
    holder: Holder
    encoder: Encoder
    settings: EncoderSettings
    facts: VideoFacts
    pixel: str
    tracks: SourceTracks | None = None
    sound: bool = True
    layout: Layout = "hybrid"
    live: bool = False


@dataclass(frozen=True)
class Outlet:
    """An open output.

    Attributes:
        container: FFmpeg's.
        video: The stream that is coded.
        copied: The tracks that are copied, by index in the source.
    """

    container: OutputContainer
    video: VideoStream
    copied: Mapping[int, CopiedTrack]

    @property
    def repairs(self) -> list[str]:
        """What had to be mended in copied tracks, in sentences."""
        return [
            f"track {index} ({copy.track.kind}): {copy.moved} packets had no later time than the "
            "one before and were moved"
            for index, copy in self.copied.items()
            if copy.moved
        ]


def check_codec(target: Target, encoder: Encoder) -> None:
    """See that a container takes a codec, before anything is decoded.

    Raises:
        SinkError: It does not.
    """
    container, codec = target.container, encoder.codec
    fits = container.video is None or codec in container.video
    trial = av.open(Nowhere(), "w", format=_segment_muxer(target, encoder))
    try:
        trial.add_stream(encoder.name)
    except ValueError:
        fits = False
    finally:
        trial.close()
    if not fits:
        mend = "use codec: vp9 or av1" if container.name == "webm" else "use codec: h264, or .mkv"
        raise SinkError(
            f"{container.name} cannot hold {codec} video", where=target.title, mend=mend
        )


def _segment_muxer(target: Target, encoder: Encoder) -> str:
    """The muxer that really writes packets; for HLS that of its segments."""
    return segment_muxer(encoder.codec) if target.kind == "hls" else target.container.muxer


def open_outlet(opening: Opening, missing: Missing) -> Outlet:
    """Open the container, the encoder and, if it is an address, the connection.

    Args:
        opening: What to open.
        missing: Told about everything of the source that the output cannot carry.

    Raises:
        SinkError: The encoder refuses.
        av.error.FFmpegError: The container or the connection refuses.
    """
    container = _open_container(opening)
    try:
        video = _add_video(container, opening, missing)
        copied = _carry_source(container, opening, missing)
        container.start_encoding()
    except BaseException:
        _close_quietly(container)
        raise
    return Outlet(container, video, copied)


def _close_quietly(container: OutputContainer) -> None:
    try:
        container.close()
    except (FFmpegError, OSError, ValueError):
        return  # it never began


def _open_container(opening: Opening) -> OutputContainer:
    target, holder = opening.target, opening.holder
    where: Any = target.url
    options: dict[str, str] = {}
    if isinstance(holder, HlsFiles):
        options = holder.options
    elif holder is not None:
        where = holder
    if isinstance(holder, OutputSocket):
        holder.connect()
    if target.container.family == "mov":
        layout = opening.layout if target.container.seeks and target.kind == "file" else "fragments"
        options |= _LAYOUTS[layout]
        if opening.tracks is not None and _needs_key_list(opening.tracks):
            options["movflags"] += "+use_metadata_tags"
    if target.container.family in ("matroska", "webm"):
        options |= _CLUSTER
    if target.kind != "hls":
        options["flush_packets"] = "1"  # what is coded is on the disk, or on its way
    return av.open(
        where,
        "w",
        format=target.container.muxer,
        container_options=options,
        buffer_size=_BUFFER,
        io_open=holder.open if isinstance(holder, HlsFiles) else None,
    )


def _needs_key_list(tracks: SourceTracks) -> bool:
    return not set(carried_metadata(tracks.metadata)) <= _MP4_TAGS


def _add_video(container: OutputContainer, opening: Opening, missing: Missing) -> VideoStream:
    facts, tracks, target = opening.facts, opening.tracks, opening.target
    video: VideoStream = container.add_stream(opening.encoder.name, facts.rate)  # type: ignore[assignment]
    video.time_base = facts.time_base
    if opening.encoder.codec == "hevc" and (
        target.container.family == "mov" or target.kind == "hls"
    ):
        video.codec_context.codec_tag = _APPLE_HEVC
    if tracks is not None:
        _describe(video, opening, tracks, missing)
    open_encoder(
        video.codec_context,
        opening.encoder,
        opening.settings,
        facts,
        opening.pixel,
        live=opening.live,
    )
    return video


def _describe(video: VideoStream, opening: Opening, tracks: SourceTracks, missing: Missing) -> None:
    """Tags, rotation, timecode of the picture track, and what of them is lost."""
    container = opening.target.container
    video.metadata.update(carried_metadata(tracks.picture.metadata))
    video.disposition = tracks.picture.disposition
    if tracks.display_matrix is not None:
        if container.family in ("mov", "matroska"):
            video.set_display_matrix(tracks.display_matrix)
        elif tracks.rotation:
            missing(
                f"the rotation by {tracks.rotation}° is lost: {container.name} has no place for it"
            )
    if tracks.timecode:
        if container.timecode and opening.facts.rate:
            video.metadata["timecode"] = tracks.timecode
        else:
            missing(f"the timecode is lost: {container.name} has no place for it")
    square = opening.facts.sample_aspect[0] == opening.facts.sample_aspect[1]
    if not square and container.family != "mov" and opening.encoder.codec not in _ASPECT_CODECS:
        missing(f"the pixel aspect is lost: {container.name} has no place for it, use mov or mp4")
    if opening.facts.interlaced and not opening.encoder.fields:
        missing(
            f"{opening.encoder.name} codes both fields as one picture: use h264, ffv1 or prores"
        )


def _carry_source(
    container: OutputContainer, opening: Opening, missing: Missing
) -> Mapping[int, CopiedTrack]:
    tracks = opening.tracks
    if tracks is None:
        return {}
    container.metadata.update(carried_metadata(tracks.metadata))
    chapters = shifted_chapters(tracks)
    if chapters and opening.target.container.family in ("mov", "matroska", "webm", "nut"):
        container.set_chapters(chapters)
    elif chapters:
        missing(f"the chapters are lost: {opening.target.container.name} has no place for them")
    return copy_tracks(
        container,
        tracks,
        opening.target.container,
        muxer=_segment_muxer(opening.target, opening.encoder),
        sound=opening.sound,
        missing=missing,
    )
