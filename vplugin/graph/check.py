"""Does a graph make sense with the nodes that are installed? Nothing is opened or started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from vplugin.errors import GraphError, PluginError, VpluginError
from vplugin.graph.explain import explain
from vplugin.graph.files import check_files
from vplugin.graph.registry import Registry, nearest
from vplugin.graph.spec import GraphSpec, OnError
from vplugin.graph.wiring import check_wiring, stream_of
from vplugin.node import Node, NodeKind, Params, Sink, Source

__all__ = ["check", "node_params"]

_IGNORED_AT_SOURCES = ("timeout", "on_error", "restart", "state")


def check(spec: GraphSpec, registry: Registry | None = None) -> None:
    """Check a whole graph.

    Args:
        spec: As :func:`vplugin.graph.load` gives it.
        registry: Where its nodes come from; all installed if None.

    Raises:
        GraphError: For the first thing that is wrong, with its place in the file.
        PluginError: A node it uses cannot be loaded.
    """
    kinds = _kinds(spec, registry or Registry())
    params = {name: node_params(spec, name, kind.cls) for name, kind in kinds.items()}
    check_wiring(spec, kinds)
    for name, kind in kinds.items():
        _check_lane(spec, name)
        _check_workers(spec, name, kind.cls)
        _check_ends(spec, name, kind.cls)
        _check_protection(spec, name, kind.cls)
        _check_hot(spec, name, kind.cls)
        _check_neighbours(spec, name, kind.cls)
        _check_together(spec, name, kind.cls, params[name])
    check_files(spec, kinds, params)


def node_params(spec: GraphSpec, name: str, cls: type[Node[Any]]) -> Params:
    """The parameters of one node, as its class wants them.

    Raises:
        GraphError: They are not.
    """
    node = spec.nodes[name]
    try:
        return cls.Params.model_validate(dict(node.params))
    except ValidationError as error:
        raise explain(
            error, cls.Params, node.params, spec.places, spec.path, ("nodes", name, "params"),
            mend=f"see `vplugin nodes {node.uses}`",
        ) from None  # fmt: skip


def _kinds(spec: GraphSpec, registry: Registry) -> Mapping[str, NodeKind]:
    kinds: dict[str, NodeKind] = {}
    for name, node in spec.nodes.items():
        try:
            kinds[name] = registry.get(node.uses)
        except (GraphError, PluginError) as error:
            raise spec.error(error.what, "nodes", name, "uses", mend=error.mend) from error
    return kinds


def _check_lane(spec: GraphSpec, name: str) -> None:
    lane = spec.nodes[name].lane
    if lane is None:
        return
    declared = spec.lanes if isinstance(spec.lanes, Mapping) else {}
    if lane not in declared:
        meant = nearest(lane, declared)
        advice = f"did you mean {meant!r}?" if meant else f"add `lanes: {{{lane}: {{}}}}`"
        raise spec.error(f"there is no lane {lane!r}", "nodes", name, "lane", mend=advice)


def _check_workers(spec: GraphSpec, name: str, cls: type[Node[Any]]) -> None:
    """Replicas, batches and checkpoints only where the node can do with them."""
    node = spec.nodes[name]
    at_an_end = issubclass(cls, Source | Sink)
    if node.replicas > 1 and (cls.stateful or at_an_end):
        reason = "is a source or a sink" if at_an_end else "remembers earlier frames"
        raise spec.error(f"{name} cannot have replicas: it {reason}", "nodes", name, "replicas",
                         mend="remove `replicas`")  # fmt: skip
    if node.batch is not None and (cls.stateful or at_an_end):
        reason = "is a source or a sink" if at_an_end else "remembers earlier frames"
        raise spec.error(f"{name} cannot work in batches: it {reason}", "nodes", name, "batch",
                         mend="remove `batch`")  # fmt: skip
    keeps = cls.snapshot is not Node.snapshot and cls.restore is not Node.restore
    if node.state == "checkpoint" and not keeps:
        raise spec.error(f"{name} ({node.uses}) has no state that can be kept", "nodes", name,
                         "state", mend="remove `state`, or set it to restart")  # fmt: skip


def _check_ends(spec: GraphSpec, name: str, cls: type[Node[Any]]) -> None:
    """What a source or a sink would silently not obey is not written at it."""
    node = spec.nodes[name]
    for key in _IGNORED_AT_SOURCES if issubclass(cls, Source) else ():
        if getattr(node, key) is not None:
            raise spec.error(f"{key} has no meaning at {name}: it is a source", "nodes", name, key,
                             mend=f"remove `{key}`", at_key=True)  # fmt: skip
    if not issubclass(cls, Sink) or node.on_error is None:
        return
    if not cls.resumes and node.on_error != OnError():
        raise spec.error(f"{name} ({node.uses}) cannot go on after an error", "nodes", name,
                         "on_error", mend="remove `on_error`, or set it to fail")  # fmt: skip
    if node.on_error.action == "passthrough":
        raise spec.error(f"{name} cannot let a frame pass: a sink has nothing to pass on",
                         "nodes", name, "on_error", mend="use skip or fail")  # fmt: skip


def _check_protection(spec: GraphSpec, name: str, cls: type[Node[Any]]) -> None:
    """A node that hides faces never lets a frame by uncovered."""
    if cls.protects and spec.on_error(name).action == "passthrough":
        raise spec.error(
            f"{name} hides faces, so a frame it failed on must not go on as it came",
            "nodes", name, "on_error", mend="write `on_error: skip` or `on_error: fail` for it",
        )  # fmt: skip


def _check_hot(spec: GraphSpec, name: str, cls: type[Node[Any]]) -> None:
    known = cls.Params.model_fields
    for index, param in enumerate(spec.nodes[name].hot):
        if param not in known:
            meant = nearest(param, known)
            advice = f"did you mean {meant!r}?" if meant else f"it has {', '.join(known) or 'none'}"
            raise spec.error(f"{name} has no parameter {param!r}", "nodes", name, "hot", index,
                             mend=advice)  # fmt: skip


def _check_together(spec: GraphSpec, name: str, cls: type[Node[Any]], params: Params) -> None:
    """What the node itself says about its parameters."""
    try:
        cls.validate(params)
    except VpluginError as error:
        at = (error.where,) if error.where in cls.Params.model_fields else ()
        raise spec.error(
            f"{name}: {error.what}", "nodes", name, "params", *at, mend=error.mend
        ) from error


def _check_neighbours(spec: GraphSpec, name: str, cls: type[Node[Any]]) -> None:
    """A sink that needs the decoder's own frames runs where they are."""
    if not (issubclass(cls, Sink) and cls.with_source):
        return
    source = stream_of(spec, name)
    here, there = spec.nodes[name].lane, spec.nodes[source].lane
    if here != there:
        raise spec.error(
            f"{name} must run in the lane of {source}, whose frames it completes: "
            f"{name} is in {here or 'none'}, {source} in {there or 'none'}",
            "nodes", name, "lane",
            mend=f"write lane: {there or here} for both" if there or here else None,
        )  # fmt: skip
