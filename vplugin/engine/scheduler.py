"""Who works on what, when: the engine's rules without sockets, processes or pixels.

The scheduler is told what happened (``on_…``) and answers through ``send``. The conductor runs it
over ZeroMQ, :mod:`vplugin.engine.inline` in one thread; both so obey the same rules:

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
from dataclasses import dataclass, field

from vplugin.engine.arena import ArenaBook
from vplugin.engine.edge import Edge, Mailbox
from vplugin.engine.lease import Lease
from vplugin.engine.ledger import Ledger, StreamState
from vplugin.engine.metrics import Histogram
from vplugin.engine.plan import NodePlan, RunPlan
from vplugin.engine.wire import (
    Close,
    Closed,
    Done,
    End,
    Fail,
    Flush,
    Grant,
    Item,
    Job,
    Message,
    Param,
    Ready,
    Room,
)
from vplugin.errors import ArenaError, EngineError, LaneDiedError, NodeError, VpluginError

log = logging.getLogger(__name__)

FIRST_GUESS = 1  # bytes of the first slot; the source asks for what its pictures really need
POISON = 2  # processes that a frame may take down before its node's policy decides


@dataclass
class WorkerState:
    """One worker as the scheduler sees it."""

    key: str
    node: NodeState
    ready: bool = False
    closed: bool = False
    broken: bool = False
    leases: deque[Lease] = field(default_factory=deque)
    flushed: bool = False
    lost: bool = False
    artifacts: list[dict[str, str]] = field(default_factory=list)
    report: str = "{}"

    @property
    def free(self) -> int:
        """Jobs it may still be given."""
        return self.node.credits - len(self.leases) if self.ready else 0


@dataclass
class NodeState:
    """One node as the scheduler sees it.

    Attributes:
        exact: The queues of its inputs, the main one first.
        outlets: The queues of its outputs.
        next_out: The seq that may leave next.
        pending: Results that wait for an earlier seq.
        promised: Seqs for which room was reserved on the outgoing edges.
        redo: Leases to work on again, in order of seq.
        snapshot: The state after the last frame, of a node with checkpoints.
    """

    plan: NodePlan
    credits: int
    exact: list[Edge] = field(default_factory=list)
    outlets: list[Edge] = field(default_factory=list)
    workers: list[WorkerState] = field(default_factory=list)
    next_out: int = 0
    pending: dict[int, Item] = field(default_factory=dict)
    promised: set[int] = field(default_factory=set)
    redo: deque[Lease] = field(default_factory=deque)
    snapshot: bytes | None = None
    ended: bool = False
    primary: bool = True
    processed: int = 0
    failed: int = 0
    retried: int = 0
    times: Histogram = field(default_factory=Histogram)

    @property
    def busy(self) -> bool:
        """Whether anything is still under way in it."""
        return bool(self.redo or self.pending or any(worker.leases for worker in self.workers))


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
        sources = [name for name, node in plan.nodes.items() if node.role == "source"]
        self.ledger = Ledger(sources, book, self._on_retired)
        self.nodes = {n: NodeState(p, p.credits) for n, p in plan.nodes.items()}
        self.workers: dict[str, WorkerState] = {}
        for node in self.nodes.values():
            for key in node.plan.workers:
                self.workers[key] = WorkerState(key, node)
                node.workers.append(self.workers[key])
        plans = [edge for node in plan.nodes.values() for edge in node.edges_in]
        self.edges = {edge.key: Edge(edge) for edge in plans if not edge.side}
        self.mailboxes = {edge.key: Mailbox(edge) for edge in plans if edge.side}
        for node in self.nodes.values():
            node.exact = [self.edges[e.key] for e in node.plan.edges_in if not e.side]
            node.outlets = [self.edges[e.key] for e in node.plan.edges_out if not e.side]
        self._mark_primary()
        self.error: VpluginError | None = None
        self.stopping = False
        self.closing = False
        self._jobs = 0
        self._todo: dict[str, None] = {}  # in order, each once

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
        stream = self._stream(worker.node)
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
        self._settle(node, lease, message.frames, message.reason)
        if lease.kind == "flush":
            worker.flushed = True
        if message.dropped:
            self._stream(node).dropped.update(message.dropped)
        self._run(node.plan.name)

    def on_end(self, message: End) -> None:
        """A source has no more frames."""
        worker = self.workers[message.worker]
        lease = self._pop(worker, message.job)
        if lease is None:
            return
        worker.flushed = True
        self._stream(worker.node).dropped.update(message.dropped)
        self._forgive(worker.node, lease.seq)
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
            self._wake(name)
        try:
            while self._todo and not self.closing:
                name = next(iter(self._todo))
                del self._todo[name]
                self._serve(self.nodes[name])
        except ArenaError as error:
            self.fail(error)
        if self.closing:
            self._todo.clear()
        elif all(node.ended for node in self.nodes.values()):
            self.close(abort=False)
        if self._probe:
            self._probe(self)

    def _wake(self, name: str) -> None:
        """Something changed for a node; see what it can do."""
        self._todo[name] = None

    def _serve(self, node: NodeState) -> None:
        if node.plan.role == "source":
            while self._read(node):
                pass
        else:
            while self._repeat(node) or self._next(node):
                pass
        self._maybe_end(node)

    def _read(self, node: NodeState) -> bool:
        """Let a source read one frame, if there is room for it everywhere."""
        worker = node.workers[0]
        reading = sum(
            len(n.workers[0].leases) for n in self.nodes.values() if n.plan.role == "source"
        )
        stream = self._stream(node)
        limit = self.plan.live_in_flight if stream.live else self.plan.max_in_flight
        if worker.flushed or worker.free <= 0 or self.ledger.in_flight + reading >= limit:
            return False
        if not self._has_room(node):
            return False
        lease = self._lease(node, "source", stream.issued)
        stream.issued += 1
        self._promise(node, lease.seq)
        lease.grants.append(self.book.grant(stream.picture_bytes or FIRST_GUESS))
        self._give(worker, lease)
        return True

    def _repeat(self, node: NodeState) -> bool:
        """Work again on what a dead worker had."""
        if not node.redo:
            return False
        worker = self._free_worker(node)
        if worker is None:
            return False
        lease = node.redo.popleft()
        self._jobs += 1
        lease.job = self._jobs
        self._grant(node, lease)
        self._give(worker, lease)
        return True

    def _next(self, node: NodeState) -> bool:
        """Start, or settle without work, the next seq in order."""
        exact = node.exact
        heads = [edge.queue[0] for edge in exact if edge.queue]
        if not heads or not all(edge.queue or edge.ended for edge in exact):
            return False
        item = heads[0] if len(exact) == 1 else min(heads, key=lambda head: head.seq)
        alone = not exact[0].queue or exact[0].queue[0].seq != item.seq
        reason = "unmatched" if alone else item.reason or self._late(item)
        if reason is None and all(worker.broken for worker in node.workers):
            if node.plan.action == "passthrough":
                return self._pass_by(node, exact)
            reason = "failed"
        if reason is not None and (alone or node.plan.role != "sink"):
            self._bury(node, exact, item, reason)
            return True
        worker = self._free_worker(node)
        if worker is None or (reason is None and not self._has_room(node)):
            return False
        self._start(node, worker, exact, reason)
        return True

    def _start(
        self, node: NodeState, worker: WorkerState, exact: list[Edge], reason: str | None
    ) -> None:
        """Lease the next seq to a worker."""
        taken = self._take(exact, exact[0].queue[0].seq)
        main = next(iter(taken.values()))
        lease = self._lease(node, "frame" if reason is None else "skip", main.seq)
        live = {port for port, item in taken.items() if not item.dead}
        lease.leased = tuple(edge.plan.key for edge in exact if edge.plan.port in live)
        lease.inputs = dict(taken)
        if reason is None:
            self._promise(node, main.seq)
            self._grant(node, lease)
            for edge in node.plan.edges_in:
                if edge.side:
                    seen = self.mailboxes[edge.key].pick(main.frames[0].seconds)
                    if seen is not None:
                        self.ledger.hold_slots(seen)
                        lease.inputs[edge.port] = seen
        else:
            self._judge(node, main.seq, reason)
            if not main.dead:
                lease.inputs[exact[0].plan.port] = self._emptied(main, reason)
        self._give(worker, lease)

    def _emptied(self, item: Item, reason: str) -> Item:
        """A live item that comes too late goes to the sink as a tombstone, pixels let go."""
        self.ledger.drop_slots(item)
        return item.bury(reason)

    def _take(self, exact: list[Edge], seq: int) -> dict[str, Item]:
        """The items of a seq, by port; a port whose branch has none is left out."""
        taken = {}
        for edge in exact:
            if edge.queue and edge.queue[0].seq == seq:
                taken[edge.plan.port] = edge.take()
                self._wake(edge.plan.source)
        return taken

    def _bury(self, node: NodeState, exact: list[Edge], item: Item, reason: str) -> None:
        """Pass a tombstone on without bothering a worker."""
        taken = self._take(exact, item.seq)
        self._emit(node, item.bury(reason))
        self._release_inputs(taken, exact)

    def _pass_by(self, node: NodeState, exact: list[Edge]) -> bool:
        """A broken node with ``passthrough``: the frame goes on as it came."""
        if not self._has_room(node):
            return False
        taken = self._take(exact, exact[0].queue[0].seq)
        main = next(iter(taken.values()))
        self._promise(node, main.seq)
        self._emit(node, main)
        self._release_inputs(taken, exact)
        return True

    def _release_inputs(self, taken: dict[str, Item], exact: list[Edge]) -> None:
        for edge in exact:
            got = taken.get(edge.plan.port)
            if got is not None:
                if not got.dead:
                    edge.settle()
                self.ledger.drop(got)

    # ── results ───────────────────────────────────────────────────────────────────────────────

    def _settle(
        self, node: NodeState, lease: Lease, frames: tuple[object, ...], reason: str | None
    ) -> None:
        """A lease is over: its result goes on, its inputs and spare slots come back."""
        stream = self._stream(node)
        if lease.kind == "source":
            born = self.ledger.admit(stream.name, lease.seq)
            self._emit(node, Item(stream.name, lease.seq, frames, None, born))  # type: ignore[arg-type]
            self.ledger.drop_token(stream.name, lease.seq)
        elif lease.kind == "flush":
            if frames:
                born = self.ledger.extra(stream.name, lease.seq)
                self._emit(node, Item(stream.name, lease.seq, frames, None, born))  # type: ignore[arg-type]
                self.ledger.drop_token(stream.name, lease.seq)
            else:
                self._forgive(node, lease.seq)
        elif node.plan.role == "sink":
            node.next_out = lease.seq + 1
        else:
            main = next(iter(lease.inputs.values()))
            why = None if frames else (reason or "skipped")
            self._emit(node, main._replace(frames=frames, reason=why))  # type: ignore[arg-type]
        self._return_inputs(node, lease)
        self.ledger.release(lease.grants)

    def _return_inputs(self, node: NodeState, lease: Lease) -> None:
        for key in lease.leased:
            self.edges[key].settle()
            self._wake(self.edges[key].plan.source)
        sides = {edge.port for edge in node.plan.edges_in if edge.side}
        for port, item in lease.inputs.items():
            if port in sides:
                self.ledger.drop_slots(item)
            else:
                self.ledger.drop(item)
        lease.inputs = {}

    def _emit(self, node: NodeState, item: Item) -> None:
        """A result joins the queue to leave in order of seq."""
        if node.plan.role == "sink":
            if item.dead:
                self._judge(node, item.seq, item.reason or "skipped")
            return
        self.ledger.hold(item)
        node.pending[item.seq] = item
        while (ready := node.pending.pop(node.next_out, None)) is not None:
            self._forgive(node, ready.seq)
            node.next_out += 1
            for plan in node.plan.edges_out:
                self._push(plan.key, ready)
                self._wake(plan.target)
            if not node.plan.edges_out and ready.dead:
                self._judge(node, ready.seq, ready.reason or "skipped")
            self.ledger.drop(ready)

    def _push(self, key: str, item: Item) -> None:
        if key in self.mailboxes:
            if not item.dead:
                self.ledger.hold_slots(item)
                for gone in self.mailboxes[key].put(item):
                    self.ledger.drop_slots(gone)
            return
        kept, evicted = self.edges[key].put(item)
        self.ledger.hold(kept)
        for gone in evicted:
            self.ledger.drop_slots(gone)

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
            self._settle(node, lease, main.frames, None)
            return
        if node.plan.role == "sink" and main is not None:
            self._judge(node, lease.seq, "failed")
        self._settle(node, lease, (), "failed")

    # ── ends ──────────────────────────────────────────────────────────────────────────────────

    def _maybe_end(self, node: NodeState) -> None:
        """Flush a node whose inputs have ended, worker by worker; then its outputs have ended."""
        if node.ended or node.busy:
            return
        if node.plan.role == "source":
            if not node.workers[0].flushed:
                return
        else:
            if not all(edge.ended and not edge.queue for edge in node.exact):
                return
            left = [w for w in node.workers if not (w.flushed or w.broken)]
            if left:
                self._flush(node, left[0])
                return
        node.ended = True
        for edge in node.outlets:
            edge.ended = True
            self._wake(edge.plan.target)

    def _flush(self, node: NodeState, worker: WorkerState) -> None:
        sink = node.plan.role == "sink"
        crowded = not sink and self.ledger.in_flight >= self.plan.max_in_flight
        if worker.free <= 0 or crowded or not self._has_room(node):
            return
        lease = self._lease(node, "flush", node.next_out)
        if not sink:
            self._promise(node, lease.seq)
            self._grant(node, lease)
        self._give(worker, lease)

    def _on_retired(self, stream: str) -> None:
        self._wake(stream)
        if self.nodes[stream].ended:  # a node that waits to flush may have room for it now
            for name, node in self.nodes.items():
                if not node.ended:
                    self._wake(name)

    # ── small parts ───────────────────────────────────────────────────────────────────────────

    def _lease(self, node: NodeState, kind: str, seq: int) -> Lease:
        self._jobs += 1
        return Lease(self._jobs, kind, node.plan.name, seq)  # type: ignore[arg-type]

    def _give(self, worker: WorkerState, lease: Lease) -> None:
        lease.since = time.monotonic()
        worker.leases.append(lease)
        grants = tuple(lease.grants)
        if lease.kind == "flush":
            stream = self.plan.stream_of[lease.node]
            self._send(worker.key, Flush(lease.job, stream, grants, lease.seq))
        else:
            self._send(worker.key, Job(lease.job, lease.kind, lease.inputs, grants, lease.seq))

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

    def _grant(self, node: NodeState, lease: Lease) -> None:
        if node.plan.edits:
            lease.grants.append(self.book.grant(self._stream(node).picture_bytes or FIRST_GUESS))

    def _free_worker(self, node: NodeState) -> WorkerState | None:
        """The least loaded worker that takes jobs."""
        best, most = None, 0
        for worker in node.workers:
            if worker.free > most:
                best, most = worker, worker.free
        return best

    def _has_room(self, node: NodeState) -> bool:
        return all(edge.has_room for edge in node.outlets)

    def _promise(self, node: NodeState, seq: int) -> None:
        node.promised.add(seq)
        for edge in node.outlets:
            edge.promise()

    def _forgive(self, node: NodeState, seq: int) -> None:
        if seq not in node.promised:
            return
        node.promised.discard(seq)
        for edge in node.outlets:
            edge.forgive()

    def _late(self, item: Item) -> str | None:
        limit = self.plan.max_age
        if limit is None or not self.ledger.streams[item.stream].live:
            return None
        return "late" if (time.monotonic_ns() - item.admitted) / 1e9 > limit else None

    def _judge(self, node: NodeState, seq: int, reason: str) -> None:
        """Remember why a frame did not come out at a place where it should have."""
        if node.primary:
            self._stream(node).fate.setdefault(seq, reason)

    def _stream(self, node: NodeState) -> StreamState:
        return self.ledger.streams[self.plan.stream_of[node.plan.name]]

    def _is_live(self, said: bool) -> bool:
        return said if self.plan.mode == "auto" else self.plan.mode == "live"

    def _mark_primary(self) -> None:
        """Frames must come out at every end that no dropping edge leads to, or at all of them."""
        for name, node in self.nodes.items():
            at: str | None = name
            while at is not None:
                edges = [e for e in self.plan.nodes[at].edges_in if not e.side]
                if edges and (edges[0].every is not None or edges[0].full != "block"):
                    node.primary = False
                at = edges[0].source if edges else None
        ends = [node for node in self.nodes.values() if not node.plan.edges_out]
        if not any(node.primary for node in ends):
            for node in ends:
                node.primary = True


def _error(node: str, message: Fail) -> NodeError:
    return NodeError(message.text, where=None if message.ours else f"node {node}")
