"""What will run: nodes with their edges, workers and lanes. Data only, made by ``layout``.

A *lane* is a process (or a thread group) that hosts workers; a *worker* is one instance of a node
in a thread of its own. The scheduler and the lanes work from this plan and never look at YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Action: TypeAlias = Literal["fail", "skip", "passthrough"]
DEFAULT_TIMEOUT = 60.0  # seconds a job may take before its process counts as hung


@dataclass(frozen=True)
class EdgePlan:
    """One edge, its credits and its policy. Units: seconds."""

    key: str
    source: str
    target: str
    port: str
    capacity: int = 2
    full: Literal["block", "drop_oldest", "drop_newest"] = "block"
    every: float | None = None
    join: Literal["exact", "latest", "nearest"] = "exact"
    max_age: float | None = None

    @property
    def side(self) -> bool:
        """Whether it only leaves its newest frame for whoever looks (no order, no waiting)."""
        return self.join != "exact"


@dataclass(frozen=True)
class NodePlan:
    """One node as it will run. ``edges_in[0]`` is the main one, whose order the work follows."""

    name: str
    uses: str
    role: Literal["source", "node", "sink"]
    params: Mapping[str, Any]
    edges_in: tuple[EdgePlan, ...]
    edges_out: tuple[EdgePlan, ...]
    workers: tuple[str, ...]
    credits: int = 2
    edits: bool = True
    stateful: bool = False
    checkpoint: bool = False
    action: Action = "fail"
    timeout: float | None = DEFAULT_TIMEOUT
    batch: tuple[int, float] = (1, 0.0)
    hot: tuple[str, ...] = ()

    @property
    def restartable(self) -> bool:
        """Whether a new process can take its place without losing a frame."""
        return self.role == "node"


@dataclass(frozen=True)
class WorkerSpec:
    """What a lane needs to run one worker; plain types, it crosses a process border."""

    key: str
    node: str
    uses: str
    params: dict[str, Any]
    role: str
    context: dict[str, Any]
    batch: tuple[int, float] = (1, 0.0)
    checkpoint: bool = False
    retries: int = 0
    state: bytes | None = None
    sinks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LanePlan:
    """A process or a thread group, and its workers."""

    name: str
    kind: Literal["process", "thread"]
    device: str
    workers: tuple[WorkerSpec, ...]
    restartable: bool
    restart_max: int = 5
    restart_window: float = 60.0
    backoff: tuple[float, float] = (0.5, 10.0)


@dataclass(frozen=True)
class RunPlan:
    """Everything the scheduler needs."""

    name: str
    nodes: Mapping[str, NodePlan]
    lanes: Mapping[str, LanePlan]
    max_in_flight: int
    live_in_flight: int
    max_age: float | None
    memory: int | None
    mode: Literal["auto", "live", "offline"]
    shared: bool
    notes: tuple[str, ...] = ()
    stream_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def fans_out(self) -> bool:
        """Whether any picture has more than one reader at a time."""
        return any(len(node.edges_out) > 1 for node in self.nodes.values())

    def worker_node(self, worker: str) -> NodePlan:
        """The node that a worker (``name#replica``) belongs to."""
        return self.nodes[worker.rpartition("#")[0]]
