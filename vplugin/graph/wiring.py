"""Do the edges of a graph make sense: ports, cycles, loose ends, joins that could stall."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from graphlib import CycleError, TopologicalSorter
from math import inf

from vplugin.graph.registry import nearest
from vplugin.graph.spec import EdgeSpec, GraphSpec
from vplugin.node import NodeKind, Port, Sink, Source

__all__ = ["check_wiring", "main_port", "stream_of"]


def check_wiring(spec: GraphSpec, kinds: Mapping[str, NodeKind]) -> None:
    """Check every edge, then the graph as a whole.

    Args:
        spec: The graph.
        kinds: The kind of each of its nodes.

    Raises:
        GraphError: For the first thing that is wrong.
    """
    for name, node in spec.nodes.items():
        for port, edge in node.inputs.items():
            _check_edge(spec, kinds, name, port, edge)
        _check_inputs(spec, kinds, name)
    order = _check_cycles(spec)
    _check_ends(spec, kinds)
    for name in spec.nodes:
        _check_exact(spec, name)
    _check_stalls(spec, order)


def main_port(spec: GraphSpec, name: str) -> str | None:
    """The input that sets a node's pace: ``frame``, or its first exact one; None for a source."""
    inputs = spec.nodes[name].inputs
    if "frame" in inputs:
        return "frame"
    return next((port for port, edge in inputs.items() if edge.join == "exact"), None)


def stream_of(spec: GraphSpec, name: str) -> str:
    """The node without inputs that a node's main input leads back to; the graph has no cycle."""
    while (port := main_port(spec, name)) is not None:
        name = spec.nodes[name].inputs[port].node
    return name


def _check_edge(
    spec: GraphSpec, kinds: Mapping[str, NodeKind], name: str, port: str, edge: EdgeSpec
) -> None:
    key = ("nodes", name, "in", port)
    if edge.node not in spec.nodes:
        meant = nearest(edge.node, spec.nodes)
        advice = f"did you mean {meant!r}?" if meant else f"nodes are {', '.join(spec.nodes)}"
        raise spec.error(f"{name} takes frames from {edge.node!r}, which is not here", *key,
                         mend=advice)  # fmt: skip
    inputs, outputs = kinds[name].cls.inputs, kinds[edge.node].cls.outputs
    if port not in inputs:
        raise spec.error(f"{name} ({kinds[name].name}) has no input {port!r}", *key,
                         mend=_choice(port, inputs, "takes"), at_key=True)  # fmt: skip
    if edge.port not in outputs:
        what = f"{edge.node} ({kinds[edge.node].name}) has no output {edge.port!r}"
        advice = _choice(edge.port, outputs, "gives")
        if spec.places and key not in spec.places and key[:-1] not in spec.places:
            advice += f"; say with `in:` where {name} takes its frames from"
        raise spec.error(what, *key, mend=advice)
    given, wanted = outputs[edge.port].kind, inputs[port].kind
    if given != wanted:
        raise spec.error(f"{edge.node}.{edge.port} gives {given}, {name}.{port} takes {wanted}",
                         *key, mend="connect ports of one kind")  # fmt: skip
    if edge.max_age is not None and edge.join == "exact":
        raise spec.error(f"max_age at {name}.{port} has no meaning with an exact join", *key,
                         "max_age", mend="set join: latest, or remove it")  # fmt: skip
    idle = {"every": edge.every is not None, "full": edge.full != "block"}
    for setting, said in idle.items() if edge.join != "exact" else ():
        if said:
            raise spec.error(f"{setting} at {name}.{port} has no meaning with join: {edge.join}, "
                             "which never waits", *key, setting,
                             mend=f"remove `{setting}`")  # fmt: skip


def _choice(wrong: str, ports: Mapping[str, Port], verb: str) -> str:
    if not ports:
        return f"it {verb} nothing"
    meant = nearest(wrong, ports)
    return f"did you mean {meant!r}?" if meant else f"it {verb} {', '.join(ports)}"


def _check_inputs(spec: GraphSpec, kinds: Mapping[str, NodeKind], name: str) -> None:
    """Every port that is needed is there, and one of them sets the pace."""
    cls, inputs = kinds[name].cls, spec.nodes[name].inputs
    if issubclass(cls, Source):
        return
    for port, meaning in cls.inputs.items():
        if port not in inputs and not meaning.optional:
            raise spec.error(f"nothing comes into {name}.{port}", "nodes", name, at_key=True,
                             mend=f"add `in: {{{port}: NODE}}`")  # fmt: skip
    main = main_port(spec, name)
    if main is None:
        raise spec.error(f"no input sets the pace of {name}", "nodes", name, at_key=True,
                         mend="connect one with join: exact")  # fmt: skip
    if inputs[main].join != "exact":
        raise spec.error(f"{name}.{main} sets the node's pace and cannot be joined by "
                         f"{inputs[main].join!r}", "nodes", name, "in", main, "join",
                         mend="remove `join`")  # fmt: skip


def _check_cycles(spec: GraphSpec) -> Sequence[str]:
    """The nodes in an order in which each comes after those that feed it."""
    feeders = {n: [e.node for e in node.inputs.values()] for n, node in spec.nodes.items()}
    try:
        return tuple(TopologicalSorter(feeders).static_order())
    except CycleError as error:
        ring: list[str] = error.args[1]
        first = min(ring, key=list(spec.nodes).index)
        turn = ring.index(first)
        ring = [*ring[turn:-1], *ring[:turn], first]
        raise spec.error(f"frames would go round in a circle: {' → '.join(ring)}",
                         "nodes", first, "in", mend="cut one of these edges") from None  # fmt: skip


def _check_ends(spec: GraphSpec, kinds: Mapping[str, NodeKind]) -> None:
    """There is a source and a sink, and nothing is made that nobody takes."""
    if not any(issubclass(kind.cls, Source) for kind in kinds.values()):
        raise spec.error("no node makes frames", "nodes", mend="begin with one such as decode")
    if not any(issubclass(kind.cls, Sink) for kind in kinds.values()):
        raise spec.error("no node takes the result", "nodes", mend="end with one such as encode")
    used = {edge.node for node in spec.nodes.values() for edge in node.inputs.values()}
    for name, kind in kinds.items():
        if name not in used and not issubclass(kind.cls, Sink):
            raise spec.error(f"what {name} makes goes nowhere", "nodes", name, at_key=True,
                             mend="connect it to another node, or remove it")  # fmt: skip


def _check_exact(spec: GraphSpec, name: str) -> None:
    """Frames are matched by number, so exact inputs must follow one source."""
    stream = stream_of(spec, name)
    for port, edge in spec.nodes[name].inputs.items():
        other = stream_of(spec, edge.node)
        if edge.join == "exact" and other != stream:
            raise spec.error(
                f"{name}.{port} follows {other} and {name} follows {stream}: "
                "their frames never have the same number",
                "nodes", name, "in", port, mend="set join: latest",
            )  # fmt: skip


@dataclass(frozen=True)
class _Reach:
    """What lies between a fork and a node.

    Attributes:
        ways: Number of different ways.
        room: Frames that the queues of the way with the least room hold.
        held: Frames that the workers of the way with the most of them hold.
        longest: Nodes of that way.
    """

    ways: int = 0
    room: float = inf
    held: int = 0
    longest: tuple[str, ...] = ()


def _check_stalls(spec: GraphSpec, order: Sequence[str]) -> None:
    """Between a fork and an exact join, the short way must hold what the long way can.

    Else the queue of the short way fills up and holds the fork back before the workers of the long
    way all have a frame: a batch or a replica then waits for frames that cannot come.
    """
    reach = cache(partial(_reach, spec, order))
    fed = Counter(edge.node for name in order for _, edge in _exact_inputs(spec, name))
    for fork in (name for name in order if fed[name] > 1):
        for join in order:
            ways = reach(fork)[join].ways
            if join == fork or ways < 2:
                continue
            between = (n for n in order if n not in (fork, join) and reach(fork)[n].ways)
            if any(reach(fork)[n].ways * reach(n)[join].ways == ways for n in between):
                continue  # all ways meet there before: that is a join, or a fork, of its own
            _check_join(spec, reach(fork), join)


def _exact_inputs(spec: GraphSpec, name: str) -> Iterator[tuple[str, EdgeSpec]]:
    for port, edge in spec.nodes[name].inputs.items():
        if edge.join == "exact":
            yield port, edge


def _reach(spec: GraphSpec, order: Sequence[str], fork: str) -> Mapping[str, _Reach]:
    found = dict.fromkeys(order, _Reach()) | {fork: _Reach(ways=1, room=0)}
    for name in order[order.index(fork) + 1 :]:
        node = spec.nodes[name]
        edges = [(p, e) for p, e in _exact_inputs(spec, name) if found[e.node].ways]
        if not edges:
            continue
        behind = max((found[edge.node] for _, edge in edges), key=lambda r: r.held)
        found[name] = _Reach(
            ways=sum(found[edge.node].ways for _, edge in edges),
            room=min(found[edge.node].room + _room(spec, name, port) for port, edge in edges),
            held=behind.held + node.replicas * (node.batch.max if node.batch else 1),
            longest=(*behind.longest, name),
        )
    return found


def _room(spec: GraphSpec, name: str, port: str) -> float:
    edge = spec.nodes[name].inputs[port]
    return spec.capacity(name, port) if edge.full == "block" else inf


def _check_join(spec: GraphSpec, reach: Mapping[str, _Reach], join: str) -> None:
    branches = [(p, e) for p, e in _exact_inputs(spec, join) if reach[e.node].ways]
    for port, edge in branches:
        room = reach[edge.node].room + _room(spec, join, port)
        for other, long in branches:
            behind = reach[long.node]
            if other == port or behind.held <= room:
                continue
            needed = int(spec.capacity(join, port) + behind.held - room)
            raise spec.error(
                f"the join at {join} could stall: {behind.held} frames can be on the way to "
                f"{other} ({' → '.join(behind.longest)}) while {port} has room for {int(room)}",
                "nodes", join, "in", port,
                mend=f"write {port}: {{from: {edge.node}.{edge.port}, capacity: {needed}}}",
            )  # fmt: skip
