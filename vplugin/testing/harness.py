"""Run one node by hand: push frames in, look at what comes out, no processes and no waiting.

The harness does what the engine does around a node (numbers the frames, opens, flushes, closes,
turns drops into tombstones) and nothing else. Time stands still unless the test moves it: a node
that looks at ``time.monotonic()`` sees the presentation time of the frame it is given.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from fractions import Fraction
from types import TracebackType
from typing import Any, Protocol, Self
from unittest import mock

from vplugin.frame import Drop, Frame, Patch, Tombstone
from vplugin.node import Context, Node, Result, Sink, Source, StreamInfo

__all__ = ["Harness", "HarnessFactory", "ManualClock", "Outcome"]

AnyNode = Node[Any]


class ManualClock:
    """Stands in for ``time.monotonic`` and ``time.perf_counter`` while a node works.

    Attributes:
        now: Seconds; moves only when told to.
    """

    def __init__(self) -> None:
        self.now = Fraction(0)

    def advance(self, seconds: float | Fraction) -> None:
        """Let time pass."""
        self.now += Fraction(seconds)

    def __call__(self) -> float:
        return float(self.now)


@dataclass
class Outcome:
    """What came out of a node.

    Attributes:
        video: Frames, in the order they came out.
        drops: A tombstone for each frame that the node dropped.
        info: What a source says about its stream.
        report: The node's own facts, taken after it was closed, as the engine does.
    """

    video: list[Frame] = field(default_factory=list)
    drops: list[Tombstone] = field(default_factory=list)
    info: StreamInfo | None = None
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def patches(self) -> list[tuple[Patch, ...]]:
        """The edits of each frame."""
        return [frame.patches for frame in self.video]

    @property
    def pts(self) -> list[int]:
        """The presentation time of each frame, in its time base."""
        return [frame.pts for frame in self.video]


class Harness:
    """One node on the bench.

    Args:
        node: A node class, or an instance.
        context: What the node is told when it is opened.
        params: The node's parameters, as in a graph file.

    Example:
        >>> outcome = Harness(BlurFaces, strength=9).push(frames(3)).finish()
        >>> assert outcome.pts == [0, 1, 2]
    """

    def __init__(
        self, node: type[AnyNode] | AnyNode, *, context: Context | None = None, **params: Any
    ) -> None:
        self.clock = ManualClock()
        self.outcome = Outcome()
        self.context = context or Context(name=_name(node))
        self.node = self._make(node, params)
        self._next: dict[str, int] = {}
        self._open = False

    def _make(self, node: type[AnyNode] | AnyNode, params: Mapping[str, Any]) -> AnyNode:
        if isinstance(node, Node):
            return node.__class__(node.Params(**params), self.context.name) if params else node
        return node(node.Params(**params), self.context.name)

    def open(self) -> Self:
        """Open the node now rather than with the first frame."""
        if not self._open:
            self.node.open(self.context)
            self._open = True
            if isinstance(self.node, Source):
                self.outcome.info = self.node.info()
        return self

    def push(self, frames: Frame | Iterable[Frame]) -> Self:
        """Give the node frames, numbered 0, 1, 2 … within their stream."""
        self.open()
        for frame in [frames] if isinstance(frames, Frame) else frames:
            self.clock.now = max(self.clock.now, frame.time)
            given = self._admit(frame)
            with self._time():
                self._take(given, self.node.process(given))
        return self

    def skip(self, reason: str = "skipped", *, stream: str = "decode") -> Self:
        """Tell a sink that the next frame of a stream will not come."""
        tombstone = Tombstone(stream, self._count(stream), reason)
        self._sink().skip(tombstone)
        return self

    def read(self, count: int | None = None) -> Self:
        """Let a source make ``count`` frames, or all."""
        self.open()
        source = self.node
        if not isinstance(source, Source):
            raise TypeError(f"{source.name} is no source: push frames into it")
        while count is None or count > 0:
            frame = source.read()  # a source keeps real time: the world does not wait for it
            if frame is None:
                break
            self.outcome.video.append(self._admit(frame))
            count = None if count is None else count - 1
        return self

    def set(self, **changes: Any) -> Self:
        """Change parameters between two frames, as a hot parameter is."""
        self.open()
        old = {name: getattr(self.node.params, name) for name in self.node.params.model_fields_set}
        self.node.on_params(type(self.node.params)(**{**old, **changes}))
        return self

    def restart(self) -> Self:
        """Let the node's process die: a new instance takes up from the last snapshot."""
        state = self.node.snapshot()
        self.node.close()
        self.node, self._open = type(self.node)(self.node.params, self.context.name), False
        self.open()
        self.node.restore(state)
        return self

    def finish(self) -> Outcome:
        """End every stream, close the node, and hand out what came of it."""
        self.open()
        for stream in list(self._next) or ["decode"]:
            if isinstance(self.node, Sink):
                self.node.skip(Tombstone(stream, self._next.get(stream, 0), "eos"))
            with self._time():
                self.outcome.video.extend(self.node.flush(stream))
        self.close()
        self.outcome.report = dict(self.node.report())
        return self.outcome

    def abort(self) -> Outcome:
        """Let the run fail: a sink must leave no file behind."""
        self._sink().abort()
        self.close()
        return self.outcome

    def close(self) -> None:
        """Close the node if it is open."""
        if self._open:
            self._open = False
            self.node.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _sink(self) -> Sink[Any]:
        self.open()
        if not isinstance(self.node, Sink):
            raise TypeError(f"{self.node.name} is no sink")
        return self.node

    def _count(self, stream: str) -> int:
        number = self._next.get(stream, 0)
        self._next[stream] = number + 1
        return number

    def _admit(self, frame: Frame) -> Frame:
        stream = frame.stream or "decode"
        return frame.evolve(stream=stream, seq=self._count(stream))

    def _take(self, given: Frame, result: Result) -> None:
        """Sort what ``process`` returned into frames and drops, as the engine does."""
        if isinstance(result, Drop):
            self.outcome.drops.append(Tombstone(given.stream, given.seq, result.reason))
        elif isinstance(result, Frame):
            self.outcome.video.append(result)
        elif result is not None:
            self.outcome.video.extend(result)
        elif isinstance(self.node, Sink):
            self.outcome.video.append(given)

    def _time(self) -> AbstractContextManager[Any]:
        """While a node works, the clock is ours."""
        patched: AbstractContextManager[Any] = mock.patch.multiple(
            time, monotonic=self.clock, perf_counter=self.clock
        )
        return patched


class HarnessFactory(Protocol):
    """What the fixture ``harness`` is: makes a :class:`Harness` and closes it after the test."""

    def __call__(
        self, node: type[AnyNode] | AnyNode, *, context: Context | None = None, **params: Any
    ) -> Harness: ...


def _name(node: type[AnyNode] | AnyNode) -> str:
    return node.__name__.lower() if isinstance(node, type) else node.name
