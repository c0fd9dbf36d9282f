"""From a checked graph to a plan: which edges, which workers, which processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, Literal

from vplugin.engine.plan import (
    DEFAULT_TIMEOUT,
    EdgePlan,
    LanePlan,
    NodePlan,
    RunPlan,
    WorkerSpec,
)
from vplugin.errors import GraphError
from vplugin.graph.registry import Registry
from vplugin.graph.spec import GraphSpec, OnError
from vplugin.graph.wiring import main_port, stream_of
from vplugin.node import Sink, Source

LIVE_IN_FLIGHT = 4  # frames in a live graph that does not say: fewer are fresher


def build_plan(
    spec: GraphSpec, registry: Registry, *, inline: bool = False, shared: bool | None = None
) -> RunPlan:
    """Lay out a checked graph.

    Args:
        spec: Passed :func:`vplugin.graph.check` before.
        registry: Where the node classes come from.
        inline: Everything in this thread.
        shared: Force the shared arena (tests); None decides by the lanes.
    """
    classes = {name: registry.get(node.uses).cls for name, node in spec.nodes.items()}
    streams = _streams(spec, {n for n, cls in classes.items() if issubclass(cls, Source)})
    placed, notes = _place(spec, classes, inline=inline)
    edges = _edges(spec)
    nodes: dict[str, NodePlan] = {}
    for name, node in spec.nodes.items():
        cls = classes[name]
        role: Literal["source", "node", "sink"] = (
            "source" if issubclass(cls, Source) else "sink" if issubclass(cls, Sink) else "node"
        )
        on_error = _on_error(spec, name, role)
        timeout = spec.timeout(name) or DEFAULT_TIMEOUT
        batch = (node.batch.max, node.batch.wait) if node.batch else (1, 0.0)
        nodes[name] = NodePlan(
            name=name,
            uses=node.uses,
            role=role,
            params=node.params,
            edges_in=edges[name],
            edges_out=tuple(e for group in edges.values() for e in group if e.source == name),
            workers=tuple(f"{name}#{index}" for index in range(node.replicas)),
            credits=batch[0] + 1,
            edits=cls.edits,
            stateful=cls.stateful,
            checkpoint=cls.stateful and role == "node" and node.state != "restart",
            action=on_error.action,
            timeout=None if role == "source" else timeout,
            batch=batch,
            hot=tuple(node.hot),
        )
    lanes = _lanes(spec, nodes, placed, streams, inline=inline)
    processes = [lane for lane in lanes.values() if lane.kind == "process"]
    several = len(processes) > 1 or (bool(processes) and len(lanes) > 1)
    return RunPlan(
        name=spec.name or "graph",
        nodes=nodes,
        lanes=lanes,
        max_in_flight=spec.limits.max_in_flight,
        live_in_flight=_live_limit(spec),
        max_age=spec.limits.max_age,
        memory=spec.limits.memory,
        mode=spec.mode,
        shared=several if shared is None else shared,
        notes=notes,
        stream_of=streams,
    )


def _on_error(spec: GraphSpec, name: str, role: str) -> OnError:
    """A sink that loses frames is no small matter: only its own word may say otherwise."""
    own = spec.nodes[name].on_error
    return own or (OnError() if role == "sink" else spec.on_error(name))


def _live_limit(spec: GraphSpec) -> int:
    """What was said, or few enough frames that a live picture stays fresh."""
    said = "max_in_flight" in spec.limits.model_fields_set
    return spec.limits.max_in_flight if said else min(LIVE_IN_FLIGHT, spec.limits.max_in_flight)


def _streams(spec: GraphSpec, sources: set[str]) -> dict[str, str]:
    """The source whose frames each node follows along its main input."""
    found = {name: stream_of(spec, name) for name in spec.nodes}
    for name, source in found.items():
        if source not in sources:
            raise GraphError(
                f"node {name!r} is not fed by any source", where=spec.path or "graph",
                mend="give it an `in:` that leads to a node such as decode",
            )  # fmt: skip
    return found


def _edges(spec: GraphSpec) -> dict[str, tuple[EdgePlan, ...]]:
    """Edges by target, the main one first; default capacity grows with the replicas."""
    table: dict[str, tuple[EdgePlan, ...]] = {}
    for name, node in spec.nodes.items():
        main = main_port(spec, name)
        group = []
        for port, edge in node.inputs.items():
            group.append(
                EdgePlan(
                    key=f"{edge.node}->{name}.{port}",
                    source=edge.node,
                    target=name,
                    port=port,
                    capacity=spec.capacity(name, port),
                    full=edge.full,
                    every=edge.every,
                    join=edge.join,
                    max_age=edge.max_age,
                )
            )
        table[name] = tuple(sorted(group, key=lambda e: e.port != main))
    return table


def _place(
    spec: GraphSpec, classes: Mapping[str, type[Any]], *, inline: bool
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The lane of each worker.

    Unplaced nodes go, as few processes as pay off: sources and sinks to ``io``, all others to one
    lane ``work``; each replica beyond what one process can hold gets a process of its own. A graph
    of sources and sinks only is one process.
    """
    placed: dict[str, str] = {}
    notes: list[str] = []
    for name, node in spec.nodes.items():
        cls = classes[name]
        edge_of_graph = issubclass(cls, (Source, Sink))
        for replica in range(node.replicas):
            worker = f"{name}#{replica}"
            if inline:
                placed[worker] = "inline"
            elif node.lane:
                placed[worker] = node.lane
            elif node.replicas > 1:
                placed[worker] = f"{name}-{replica}"
            else:
                placed[worker] = "io" if edge_of_graph else "work"
    if not inline and sys.platform != "linux":
        notes.append(
            "processes, and so crash recovery, need Linux: every lane is a thread group here"
        )
    return placed, tuple(notes)


def _lanes(
    spec: GraphSpec,
    nodes: Mapping[str, NodePlan],
    placed: Mapping[str, str],
    streams: Mapping[str, str],
    *,
    inline: bool,
) -> dict[str, LanePlan]:
    declared = spec.lanes if isinstance(spec.lanes, Mapping) else {}
    lanes: dict[str, LanePlan] = {}
    for lane in dict.fromkeys(placed.values()):
        said = declared.get(lane)
        kind: Literal["process", "thread"] = said.kind if said else "process"
        if inline or sys.platform != "linux":
            kind = "thread"
        device = said.device if said else "cpu"
        crew = [worker for worker, at in placed.items() if at == lane]
        rules = [spec.restart(worker.rpartition("#")[0]) for worker in crew]
        restart = min(rules, key=lambda rule: rule.max)  # the strictest of those who share it
        lanes[lane] = LanePlan(
            name=lane,
            kind=kind,
            device=device,
            workers=tuple(
                _worker(spec, nodes, worker, lane, device, crew, streams) for worker in crew
            ),
            restartable=all(nodes[w.rpartition("#")[0]].restartable for w in crew),
            restart_max=restart.max,
            restart_window=restart.window,
            backoff=restart.backoff,
        )
    return lanes


def _worker(
    spec: GraphSpec,
    nodes: Mapping[str, NodePlan],
    worker: str,
    lane: str,
    device: str,
    crew: list[str],
    streams: Mapping[str, str],
) -> WorkerSpec:
    name, _, replica = worker.rpartition("#")
    node = nodes[name]
    stream = streams[name]
    sinks = tuple(n for n, p in nodes.items() if p.role == "sink" and streams[n] == stream)
    neighbours = tuple(dict.fromkeys(other.rpartition("#")[0] for other in crew))
    return WorkerSpec(
        key=worker,
        node=name,
        uses=node.uses,
        params=dict(node.params),
        role=node.role,
        context={
            "name": name,
            "lane": lane,
            "device": device,
            "replica": int(replica),
            "commercial": spec.commercial,
            "base": os.fspath(spec.base),
            "sources": (stream,),
            "sinks": sinks,
            "same_lane": neighbours,
        },
        batch=node.batch,
        checkpoint=node.checkpoint,
        retries=0 if node.role == "source" else _on_error(spec, name, node.role).retries,
        sinks=tuple(sink for sink in sinks if sink in neighbours),
    )
