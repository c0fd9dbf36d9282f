"""What a run tells about itself: a status while it runs, a report afterwards."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Quantiles(_Model):
    """Milliseconds."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


class StreamReport(_Model):
    """The frames of one source. ``admitted = finished + Σ lost`` and every drop has a reason."""

    title: str = Field(default="", description="file name or address")
    live: bool = False
    expected: int | None = Field(default=None, description="frames that the source announced")
    admitted: int = Field(default=0, description="frames that entered the graph")
    finished: int = Field(
        default=0, description="frames that reached every sink on their main path"
    )
    flushed: int = Field(default=0, description="frames held back by nodes, given out at the end")
    dropped: dict[str, int] = Field(default={}, description="frames that never entered, by reason")
    lost: dict[str, int] = Field(
        default={}, description="admitted frames that ended early, by reason"
    )


class NodeReport(_Model):
    """One node, all replicas together."""

    uses: str
    lane: str
    replicas: int = 1
    processed: int = 0
    failed: int = 0
    retried: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    report: dict[str, Any] = Field(
        default={}, description="what the node itself says (Node.report)"
    )


class LaneReport(_Model):
    """One process or thread group."""

    kind: str
    device: str = "cpu"
    nodes: list[str] = []
    restarts: int = 0


class RunReport(_Model):
    """All facts of one run, for people and machines."""

    graph: str
    ok: bool = True
    error: str | None = None
    stopped: bool = Field(default=False, description="ended early on request")
    live: bool = False
    started: str = Field(default="", description="UTC, ISO 8601")
    seconds: float = 0.0
    streams: dict[str, StreamReport] = {}
    nodes: dict[str, NodeReport] = {}
    lanes: dict[str, LaneReport] = {}
    edge_drops: dict[str, int] = Field(default={}, description="frames a full side edge dropped")
    latency_ms: Quantiles = Quantiles()
    max_in_flight: int = Field(default=0, description="most frames that were in the graph at once")
    arena_bytes: int = 0
    notes: list[str] = []

    @property
    def frames(self) -> int:
        """Frames that came out, of all streams."""
        return sum(stream.finished for stream in self.streams.values())

    @property
    def fps(self) -> float:
        """Frames out per second of the whole run."""
        return self.frames / self.seconds if self.seconds else 0.0


class RunStatus(_Model):
    """A run at one moment; what a progress bar needs."""

    state: str = Field(description="starting, running, draining or ended")
    seconds: float
    admitted: int
    finished: int
    expected: int | None = None
    in_flight: int = 0
    dropped: int = 0
    live: bool = False
    latency_ms: float | None = Field(default=None, description="median of the run so far")
