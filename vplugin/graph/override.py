"""``--set node.param=value``: changes to a graph file from the command line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from vplugin.errors import GraphError
from vplugin.graph.explain import key_name
from vplugin.graph.registry import nearest
from vplugin.graph.spec import NodeSpec, Place
from vplugin.graph.tree import Item, read_tree
from vplugin.graph.variables import mentioned

__all__ = ["override"]

_NODE_KEYS = frozenset(key_name(name, field) for name, field in NodeSpec.model_fields.items())


def override(
    tree: Item,
    setting: str,
    graph_keys: Iterable[str],
    params_of: Callable[[str], Collection[str]] = lambda uses: (),
) -> Item:
    """The tree with one value replaced.

    Args:
        tree: A whole graph file.
        setting: ``node.param=value`` (nested: ``node.param.key``, lists by index),
            ``node.key=value`` for a key of the node itself such as ``on_error``, which
            ``nodes.node.key=value`` always means, or ``limits.max_in_flight=4``; the value is
            YAML, except that ``-`` alone is just that.
        graph_keys: Keys that a graph has besides its nodes.
        params_of: Names of the parameters of a kind of node; they go before the node's own keys.

    Raises:
        GraphError: It has another form, or names what is not there.
    """
    where = f"--set {' '.join(setting.split())}"
    path, equals, text = setting.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise GraphError(
            "should be node.param=value", where=where, mend="for example --set swap.blend=0.7"
        )
    way = _way(tree, keys, tuple(graph_keys), params_of, where)
    place = Place(where=where)
    if text.strip() == "-":  # standard input or output; to YAML it is the start of a list
        value = Item("-", place, literal=True)
    else:
        value = read_tree(text, where, option=True) or Item(None, place, literal=True)
    return _put(tree, way, value, where)


def _way(
    tree: Item,
    keys: list[str],
    graph_keys: tuple[str, ...],
    params_of: Callable[[str], Collection[str]],
    where: str,
) -> list[str]:
    top = tree.value if isinstance(tree.value, dict) else {}
    nodes = top["nodes"].value if "nodes" in top else None
    nodes = nodes if isinstance(nodes, dict) else {}
    names = tuple(nodes)
    if keys[0] in names:
        if len(keys) == 1:
            raise GraphError(
                f"{keys[0]} is a node", where=where, mend=f"name a parameter: {keys[0]}.param=value"
            )
        own = keys[1] in _NODE_KEYS and keys[1] not in params_of(_uses(nodes[keys[0]]))
        return ["nodes", keys[0], *(() if own else ("params",)), *keys[1:]]
    if keys[0] in graph_keys:
        if keys[0] == "vars" and len(keys) > 1:
            _check_variable(tree, top, keys[1], where)
        return keys
    meant = nearest(keys[0], (*names, *graph_keys))
    advice = f"did you mean {meant!r}?" if meant else f"nodes are {', '.join(names)}"
    raise GraphError(f"there is no node {keys[0]!r}", where=where, mend=advice)


def _check_variable(tree: Item, top: dict[str, Item], name: str, where: str) -> None:
    """Raise for a variable that the file neither defines nor speaks of: it would change nothing."""
    defined = top["vars"].value if "vars" in top else None
    known = mentioned(tree) | frozenset(defined if isinstance(defined, dict) else ())
    if name not in known:
        meant = nearest(name, known)
        names = ", ".join(sorted(known)) or "none"
        advice = f"did you mean vars.{meant}?" if meant else f"variables are: {names}"
        raise GraphError(f"the graph has no variable {name!r}", where=where, mend=advice)


def _uses(node: Item) -> str:
    """The kind of a node, as far as the file says it."""
    uses = node.value.get("uses") if isinstance(node.value, dict) else None
    return uses.value if uses is not None and isinstance(uses.value, str) else ""


def _put(item: Item, way: list[str], new: Item, where: str) -> Item:
    if not way:
        return new
    head, rest = way[0], way[1:]
    if isinstance(item.value, list):
        if not head.isdecimal() or int(head) >= len(item.value):
            raise GraphError(
                f"{head!r} is not one of 0 to {len(item.value) - 1}",
                where=where,
                mend="lists go by index",
            )
        items = list(item.value)
        items[int(head)] = _put(items[int(head)], rest, new, where)
        return replace(item, value=items)
    if item.value is not None and not isinstance(item.value, dict):
        raise GraphError(
            f"{head!r} cannot be set inside {item.value!r}", where=where, mend="set the whole value"
        )
    table = dict(item.value or {})
    inside = table.get(head, Item(None, Place(where=where), literal=True))
    table[head] = _put(inside, rest, new, where)
    return replace(item, value=table)
