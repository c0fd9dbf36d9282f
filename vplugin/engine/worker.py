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
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
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
from vplugin.errors import EngineError, MediaError, NodeError, VpluginError
from vplugin.frame import Drop, Frame, Tombstone
from vplugin.graph.registry import Registry
from vplugin.node import Context, Node, Result, Sink, Source

log = logging.getLogger(__name__)

_TAIL = -1  # the seq under which a source leaves what belongs after its last frame


# What a node may throw: sys.exit() in a node must not silently end its thread.
_RAISED = (Exception, SystemExit)


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
        self.error: BaseException | None = None
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

    def drops(self) -> dict[str, int]:
        """Frames dropped since the last time, by reason."""
        with self._change:
            dropped, self.dropped = self.dropped, Counter()
        return dict(dropped)

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
        except _RAISED as error:  # whatever the source raised is the run's to judge
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
        self._originals: dict[int, Any] = {}  # by job, until it has succeeded
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
                self._codec = FrameCodec(self._memory, keep=node.holds)
            with self._store.loading if spec.role == "node" else nullcontext():
                node.open(Context(**{key: _tupled(value) for key, value in spec.context.items()}))
            if spec.state is not None:
                node.restore(spec.state)
            stream, artifacts = None, []
            if isinstance(node, Source):
                if self._stopped.is_set():  # asked to end before there was anything to end
                    self.stop()
                info = node.info()
                stream = {"title": info.title, "live": info.live, "frames": info.frames}
                if info.live and self._threaded:
                    self._newest = Newest(node, spec.node)
            if isinstance(node, Sink):
                artifacts = [asdict(artifact) for artifact in node.artifacts()]
        except _RAISED as error:
            self._close_node(abort=True)
            self._fail("open", error)
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
            with suppress(*_RAISED):  # it may not be ready for that; it is asked again once open
                self.node.stop()

    # ── jobs ──────────────────────────────────────────────────────────────────────────────────

    def _work(self, jobs: list[Job]) -> None:
        """Let the node work on frames; a batch that fails is done again one by one."""
        if not jobs:
            return
        for attempt in range(self.spec.retries + 1):
            begun = time.perf_counter_ns()
            try:
                results = self._process(jobs)
                break
            except _RAISED as error:
                if len(jobs) == 1 and attempt == self.spec.retries:
                    self._originals.pop(jobs[0].job, None)
                    self._fail("job", error, jobs[0].job, attempt)
                    return
                if len(jobs) > 1:  # find the one that it was
                    for job in jobs:
                        self._work([job])
                    return
        share = (time.perf_counter_ns() - begun) // len(jobs)
        for job, mine in zip(jobs, results, strict=True):
            self._answer(job, mine, share, attempt)
        for job in jobs:
            self._originals.pop(job.job, None)

    def _process(self, jobs: list[Job]) -> list[list[Result]]:
        """What the node makes of the frames of each job."""
        self._codec.forget()
        frames = [self._unpack(job) for job in jobs]
        node, together = self._opened(), [frame for mine in frames for frame in mine]
        if len(together) > 1:
            results = list(node.process_many(together))
        else:
            results = [node.process(together[0])]
        if len(results) != len(together):
            raise NodeError(f"{len(results)} results for a batch of {len(together)} frames")
        taken = iter(results)
        return [[next(taken) for _ in mine] for mine in frames]

    def _unpack(self, job: Job) -> list[Frame]:
        """The frames of a job's main input, with the other inputs attached."""
        inputs = dict(job.inputs)
        main = inputs.pop(next(iter(inputs)))
        others = {port: self._first(item) for port, item in inputs.items() if item.frames}
        frames = [self._codec.unpack(message, main.stream, main.seq) for message in main.frames]
        for frame in frames:
            frame.inputs = others
        if self.spec.role == "sink":
            if job.job not in self._originals:
                taken = self._store.take(self.spec.node, main.stream, main.seq)
                self._originals[job.job] = taken
            frames[0].original = self._originals[job.job]
        return frames

    def _first(self, item: Item) -> Frame:
        return self._codec.unpack(item.frames[-1], item.stream, item.seq)

    def _answer(self, job: Job, results: list[Result], run_ns: int, retried: int) -> None:
        """Pack what a node returned for one job."""
        writer = self._writer(job)
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
            run_ns += time.perf_counter_ns() - begun
            self._send(
                Done(self.spec.key, job.job, tuple(packed), reason, run_ns, state, retried=retried)
            )
        except _RAISED as error:
            self._fail("job", error, job.job, retried)

    def _writer(self, job: Job | Flush) -> Writer:
        return Writer(self._memory, job.grants, lambda nbytes: self._more(job.job, nbytes))

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
            packed = self._codec.pack(frame, self._writer(job))
            self._send(Done(self.spec.key, job.job, (packed,), None, run_ns, None, dropped))
        except _RAISED as error:
            self._fail("job", error, job.job)

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
        return {} if self._newest is None else self._newest.drops()

    def _skip(self, job: Job) -> None:
        """Tell a sink that a frame will not come."""
        item = next(iter(job.inputs.values()))
        original = self._store.take(self.spec.node, item.stream, item.seq)
        tombstone = Tombstone(item.stream, item.seq, item.reason or "skipped", original)
        try:
            sink = self._opened()
            assert isinstance(sink, Sink)
            sink.skip(tombstone)
        except _RAISED as error:
            self._fail("job", error, job.job)
            return
        self._send(Done(self.spec.key, job.job, (), tombstone.reason, 0))

    def _flush(self, job: Flush) -> None:
        """The stream has ended: what the node held back comes out."""
        writer = self._writer(job)
        self._codec.forget()
        try:
            node = self._opened()
            if isinstance(node, Sink):
                tail = self._store.take(self.spec.node, job.stream, _TAIL)
                node.skip(Tombstone(job.stream, job.seq, "eos", tail))
            packed = tuple(self._codec.pack(f, writer) for f in node.flush(job.stream))
            self._send(Done(self.spec.key, job.job, packed, None, 0))
        except _RAISED as error:
            self._fail("job", error, job.job)

    def _change(self, message: Param) -> None:
        try:
            node = self._opened()
            node.on_params(type(node).Params(**message.params))
        except _RAISED as error:
            self._fail("node", error)

    # ── ends ──────────────────────────────────────────────────────────────────────────────────

    def _close(self, message: Close) -> None:
        self.ended = True
        error = self._close_node(abort=message.abort)
        text = "{}"
        if self.node is not None:
            try:
                report = self.node.report()
                text = json.dumps(dict(report), default=str)
            except _RAISED as problem:  # a bad report does not spoil what was done
                text = json.dumps({"report": f"could not be made: {_say(problem)}"})
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
        except _RAISED as error:
            log.info("%s", traceback.format_exc())
            return _say(error)
        return None

    def _fail(self, kind: str, error: BaseException, job: int = 0, retried: int = 0) -> None:
        trace = "" if isinstance(error, VpluginError) else traceback.format_exc()
        named = isinstance(error, MediaError | EngineError)  # a file or address says where it was
        self._send(Fail(self.spec.key, kind, job, _say(error), trace, named, retried))

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


def _say(error: BaseException) -> str:
    if isinstance(error, VpluginError):
        return str(error)
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
