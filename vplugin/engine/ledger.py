"""The accounts of a run: which frames are in the graph, who holds their slots, what became of them.

A frame is *admitted* once and *retired* when nothing in the graph refers to its seq any more.
``admitted − retired ≤ max_in_flight`` is kept by asking :attr:`Ledger.in_flight` before a source
gets a job.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from vplugin.engine.arena import ArenaBook
from vplugin.engine.metrics import Histogram
from vplugin.engine.wire import Item, Slot


@dataclass
class StreamState:
    """The account of one source's frames.

    Attributes:
        turn: Number of the job it was given last.
        issued: Jobs given to the source so far; the seq of the next one.
        tokens: References by seq, of the frames in flight.
        born: Monotonic nanoseconds of admission, by seq.
        fate: Why a frame did not come out, by seq.
        flushed: Frames that nodes had held back and gave out at the end.
        extras: Seqs of those, while they are in flight.
        picture_bytes: Size of the largest picture so far.
    """

    name: str
    title: str = ""
    live: bool = False
    expected: int | None = None
    issued: int = 0
    turn: int = 0
    admitted: int = 0
    finished: int = 0
    flushed: int = 0
    extras: set[int] = field(default_factory=set)
    tokens: dict[int, int] = field(default_factory=dict)
    born: dict[int, int] = field(default_factory=dict)
    fate: dict[int, str] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    picture_bytes: int = 0
    latency: Histogram = field(default_factory=Histogram)


class Ledger:
    """Holds and releases items; knows every frame in flight.

    Args:
        streams: Names of the source nodes.
        book: The arena's accounts.
        retired: Called with the stream's name whenever a frame has left the graph.
    """

    def __init__(
        self, streams: Iterable[str], book: ArenaBook, retired: Callable[[str], None]
    ) -> None:
        self.streams = {name: StreamState(name) for name in streams}
        self.book = book
        self._retired = retired
        self.most = 0

    @property
    def in_flight(self) -> int:
        """Frames admitted and not retired."""
        return sum(len(stream.tokens) for stream in self.streams.values())

    def admit(self, stream: str, seq: int) -> int:
        """A frame enters; returns the time of its birth. Counts as one reference."""
        state = self.streams[stream]
        state.admitted += 1
        state.tokens[seq] = 1
        born = state.born[seq] = time.monotonic_ns()
        self.most = max(self.most, self.in_flight)
        return born

    def extra(self, stream: str, seq: int, frames: int) -> int:
        """Frames that a node held back come out at the end, together under a seq of their own."""
        state = self.streams[stream]
        state.flushed += frames
        if seq in state.tokens:
            self.hold_token(stream, seq)
            return state.born[seq]
        state.extras.add(seq)
        state.tokens[seq] = 1
        born = state.born[seq] = time.monotonic_ns()
        return born

    def hold_token(self, stream: str, seq: int) -> None:
        """One more reference to a seq."""
        self.streams[stream].tokens[seq] += 1

    def drop_token(self, stream: str, seq: int) -> None:
        """One reference less; the last one retires the frame."""
        state = self.streams[stream]
        left = state.tokens[seq] = state.tokens[seq] - 1
        if left:
            return
        del state.tokens[seq]
        born = state.born.pop(seq)
        reason = state.fate.pop(seq, None)
        if seq in state.extras:
            state.extras.discard(seq)
        elif reason is None:
            state.finished += 1
            state.latency.add((time.monotonic_ns() - born) / 1e6)
        else:
            state.lost[reason] += 1
        self._retired(stream)

    def hold(self, item: Item) -> None:
        """Someone keeps an item: its frame stays in flight and its slots stay filled."""
        self.hold_token(item.stream, item.seq)
        self.hold_slots(item)

    def drop(self, item: Item) -> None:
        """Someone lets an item go."""
        self.drop_slots(item)
        self.drop_token(item.stream, item.seq)

    def hold_slots(self, item: Item) -> None:
        """Keep the pixels of an item without keeping its frame in flight."""
        for frame in item.frames:
            for slot in frame.slots:
                self.book.retain(slot)

    def drop_slots(self, item: Item) -> None:
        """Undo :meth:`hold_slots`."""
        for frame in item.frames:
            for slot in frame.slots:
                self.book.release(slot)

    def release(self, slots: list[Slot]) -> None:
        """Take granted slots back; those that a result names are held by the result."""
        for slot in slots:
            self.book.release(slot)
        slots.clear()
