"""Where every frame is: the queues, the results in waiting, the credits and the accounts.

The scheduler decides, this module moves: it takes items from queues, puts results back in order of
their seq, and keeps count of who holds what. Whatever changes wakes the nodes concerned.
"""

from __future__ import annotations

from vplugin.engine.arena import ArenaBook
from vplugin.engine.edge import Edge, Mailbox
from vplugin.engine.lease import Lease
from vplugin.engine.ledger import Ledger, StreamState
from vplugin.engine.plan import RunPlan
from vplugin.engine.state import NodeState, WorkerState
from vplugin.engine.wire import FrameMessage, Item


class Flow:
    """All queues of a run.

    Args:
        plan: What runs.
        book: The arena's accounts.

    Attributes:
        todo: Nodes that may have something to do, in order, each once.
    """

    def __init__(self, plan: RunPlan, book: ArenaBook) -> None:
        self._plan = plan
        sources = [name for name, node in plan.nodes.items() if node.role == "source"]
        self.ledger = Ledger(sources, book, self._on_retired)
        self.todo: dict[str, None] = {}
        plans = [edge for node in plan.nodes.values() for edge in node.edges_in]
        self.edges = {edge.key: Edge(edge) for edge in plans if not edge.side}
        self.mailboxes = {edge.key: Mailbox(edge) for edge in plans if edge.side}
        self.nodes = {name: NodeState(node, node.credits) for name, node in plan.nodes.items()}
        for node in self.nodes.values():
            node.workers = [WorkerState(key, node) for key in node.plan.workers]
            node.exact = [self.edges[e.key] for e in node.plan.edges_in if not e.side]
            node.outlets = [self.edges[e.key] for e in node.plan.edges_out if not e.side]
        self._mark_primary()

    def _on_retired(self, stream: str) -> None:
        self.wake(stream)
        if self.nodes[stream].ended:  # a node that waits to flush may have room for it now
            for name, node in self.nodes.items():
                if not node.ended:
                    self.wake(name)

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

    def release_inputs(self, taken: dict[str, Item], exact: list[Edge]) -> None:
        for edge in exact:
            got = taken.get(edge.plan.port)
            if got is not None:
                if not got.dead:
                    edge.settle()
                self.ledger.drop(got)

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
            if frames:
                born = self.ledger.extra(stream.name, lease.seq)
                self.emit(node, Item(stream.name, lease.seq, frames, None, born))
                self.ledger.drop_token(stream.name, lease.seq)
            else:
                self.forgive(node, lease.seq)
        elif node.plan.role == "sink":
            node.next_out = lease.seq + 1
        else:
            main = next(iter(lease.inputs.values()))
            why = None if frames else (reason or "skipped")
            self.emit(node, main._replace(frames=frames, reason=why))
        self.return_inputs(node, lease)
        self.ledger.release(lease.grants)

    def return_inputs(self, node: NodeState, lease: Lease) -> None:
        for key in lease.leased:
            self.edges[key].settle()
            self.wake(self.edges[key].plan.source)
        sides = {edge.port for edge in node.plan.edges_in if edge.side}
        for port, item in lease.inputs.items():
            if port in sides:
                self.ledger.drop_slots(item)
            else:
                self.ledger.drop(item)
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
        self.ledger.hold(item)
        node.pending[item.seq] = item
        while (ready := node.pending.pop(node.next_out, None)) is not None:
            self._leave(node, ready)
            self.ledger.drop(ready)

    def _leave(self, node: NodeState, item: Item) -> None:
        """The next result in order goes into the queues after the node."""
        self.forgive(node, item.seq)
        node.next_out += 1
        for plan in node.plan.edges_out:
            self.push(plan.key, item)
            self.wake(plan.target)
        if not node.plan.edges_out and item.dead:
            self.judge(node, item.seq, item.reason or "skipped")

    def push(self, key: str, item: Item) -> None:
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

    def promise(self, node: NodeState, seq: int) -> None:
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
            at: str | None = name
            while at is not None:
                edges = [e for e in self._plan.nodes[at].edges_in if not e.side]
                if edges and (edges[0].every is not None or edges[0].full != "block"):
                    node.primary = False
                at = edges[0].source if edges else None
        ends = [node for node in self.nodes.values() if not node.plan.edges_out]
        if not any(node.primary for node in ends):
            for node in ends:
                node.primary = True
