"""Run a graph: the one call that the command line, the tests and other programs use."""

from __future__ import annotations

import datetime
import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from vplugin.engine.arena import LocalMemory, Memory, SharedMemory
from vplugin.engine.conductor import Conductor
from vplugin.engine.control import Control, Stop
from vplugin.engine.inline import run_inline
from vplugin.engine.lane import Lane
from vplugin.engine.layout import build_plan
from vplugin.engine.ledger import StreamState
from vplugin.engine.observe import serve_metrics
from vplugin.engine.plan import LanePlan, RunPlan
from vplugin.engine.report import (
    LaneReport,
    NodeReport,
    Quantiles,
    RunReport,
    RunStatus,
    StreamReport,
)
from vplugin.engine.scheduler import Scheduler
from vplugin.engine.state import NodeState
from vplugin.engine.worker import LaneStore
from vplugin.graph import check
from vplugin.graph.registry import Registry
from vplugin.graph.spec import GraphSpec

STATUS_EVERY = 0.2  # seconds


class Watch:
    """Reports the status now and then, and passes on what the run is asked."""

    def __init__(self, stop: Stop, on_status: Callable[[RunStatus], None] | None) -> None:
        self.begun = time.monotonic()
        self.stop = stop
        self._on_status = on_status
        self._due = 0.0

    def __call__(self, scheduler: Scheduler) -> str:
        now = time.monotonic()
        if self._on_status is not None and now >= self._due:
            self._due = now + STATUS_EVERY
            self._on_status(status(scheduler, now - self.begun))
        for node, revision, params in self.stop.changes():
            scheduler.set_params(node, revision, params)
        return self.stop.wish


def run(
    spec: GraphSpec,
    registry: Registry | None = None,
    *,
    inline: bool = False,
    on_status: Callable[[RunStatus], None] | None = None,
    stop: Stop | None = None,
    probe: Callable[[Scheduler], None] | None = None,
) -> RunReport:
    """Run a graph to its end.

    Args:
        spec: As :func:`vplugin.graph.load` gives it.
        registry: Where node classes come from; the installed ones by default.
        inline: Everything in the calling thread, with the same results.
        on_status: Called about five times a second.
        stop: Asks the run to end early; a :class:`Control` also changes hot parameters.
        probe: Called with the scheduler after every event (tests of the bounds).

    Returns:
        The report; ``report.ok`` is false and ``report.error`` says why if the run failed.

    Raises:
        GraphError: The graph makes no sense; nothing was started.
    """
    registry = registry or Registry()
    check(spec, registry)
    plan = build_plan(spec, registry, inline=inline)
    stop = stop or Stop()
    if isinstance(stop, Control):
        stop.bind(plan, registry)
    watch = Watch(stop, on_status)
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    restarts: Mapping[str, int] = {}
    if inline:
        scheduler = run_inline(plan, registry, on_tick=watch, probe=probe)
    else:
        local, store = LocalMemory(copy=plan.fans_out), LaneStore()

        def start(conductor: Conductor, lane: LanePlan) -> threading.Thread:
            memory = SharedMemory(conductor.book.fd) if plan.shared else local
            return _start_thread_lane(conductor, lane, registry, memory, store)

        conductor = Conductor(plan, on_tick=watch, threads=start, probe=probe)
        with (
            closing(conductor),
            serve_metrics(spec.observe.prometheus, conductor.scheduler),
        ):
            scheduler = conductor.run()
        restarts = {name: child.restarts for name, child in conductor.children.items()}
    report = _report(scheduler, plan, restarts)
    report.started = started
    report.seconds = time.monotonic() - watch.begun
    report.stopped = watch.stop.wish != "go"
    if on_status is not None:
        on_status(status(scheduler, report.seconds))
    return report


def _start_thread_lane(
    conductor: Conductor, lane: LanePlan, registry: Registry, memory: Memory, store: LaneStore
) -> threading.Thread:
    """A lane of kind ``thread``: beside the conductor, over inproc where there is no process."""
    hosted = Lane(lane.name, 1, conductor.endpoint, conductor.context, registry,
                  memory=memory, store=store)  # fmt: skip
    thread = threading.Thread(target=hosted.run, name=f"lane-{lane.name}", daemon=True)
    thread.start()
    return thread


def status(scheduler: Scheduler, seconds: float) -> RunStatus:
    """The state of a run at this moment."""
    streams = scheduler.ledger.streams.values()
    expected = [stream.expected for stream in streams]
    opened = all(worker.ready or worker.closed for worker in scheduler.workers.values())
    state = "running" if opened else "starting"
    if scheduler.stopping:
        state = "draining"
    if scheduler.closing:
        state = "ended"
    first = next(iter(streams))
    return RunStatus(
        state=state,
        seconds=seconds,
        admitted=sum(stream.admitted for stream in streams),
        finished=sum(stream.finished for stream in streams),
        expected=None if None in expected else sum(n for n in expected if n is not None),
        in_flight=scheduler.ledger.in_flight,
        dropped=sum(sum(stream.dropped.values()) for stream in streams),
        live=any(stream.live for stream in streams),
        latency_ms=first.latency.quantile(0.5),
    )


def _report(scheduler: Scheduler, plan: RunPlan, restarts: Mapping[str, int]) -> RunReport:
    streams = scheduler.ledger.streams
    return RunReport(
        graph=plan.name,
        ok=scheduler.error is None,
        error=None if scheduler.error is None else str(scheduler.error),
        live=any(stream.live for stream in streams.values()),
        streams={name: _stream_report(stream) for name, stream in streams.items()},
        nodes={name: _node_report(node, plan) for name, node in scheduler.nodes.items()},
        lanes={
            name: LaneReport(
                kind=lane.kind,
                device=lane.device,
                nodes=list(dict.fromkeys(worker.node for worker in lane.workers)),
                restarts=restarts.get(name, 0),
            )
            for name, lane in plan.lanes.items()
        },
        edge_drops={k: edge.dropped for k, edge in scheduler.edges.items() if edge.dropped},
        latency_ms=_quantiles(next(iter(streams.values()))),
        max_in_flight=scheduler.ledger.most,
        arena_bytes=scheduler.book.nbytes,
        notes=list(plan.notes),
    )


def _quantiles(stream: StreamState) -> Quantiles:
    quantile = stream.latency.quantile
    return Quantiles(p50=quantile(0.5), p95=quantile(0.95), p99=quantile(0.99))


def _stream_report(stream: StreamState) -> StreamReport:
    return StreamReport(
        title=stream.title,
        live=stream.live,
        expected=stream.expected,
        admitted=stream.admitted,
        finished=stream.finished,
        flushed=stream.flushed,
        dropped=dict(stream.dropped),
        lost=dict(stream.lost),
    )


def _node_report(node: NodeState, plan: RunPlan) -> NodeReport:
    said: list[dict[str, Any]] = [json.loads(worker.report) for worker in node.workers]
    own = (
        said[0]
        if len(said) == 1
        else {w.key: text for w, text in zip(node.workers, said, strict=True)}
    )
    lanes = [
        lane.name
        for lane in plan.lanes.values()
        if any(worker.node == node.plan.name for worker in lane.workers)
    ]
    return NodeReport(
        uses=node.plan.uses,
        lane=", ".join(lanes),
        replicas=len(node.workers),
        processed=node.processed,
        failed=node.failed,
        retried=node.retried,
        p50_ms=node.times.quantile(0.5),
        p95_ms=node.times.quantile(0.95),
        p99_ms=node.times.quantile(0.99),
        report=own,
    )
