"""``vplugin nodes``: which kinds of node there are, and everything about one of them."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from vplugin.errors import PluginError
from vplugin.graph.describe import NodeFacts, describe, summary
from vplugin.graph.registry import Registry
from vplugin.node import Port

__all__ = ["list_nodes", "show_node"]


def list_nodes(registry: Registry | None = None, console: Console | None = None) -> None:
    """A table of all kinds; broken packages are listed below it with the reason."""
    registry, console = registry or Registry(), console or Console()
    broken = registry.broken()
    table = Table(box=None, pad_edge=False)
    for column in ("node", "role", "package", ""):
        table.add_column(column, overflow="fold")
    for name in registry.names():
        try:
            kind = registry.get(name)
        except PluginError:
            continue
        facts = describe(kind)
        table.add_row(*_plain(name, facts.role, facts.package, summary(kind)))
    console.print(table)
    for fault in broken:
        console.print(Text(f"left out: {fault}"), style="red")


def show_node(name: str, registry: Registry | None = None, console: Console | None = None) -> None:
    """Ports and parameters of one kind.

    Raises:
        GraphError: There is none of that name.
        PluginError: Its package is broken.
    """
    facts = describe((registry or Registry()).get(name))
    (console or Console()).print(_page(facts))


def _page(facts: NodeFacts) -> RenderableType:
    kind = f"{facts.role} from {facts.package}" + (", remembers" if facts.stateful else "")
    parts: list[RenderableType] = [Text.assemble((facts.name, "bold"), f" ({kind})")]
    if facts.text:
        parts += ["", Text(facts.text)]
    for title, ports in (("takes", facts.inputs), ("gives", facts.outputs)):
        if ports:
            parts += ["", _ports(title, ports)]
    parts += ["", _params(facts) if facts.params else Text("no parameters")]
    return Group(*parts)


def _ports(title: str, ports: Mapping[str, Port]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in (title, "kind", "", ""):
        table.add_column(column, overflow="fold")
    for name, port in ports.items():
        table.add_row(*_plain(name, port.kind, "optional" if port.optional else "", port.help))
    return table


def _params(facts: NodeFacts) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("parameter", "type", "default", "bounds", ""):
        table.add_column(column, overflow="fold", ratio=1 if column == "" else None)
    for param in facts.params:
        default = "required" if param.required else param.default
        table.add_row(*_plain(param.name, param.type, default, param.bounds, param.help))
    return table


def _plain(*texts: str) -> tuple[Text, ...]:
    """Brackets in a text are brackets, not rich's markup."""
    return tuple(Text(text) for text in texts)
