"""Writing video: frames are coded, everything else their source had is carried along untouched.

One :class:`VideoWriter` makes one output, in one thread. Nothing is visible under the output's name
before it is complete, and nothing is left behind when it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from vplugin.errors import SinkError
from vplugin.frame import Frame
from vplugin.media.canvas import Canvas, original_frame
from vplugin.media.edit_list import cover_end
from vplugin.media.encoders import find_encoder
from vplugin.media.encoding import EncoderSettings, check_settings, choose_pixel
from vplugin.media.facts import video_facts
from vplugin.media.fidelity import Fidelity, compare
from vplugin.media.hls import HlsFiles
from vplugin.media.muxing import Holder, Layout, Opening, Outlet, check_codec, open_outlet
from vplugin.media.original import Original, SourceTracks
from vplugin.media.output_file import OutputFile, OutputPipe, sink_error
from vplugin.media.output_socket import OutputSocket
from vplugin.media.outputs import Target
from vplugin.media.record import Record, Times, captions_of, carried_properties
from vplugin.node import Artifact

__all__ = ["VideoWriter", "WriterSettings"]

_SHORT_GOP = 2  # seconds: viewers of a stream, and players of segments, wait for a key frame


@dataclass(frozen=True)
class WriterSettings:
    """How to write.

    Attributes:
        encoder: How to code the video.
        sound: Whether sound is copied.
        layout: Of MP4 and MOV: ``hybrid`` is playable up to the last second when the process is
            killed and an ordinary file when it is finished; ``faststart`` has its index in front;
            ``fragments`` never needs an index.
        overwrite: Whether a file of that name may be replaced.
        strict: Whether something that the container cannot carry is an error.
        live: Whether frames come at their own pace.
        verify: Whether a finished file is read back and compared.
    """

    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    sound: bool = True
    layout: Layout = "hybrid"
    overwrite: bool = True
    strict: bool = False
    live: bool = False
    verify: bool = True


class VideoWriter:
    """One output.

    Args:
        target: Where to.
        settings: How.
        tap: Shown each frame exactly as the encoder gets it; for tests and monitors.

    Raises:
        SinkError: The codec, a setting or the target can be seen to be wrong already now.

    Attributes:
        warnings: What of the source the output does not carry, in sentences.
        frames: Coded so far.
        is_complete: Whether everything is written and only the name is missing.
        fidelity: After :meth:`complete`, if the output can be read back.
    """

    def __init__(
        self,
        target: Target,
        settings: WriterSettings,
        *,
        tap: Callable[[av.VideoFrame], None] | None = None,
    ) -> None:
        self.target = target
        self.settings = settings
        self.encoder = find_encoder(settings.encoder.codec)
        self.warnings: list[str] = []
        self.frames = 0
        self.fidelity: Fidelity | None = None
        check_settings(settings.encoder, self.encoder, live=settings.live)
        check_codec(target, self.encoder)
        self._tap = tap
        self._file = self._hold()
        self._run: _Run | None = None
        self._waiting: list[Original] = []
        self.is_complete = False
        self._closed = False

    def _hold(self) -> Holder:
        """Take the output's place, so that a second run sees it is taken."""
        target, overwrite = self.target, self.settings.overwrite
        if target.kind == "pipe":
            return OutputPipe(target.path)
        if target.url.lower().startswith("tcp://"):
            return OutputSocket(target.url, target.title)
        if target.path is None:
            return None
        if target.kind == "hls":
            return HlsFiles(
                target.path, self.encoder.codec, live=self.settings.live, overwrite=overwrite
            )
        return OutputFile(target.path, overwrite=overwrite)

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """What the engine clears up after a killed process."""
        return (self._file.artifact,) if isinstance(self._file, OutputFile) else ()

    def write(self, frame: Frame) -> None:
        """Code a frame, after the packets that belong before it.

        Raises:
            SinkError: The encoder, the container or the device refuses; nothing is left behind.
        """
        with self._guard():
            original = frame.original if isinstance(frame.original, Original) else None
            if self._run is None:
                self._run = self._begin(frame, original)
            if original is not None:
                self._run.carry(original)
            self._run.encode(frame)
            self.frames += 1
            if isinstance(self._file, HlsFiles):
                self._file.check()

    def carry(self, original: Original) -> None:
        """Write the packets of a frame that does not come itself.

        Raises:
            SinkError: As :meth:`write`.
        """
        with self._guard():
            if self._run is None:
                # without its picture, which would stay in memory until the first frame comes
                self._waiting.append(Original(None, original.packets, original.tracks))
            else:
                self._run.carry(original)

    def _begin(self, frame: Frame, original: Original | None) -> _Run:
        """Open everything, now that the first frame tells what it is."""
        tracks = original.tracks if original is not None else None
        self._check_source(tracks)
        facts = video_facts(frame, original_frame(frame), tracks)
        settings = self.settings
        pixel = choose_pixel(self.encoder, facts.pixel, settings.encoder.pixel_format)
        coding = settings.encoder
        if coding.gop is None and (settings.live or self.target.kind == "hls"):
            coding = replace(coding, gop=round((facts.rate or 25) * _SHORT_GOP))
        opening = Opening(
            self.target,
            self._file,
            self.encoder,
            coding,
            facts,
            pixel,
            tracks,
            settings.sound,
            settings.layout,
            settings.live,
        )
        run = _Run(opening, open_outlet(opening, self._missing), self._tap, self.warnings)
        for waiting in self._waiting:
            run.carry(waiting)
        self._waiting.clear()
        return run

    def _check_source(self, tracks: SourceTracks | None) -> None:
        if tracks is None or tracks.path is None or not isinstance(self._file, OutputFile):
            return
        if self._file.final.exists() and Path(tracks.path).samefile(self._file.final):
            mend = "give the output another name"
            raise SinkError("would replace its own source", where=self.target.title, mend=mend)

    def _missing(self, sentence: str) -> None:
        if self.settings.strict:
            mend = "use mkv or mov, or set strict: false"
            raise SinkError(sentence, where=self.target.title, mend=mend)
        self.warnings.append(sentence)

    def complete(self) -> None:
        """Write what is held back, close, compare with the source; the file has no name yet.

        Raises:
            SinkError: As :meth:`write`, and if no frame ever came.
        """
        if self._closed or self.is_complete:
            return
        with self._guard():
            if self._run is None:
                mend = "check the source and its trim"
                raise SinkError("no frame came to write", where=self.target.title, mend=mend)
            self._run.finish()
            self._verify(self._run.record)
            self.is_complete = True
            self.warnings += self._run.outlet.repairs

    def finish(self) -> None:
        """Complete the file, where that is not done yet, and give it its name.

        Raises:
            SinkError: As :meth:`complete`.
        """
        self.complete()
        if self._closed:
            return
        with self._guard():
            if self._file is not None:
                self._file.commit()
            self._closed = True
            if self._run is not None:
                self._run.record.close()

    def _verify(self, record: Record) -> None:
        """Compare what was written with what went in, before it gets its name."""
        if isinstance(self._file, HlsFiles):
            self._file.check()
        if self.settings.verify and isinstance(self._file, OutputFile | HlsFiles):
            self.fidelity = compare(record, self._file.name)

    def abort(self) -> None:
        """Close and leave nothing behind; harmless at any time."""
        if self._closed:
            return
        self._closed = True
        if self._file is not None:
            self._file.ignore()
        if self._run is not None:
            self._run.abort()
        if self._file is not None:
            self._file.discard()
        self._waiting.clear()

    def report(self) -> dict[str, Any]:
        """Facts for the run report."""
        path = self.target.path
        written = path.stat().st_size if path is not None and path.is_file() else None
        if isinstance(self._file, HlsFiles):
            written = self._file.size
        return {
            "output": self.target.title,
            "encoder": self.encoder.name,
            "pixel_format": self._run.pixel if self._run is not None else None,
            "frames": self.frames,
            "bytes": written,
            "warnings": list(self.warnings),
            "fidelity": self.fidelity.model_dump(mode="json") if self.fidelity else None,
        }

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """Turn errors into one line, and clear up after any; nothing is written after one."""
        if self._closed:
            raise SinkError("was given up after an error", where=self.target.title)
        try:
            yield
        except SinkError:
            self.abort()
            raise
        except (FFmpegError, OSError) as error:
            self.abort()
            raise sink_error(error, self.target.title) from error
        except BaseException:
            self.abort()
            raise


class _Run:
    """The time between the first frame and the last."""

    def __init__(
        self,
        opening: Opening,
        outlet: Outlet,
        tap: Callable[[av.VideoFrame], None] | None,
        warnings: list[str],
    ) -> None:
        self.pixel = opening.pixel
        self._opening = opening
        self.outlet = outlet
        self._tap = tap
        self._warnings = warnings
        self._canvas = Canvas(opening.pixel)
        facts, tracks = opening.facts, opening.tracks
        self._origin = round(tracks.origin / facts.time_base) if tracks is not None else 0
        self._last: int | None = None
        self._looks = (facts.width, facts.height, facts.pixel)
        self.record = Record(Times(facts.time_base))
        self.record.properties = carried_properties(facts, tracks)
        self.record.metadata = dict(outlet.container.metadata)
        self._recorded = {
            index: self.record.track(copy.track) for index, copy in outlet.copied.items()
        }
        self._note_clock()

    def _note_clock(self) -> None:
        clock = self._opening.target.container.clock
        base = self._opening.facts.time_base
        if clock is not None and (base / clock).denominator != 1:
            name = self._opening.target.container.name
            self._warnings.append(
                f"{name} counts time in steps of {float(clock) * 1000:.3g} ms, the source in "
                f"{base} s: frame times move by up to {float(clock) * 500:.3g} ms"
            )

    def carry(self, original: Original) -> None:
        """Write packets of the source's other tracks."""
        for packet in original.packets:
            copy = self.outlet.copied.get(packet.stream_index)
            taken = copy.take(packet) if copy is not None else None
            if taken is not None:
                self._recorded[packet.stream_index].add(taken)
                self.outlet.container.mux(taken)

    def encode(self, frame: Frame) -> None:
        """Code one frame."""
        self._check_looks(frame)
        sheet = self._canvas.paint(frame)
        sheet.pts = self._place(frame)
        captions = captions_of(sheet)
        if captions and self.record.captions is None and not self._opening.encoder.captions:
            name = self._opening.encoder.name
            self._warnings.append(f"the captions are lost: {name} does not write them")
        self.record.caption(captions)
        self.record.times.add(sheet.pts, sheet.duration or 0)
        if self._tap is not None:
            self._tap(sheet)
        self.outlet.container.mux(self.outlet.video.encode(sheet))

    def _check_looks(self, frame: Frame) -> None:
        """Pictures may not change their size; another pixel format only if nothing is lost."""
        format = frame.format
        looks = (format.width, format.height, format.pixel)
        if looks == self._looks:
            return
        width, height, _ = self._looks
        if looks[:2] != (width, height):
            raise SinkError(
                f"the picture changes from {width}x{height} to {format.width}x{format.height} "
                f"at {float(frame.time):.3f} s, which one output cannot hold",
                where=self._opening.target.title,
                mend="trim the input before and after the change into two outputs",
            )
        opening = self._opening
        fits = choose_pixel(opening.encoder, format.pixel, opening.settings.pixel_format)
        if fits != opening.pixel:
            raise SinkError(
                f"the pixel format changes to {format.pixel} at {float(frame.time):.3f} s",
                where=opening.target.title,
                mend=f"set pixel_format: {opening.pixel}",
            )
        self._looks = looks

    def _place(self, frame: Frame) -> int:
        """The frame's pts in the output: the source's own, less the origin of a trim.

        A time that does not increase is refused rather than mended here: only the source knows
        whether its clock has jumped, and it has to move the sound by the same amount.
        """
        base = self._opening.facts.time_base
        pts = frame.pts if frame.time_base == base else round(frame.time / base)
        pts -= self._origin
        if self._last is not None and pts <= self._last:
            raise SinkError(
                f"frame {frame.seq} at {float(frame.time):.6f} s is not later than the one before",
                where=self._opening.target.title,
                mend="join each stream to one encoder only; report it if the source is one file",
            )
        self._last = pts
        return pts

    def finish(self) -> None:
        """Write what the encoder holds back, and the end of the container."""
        self.outlet.container.mux(self.outlet.video.encode(None))
        self.outlet.container.close()
        file, times = self._opening.holder, self.record.times
        mov = self._opening.target.container.family == "mov"
        if mov and self._opening.layout == "hybrid" and isinstance(file, OutputFile):
            cover_end(file.name, times.span)

    def abort(self) -> None:
        """Close without caring for the result."""
        with suppress(FFmpegError, OSError, ValueError):
            self.outlet.container.close()
        self.record.close()
