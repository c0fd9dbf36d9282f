"""Building and watching graphs under test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vplugin.engine import RunReport, run
from vplugin.engine.scheduler import Scheduler
from vplugin.graph import GraphSpec

PATTERN = "vplugin.testing.nodes:Pattern"
COLLECT = "vplugin.testing.nodes:Collect"
CHAOS = "vplugin.testing.chaos:"
HERE = "tests.engine.nodes:"


def graph(nodes: dict[str, dict[str, Any]], **rest: Any) -> GraphSpec:
    """A graph in which each node follows the one before it, unless it says otherwise."""
    above: str | None = None
    written = {}
    for name, node in nodes.items():
        wired = {"frame": above} if above and "in" not in node else {}
        written[name] = {"in": wired, **node}
        above = name
    return GraphSpec.model_validate({"vplugin": 1, "nodes": written, **rest})


def source(count: int = 20, **params: Any) -> dict[str, Any]:
    size = {"width": 64, "height": 48, "faces": 0, "still": True}
    return {"uses": PATTERN, "params": {**size, "count": count, **params}}


def collect(path: Path, **rest: Any) -> dict[str, Any]:
    return {"uses": COLLECT, "params": {"path": str(path)}, **rest}


def log_to(path: Path, kind: str = "Log", **rest: Any) -> dict[str, Any]:
    return {"uses": HERE + kind, "params": {"path": str(path)}, **rest}


class Bounds:
    """Fails as soon as any bound of the engine is broken; passed as ``probe``."""

    def __init__(self, limit: int = 8) -> None:
        self.limit = limit
        self.events = 0
        self.fullest = 0
        self.most = 0

    def __call__(self, scheduler: Scheduler) -> None:
        self.events += 1
        for edge in scheduler.edges.values():
            assert edge.queued == sum(not item.dead for item in edge.queue)
            assert min(edge.queued, edge.leased, edge.held) >= 0
            assert edge.load <= edge.plan.capacity, edge.plan.key
            self.fullest = max(self.fullest, edge.load)
        self.most = max(self.most, scheduler.ledger.in_flight)
        assert scheduler.ledger.in_flight <= self.limit


def run_bounded(spec: GraphSpec, **options: Any) -> RunReport:
    """Run with the bounds watched at every event."""
    bounds = Bounds(spec.limits.max_in_flight)
    report = run(spec, probe=bounds, **options)
    assert bounds.events > 0 or not report.ok
    return report
