"""Gives faces track numbers that stay with the person, steadies their points, marks scene cuts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import msgpack
from pydantic import Field, model_validator

from vplugin.errors import GraphError, SourceError, WireError
from vplugin.frame import Face, Frame
from vplugin.media.picture_io import Scaler
from vplugin.node import Context, Node, Params
from vplugin.vision.cut import CUT_SIZE, CutDetector
from vplugin.vision.smooth import FaceSmoother, SmoothOptions, smooth_tracks
from vplugin.vision.track import Tracker, TrackOptions
from vplugin.vision.trackfile import TrackRecord, TrackWriter, read_tracks

_VERSION = 1  # of the snapshot


class TrackParams(Params):
    """Parameters of :class:`Track`."""

    max_gap: float = Field(
        default=1.0, ge=0, le=30, description="Seconds without a detection that a track outlives."
    )
    fill: int = Field(
        default=3,
        ge=0,
        le=100,
        description="Frames over which a face that the detector missed is carried on; 0 is off.",
    )
    confirm: int = Field(
        default=1,
        ge=1,
        le=30,
        description="Sightings in a row before a face counts; more keeps out false ones.",
    )
    start: float = Field(
        default=0.6,
        ge=0,
        le=1,
        description="Least score that begins a track; weaker faces only continue one.",
    )
    likeness: float = Field(
        default=0.2,
        ge=-1,
        le=1,
        description="Least cosine of embeddings (if a node before gave any) within a track.",
    )
    smooth: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="Steadiness of box and points: 0 is as detected, above 1 steadier but slower.",
    )
    cut: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="Difference from which a frame begins a new shot (all tracks end); 0 is off.",
    )
    record: str | None = Field(
        default=None, description="First pass: file to write the unsmoothed tracks to."
    )
    apply: str | None = Field(
        default=None, description="Second pass: recorded file whose smoothed tracks to use."
    )

    @model_validator(mode="after")
    def _one_pass(self) -> TrackParams:
        if self.record is not None and self.apply is not None:
            raise ValueError("record and apply are two passes: give one of them")
        return self


@dataclass
class _Stream:
    """What is known of one stream."""

    tracker: Tracker = field(default_factory=Tracker)
    smoother: FaceSmoother = field(default_factory=FaceSmoother)
    cuts: CutDetector = field(default_factory=CutDetector)
    cut_count: int = 0
    filled: int = 0

    def configure(self, params: TrackParams) -> None:
        """Take over the parameters."""
        self.tracker.options = TrackOptions(
            max_gap=params.max_gap,
            fill=params.fill,
            confirm=params.confirm,
            start=params.start,
            likeness=params.likeness,
        )
        self.smoother.options = SmoothOptions().strengthened(params.smooth or 1.0)
        self.cuts.threshold = params.cut

    def state(self) -> list[Any]:
        """In msgpack types."""
        counts = [self.cut_count, self.filled]
        return [self.tracker.state(), self.smoother.state(), self.cuts.state(), counts]

    @classmethod
    def of_state(cls, state: list[Any], params: TrackParams) -> _Stream:
        """What :meth:`state` gave."""
        self = cls()
        self.configure(params)
        tracker, smoother, cuts, (self.cut_count, self.filled) = state
        self.tracker.restore(tracker)
        self.smoother.restore(smoother)
        self.cuts.restore(cuts)
        return self


class Track(Node[TrackParams]):
    """Follows people from frame to frame.

    Each face gets a track number that stays with the person through short misses and when people
    cross; numbers are never used twice. Boxes and points are steadied, scene cuts are marked on the
    frame and end all tracks. A face that the detector misses for up to ``fill`` frames is carried
    on by prediction (``attributes["filled"]`` counts), so that no single frame stays unaltered.

    For files there is a second, better way, in two runs. The first graph (decode, detect, track
    with ``record: tracks.jsonl``, and an encode as a preview) writes the tracks of the clip as they
    are. The second, over the same input, has ``track`` with ``apply: tracks.jsonl`` and needs no
    detect: it smooths each track over its whole length, without lag, and fills misses by
    interpolation.

    Example:
        >>> Track(TrackParams(fill=5, smooth=1.5))  # doctest: +ELLIPSIS
        <...Track object at ...>
    """

    edits: ClassVar[bool] = False
    stateful: ClassVar[bool] = True

    def __init__(self, params: TrackParams | None = None, name: str | None = None) -> None:
        super().__init__(params, name)
        self._scaler = Scaler()
        self._streams: dict[str, _Stream] = {}
        self._writer: TrackWriter | None = None
        self._resume_at = 0
        self._applied: dict[Fraction, TrackRecord] = {}

    def open(self, context: Context) -> None:
        """Read the recorded tracks, if they are to be applied.

        Raises:
            SourceError: They are missing or damaged.
        """
        super().open(context)
        if self.params.apply is not None:
            self._applied = self._smoothed(Path(context.base) / self.params.apply)

    def process(self, frame: Frame) -> Frame:
        """Put tracks into one frame."""
        stream = self._streams.get(frame.stream)
        if stream is None:
            stream = self._streams[frame.stream] = _Stream()
            stream.configure(self.params)
        if self.params.apply is not None:
            return self._apply(frame, stream)
        return self._track(frame, stream)

    def _track(self, frame: Frame, stream: _Stream) -> Frame:
        params, time = self.params, float(frame.time)
        cut = frame.cut or self._is_cut(frame, stream, time)
        size = (frame.format.width, frame.format.height)
        faces = stream.tracker.update(frame.faces, time, cut=cut, size=size)
        if params.record is not None:
            self._record(frame, faces, cut)
        elif params.smooth > 0:
            faces = stream.smoother.update(faces, time, cut=cut)
        return self._finished(frame, stream, faces, cut)

    def _is_cut(self, frame: Frame, stream: _Stream, time: float) -> bool:
        if self.params.cut == 0:
            return False
        luma = self._scaler.rgb(frame.picture, *CUT_SIZE, order="gray")
        return stream.cuts.update(luma, time)

    def _finished(self, frame: Frame, stream: _Stream, faces: Iterable[Face], cut: bool) -> Frame:
        result = frame.evolve(faces=tuple(faces), cut=cut)
        stream.cut_count += cut
        stream.filled += sum("filled" in face.attributes for face in result.faces)
        return result

    def _record(self, frame: Frame, faces: Iterable[Face], cut: bool) -> None:
        """Write what was really seen; misses are filled when it is applied."""
        if len(self._streams) > 1:
            raise GraphError(
                "record takes one stream, this graph has several",
                where=self.name,
                mend="record each input with a graph of its own",
            )
        if self._writer is None:
            path = Path(self.context.base) / str(self.params.record)
            self._writer = TrackWriter(path, self._resume_at)
        seen = tuple(face for face in faces if "filled" not in face.attributes)
        self._writer.write(TrackRecord(frame.time, seen, cut))

    def _smoothed(self, path: Path) -> dict[Fraction, TrackRecord]:
        """The recorded tracks by time, smoothed."""
        records = read_tracks(path)
        faces = smooth_tracks(
            [float(record.time) for record in records],
            [record.faces for record in records],
            strength=self.params.smooth,
            fill=self.params.fill,
        )
        return {
            record.time: TrackRecord(record.time, tuple(smooth), record.cut)
            for record, smooth in zip(records, faces, strict=True)
        }

    def _apply(self, frame: Frame, stream: _Stream) -> Frame:
        record = self._applied.get(frame.time)
        if record is None:
            raise SourceError(
                f"no tracks were recorded for the frame at {float(frame.time):.3f} s",
                where=self.params.apply,
                mend="record it again with the same input and the same `trim`",
            )
        return self._finished(frame, stream, record.faces, record.cut)

    def on_params(self, params: TrackParams) -> None:
        """Take other parameters from the next frame on; ``record`` and ``apply`` stay."""
        fixed = {"record": self.params.record, "apply": self.params.apply}
        self.params = params.model_copy(update=fixed)
        for stream in self._streams.values():
            stream.configure(self.params)

    def flush(self, stream: str) -> Iterable[Frame]:
        """The recording is complete: give it its name."""
        if self._writer is not None:
            self._writer.finish()
        return ()

    def snapshot(self) -> bytes:
        """All tracks, filters and the place in the recording."""
        position = self._resume_at if self._writer is None else self._writer.position
        streams = {name: stream.state() for name, stream in self._streams.items()}
        return bytes(msgpack.packb([_VERSION, position, streams]))

    def restore(self, state: bytes) -> None:
        """Go on exactly where the snapshot was taken.

        Raises:
            WireError: It is of another version of this node.
        """
        version, self._resume_at, streams = msgpack.unpackb(state)
        if version != _VERSION:
            raise WireError(f"a snapshot of version {version}, not {_VERSION}", where=self.name)
        self._streams = {
            name: _Stream.of_state(values, self.params) for name, values in streams.items()
        }

    def report(self) -> Mapping[str, Any]:
        """How many people, cuts and filled misses there were."""
        streams = self._streams.values()
        numbers = {name: s.tracker.next_number - 1 for name, s in self._streams.items()}
        applied = {face.track for record in self._applied.values() for face in record.faces}
        return {
            "tracks": len(applied) if self._applied else sum(numbers.values()),
            "longest_gap": max((s.tracker.longest_gap for s in streams), default=0.0),
            "filled": sum(s.filled for s in streams),
            "cuts": sum(s.cut_count for s in streams),
            **({"recorded": self.params.record} if self.params.record else {}),
            **({"applied": self.params.apply} if self.params.apply else {}),
        }

    def close(self) -> None:
        """Remove a recording that is not complete."""
        if self._writer is not None:
            self._writer.abandon()
