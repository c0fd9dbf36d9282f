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
        lease = next(lease for lease in worker.leases if lease.job == message.job)
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
        self._run(worker.node.plan.name)

    def on_fail(self, message: Fail) -> None:
        """A node raised; its policy decides what that means for the frame."""
        worker = self.workers[message.worker]
        node = worker.node
        lease = self._pop(worker, message.job) if message.job else None
        if lease is None:
            worker.closed = True
            self.fail(_error(node.plan.name, message))
            return
        node.failed += 1
        lease.attempts += 1
        log.warning("node %s, frame %d: %s", node.plan.name, lease.seq, message.text)
        if message.trace:
            log.info("%s", message.trace)
        if lease.attempts <= node.plan.retries:
            node.retried += 1
            self._again(node, [lease])
        else:
            self._give_up(node, lease, _error(node.plan.name, message))
        self._run(node.plan.name)

    def on_lost(self, worker_keys: Sequence[str], why: str) -> None:
        """A process is gone; what its workers had is worked on again."""
        lost = [self.workers[key] for key in worker_keys]
        for worker in lost:
            worker.ready = worker.flushed = False
            worker.lost = not self.closing
        for worker in lost:
            self._on_lost(worker, why)

    def _on_lost(self, worker: WorkerState, why: str) -> None:
        node, leases = worker.node, list(worker.leases)
        worker.leases.clear()
        if self.closing:
            worker.closed = True
            return
        if not node.plan.restartable:
            worker.closed = True
            self.fail(LaneDiedError(
                f"the process of {node.plan.role} {node.plan.name!r} {why}",
                where=self.plan.name, mend="what was written so far is kept as a partial file",
            ))  # fmt: skip
            return
        again = []
        for index, lease in enumerate(leases):
            lease.crashes += index == 0
            if lease.crashes < POISON:
                node.retried += 1
                again.append(lease)
                continue
            node.failed += 1
            self._give_up(node, lease, NodeError(
                f"frame {lease.seq} ended {POISON} processes ({why})", where=node.plan.name,
                mend="set on_error: skip or passthrough to go on without it",
            ))  # fmt: skip
        self._again(node, again)
        self._run(node.plan.name)

    def on_broken(self, worker_key: str, why: str) -> None:
        """A worker will not come back: its lane was restarted too often."""
        worker = self.workers[worker_key]
        worker.broken = True
        node = worker.node
        if not all(other.broken for other in node.workers):
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
            timeout = worker.node.plan.timeout
            if timeout is None or not worker.leases or not worker.ready:
                continue
            if worker.leases[0].kind == "flush":
                continue  # finishing a file may take as long as it takes
            if now - worker.leases[0].since > timeout:
                log.warning("node %s hangs since %.1f s", worker.node.plan.name, timeout)
                worker.leases[0].since = now
                self._kill(worker.key)

    def on_closed(self, message: Closed) -> None:
        """A worker has closed its node and said what it has to say."""
        worker = self.workers[message.worker]
        worker.closed = True
        if message.report:
            worker.report = message.report
        if message.error and self.error is None:
            self.error = NodeError(message.error)

    def set_params(self, node: str, revision: int, params: dict[str, object]) -> None:
        """New parameters for all workers of a node."""
        for worker in self.nodes[node].workers:
            if worker.ready:
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
            elif worker.broken:
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
        action = node.plan.action
        if action == "fail":
            self.ledger.release(lease.grants)
            self.fail(error)
            return
        log.warning("%s: %s", action, error)
        main = next(iter(lease.inputs.values()), None)
        if action == "passthrough" and main is not None:
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
    return NodeError(message.text, where=None if message.ours else f"node {node}")
