"""One instance of a node at work: jobs in, results out. Knows nothing of sockets or processes.

A lane runs it in a thread over ZeroMQ, :mod:`vplugin.engine.inline` calls it directly.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from vplugin.engine.arena import Memory, Writer
from vplugin.engine.codec import FrameCodec
from vplugin.engine.plan import WorkerSpec
from vplugin.engine.wire import (
    Close,
    Closed,
    Done,
    End,
    Fail,
    Flush,
    FrameMessage,
    Item,
    Job,
    Message,
    Param,
    Ready,
    Slot,
)
from vplugin.errors import NodeError, VpluginError
from vplugin.frame import Drop, Frame, Tombstone
from vplugin.graph.registry import Registry
from vplugin.node import Context, Node, Result, Sink, Source

log = logging.getLogger(__name__)

_TAIL = -1  # the seq under which a source leaves what belongs after its last frame


class LaneStore:
    """What stays inside a process: a source's own frame objects, for the sinks beside it.

    Attributes:
        loading: Held while a node is being loaded.
    """

    def __init__(self) -> None:
        self.loading = threading.Lock()
        self._originals: dict[tuple[str, str, int], Any] = {}
        self._lock = threading.Lock()

    def leave(self, sinks: Iterable[str], stream: str, seq: int, original: Any) -> None:
        """Keep an object until each sink has taken it."""
        with self._lock:
            for sink in sinks:
                self._originals[sink, stream, seq] = original

    def take(self, sink: str, stream: str, seq: int) -> Any:
        """The object left for this sink, once; None if there is none."""
        with self._lock:
            return self._originals.pop((sink, stream, seq), None)


class Newest:
    """Reads a live source without pause and keeps only its newest frame."""

    def __init__(self, source: Source[Any], name: str) -> None:
        self.dropped: Counter[str] = Counter()
        self.error: Exception | None = None
        self._source = source
        self._frame: Frame | None = None
        self._ended = False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"{name}-reader", daemon=True)
        self._thread.start()

    def take(self) -> Frame | None:
        """The newest frame, waiting for one; None at the end."""
        with self._change:
            self._change.wait_for(lambda: self._frame is not None or self._ended)
            frame, self._frame = self._frame, None
            if frame is None and self.error is not None:
                raise self.error
            return frame

    def join(self, seconds: float) -> None:
        """Wait for the reading thread to end."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            while (frame := self._source.read()) is not None:
                with self._change:
                    if self._frame is not None:
                        self.dropped["newer frame came"] += 1
                        self._source.dropped(self._frame, "newer frame came")
                    self._frame = frame
                    self._change.notify()
        except Exception as error:  # whatever the source raised is the run's to judge
            self.error = error
        with self._change:
            self._ended = True
            self._change.notify()


class Worker:
    """Runs one node.

    Args:
        spec: From the plan.
        registry: Where the node's class comes from.
        memory: The lane's side of the arena.
        store: Shared by all workers of the process.
        send: Delivers a message to the conductor.
        more: Asks the conductor for a slot (job, bytes); blocks.
        threaded: Whether a live source may have a reading thread.
    """

    def __init__(
        self,
        spec: WorkerSpec,
        registry: Registry,
        memory: Memory,
        store: LaneStore,
        send: Callable[[Message], None],
        more: Callable[[int, int], Slot],
        *,
        threaded: bool = True,
    ) -> None:
        self.spec = spec
        self.node: Node[Any] | None = None
        self.ended = False
        self._registry = registry
        self._memory = memory
        self._store = store
        self._send = send
        self._more = more
        self._codec = FrameCodec(memory)
        self._threaded = threaded
        self._newest: Newest | None = None
        self._stopped = threading.Event()

    # ── life ──────────────────────────────────────────────────────────────────────────────────

    def open(self) -> bool:
        """Make and open the node; says Ready, or Fail (and returns False)."""
        spec = self.spec
        try:
            # One at a time: libraries that load others (imports, OpenVINO's plug-ins) in two
            # threads at once can wait for each other's loader lock for ever.
            with self._store.loading:
                cls = self._registry.get(spec.uses).cls
                node = self.node = cls(cls.Params(**spec.params), spec.node)
            with self._store.loading if spec.role == "node" else nullcontext():
                node.open(Context(**{key: _tupled(value) for key, value in spec.context.items()}))
            if spec.state is not None:
                node.restore(spec.state)
            stream, artifacts = None, []
            if isinstance(node, Source):
                info = node.info()
                stream = {"title": info.title, "live": info.live, "frames": info.frames}
                if info.live and self._threaded:
                    self._newest = Newest(node, spec.node)
            if isinstance(node, Sink):
                artifacts = [asdict(artifact) for artifact in node.artifacts()]
        except Exception as error:
            self._fail(0, error)
            self._close_node(abort=True)
            return False
        self._send(Ready(spec.key, stream, artifacts))
        return True

    def handle(self, messages: Sequence[Message]) -> None:
        """Work on what came: jobs of frames in one batch, everything else one by one."""
        frames: list[Job] = []
        for message in messages:
            if isinstance(message, Job) and message.kind == "frame":
                frames.append(message)
                continue
            self._work(frames)
            frames = []
            if isinstance(message, Job):
                self._read(message) if message.kind == "source" else self._skip(message)
            elif isinstance(message, Flush):
                self._flush(message)
            elif isinstance(message, Param):
                self._change(message)
            elif isinstance(message, Close):
                self._close(message)
        self._work(frames)

    def stop(self) -> None:
        """End the source soon; called from another thread."""
        self._stopped.set()
        if isinstance(self.node, Source):
            self.node.stop()

    # ── jobs ──────────────────────────────────────────────────────────────────────────────────

    def _work(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        self._codec.forget()
        begun = time.perf_counter_ns()
        try:
            counts, frames = [], []
            for job in jobs:
                unpacked = self._unpack(job)
                counts.append(len(unpacked))
                frames.extend(unpacked)
            node = self._opened()
            results = (
                list(node.process_many(frames)) if len(frames) > 1 else [node.process(frames[0])]
            )
            if len(results) != len(frames):
                raise NodeError(f"{len(results)} results for a batch of {len(frames)} frames")
        except Exception as error:
            if len(jobs) > 1:  # find the one that it was
                for job in jobs:
                    self._work([job])
                return
            self._fail(jobs[0].job, error)
            return
        share = (time.perf_counter_ns() - begun) // len(jobs)
        for job, count in zip(jobs, counts, strict=True):
            mine, results = results[:count], results[count:]
            self._answer(job, frames[:count], mine, share)
            frames = frames[count:]

    def _unpack(self, job: Job) -> list[Frame]:
        """The frames of a job's main input, with the other inputs attached."""
        inputs = dict(job.inputs)
        main = inputs.pop(next(iter(inputs)))
        others = {port: self._first(item) for port, item in inputs.items() if item.frames}
        frames = [self._codec.unpack(message, main.stream, main.seq) for message in main.frames]
        for index, frame in enumerate(frames):
            frame.inputs = others
            if index == 0 and self.spec.role == "sink":
                frame.original = self._store.take(self.spec.node, main.stream, main.seq)
        return frames

    def _first(self, item: Item) -> Frame:
        return self._codec.unpack(item.frames[-1], item.stream, item.seq)

    def _answer(self, job: Job, frames: list[Frame], results: list[Result], run_ns: int) -> None:
        """Pack what a node returned for one job."""
        writer = Writer(self._memory, job.grants, lambda nbytes: self._more(job.job, nbytes))
        begun = time.perf_counter_ns()
        packed: list[FrameMessage] = []
        reason: str | None = None
        try:
            for result in results:
                if isinstance(result, Drop):
                    reason = result.reason
                elif self.spec.role != "sink":
                    packed.extend(self._codec.pack(f, writer) for f in _frames(result))
            state = self._opened().snapshot() if self.spec.checkpoint else None
        except Exception as error:
            self._fail(job.job, error)
            return
        run_ns += time.perf_counter_ns() - begun
        self._send(Done(self.spec.key, job.job, tuple(packed), reason, run_ns, state))

    def _read(self, job: Job) -> None:
        """Read one frame from the source."""
        source = self._opened()
        assert isinstance(source, Source)
        begun = time.perf_counter_ns()
        try:
            frame = None if self.ended else self._next(source)
            dropped = self._count_drops()
            if frame is None:
                self._end(source, job, dropped)
                return
            run_ns = time.perf_counter_ns() - begun
            self._codec.forget()
            frame.stream, frame.seq = self.spec.node, job.seq
            self._store.leave(self.spec.sinks, self.spec.node, job.seq, frame.original)
            writer = Writer(self._memory, job.grants, lambda nbytes: self._more(job.job, nbytes))
            packed = self._codec.pack(frame, writer)
        except Exception as error:
            self._fail(0, error)
            return
        self._send(Done(self.spec.key, job.job, (packed,), None, run_ns, None, dropped))

    def _next(self, source: Source[Any]) -> Frame | None:
        if self._newest is not None:
            return self._newest.take()
        return None if self._stopped.is_set() else source.read()

    def _end(self, source: Source[Any], job: Job, dropped: dict[str, int]) -> None:
        if not self.ended:
            self.ended = True
            self._store.leave(self.spec.sinks, self.spec.node, _TAIL, source.tail())
        self._send(End(self.spec.key, job.job, dropped))

    def _count_drops(self) -> dict[str, int]:
        if self._newest is None:
            return {}
        dropped, self._newest.dropped = self._newest.dropped, Counter()
        return dict(dropped)

    def _skip(self, job: Job) -> None:
        """Tell a sink that a frame will not come."""
        item = next(iter(job.inputs.values()))
        original = self._store.take(self.spec.node, item.stream, item.seq)
        tombstone = Tombstone(item.stream, item.seq, item.reason or "skipped", original)
        try:
            sink = self._opened()
            assert isinstance(sink, Sink)
            sink.skip(tombstone)
        except Exception as error:
            self._fail(job.job, error)
            return
        self._send(Done(self.spec.key, job.job, (), tombstone.reason, 0))

    def _flush(self, job: Flush) -> None:
        """The stream has ended: what the node held back comes out."""
        writer = Writer(self._memory, job.grants, lambda nbytes: self._more(job.job, nbytes))
        self._codec.forget()
        try:
            node = self._opened()
            if isinstance(node, Sink):
                tail = self._store.take(self.spec.node, job.stream, _TAIL)
                node.skip(Tombstone(job.stream, job.seq, "eos", tail))
            packed = tuple(self._codec.pack(f, writer) for f in node.flush(job.stream))
        except Exception as error:
            self._fail(job.job, error)
            return
        self._send(Done(self.spec.key, job.job, packed, None, 0))

    def _change(self, message: Param) -> None:
        try:
            node = self._opened()
            node.on_params(type(node).Params(**message.params))
        except Exception as error:
            self._fail(0, error)

    # ── ends ──────────────────────────────────────────────────────────────────────────────────

    def _close(self, message: Close) -> None:
        self.ended = True
        error = self._close_node(abort=message.abort)
        report: Mapping[str, Any] = {}
        if self.node is not None:
            try:
                report = self.node.report()
            except Exception as problem:
                error = error or _say(problem)
        text = json.dumps(dict(report), default=str)
        self._send(Closed(self.spec.key, text, error))

    def _close_node(self, *, abort: bool) -> str | None:
        """Close the node whatever happens; returns what went wrong."""
        if self.node is None:
            return None
        try:
            if isinstance(self.node, Source):
                self.stop()
                if self._newest is not None:
                    self._newest.join(5.0)
            if isinstance(self.node, Sink) and abort:
                self.node.abort()
            self.node.close()
        except Exception as error:
            log.info("%s", traceback.format_exc())
            return _say(error)
        return None

    def _fail(self, job: int, error: Exception) -> None:
        trace = "" if isinstance(error, VpluginError) else traceback.format_exc()
        self._send(Fail(self.spec.key, job, _say(error), trace, isinstance(error, VpluginError)))

    def _opened(self) -> Node[Any]:
        if self.node is None:
            raise NodeError("a job came before the node was opened")
        return self.node


def _frames(result: Result) -> Iterable[Frame]:
    if result is None or isinstance(result, Drop):
        return ()
    return (result,) if isinstance(result, Frame) else result


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _say(error: Exception) -> str:
    if isinstance(error, VpluginError):
        return str(error)
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
