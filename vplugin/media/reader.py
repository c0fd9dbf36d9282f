"""One open input: decoded pictures of one video track, packets of all others.

Used by the file source and the live source, which decide when to read and what to keep. One thread
only: FFmpeg's contexts are not to be shared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
from av.codec.context import Flags
from av.stream import Discard, Disposition

from vplugin.errors import PictureError, SourceError
from vplugin.frame import Frame
from vplugin.media.address import Address
from vplugin.media.fault import check_file, source_error
from vplugin.media.original import AnyPacket, Original, SourceTracks
from vplugin.media.packets import PacketBag, Stamps, Timeline
from vplugin.media.picture_io import plain, to_picture
from vplugin.media.pipe import PipeInput
from vplugin.picture import Picture

__all__ = ["Reader", "ReaderOptions"]


@dataclass(frozen=True)
class ReaderOptions:
    """How an input is opened.

    Attributes:
        track: Which of its video tracks, from 0; cover art does not count.
        threads: Of the decoder; 0 leaves it to FFmpeg.
        low_delay: Decode without holding frames back: slices instead of frames in parallel.
        timeout: Seconds without data after which opening or reading fails; None waits.
        format: FFmpeg demuxer to force.
        options: For FFmpeg's demuxer, protocol and decoder; they come before our own.
    """

    track: int = 0
    threads: int = 0
    low_delay: bool = False
    timeout: float | None = None
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


class Reader:
    """Demuxes and decodes.

    Args:
        address: What to open.
        options: How.
        file: An object with ``read(n)`` that stands for the address (standard input).

    Attributes:
        container: PyAV's input.
        video: The stream that is decoded.
        decoded: Pictures so far.
        delivered: Frames made of them so far.
        corrupt: Damaged packets and pictures so far.
        reached: Seconds up to which any track has come.
        formats: (first frame, description) of each picture format, in order.

    Raises:
        SourceError: It cannot be opened or holds no such video track.
    """

    def __init__(self, address: Address, options: ReaderOptions, file: Any = None) -> None:
        check_file(address)
        self.address = address
        self.decoded = 0
        self.delivered = 0
        self.corrupt = 0
        self.reached = Fraction(0)
        self.stamps = Stamps()
        self.timeline = Timeline()
        self.formats: list[tuple[int, str]] = []
        self._file = file
        self.container = _open(address, options, file)
        try:
            self.video = _pick(self.container, options.track, address)
            self._tune(options)
        except BaseException:
            self.container.close()
            raise
        rate = self.video.average_rate or self.video.guessed_rate or Fraction(25)
        self.stamps.guess = max(1, round(1 / (rate * self.video.time_base)))
        self._aspect: Fraction | None = None
        self._name = ""

    @property
    def start(self) -> Fraction:
        """Seconds at which the video track begins, by its header."""
        return Fraction(self.video.start_time or 0) * Fraction(self.video.time_base)

    def pictures(self, bag: PacketBag) -> Iterator[av.VideoFrame]:
        """Decoded pictures in order of presentation, pts repaired; other packets go to ``bag``.

        Raises:
            SourceError: Reading failed.
        """
        for packet in self.packets(bag):
            for picture in self._decode(packet):
                self.stamps.stamp(picture)
                yield picture

    def packets(self, bag: PacketBag) -> Iterator[AnyPacket]:
        """Packets of the video track; all others go to ``bag``."""
        wanted = [s for s in self.container.streams if s.type != "attachment"]
        try:
            for packet in self.container.demux(wanted):
                stream: Any = packet.stream
                self.timeline.join(packet, stream.index)
                self._follow(packet)
                if stream.index == self.video.index:
                    yield packet
                else:
                    bag.add(packet, stream.type, stream.index)
        except av.FFmpegError as error:
            head = b"" if self.decoded else _head(self._file)
            raise source_error(error, self.address, head) from error

    def seek(self, seconds: Fraction) -> bool:
        """Go to a key frame at or before a time; False where the input cannot."""
        try:
            self.container.seek(int(seconds // self.video.time_base), stream=self.video)
        except (av.FFmpegError, OSError):
            return False
        self.stamps = Stamps(self.stamps.guess)
        self.timeline = Timeline()
        self.decoded = 0
        return True

    def show(self, picture: av.VideoFrame) -> tuple[av.VideoFrame, Picture]:
        """A decoded picture in a plain pixel format, and ours that shows it.

        Raises:
            PictureError: The pixel format cannot be handled.
        """
        name = f"{picture.width}x{picture.height} {picture.format.name}"
        if self._name != name:
            self._name, self._aspect = name, self.video.sample_aspect_ratio
        try:
            whole = plain(picture)
        except PictureError as error:
            where = self.address.title
            raise PictureError(error.what, where=where, mend=error.mend) from error
        return whole, to_picture(whole, sample_aspect=self._aspect)

    def frame(self, picture: av.VideoFrame, original: Callable[[av.VideoFrame], Original]) -> Frame:
        """One of our frames from a decoded picture.

        Args:
            picture: As :meth:`pictures` gives it.
            original: Makes what the frame shall carry, from the picture in a plain pixel format.

        Raises:
            PictureError: The pixel format cannot be handled.
        """
        whole, shown = self.show(picture)
        assert whole.pts is not None
        if not self.formats or self.formats[-1][1] != self._name:
            self.formats.append((self.delivered, self._name))
        self.delivered += 1
        return Frame(
            shown,
            whole.pts,
            Fraction(self.video.time_base),
            original=original(whole),
            duration=picture.duration or None,
        )

    def facts(self, tracks: SourceTracks | None) -> dict[str, Any]:
        """For the run report."""
        facts: dict[str, Any] = {
            "uri": self.address.title,
            "container": self.container.format.name,
            "codec": self.video.codec_context.name,
            "threads": self.video.codec_context.thread_count,
            "frames": self.delivered,
            "frames_decoded": self.decoded,
            "repaired_pts": self.stamps.repaired,
            "corrupt": self.corrupt,
            "time_restarts": self.timeline.joins,
            "format": self.formats[0][1] if self.formats else None,
        }
        if len(self.formats) > 1:
            facts["format_changes"] = [
                {"frame": number, "format": name} for number, name in self.formats[1:]
            ]
        facts["warnings"] = self._warnings()
        if tracks is not None:
            facts["tracks"] = [f"{track.kind} {track.codec}".strip() for track in tracks.tracks]
        return facts

    def _warnings(self) -> list[str]:
        """What was not as it should be, in sentences."""
        counted = (
            (self.corrupt, "damaged packets or pictures: what could be decoded of them was used"),
            (self.stamps.repaired, "frames without a time of their own, which was filled in"),
            (self.timeline.joins, "jumps back in time, which were joined"),
        )
        return [f"{self.address.title} has {count} {what}" for count, what in counted if count]

    def close(self) -> None:
        """Close the input; safe to call twice."""
        self.container.close()

    def _tune(self, options: ReaderOptions) -> None:
        context = self.video.codec_context
        context.thread_count = options.threads
        context.thread_type = "SLICE" if options.low_delay else "AUTO"
        if options.low_delay:
            context.flags |= Flags.low_delay
        for stream in self.container.streams:
            if stream.type == "attachment":
                stream.discard = Discard.all

    def _follow(self, packet: AnyPacket) -> None:
        """Remember how far the input has come, to notice that it was cut short."""
        self.corrupt += bool(packet.is_corrupt)
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is not None:
            end = (stamp + (packet.duration or 0)) * Fraction(packet.time_base)
            self.reached = max(self.reached, end)

    def _decode(self, packet: AnyPacket) -> list[av.VideoFrame]:
        if packet.size == 0 and packet.pts is not None:  # carries nothing, and is no flush
            return []
        try:
            pictures = self.video.decode(packet)
        except av.EOFError:
            return []
        except av.FFmpegError:
            self.corrupt += 1
            return []
        self.decoded += len(pictures)
        self.corrupt += sum(picture.is_corrupt for picture in pictures)
        return list(pictures)


def _open(address: Address, options: ReaderOptions, file: Any) -> Any:
    settings = {**address.options, **options.options}
    format = options.format or address.format
    if format is not None and format not in av.formats_available:
        _known_demuxer(format, address)
    try:
        return av.open(
            file or address.target,
            "r",
            format=format,
            options=settings,
            timeout=options.timeout,
            metadata_errors="replace",
        )
    except (av.FFmpegError, OSError) as error:
        raise source_error(error, address, _head(file)) from error


def _head(file: Any) -> bytes:
    """The first bytes of standard input."""
    return file.head if isinstance(file, PipeInput) else b""


def _known_demuxer(format: str, address: Address) -> None:
    """Refuse a demuxer that FFmpeg lacks; one name may stand for several (``mov,mp4``)."""
    try:
        av.ContainerFormat(format, "r")
    except ValueError as error:
        raise SourceError(
            f"this build of FFmpeg has no demuxer {format!r}",
            where=address.title,
            mend="leave `format` out, or see `ffmpeg -demuxers` for names",
        ) from error


def _pick(container: Any, number: int, address: Address) -> Any:
    """The ``number``-th video track that is a film."""
    films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if number < len(films) and films[number].codec_context is not None:
        return films[number]
    kinds = sorted({str(stream.type) for stream in container.streams})
    if not films:
        raise SourceError(
            f"has no picture, only {' and '.join(kinds) or 'nothing'}",
            where=address.title,
            mend="name an input with a video track",
        )
    if number >= len(films):
        raise SourceError(
            f"has {len(films)} video track(s), number {number} is not among them",
            where=address.title,
            mend=f"set `track` to 0…{len(films) - 1}",
        )
    raise SourceError(
        "is coded in a way that this FFmpeg cannot decode",
        where=address.title,
        mend="convert it to H.264, HEVC, AV1, VP9, ProRes or FFV1",
    )
