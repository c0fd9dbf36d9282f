"""Every message between the conductor and the lanes, and how it is packed.

msgpack arrays: tag, protocol version, fields. Messages are small; pixels sit in the arena and are
named by :class:`Slot`. Nothing here knows numpy, so the conductor can stay free of it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple, TypeAlias

import msgpack

from vplugin.errors import WireError

VERSION = 1
MAX_BYTES = 4 << 20  # a longer message is a bug or an attack; large data belongs in a slot


class Slot(NamedTuple):
    """A piece of the picture arena, as granted once.

    Attributes:
        offset: Bytes from the arena's start (a number of its own in a one-process graph).
        size: Bytes that can be used.
        generation: Counts the grants of this place; another number means it was given away since.
    """

    offset: int
    size: int
    generation: int


class FrameMessage(NamedTuple):
    """One frame on the wire.

    Attributes:
        pts: Presentation time.
        time_base: (numerator, denominator) in seconds.
        slots: Where its picture and patches lie.
        body: Everything else, packed by :mod:`vplugin.engine.codec`; opaque to the conductor.
    """

    pts: int
    time_base: tuple[int, int]
    slots: tuple[Slot, ...]
    body: bytes

    @property
    def seconds(self) -> float:
        """Presentation time in seconds, for comparisons that need no exactness."""
        return self.pts * self.time_base[0] / self.time_base[1]


class Item(NamedTuple):
    """What one seq of a stream is on an edge: a frame, several, or none (a tombstone).

    Attributes:
        stream: Name of the source node.
        seq: Number in the stream.
        frames: Usually one; none for a tombstone.
        reason: Why there is none.
        admitted: Monotonic nanoseconds when the frame entered the graph.
    """

    stream: str
    seq: int
    frames: tuple[FrameMessage, ...]
    reason: str | None
    admitted: int

    @property
    def dead(self) -> bool:
        """Whether it is a tombstone."""
        return self.reason is not None

    def bury(self, reason: str) -> Item:
        """The tombstone of this item."""
        return self._replace(frames=(), reason=reason)


@dataclass(slots=True)
class Hello:
    """lane → conductor: the process is up."""

    tag: ClassVar[str] = "hello"
    lane: str
    pid: int


@dataclass(slots=True)
class Ready:
    """worker → conductor: the node is open and takes jobs."""

    tag: ClassVar[str] = "ready"
    worker: str
    stream: dict[str, Any] | None
    artifacts: list[dict[str, str]]


@dataclass(slots=True)
class Done:
    """worker → conductor: a job is finished; slots granted to it and not named are free again."""

    tag: ClassVar[str] = "done"
    worker: str
    job: int
    frames: tuple[FrameMessage, ...]
    reason: str | None
    run_ns: int
    state: bytes | None = None
    dropped: dict[str, int] | None = None
    retried: int = 0


@dataclass(slots=True)
class Fail:
    """worker → conductor: something failed for good.

    Attributes:
        kind: ``job``; ``open``: the node could not be opened, its worker is gone; ``node``: not on
            account of a frame (new parameters, a bug).
        named: Whether the text says by itself where it was (a file, an address).
    """

    tag: ClassVar[str] = "fail"
    worker: str
    kind: str
    job: int
    text: str
    trace: str
    named: bool = False
    retried: int = 0


@dataclass(slots=True)
class Room:
    """worker → conductor: the job needs one more slot of at least ``nbytes``."""

    tag: ClassVar[str] = "room"
    worker: str
    job: int
    nbytes: int


@dataclass(slots=True)
class End:
    """source worker → conductor: no more frames; the job that asked is over."""

    tag: ClassVar[str] = "end"
    worker: str
    job: int
    dropped: dict[str, int]


@dataclass(slots=True)
class Closed:
    """worker → conductor: the node is closed; its part of the report, as JSON."""

    tag: ClassVar[str] = "closed"
    worker: str
    report: str
    error: str | None


@dataclass(slots=True)
class Crew:
    """conductor → lane: what to run. ``workers`` are :class:`WorkerSpec` as dictionaries."""

    tag: ClassVar[str] = "crew"
    shared: bool
    copy: bool
    workers: list[dict[str, Any]]


@dataclass(slots=True)
class Job:
    """conductor → worker: work on these items (``kind`` frame or skip), or read one (source)."""

    tag: ClassVar[str] = "job"
    job: int
    kind: str
    inputs: dict[str, Item]
    grants: tuple[Slot, ...]
    seq: int


@dataclass(slots=True)
class Grant:
    """conductor → worker: the answer to :class:`Room`."""

    tag: ClassVar[str] = "grant"
    job: int
    slot: Slot


@dataclass(slots=True)
class Flush:
    """conductor → worker: the stream has ended; answer with :class:`Done` of this job."""

    tag: ClassVar[str] = "flush"
    job: int
    stream: str
    grants: tuple[Slot, ...]
    seq: int


@dataclass(slots=True)
class Param:
    """conductor → worker: new parameters, from the next job on."""

    tag: ClassVar[str] = "param"
    revision: int
    params: dict[str, Any]


@dataclass(slots=True)
class Close:
    """conductor → worker: close the node; ``abort`` if the run failed."""

    tag: ClassVar[str] = "close"
    abort: bool


@dataclass(slots=True)
class Stop:
    """conductor → lane: tell the source ``worker`` to end soon."""

    tag: ClassVar[str] = "stop"
    worker: str


@dataclass(slots=True)
class Exit:
    """conductor → lane: all nodes are closed; end the process."""

    tag: ClassVar[str] = "exit"


Message: TypeAlias = (
    Hello | Ready | Done | Fail | Room | End | Closed
    | Crew | Job | Grant | Flush | Param | Close | Stop | Exit
)  # fmt: skip

_CLASSES = {
    cls.tag: cls
    for cls in (Hello, Ready, Done, Fail, Room, End, Closed,
                Crew, Job, Grant, Flush, Param, Close, Stop, Exit)
}  # fmt: skip
_NAMES = {tag: tuple(f.name for f in fields(cls)) for tag, cls in _CLASSES.items()}


def pack(message: Message) -> bytes:
    """A message as bytes."""
    tag = message.tag
    body = [tag, VERSION, *(getattr(message, name) for name in _NAMES[tag])]
    data: bytes = msgpack.packb(body)
    if len(data) > MAX_BYTES:
        raise WireError(
            f"a {tag!r} message of {len(data)} bytes is over the limit of {MAX_BYTES}",
            mend="keep arrays out of Frame.data and Face.attributes",
        )
    return data


def unpack(data: bytes) -> Message:
    """Bytes as a message.

    Raises:
        WireError: Not one of ours, of another version, or of another shape.
    """
    if len(data) > MAX_BYTES:
        raise WireError(f"a message of {len(data)} bytes is over the limit of {MAX_BYTES}")
    try:
        tag, version, *values = msgpack.unpackb(data, use_list=False, strict_map_key=False)
        cls = _CLASSES[tag]
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise WireError(f"not a message of ours: {type(error).__name__}") from error
    if version != VERSION:
        raise WireError(
            f"a message of protocol {version!r}, ours is {VERSION}",
            mend="run the same vplugin version everywhere",
        )
    if len(values) != len(_NAMES[tag]):
        raise WireError(f"a {tag!r} message of {len(values)} fields")
    try:
        return _retype(cls(*values))
    except (TypeError, ValueError, AttributeError) as error:
        raise WireError(f"a {tag!r} message with wrong fields: {error}") from error


def _retype(message: Any) -> Message:
    """Give nested tuples their names back."""
    if isinstance(message, Job):
        message.inputs = {port: _item(value) for port, value in message.inputs.items()}
    if isinstance(message, (Job, Flush)):
        message.grants = tuple(Slot(*slot) for slot in message.grants)
    elif isinstance(message, Done):
        message.frames = tuple(_frame(value) for value in message.frames)
    elif isinstance(message, Grant):
        message.slot = Slot(*message.slot)
    return message  # type: ignore[no-any-return]


def _frame(value: Any) -> FrameMessage:
    pts, time_base, slots, body = value
    return FrameMessage(pts, time_base, tuple(Slot(*slot) for slot in slots), body)


def _item(value: Any) -> Item:
    stream, seq, frames, reason, admitted = value
    return Item(stream, seq, tuple(_frame(frame) for frame in frames), reason, admitted)
