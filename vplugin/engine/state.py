"""Nodes and workers as the scheduler sees them. Data only."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from vplugin.engine.edge import Edge
from vplugin.engine.lease import Lease
from vplugin.engine.metrics import Histogram
from vplugin.engine.plan import NodePlan
from vplugin.engine.wire import Item


@dataclass
class WorkerState:
    """One worker as the scheduler sees it.

    Attributes:
        asked: Monotonic seconds when its lane was told to open it, or None.
        lost: Whether its process died in mid-run.
        flush_crashes: Processes that died in its flush.
    """

    key: str
    node: NodeState
    lane: str
    asked: float | None = None
    ready: bool = False
    closed: bool = False
    broken: bool = False
    leases: deque[Lease] = field(default_factory=deque)
    flushed: bool = False
    flush_crashes: int = 0
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
        params: What the parameters were changed to while it runs, and the revision.
        loose: Whether its frames come through an edge that may drop them, so that they do not
            count as in flight: a slow side branch never holds the main path back.
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
    params: dict[str, Any] | None = None
    revision: int = 0
    loose: bool = False
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
