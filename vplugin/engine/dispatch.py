"""Who gets the next job: the choices between nodes, workers and frames, and the end of a stream."""

from __future__ import annotations

import time
from collections.abc import Callable

from vplugin.engine.arena import ArenaBook
from vplugin.engine.edge import Edge
from vplugin.engine.flow import Flow
from vplugin.engine.lease import Kind, Lease
from vplugin.engine.plan import RunPlan
from vplugin.engine.state import NodeState, WorkerState
from vplugin.engine.wire import Flush, Item, Job, Message

FIRST_GUESS = 1  # bytes of the first slot; the source asks for what its pictures really need


class Dispatcher:
    """Gives out work.

    Args:
        flow: Where every frame is.
        plan: What runs.
        book: The arena's accounts.
        send: Delivers a message to a worker.
    """

    def __init__(
        self, flow: Flow, plan: RunPlan, book: ArenaBook, send: Callable[[str, Message], None]
    ) -> None:
        self.flow = flow
        self._plan = plan
        self._book = book
        self._send = send
        self._jobs = 0

    def serve(self, node: NodeState) -> None:
        """All that a node can do now.

        Raises:
            ArenaError: There is no memory for another picture.
        """
        if node.plan.role == "source":
            if self._read(node):
                self.flow.wake(node.plan.name)  # behind the others: sources take turns
        else:
            while self._repeat(node) or self._next(node):
                pass
        self._maybe_end(node)

    def _read(self, node: NodeState) -> bool:
        """Let a source read one frame, if there is room for it everywhere."""
        worker = node.workers[0]
        reading = sum(
            len(n.workers[0].leases) for n in self.flow.nodes.values() if n.plan.role == "source"
        )
        stream = self.flow.stream(node)
        limit = self._plan.live_in_flight if stream.live else self._plan.max_in_flight
        if worker.flushed or worker.free <= 0 or self.flow.ledger.in_flight + reading >= limit:
            return False
        if not self.flow.has_room(node):
            return False
        if (rival := self._longest_waiting()) not in (None, node):
            self.flow.wake(rival.plan.name)
            return False
        lease = self._lease(node, "source", stream.issued)
        stream.issued += 1
        stream.turn = self._jobs
        self.flow.promise(node, lease.seq)
        lease.grants.append(self._book.grant(stream.picture_bytes or FIRST_GUESS))
        self._give(worker, lease)
        return True

    def _longest_waiting(self) -> NodeState | None:
        """The source that could read and has waited longest: sources take turns."""
        able = [
            node
            for node in (self.flow.nodes[name] for name in self.flow.ledger.streams)
            if node.workers[0].free > 0 and not node.workers[0].flushed and self.flow.has_room(node)
        ]
        return min(able, key=lambda node: self.flow.stream(node).turn, default=None)

    def _repeat(self, node: NodeState) -> bool:
        """Work again on what a dead worker had."""
        if not node.redo:
            return False
        worker = self._free_worker(node, suspect=node.redo[0].suspect)
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
        if worker is None or (reason is None and not self.flow.has_room(node)):
            return False
        self._start(node, worker, exact, reason)
        return True

    def _start(
        self, node: NodeState, worker: WorkerState, exact: list[Edge], reason: str | None
    ) -> None:
        """Lease the next seq to a worker."""
        taken = self.flow.take(exact, exact[0].queue[0].seq)
        main = next(iter(taken.values()))
        lease = self._lease(node, "frame" if reason is None else "skip", main.seq)
        live = {port for port, item in taken.items() if not item.dead}
        lease.leased = tuple(edge.plan.key for edge in exact if edge.plan.port in live)
        lease.inputs = dict(taken)
        if reason is None:
            self.flow.promise(node, main.seq)
            self._grant(node, lease)
            for edge in node.plan.edges_in:
                if edge.side:
                    seen = self.flow.mailboxes[edge.key].pick(main.frames[0].seconds)
                    if seen is not None:
                        self.flow.ledger.hold_slots(seen)
                        lease.inputs[edge.port] = seen
        else:
            self.flow.judge(node, main.seq, reason)
            if not main.dead:
                lease.inputs[exact[0].plan.port] = self.flow.emptied(main, reason)
        self._give(worker, lease)

    def _bury(self, node: NodeState, exact: list[Edge], item: Item, reason: str) -> None:
        """Pass a tombstone on without bothering a worker."""
        taken = self.flow.take(exact, item.seq)
        self.flow.emit(node, item.bury(reason))
        self.flow.release_inputs(node, taken)

    def _pass_by(self, node: NodeState, exact: list[Edge]) -> bool:
        """A broken node with ``passthrough``: the frame goes on as it came."""
        if not self.flow.has_room(node):
            return False
        taken = self.flow.take(exact, exact[0].queue[0].seq)
        main = next(iter(taken.values()))
        self.flow.promise(node, main.seq)
        self.flow.emit(node, main)
        self.flow.release_inputs(node, taken)
        return True

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
            self.flow.wake(edge.plan.target)

    def _flush(self, node: NodeState, worker: WorkerState) -> None:
        sink = node.plan.role == "sink"
        crowded = not sink and self.flow.ledger.in_flight >= self._plan.max_in_flight
        if crowded:
            self.flow.crowded[node.plan.name] = None
        if worker.free <= 0 or crowded or not self.flow.has_room(node):
            return
        lease = self._lease(node, "flush", node.next_out)
        if not sink:
            self.flow.promise(node, lease.seq)
            self._grant(node, lease)
        self._give(worker, lease)

    def _lease(self, node: NodeState, kind: Kind, seq: int) -> Lease:
        self._jobs += 1
        return Lease(self._jobs, kind, node.plan.name, seq)

    def _give(self, worker: WorkerState, lease: Lease) -> None:
        lease.since = time.monotonic()
        worker.leases.append(lease)
        grants = tuple(lease.grants)
        if lease.kind == "flush":
            stream = self._plan.stream_of[lease.node]
            self._send(worker.key, Flush(lease.job, stream, grants, lease.seq))
        else:
            self._send(worker.key, Job(lease.job, lease.kind, lease.inputs, grants, lease.seq))

    def _grant(self, node: NodeState, lease: Lease) -> None:
        if node.plan.edits:
            lease.grants.append(
                self._book.grant(self.flow.stream(node).picture_bytes or FIRST_GUESS)
            )

    def _free_worker(self, node: NodeState, *, suspect: bool = False) -> WorkerState | None:
        """The least loaded worker that takes jobs."""
        best, most = None, 0
        for worker in node.workers:
            if worker.free > most and not (self.flow.suspects and self._barred(worker, suspect)):
                best, most = worker, worker.free
        return best

    def _barred(self, worker: WorkerState, suspect: bool) -> bool:
        """Whether a job would keep a suspect company: suspects have their process to themselves."""
        crew = [w for n in self.flow.nodes.values() for w in n.workers if w.lane == worker.lane]
        if suspect:
            return any(other.leases for other in crew)
        return any(
            (other.node.redo and other.node.redo[0].suspect)
            or any(lease.suspect for lease in other.leases)
            for other in crew
        )

    def _late(self, item: Item) -> str | None:
        limit = self._plan.max_age
        if limit is None or not self.flow.ledger.streams[item.stream].live:
            return None
        return "late" if (time.monotonic_ns() - item.admitted) / 1e9 > limit else None
