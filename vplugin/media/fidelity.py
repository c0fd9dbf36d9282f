"""Is the output what the input was, apart from what the graph meant to change?

:func:`compare` answers stream by stream, in one word and in sentences. Pixels are not its business:
that nothing outside the patches changes is shown at the encoder's input, by a test.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import Literal, TypeAlias

import av
from av.error import FFmpegError
from pydantic import BaseModel, ConfigDict

from vplugin.errors import SinkError
from vplugin.media.record import Record, Times, TrackRecord, measure

__all__ = ["Fidelity", "Property", "TimesFidelity", "TrackFidelity", "Verdict", "compare"]

Verdict: TypeAlias = Literal["exact", "equal within the container's clock", "differs"]
_EXACT: Verdict = "exact"
_CLOCK: Verdict = "equal within the container's clock"
_DIFFERS: Verdict = "differs"
_HEARD = Fraction(1, 1000)  # seconds by which sound may move; rounding in playlists is less
_RANK: dict[Verdict, int] = {_EXACT: 0, _CLOCK: 1, _DIFFERS: 2}


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TimesFidelity(_Facts):
    """The video's presentation times.

    Attributes:
        verdict: In a word.
        frames: Number in the source and in the output.
        sha256: Of all times as reduced fractions of a second, source and output.
        time_base: Seconds per pts unit, source and output.
        shift: Seconds by which the whole output is later, "0" where it is not.
        largest_difference: Seconds, after the shift.
    """

    verdict: Verdict
    frames: tuple[int, int]
    sha256: tuple[str, str]
    time_base: tuple[str, str]
    shift: str
    largest_difference: float


class TrackFidelity(_Facts):
    """One copied track.

    Attributes:
        verdict: In a word.
        kind: ``audio``, ``subtitle``, ``data``.
        codec: FFmpeg's name.
        packets: Number in the source and in the output.
        sha256: Of all payloads, source and output.
        offset: Seconds by which it moved against the video.
    """

    verdict: Verdict
    kind: str
    codec: str
    packets: tuple[int, int]
    sha256: tuple[str, str]
    offset: float


class Property(_Facts):
    """Something that the header says.

    Attributes:
        name: What it is.
        verdict: In a word.
        source: As text, "" where there was none.
        output: Likewise.
    """

    name: str
    verdict: Verdict
    source: str
    output: str


class Fidelity(_Facts):
    """How an output compares with its source.

    Attributes:
        verdict: The worst of all parts.
        sentences: What is not exact, for people.
        times: The video's.
        tracks: The copied ones.
        properties: Of picture and container.
    """

    verdict: Verdict
    sentences: tuple[str, ...]
    times: TimesFidelity
    tracks: tuple[TrackFidelity, ...]
    properties: tuple[Property, ...]


def compare(source: Record | str | Path, output: str | Path) -> Fidelity:
    """Compare an output with what went into it.

    Args:
        source: What a sink recorded, or a file.
        output: A file or playlist.

    Raises:
        SinkError: The output (or the source file) cannot be read back.
    """
    given = source if isinstance(source, Record) else _measured(source, captions=True)
    made = _measured(output, captions=given.captions is not None)
    try:
        return _compare(given, made)
    finally:
        made.close()
        if given is not source:
            given.close()


def _measured(path: str | Path, *, captions: bool) -> Record:
    try:
        return measure(path, captions=captions)
    except (FFmpegError, IndexError) as error:
        raise SinkError(f"cannot be read back: {error}", where=path) from error


def _compare(given: Record, made: Record) -> Fidelity:
    times, sentences = _compare_times(given.times, made.times)
    tracks = []
    for before, after in _pairs(given, made):
        track, text = _compare_track(before, after, Fraction(times.shift), made.times.time_base)
        tracks.append(track)
        sentences += text
    properties = tuple(_compare_properties(given, made))
    sentences += [_say(item) for item in properties if item.verdict != _EXACT]
    verdicts = [times.verdict, *(t.verdict for t in tracks), *(p.verdict for p in properties)]
    worst = max(verdicts, key=_RANK.__getitem__)
    return Fidelity(
        verdict=worst,
        sentences=tuple(sentences),
        times=times,
        tracks=tuple(tracks),
        properties=properties,
    )


def _say(item: Property) -> str:
    return f"{item.name}: {item.source or 'none'} in the source, {item.output or 'none'} here"


def _compare_times(given: Times, made: Times) -> tuple[TimesFidelity, list[str]]:
    """The video's times; a shift of everything by the same amount is told apart."""
    shift = (made.first or Fraction(0)) - (given.first or Fraction(0))
    largest = Fraction(0)
    for before, after in zip_longest(given, made):
        if before is not None and after is not None:
            moved = after * made.time_base - before * given.time_base - shift
            largest = max(largest, abs(moved))
    sentences = []
    # A shift is rounded to the clock like every time, so two roundings may add up.
    if given.count != made.count:
        verdict: Verdict = _DIFFERS
        sentences.append(f"{given.count} frames went in, {made.count} came out")
    elif largest == 0 and shift == 0:
        verdict = _EXACT
    elif largest <= made.time_base and largest + abs(shift) <= made.time_base:
        verdict = _CLOCK
    else:
        verdict = _CLOCK if largest <= made.time_base else _DIFFERS
    if largest:
        sentences.append(f"frame times differ by up to {_milliseconds(largest)}")
    if shift:
        sentences.append(f"everything is {_milliseconds(shift)} later, as the container needs")
    return (
        TimesFidelity(
            verdict=verdict,
            frames=(given.count, made.count),
            sha256=(given.sha256, made.sha256),
            time_base=(str(given.time_base), str(made.time_base)),
            shift=str(shift),
            largest_difference=float(largest),
        ),
        sentences,
    )


def _milliseconds(seconds: Fraction) -> str:
    return f"{float(seconds) * 1000:.3g} ms"


def _pairs(given: Record, made: Record) -> Iterator[tuple[TrackRecord, TrackRecord | None]]:
    """Copied tracks in order: each with the next one of its kind, of its codec if there is one.

    MP4 has one name for all layers of MPEG audio, so the codec alone does not decide.
    """
    left = list(made.tracks.values())
    for before in given.tracks.values():
        kin = [track for track in left if track.kind == before.kind]
        same = [track for track in kin if track.codec == before.codec]
        after = next(iter(same or kin), None)
        if after is not None:
            left.remove(after)
        yield before, after


def _compare_track(
    before: TrackRecord, after: TrackRecord | None, shift: Fraction, clock: Fraction
) -> tuple[TrackFidelity, list[str]]:
    name = f"{before.kind} ({before.codec}{', ' + before.language if before.language else ''})"
    if after is None:
        missing = TrackFidelity(
            verdict=_DIFFERS,
            kind=before.kind,
            codec=before.codec,
            packets=(before.packets, 0),
            sha256=(before.sha256, ""),
            offset=0.0,
        )
        return missing, [f"{name} is missing"]
    offset = (after.first or Fraction(0)) - (before.first or Fraction(0)) - shift
    same = before.sha256 == after.sha256
    sentences = []
    if not same:
        sentences.append(f"{name}: {before.packets} packets went in, {after.packets} came out")
        sentences[-1] += "" if before.packets != after.packets else ", with other bytes"
    if before.language != after.language:
        sentences.append(
            f"{name} has lost its language"
            if not after.language
            else f"{name} has another language: {after.language}"
        )
    if abs(offset) > max(2 * clock, _HEARD):
        sentences.append(f"{name} moved by {_milliseconds(offset)} against the video")
    near: Verdict = _EXACT if offset == 0 else _CLOCK
    return (
        TrackFidelity(
            verdict=_DIFFERS if sentences else near,
            kind=before.kind,
            codec=before.codec,
            packets=(before.packets, after.packets),
            sha256=(before.sha256, after.sha256),
            offset=float(offset),
        ),
        sentences,
    )


def _compare_properties(given: Record, made: Record) -> Iterator[Property]:
    for name, before in given.properties.items():
        after = made.properties.get(name, "")
        yield _property(name, before, after, _same(name, before, after))
    if given.captions is not None:
        before, after = given.captions, made.captions or ""
        yield _property("captions", before, after, before == after)
    have = {key.lower(): value for key, value in made.metadata.items()}
    lost = {key: value for key, value in given.metadata.items() if have.get(key.lower()) != value}
    kept = {key: have.get(key.lower(), "") for key in lost}
    yield _property("metadata", _listed(lost), _listed(kept), not lost)


def _property(name: str, before: str, after: str, same: bool) -> Property:
    return Property(name=name, verdict=_EXACT if same else _DIFFERS, source=before, output=after)


def _listed(tags: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in tags.items() if value)


def _same(name: str, before: str, after: str) -> bool:
    if name == "field order":
        return before == after or {before, after} <= {"unknown", "progressive"}
    if name == "pixel format":
        return before == after or _holds(after, before)
    return before == after


def _holds(pixel: str, other: str) -> bool:
    """Whether a pixel format has room for all samples of another: prores' 4:2:2 for 4:2:0."""
    mine, theirs = _samples(pixel), _samples(other)
    return len(mine) == len(theirs) and all(
        have >= need
        for pair in zip(mine, theirs, strict=True)
        for have, need in zip(*pair, strict=True)
    )


def _samples(pixel: str) -> tuple[tuple[int, int, int], ...]:
    """Bits and size of each component; nv12 and yuv420p have the same."""
    format = av.VideoFormat(pixel, 64, 64)
    return tuple((c.bits, c.width, c.height) for c in format.components)
