"""Where every frame is: the queues, the results in waiting, the credits and the accounts.

The scheduler decides, this module moves: it takes items from queues, puts results back in order of
their seq, and keeps count of who holds what. Whatever changes wakes the nodes concerned.
"""

from __future__ import annotations

import time

from vplugin.engine.arena import ArenaBook
from vplugin.engine.edge import Edge, Mailbox
from vplugin.engine.lease import Lease
from vplugin.engine.ledger import Ledger, StreamState
from vplugin.engine.plan import EdgePlan, RunPlan
from vplugin.engine.state import NodeState, WorkerState
from vplugin.engine.wire import FrameMessage, Item


class Flow:
    """All queues of a run.

    Args:
        plan: What runs.
        book: The arena's accounts.

    Attributes:
        todo: Nodes that may have something to do, in order, each once.
        crowded: Nodes that wait to flush until fewer frames are in flight.
        suspects: Leases that are to be worked on alone, in waiting or at work.
    """

    def __init__(self, plan: RunPlan, book: ArenaBook) -> None:
        self._plan = plan
        sources = [name for name, node in plan.nodes.items() if node.role == "source"]
        self.ledger = Ledger(sources, book, self._on_retired)
        self.todo: dict[str, None] = {}
        self.suspects = 0
        self.crowded: dict[str, None] = {}
        plans = [edge for node in plan.nodes.values() for edge in node.edges_in]
        self.edges = {edge.key: Edge(edge) for edge in plans if not edge.side}
        self.mailboxes = {edge.key: Mailbox(edge) for edge in plans if edge.side}
        self.nodes = {name: NodeState(node, node.credits) for name, node in plan.nodes.items()}
        lane = {spec.key: name for name, host in plan.lanes.items() for spec in host.workers}
        for node in self.nodes.values():
            node.workers = [WorkerState(key, node, lane.get(key, key)) for key in node.plan.workers]
            node.exact = [self.edges[e.key] for e in node.plan.edges_in if not e.side]
            node.outlets = [self.edges[e.key] for e in node.plan.edges_out if not e.side]
        self._mark_primary()
        self._mark_loose()

    def _on_retired(self, stream: str) -> None:
        """There is room for another frame, whoever's turn it is."""
        for name in self.crowded:  # before the sources, which would take the room again
            self.wake(name)
        self.crowded.clear()
        for name in self.ledger.streams:
            self.wake(name)

    def wake_all(self) -> None:
        """Something changed for everyone."""
        for name, node in self.nodes.items():
            if not node.ended:
                self.wake(name)

    def hold(self, node: NodeState, item: Item) -> None:
        """An item comes into a node's care."""
        if node.loose:
            self.ledger.hold_slots(item)
        else:
            self.ledger.hold(item)

    def drop(self, node: NodeState, item: Item) -> None:
        """An item leaves a node's care."""
        if node.loose:
            self.ledger.drop_slots(item)
        else:
            self.ledger.drop(item)

    def wake(self, name: str) -> None:
        """Something changed for a node; see what it can do."""
        self.todo[name] = None

    def take(self, exact: list[Edge], seq: int) -> dict[str, Item]:
        """The items of a seq, by port; a port whose branch has none is left out."""
        taken = {}
        for edge in exact:
            if edge.queue and edge.queue[0].seq == seq:
                taken[edge.plan.port] = edge.take()
                self.wake(edge.plan.source)
        return taken

    def emptied(self, item: Item, reason: str) -> Item:
        """A live item that comes too late goes to the sink as a tombstone, pixels let go."""
        self.ledger.drop_slots(item)
        return item.bury(reason)

    def release_inputs(self, node: NodeState, taken: dict[str, Item]) -> None:
        """Let go of items that were taken but given to no worker."""
        for edge in node.exact:
            got = taken.get(edge.plan.port)
            if got is not None:
                if not got.dead:
                    edge.settle()
                self.drop(node, got)

    def settle(
        self, node: NodeState, lease: Lease, frames: tuple[FrameMessage, ...], reason: str | None
    ) -> None:
        """A lease is over: its result goes on, its inputs and spare slots come back."""
        stream = self.stream(node)
        if lease.kind == "source":
            born = self.ledger.admit(stream.name, lease.seq)
            self.emit(node, Item(stream.name, lease.seq, frames, None, born))
            self.ledger.drop_token(stream.name, lease.seq)
        elif lease.kind == "flush":
            self._settle_flush(node, stream, lease.seq, frames)
        elif node.plan.role == "sink":
            node.next_out = lease.seq + 1
        else:
            main = next(iter(lease.inputs.values()))
            why = None if frames else (reason or "skipped")
            self.emit(node, main._replace(frames=frames, reason=why))
        self.return_inputs(node, lease)
        self.ledger.release(lease.grants)

    def _settle_flush(
        self, node: NodeState, stream: StreamState, seq: int, frames: tuple[FrameMessage, ...]
    ) -> None:
        """Frames that a node had held back leave under a seq of their own."""
        if not frames:
            self.forgive(node, seq)
        elif node.loose:
            self.emit(node, Item(stream.name, seq, frames, None, time.monotonic_ns()))
        else:
            born = self.ledger.extra(stream.name, seq, len(frames))
            self.emit(node, Item(stream.name, seq, frames, None, born))
            self.ledger.drop_token(stream.name, seq)

    def return_inputs(self, node: NodeState, lease: Lease) -> None:
        """Let go of what a lease worked on."""
        if lease.suspect:
            self.suspects -= 1
            self.wake_all()
        for key in lease.leased:
            self.edges[key].settle()
            self.wake(self.edges[key].plan.source)
        sides = {edge.port for edge in node.plan.edges_in if edge.side}
        for port, item in lease.inputs.items():
            if port in sides:
                self.ledger.drop_slots(item)
            else:
                self.drop(node, item)
        lease.inputs = {}

    def emit(self, node: NodeState, item: Item) -> None:
        """A result joins the queue to leave in order of seq."""
        if node.plan.role == "sink":
            if item.dead:
                self.judge(node, item.seq, item.reason or "skipped")
            return
        if item.seq == node.next_out and not node.pending:
            self._leave(node, item)
            return
        self.hold(node, item)
        node.pending[item.seq] = item
        while (ready := node.pending.pop(node.next_out, None)) is not None:
            self._leave(node, ready)
            self.drop(node, ready)

    def _leave(self, node: NodeState, item: Item) -> None:
        """The next result in order goes into the queues after the node."""
        self.forgive(node, item.seq)
        node.next_out += 1
        for plan in node.plan.edges_out:
            self.push(plan, item)
            self.wake(plan.target)
        if not node.plan.edges_out and item.dead:
            self.judge(node, item.seq, item.reason or "skipped")

    def push(self, plan: EdgePlan, item: Item) -> None:
        """Put an item into a queue, or leave it in a mailbox."""
        if plan.side:
            if not item.dead:
                self.ledger.hold_slots(item)
                for gone in self.mailboxes[plan.key].put(item):
                    self.ledger.drop_slots(gone)
            return
        kept, evicted = self.edges[plan.key].put(item)
        self.hold(self.nodes[plan.target], kept)
        for gone in evicted:
            self.ledger.drop_slots(gone)

    def promise(self, node: NodeState, seq: int) -> None:
        """Reserve room for a result on all ways out of a node."""
        if not node.outlets:
            return
        node.promised.add(seq)
        for edge in node.outlets:
            edge.promise()

    def forgive(self, node: NodeState, seq: int) -> None:
        if seq not in node.promised:
            return
        node.promised.discard(seq)
        for edge in node.outlets:
            edge.forgive()

    def has_room(self, node: NodeState) -> bool:
        return all(edge.has_room for edge in node.outlets)

    def judge(self, node: NodeState, seq: int, reason: str) -> None:
        """Remember why a frame did not come out at a place where it should have."""
        if node.primary:
            self.stream(node).fate.setdefault(seq, reason)

    def stream(self, node: NodeState) -> StreamState:
        return self.ledger.streams[self._plan.stream_of[node.plan.name]]

    def _mark_primary(self) -> None:
        """Frames must come out at every end that no dropping edge leads to, or at all of them."""
        for name, node in self.nodes.items():
            node.primary = not self._drops_before(name)
        ends = [node for node in self.nodes.values() if not node.plan.edges_out]
        if not any(node.primary for node in ends):
            for node in ends:
                node.primary = True

    def _mark_loose(self) -> None:
        """Find the side branches that lie behind an edge that drops frames.

        A node counts as loose if all that follows it is loose too, and only if some end is not:
        a graph whose only way drops frames has no main path to protect.
        """
        ends = [node for node in self.nodes.values() if not node.plan.edges_out]
        loose = {name for name, node in self.nodes.items() if self._drops_before(name)}
        if all(node.plan.name in loose for node in ends):
            return
        changed = True
        while changed:
            strict = {
                name
                for name in loose
                for edge in self.nodes[name].plan.edges_out
                if not edge.side and edge.target not in loose
            }
            changed = bool(strict)
            loose -= strict
        for name in loose:
            self.nodes[name].loose = True

    def _drops_before(self, name: str) -> bool:
        """Whether an edge on a node's main path may drop frames."""
        at: str | None = name
        while at is not None:
            edges = [edge for edge in self._plan.nodes[at].edges_in if not edge.side]
            if edges and (edges[0].every is not None or edges[0].full != "block"):
                return True
            at = edges[0].source if edges else None
        return False
