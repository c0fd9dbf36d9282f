"""Files as sources: every frame once, in order, at its exact time; frame-exact trimming.

Also standard input and generated pictures (``lavfi://``), which end and wait for their reader. What
runs at its own pace is in :mod:`vplugin.media.live`.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeAlias

import av

from vplugin.errors import SourceError
from vplugin.frame import Frame
from vplugin.media.address import Address
from vplugin.media.describe import Begin, describe, start_timecode
from vplugin.media.original import Original, SourceTracks
from vplugin.media.packets import PacketBag
from vplugin.media.pipe import PipeInput
from vplugin.media.reader import Reader, ReaderOptions
from vplugin.media.times import Timecode, exact_seconds
from vplugin.node import StreamInfo

__all__ = ["FileSource", "OnTruncated", "Time"]

OnTruncated: TypeAlias = Literal["fail", "accept"]
Time: TypeAlias = str | int | float | Fraction

# Containers that say in their header how long they are.
_WITH_LENGTH = frozenset({"mov", "matroska", "avi", "flv", "mxf", "asf", "nut"})
_SHORT_BY = Fraction(1)  # seconds that a header's length may be off
_LOOK_BACK = (Fraction(1), Fraction(10))  # seconds before `trim_in` to look for a key frame
_LOOK_AHEAD = Fraction(3)  # seconds of interleaving after `trim_out` to look for sound


class FileSource:
    """Reads a file from start to end.

    Args:
        address: What to read.
        options: How to open it.
        trim_in: First moment to keep, as :func:`exact_seconds` reads it.
        trim_out: First moment not to keep.
        on_truncated: Whether an input that ends before its header says is an error.

    Attributes:
        tracks: The input.

    Raises:
        SourceMissingError: There is no such file.
        SourceError: It cannot be opened, decoded or trimmed like that.
    """

    def __init__(
        self,
        address: Address,
        options: ReaderOptions | None = None,
        *,
        trim_in: Time | None = None,
        trim_out: Time | None = None,
        on_truncated: OnTruncated = "fail",
    ) -> None:
        self._address = address
        self._on_truncated = on_truncated
        self._file = PipeInput() if address.scheme == "pipe" else None
        self._stopped = self._ended = False
        self._reader: Reader | None = None
        try:
            self._reader = Reader(address, options or ReaderOptions(), self._file)
            self._cut = self._index_leaves_file()
            self._refuse_cut("its index names data after the end of the file")
            self._begin(trim_in, trim_out)
        except BaseException:
            self.close()
            raise

    @property
    def info(self) -> StreamInfo:
        """What the stream is."""
        length = self._length()
        rate = self.tracks.frame_rate
        frames = self.tracks.picture.frames or None
        if self._trimmed or not frames:
            frames = round(length * rate) if length is not None and rate else None
        return StreamInfo(
            time_base=Fraction(self._open.video.time_base),
            format=self._format,
            frames=frames,
            duration=float(length) if length is not None else None,
            title=Path(self._address.title).name if self._address.path else self._address.title,
        )

    def read(self) -> Frame | None:
        """The next frame, or None at the end.

        Raises:
            SourceError: Reading failed, or the input was cut short and that is not accepted.
            PictureError: The pixel format cannot be handled.
        """
        if self._stopped or self._ended:
            return None
        picture = next(self._pictures, None)
        if picture is None:
            self._ended = True
            self._cut = self._cut or self._ends_early()
            self._refuse_cut(f"it ends after {float(self._open.reached):.2f} s")
            return None
        if self._out is not None and _time(picture) >= self._out:
            self._ended = True
            self._collect_sound()
            return None
        return self._open.frame(picture, self._original)

    def tail(self) -> Original:
        """The packets after the last frame."""
        return Original(None, self._bag.take(), self.tracks)

    def stop(self) -> None:
        """Let :meth:`read` give None from now on; from any thread."""
        self._stopped = True
        if self._file is not None:
            self._file.stop()

    def report(self) -> dict[str, Any]:
        """Facts for the run report."""
        facts = {**self._open.facts(self.tracks), "truncated": self._cut}
        if self._trimmed:
            facts["trim"] = {
                "in": float(self._into),
                "out": None if self._out is None else float(self._out - self._open.start),
            }
        return facts

    def close(self) -> None:
        """Free everything; safe to call twice."""
        if self._reader is not None:
            self._reader.close()
        if self._file is not None:
            self._file.close()

    @property
    def _open(self) -> Reader:
        assert self._reader is not None
        return self._reader

    def _begin(self, trim_in: Time | None, trim_out: Time | None) -> None:
        """Find the first frame, which says what the pictures are like."""
        reader = self._open
        rate = reader.video.average_rate or reader.video.guessed_rate
        code = start_timecode(reader.container, reader.video)
        first_code = _timecode(code, rate)
        into, out = (
            None if time is None else exact_seconds(time, rate=rate, start=first_code)
            for time in (trim_in, trim_out)
        )
        self._check_trim(into, out)
        self._trimmed = into is not None or out is not None
        self._out = None if out is None else reader.start + out
        self._bag = PacketBag(end=self._out)
        wanted = None if into is None else reader.start + into
        first, rest = self._find(wanted)
        self._format = reader.show(first)[1].format
        begin = Begin(timecode=code, end=self._out)
        self._into = _time(first) - reader.start if into else Fraction(0)
        if into:
            self._bag.begin(_time(first))
            skipped = round((_time(first) - reader.start) * rate) if rate else 0
            moved = str(first_code + skipped) if first_code else None
            begin = Begin(_time(first), moved, self._out)
        self.tracks: SourceTracks = describe(
            reader.container, reader.video, first, self._address, False, begin
        )
        self._pictures = _chain(first, rest)

    def _check_trim(self, into: Fraction | None, out: Fraction | None) -> None:
        if (into is not None and into < 0) or (out is not None and out <= (into or 0)):
            raise SourceError(
                f"a trim from {float(into or 0):g} s to {'the end' if out is None else float(out)} "
                "keeps nothing",
                where=self._address.title,
                mend="let `out` lie after `in`, and both after the start",
            )

    def _find(self, wanted: Fraction | None) -> tuple[av.VideoFrame, Iterator[av.VideoFrame]]:
        """The first picture at or after ``wanted``, and those that follow."""
        for back in _LOOK_BACK if wanted is not None else ():
            assert wanted is not None
            if wanted - back <= self._open.start or not self._open.seek(wanted - back):
                break
            self._bag.clear()
            pictures = self._open.pictures(self._bag)
            first = next(pictures, None)
            if first is not None and _time(first) <= wanted:
                return self._skip(_chain(first, pictures), wanted)
            self._open.seek(self._open.start)
        self._bag.clear()
        return self._skip(self._open.pictures(self._bag), wanted)

    def _skip(
        self, pictures: Iterator[av.VideoFrame], wanted: Fraction | None
    ) -> tuple[av.VideoFrame, Iterator[av.VideoFrame]]:
        seen = False
        for picture in pictures:
            seen = True
            if wanted is None or _time(picture) >= wanted:
                return picture, pictures
        what = "the trim begins after its last frame" if seen else "no picture in it can be decoded"
        mend = "set an earlier `in`" if seen else "it may be damaged; check it with ffprobe"
        raise SourceError(what, where=self._address.title, mend=mend)

    def _original(self, picture: av.VideoFrame) -> Original:
        return Original(picture, self._bag.take(), self.tracks)

    def _collect_sound(self) -> None:
        """After the out point: sound that belongs before it may be stored later."""
        sound = [s.index for s in self._open.container.streams.audio]
        assert self._out is not None
        for packet in self._open.packets(self._bag):
            stamp = packet.dts if packet.dts is not None else packet.pts
            late = stamp is not None and _seconds(stamp, packet) > self._out + _LOOK_AHEAD
            if late or self._bag.finished(sound):
                return

    def _length(self) -> Fraction | None:
        """Expected seconds from the first frame to the end."""
        reader, video = self._open, self._open.video
        if video.duration:
            end = reader.start + _seconds(video.duration, video)
        elif reader.container.duration:
            end = Fraction(
                (reader.container.start_time or 0) + reader.container.duration, av.time_base
            )
        else:
            return None
        if self._out is not None:
            end = min(end, self._out)
        return max(Fraction(0), end - (self.tracks.origin or reader.start))

    def _index_leaves_file(self) -> bool:
        """Whether the index (moov in front) names bytes that the file does not have."""
        path = self._address.path
        if path is None or not path.is_file() or "mov" not in self._open.container.format.name:
            return False
        size = path.stat().st_size
        lasts = [s.index_entries[-1] for s in self._open.container.streams if len(s.index_entries)]
        return any(entry.pos + entry.size > size for entry in lasts)

    def _ends_early(self) -> bool:
        """Whether it ended more than a second before its header says."""
        container = self._open.container
        names = set(container.format.name.split(","))
        if not container.duration or not names & _WITH_LENGTH:
            return False
        end = Fraction((container.start_time or 0) + container.duration, av.time_base)
        return self._open.reached < end - _SHORT_BY

    def _refuse_cut(self, why: str) -> None:
        if self._cut and self._on_truncated == "fail":
            raise SourceError(
                f"is cut short: {why}",
                where=self._address.title,
                mend="copy it again, or set `on_truncated: accept` to take what is there",
            )


def _timecode(text: str | None, rate: Fraction | None) -> Timecode | None:
    """The clip's own first timecode; what a recorder wrote wrongly is no reason to stop."""
    if not text or not rate:
        return None
    try:
        return Timecode.parse(text, rate)
    except SourceError:
        return None


def _time(picture: av.VideoFrame) -> Fraction:
    assert picture.pts is not None
    return _seconds(picture.pts, picture)


def _seconds(stamp: int, timed: Any) -> Fraction:
    return stamp * Fraction(timed.time_base)


def _chain(first: av.VideoFrame, rest: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    yield first
    del first  # its memory goes back to the decoder
    yield from rest
