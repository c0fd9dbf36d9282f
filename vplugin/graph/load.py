"""From a graph file to a :class:`GraphSpec`: YAML, settings, variables, short forms.

Relative paths in parameters stay as they are written. They start from the current directory, as a
shell user expects of ``vplugin run graphs/swap.yaml``, and ``GraphSpec.base`` says which one.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from vplugin.errors import GraphError, PluginError
from vplugin.graph.explain import explain, key_name, unknown_key
from vplugin.graph.override import override
from vplugin.graph.registry import Registry
from vplugin.graph.spec import EdgeSpec, GraphSpec, NodeSpec
from vplugin.graph.tree import LARGEST, Item, plain, read_tree, walk
from vplugin.graph.variables import interpolate

if TYPE_CHECKING:
    from vplugin.node import Node

__all__ = ["load", "parse"]

_OWN = frozenset({"base", "path"})  # known to the loader, not for the file to say


def load(
    path: str | os.PathLike[str],
    sets: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    *,
    registry: Registry | None = None,
) -> GraphSpec:
    """Read a graph file.

    Args:
        path: A YAML file.
        sets: ``node.param=value`` and the like; see :func:`vplugin.graph.override.override`.
        env: For ``${NAME}``; the environment of this process if None.
        registry: Tells which nodes are sources and what ports there are; all installed if None.

    Raises:
        GraphError: With line and column, where the file is at fault.
    """
    return parse(_read(path), sets, env, path=os.fspath(path), registry=registry)


def parse(
    text: str,
    sets: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    *,
    path: str = "graph",
    registry: Registry | None = None,
) -> GraphSpec:
    """As :func:`load`, from the text itself.

    Example:
        >>> parse("nodes: {blur: {uses: blur}}").nodes["blur"].uses
        'blur'
    """
    tree = read_tree(text, path)
    if tree is None:
        raise GraphError("is empty", where=path, mend="a graph has a key `nodes`")
    if not isinstance(tree.value, dict):
        kind = "a list" if isinstance(tree.value, list) else "a single value"
        raise GraphError(
            f"is {kind}, not a graph",
            where=path,
            line=tree.place.line,
            column=tree.place.column,
            mend="it should have keys such as `vplugin: 1` and `nodes:`",
        )
    registry = registry or Registry()
    for setting in sets:
        tree = override(tree, setting, sorted(_known_keys()), partial(_params, registry))
    tree = interpolate(tree, path, os.environ if env is None else env)
    return _resolve(_validate(tree, path), registry)


def _read(path: str | os.PathLike[str]) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(4 * LARGEST + 1)
    except FileNotFoundError:
        looked = Path(path).absolute()
        raise GraphError(
            "there is no such file",
            where=str(path),
            mend=f"check the path; {looked} was looked for",
        ) from None
    except IsADirectoryError:
        raise GraphError(
            "is a folder, not a graph file", where=str(path), mend="name a .yaml file in it"
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise GraphError(
            f"cannot be read: {reason}", where=str(path), mend="check the path and its permissions"
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GraphError(
            f"is not text in UTF-8: byte 0x{content[error.start]:02X}",
            where=str(path),
            line=content.count(b"\n", 0, error.start) + 1,
            mend="is this a YAML file?",
        ) from None


def _known_keys() -> set[str]:
    return {key_name(name, field) for name, field in GraphSpec.model_fields.items()} - _OWN


def _validate(tree: Item, path: str) -> GraphSpec:
    places = {key: item.place for key, item in walk(tree)}
    data = plain(tree)
    for key in data.keys() & _OWN:
        raise unknown_key((key,), _known_keys(), places, path)
    whole = {"name": Path(path).stem or "graph"} | data
    try:
        spec = GraphSpec.model_validate(whole | {"base": os.getcwd(), "path": path})
    except ValidationError as error:
        raise explain(error, GraphSpec, data, places, path) from None
    return spec.with_places(places)


def _resolve(spec: GraphSpec, registry: Registry) -> GraphSpec:
    """Write out the inputs that were left to be understood."""
    from vplugin.node import Source

    kinds = {name: _class_of(node.uses, registry) for name, node in spec.nodes.items()}
    nodes: dict[str, NodeSpec] = {}
    above: str | None = None
    for name, node in spec.nodes.items():
        cls = kinds[name]
        inputs = dict(node.inputs)
        source = cls is not None and issubclass(cls, Source)
        if "inputs" not in node.model_fields_set and above is not None and not source:
            inputs["frame"] = EdgeSpec(node=above)
        for port, edge in inputs.items():
            upstream = kinds.get(edge.node)
            if upstream is not None and "port" not in edge.model_fields_set:
                inputs[port] = edge.model_copy(update={"port": _port(port, upstream.outputs)})
        nodes[name] = node.model_copy(update={"inputs": inputs})
        above = name
    return spec.model_copy(update={"nodes": nodes})


def _port(wanted: str, outputs: Mapping[str, object]) -> str:
    """The output that is meant where none is named: the namesake, ``frame``, or the only one."""
    if wanted in outputs:
        return wanted
    return next(iter(outputs)) if len(outputs) == 1 else "frame"


def _params(registry: Registry, uses: str) -> Collection[str]:
    """Names of the parameters of a kind of node; none of one that is not known."""
    cls = _class_of(uses, registry)
    return () if cls is None else cls.Params.model_fields


def _class_of(uses: str, registry: Registry) -> type[Node[Any]] | None:
    try:
        return registry.get(uses).cls
    except (GraphError, PluginError):  # for the check to report, with its place
        return None
