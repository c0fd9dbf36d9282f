"""Who works on what, when: the engine's rules without sockets, processes or pixels.

The scheduler is told what happened (``on_…``) and answers through ``send``. Where every frame is,
:mod:`vplugin.engine.flow` keeps; who gets the next job, :mod:`vplugin.engine.dispatch` decides. The
conductor runs it over ZeroMQ, :mod:`vplugin.engine.inline` in one thread; both so obey the same
rules:

- an edge never carries more than its capacity, a graph never more than ``max_in_flight`` frames;
- results leave a node in the order of their seq, whatever order its replicas finish in;
- a frame that is dropped, late or failed leaves a tombstone that settles order and joins;
- what a dead worker had is worked on again, by its successor, before anything newer.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

from vplugin.engine.arena import ArenaBook
from vplugin.engine.dispatch import Dispatcher
from vplugin.engine.flow import Flow
from vplugin.engine.lease import Lease
from vplugin.engine.plan import RunPlan
from vplugin.engine.state import NodeState, WorkerState
from vplugin.engine.wire import (
    Close,
    Closed,
    Done,
    End,
    Fail,
    Grant,
    Message,
    Param,
    Ready,
    Room,
)
from vplugin.errors import ArenaError, EngineError, LaneDiedError, NodeError, VpluginError

log = logging.getLogger(__name__)

POISON = 2  # processes that a frame may take down before its node's policy decides
OPEN_TIMEOUT = 900.0  # seconds to open a node: models are measured, streams are waited for


class Scheduler:
    """The state of a run.

    Args:
        plan: What runs.
        book: The arena's accounts.
        send: Delivers a message to a worker.
        kill: Ends the lane of a worker that hangs.
        probe: Called after every event, for tests that watch the bounds.
    """

    def __init__(
        self,
        plan: RunPlan,
        book: ArenaBook,
        send: Callable[[str, Message], None],
        *,
        kill: Callable[[str], None] = lambda worker: None,
        probe: Callable[[Scheduler], None] | None = None,
    ) -> None:
        self.plan = plan
        self.book = book
        self._send = send
        self._kill = kill
        self._probe = probe
        self.flow = Flow(plan, book)
        self._dispatcher = Dispatcher(self.flow, plan, book, send)
        self.ledger = self.flow.ledger
        self.edges = self.flow.edges
        self.nodes = self.flow.nodes
        self.workers = {w.key: w for node in self.nodes.values() for w in node.workers}
        self.error: VpluginError | None = None
        self.stopping = False
        self.closing = False

    # ── events ────────────────────────────────────────────────────────────────────────────────

    def on_ready(self, message: Ready) -> None:
        """A worker has opened its node."""
        worker = self.workers[message.worker]
        worker.ready = True
        worker.lost = False
        worker.artifacts = message.artifacts
        if self.closing:
            self._send(worker.key, Close(True))
            return
        if worker.node.params is not None:  # changed while it was not there to hear of it
            self._send(worker.key, Param(worker.node.revision, worker.node.params))
        if message.stream is not None:
            stream = self.ledger.streams[worker.node.plan.name]
            stream.title = message.stream["title"]
            stream.expected = message.stream["frames"]
            stream.live = self._is_live(bool(message.stream["live"]))
            worker.node.credits = 1 if stream.live else worker.node.plan.credits
        self._run(worker.node.plan.name)

    def on_room(self, message: Room) -> None:
        """A worker needs one more slot."""
        worker = self.workers[message.worker]
        lease = next((lease for lease in worker.leases if lease.job == message.job), None)
        if lease is None:
            return
        try:
            slot = self.book.grant(message.nbytes)
        except ArenaError as error:
            self.fail(error)
            return
        lease.grants.append(slot)
        stream = self.flow.stream(worker.node)
        stream.picture_bytes = max(stream.picture_bytes, message.nbytes)
        self._send(worker.key, Grant(message.job, slot))

    def on_done(self, message: Done) -> None:
        """A job is finished."""
        worker = self.workers[message.worker]
        lease = self._pop(worker, message.job)
        if lease is None:
            return
        node = worker.node
        node.retried += message.retried
        if message.state is not None:
            node.snapshot = message.state
        if lease.kind in ("source", "frame"):
            node.processed += 1
            node.times.add(message.run_ns / 1e6)
        self.flow.settle(node, lease, message.frames, message.reason)
        if lease.kind == "flush":
            worker.flushed = True
        if message.dropped:
            self.flow.stream(node).dropped.update(message.dropped)
        self._run(node.plan.name)

    def on_end(self, message: End) -> None:
        """A source has no more frames."""
        worker = self.workers[message.worker]
        lease = self._pop(worker, message.job)
        if lease is None:
            return
        worker.flushed = True
        self.flow.stream(worker.node).dropped.update(message.dropped)
        self.flow.forgive(worker.node, lease.seq)
        self.ledger.release(lease.grants)
        self._run(*self.ledger.streams)  # there is room for the others now

    def on_fail(self, message: Fail) -> None:
        """A node raised, after its retries; its policy decides what that means for the frame."""
        worker = self.workers[message.worker]
        node = worker.node
        error = _error(node.plan.name, message)
        if message.trace:
            log.info("%s", message.trace)
        if message.kind != "job":
            worker.closed = worker.closed or message.kind == "open"
            self.fail(error)
            return
        lease = self._pop(worker, message.job)
        if lease is None:
            return
        node.failed += 1
        node.retried += message.retried
        log.warning("node %s, frame %d: %s", node.plan.name, lease.seq, message.text)
        self._give_up(node, lease, error)
        if lease.kind == "flush":
            worker.flushed = True
        self._run(node.plan.name)

    def on_lost(self, worker_keys: Sequence[str], why: str) -> None:
        """A process is gone; what its workers had is worked on again."""
        lost = [self.workers[key] for key in worker_keys]
        ends = [worker for worker in lost if not worker.node.plan.restartable]
        ends.sort(key=lambda worker: (worker.closed, not worker.leases))  # who was at work first
        finished = all(worker.closed for worker in ends)
        for worker in lost:
            worker.ready = False
            worker.asked = None
            worker.lost = not self.closing or not (finished or self.error)
            worker.closed = worker.closed or self.closing or bool(ends)
        if ends and not (self.closing and (finished or self.error)):
            plan = ends[0].node.plan
            self.fail(
                LaneDiedError(
                    f"the process of {plan.role} {plan.name!r} {why}",
                    where=self.plan.name,
                    mend="what was written so far is kept as a partial file",
                )
            )
        if not self.closing:
            alone = sum(bool(worker.leases) for worker in lost) == 1
            for worker in lost:
                self._take_back(worker, why, alone=alone)
            self._run(*{worker.node.plan.name for worker in lost})

    def _take_back(self, worker: WorkerState, why: str, *, alone: bool) -> None:
        """What a dead worker had is done again.

        The first of its jobs was at work, so it may have been the cause; if others were at work in
        the same process nobody knows which, and each is tried again with the process to itself.
        """
        node, leases = worker.node, list(worker.leases)
        worker.leases.clear()
        again = []
        for index, lease in enumerate(leases):
            error = NodeError(
                f"frame {lease.seq} ended {POISON} processes ({why})",
                where=node.plan.name,
                mend="set on_error: skip or passthrough to go on without it",
            )
            if lease.kind == "flush":
                self._take_back_flush(worker, lease, why)
                continue
            lease.crashes += index == 0
            if index == 0 and alone and lease.crashes >= POISON:
                node.failed += 1
                self._give_up(node, lease, error)
                continue
            if index == 0 and not lease.suspect:
                lease.suspect = True
                self.flow.suspects += 1
            node.retried += 1
            again.append(lease)
        self._again(node, again)

    def _take_back_flush(self, worker: WorkerState, lease: Lease, why: str) -> None:
        """A flush is the worker's own: its successor is asked anew, not another one."""
        node = worker.node
        self.flow.forgive(node, lease.seq)
        self.ledger.release(lease.grants)
        worker.flush_crashes += 1
        if worker.flush_crashes < POISON:
            return
        error = NodeError(f"flush ended {POISON} processes ({why})", where=node.plan.name)
        if node.plan.action == "fail":
            self.fail(error)
        else:
            log.warning("%s: %s", node.plan.action, error)
            worker.flushed = True

    def on_broken(self, worker_key: str, why: str) -> None:
        """A worker will not come back: its lane was restarted too often."""
        worker = self.workers[worker_key]
        worker.broken = True
        node = worker.node
        if not all(other.broken for other in node.workers):
            self._run(node.plan.name)
            return
        if node.ended:
            return
        error = LaneDiedError(f"its process {why} again and again", where=node.plan.name)
        if node.plan.action == "fail":
            self.fail(error)
            return
        while node.redo:
            self._give_up(node, node.redo.popleft(), error)
        self._run(node.plan.name)

    def on_tick(self, now: float) -> None:
        """Time has passed: end what hangs."""
        if self.closing:
            return
        for worker in self.workers.values():
            since, limit = self._patience(worker)
            if limit is not None and now - since > limit:
                log.warning("node %s hangs since %.1f s", worker.node.plan.name, limit)
                worker.asked = None
                if worker.leases:
                    worker.leases[0].since = now
                self._kill(worker.key)

    def _patience(self, worker: WorkerState) -> tuple[float, float | None]:
        """Since when a worker has been at what it does, and how long it may be."""
        plan = worker.node.plan
        if not worker.ready:
            return worker.asked or 0.0, None if worker.asked is None else OPEN_TIMEOUT
        if not worker.leases:
            return 0.0, None
        lease = worker.leases[0]
        finishing = lease.kind == "flush" and plan.role == "sink"  # a file may take its time
        return lease.since, None if finishing else plan.timeout

    def on_closed(self, message: Closed) -> None:
        """A worker has closed its node and said what it has to say."""
        worker = self.workers[message.worker]
        worker.closed = True
        if message.report:
            worker.report = message.report
        if message.error and self.error is None:
            self.error = NodeError(message.error)

    def set_params(self, node: str, revision: int, params: dict[str, object]) -> None:
        """New parameters for all workers of a node, also for those that come later."""
        state = self.nodes[node]
        state.params, state.revision = params, revision
        for worker in state.workers:
            if worker.ready and not self.closing:
                self._send(worker.key, Param(revision, params))

    def drain(self) -> None:
        """Admit nothing more; the sources have been told to end."""
        self.stopping = True

    def fail(self, error: VpluginError) -> None:
        """The run ends with an error; the first one counts."""
        if self.error is None:
            self.error = error
        self.close(abort=True)

    def close(self, *, abort: bool) -> None:
        """Close all workers, once."""
        if self.closing:
            return
        self.closing = True
        for worker in self.workers.values():
            if worker.ready and not worker.closed:
                self._send(worker.key, Close(abort))
            elif worker.broken or worker.asked is None:
                worker.closed = True

    @property
    def finished(self) -> bool:
        """Whether every worker is closed."""
        return self.closing and all(worker.closed for worker in self.workers.values())

    # ── the loop ──────────────────────────────────────────────────────────────────────────────

    def _run(self, *names: str) -> None:
        """Give out all work that has become possible, starting with these nodes."""
        for name in names:
            self.flow.wake(name)
        try:
            while self.flow.todo and not self.closing:
                name = next(iter(self.flow.todo))
                del self.flow.todo[name]
                self._dispatcher.serve(self.nodes[name])
        except ArenaError as error:
            self.fail(error)
        if self.closing:
            self.flow.todo.clear()
        elif all(node.ended for node in self.nodes.values()):
            self.close(abort=False)
        if self._probe:
            self._probe(self)

    # ── failures ──────────────────────────────────────────────────────────────────────────────

    def _again(self, node: NodeState, leases: list[Lease]) -> None:
        """Leases to repeat come first, in order of seq; their promises and inputs stay."""
        for lease in leases:
            self.ledger.release(lease.grants)
        node.redo = deque(sorted([*node.redo, *leases], key=lambda lease: lease.seq))

    def _give_up(self, node: NodeState, lease: Lease, error: VpluginError) -> None:
        """A frame has failed for good."""
        final = lease.kind == "source" or (lease.kind == "flush" and node.plan.role == "sink")
        action = "fail" if final else node.plan.action  # what cannot be read or finished is lost
        if action == "fail":
            self.ledger.release(lease.grants)
            self.fail(error)
            return
        log.warning("%s: %s", action, error)
        main = next(iter(lease.inputs.values()), None)
        if action == "passthrough" and main is not None and node.plan.role != "sink":
            self.flow.settle(node, lease, main.frames, None)
            return
        if node.plan.role == "sink" and main is not None:
            self.flow.judge(node, lease.seq, "failed")
        self.flow.settle(node, lease, (), "failed")

    def _pop(self, worker: WorkerState, job: int) -> Lease | None:
        """The lease that a worker answers; workers answer in order."""
        if not worker.leases or worker.leases[0].job != job:
            self.fail(
                EngineError(f"worker {worker.key} answered job {job}, which it does not have")
            )
            return None
        lease = worker.leases.popleft()
        if worker.leases:
            worker.leases[0].since = max(worker.leases[0].since, time.monotonic())
        return lease

    def _is_live(self, said: bool) -> bool:
        return said if self.plan.mode == "auto" else self.plan.mode == "live"


def _error(node: str, message: Fail) -> NodeError:
    return NodeError(message.text, where=None if message.named else f"node {node}")
