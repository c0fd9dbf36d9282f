"""A graph as a picture: Mermaid for READMEs, Graphviz for everything else.

Lanes are boxes around their nodes; an edge says its ports where they are not ``frame``, and
whatever is not the default about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from vplugin.graph.quantities import format_duration
from vplugin.graph.spec import EdgeSpec, GraphSpec

__all__ = ["draw", "draw_dot", "draw_mermaid"]


def draw(spec: GraphSpec, form: Literal["mermaid", "dot"]) -> str:
    """The graph as text in one of the two languages, ending with a newline.

    Raises:
        GraphError: An edge comes from a node that does not exist. Nothing else is checked.
    """
    return draw_dot(spec) if form == "dot" else draw_mermaid(spec)


def draw_mermaid(spec: GraphSpec) -> str:
    """A Mermaid flowchart."""
    ids = {name: f"n{index}" for index, name in enumerate(spec.nodes)}
    lines = ["---", f"title: {_mermaid_title(spec.name)}", "---", "flowchart LR"]
    for index, (lane, names) in enumerate(_lanes(spec).items()):
        indent = "    "
        if lane is not None:
            lines.append(f'    subgraph lane{index}["{_mermaid(_lane_label(spec, lane))}"]')
            indent *= 2
        lines += [f'{indent}{ids[n]}["{_mermaid(_node_label(spec, n, "<br/>"))}"]' for n in names]
        if lane is not None:
            lines.append("    end")
    for target, port, edge in _edges(spec):
        label = _edge_label(port, edge)
        arrow = "-->" if edge.join == "exact" else "-.->"
        text = f'|"{_mermaid(label)}"|' if label else ""
        lines.append(f"    {ids[edge.node]} {arrow}{text} {ids[target]}")
    return "\n".join(lines) + "\n"


def draw_dot(spec: GraphSpec) -> str:
    """A Graphviz digraph."""
    lines = [
        f"digraph {_quoted(spec.name)} {{",
        "  rankdir=LR; node [shape=box, style=rounded];",
    ]
    for index, (lane, names) in enumerate(_lanes(spec).items()):
        indent = "  "
        if lane is not None:
            lines.append(f"  subgraph cluster_{index} {{")
            lines.append(f"    label={_quoted(_lane_label(spec, lane))}; style=dashed;")
            indent *= 2
        for name in names:
            label = _quoted(_node_label(spec, name, "\n"))
            lines.append(f"{indent}{_quoted(name)} [label={label}];")
        if lane is not None:
            lines.append("  }")
    for target, port, edge in _edges(spec):
        style = "" if edge.join == "exact" else ", style=dashed"
        label = _quoted(_edge_label(port, edge))
        lines.append(f"  {_quoted(edge.node)} -> {_quoted(target)} [label={label}{style}];")
    return "\n".join([*lines, "}"]) + "\n"


def _lanes(spec: GraphSpec) -> Mapping[str | None, list[str]]:
    """Nodes by lane; None holds those that are placed when the graph runs."""
    lanes: dict[str | None, list[str]] = {}
    for name, node in spec.nodes.items():
        lanes.setdefault(node.lane, []).append(name)
    return lanes


def _lane_label(spec: GraphSpec, lane: str) -> str:
    declared = spec.lanes.get(lane) if isinstance(spec.lanes, Mapping) else None
    return lane if declared is None else f"{lane}: {declared.kind} on {declared.device}"


def _node_label(spec: GraphSpec, name: str, newline: str) -> str:
    node = spec.nodes[name]
    times = f" ×{node.replicas}" if node.replicas > 1 else ""
    return f"{name}{times}" + (f"{newline}{node.uses}" if node.uses != name else "")


def _edges(spec: GraphSpec) -> Iterator[tuple[str, str, EdgeSpec]]:
    for name, node in spec.nodes.items():
        for port, edge in node.inputs.items():
            if edge.node not in spec.nodes:
                what = f"{name} takes frames from {edge.node!r}, which is not here"
                raise spec.error(what, "nodes", name, "in", port)
            yield name, port, edge


def _edge_label(port: str, edge: EdgeSpec) -> str:
    parts: list[str] = []
    if (edge.port, port) != ("frame", "frame"):
        parts.append(edge.port if edge.port == port else f"{edge.port} → {port}")
    if edge.every is not None:
        parts.append(f"every {format_duration(edge.every)}")
    if edge.join != "exact":
        parts.append(edge.join)
    if edge.max_age is not None:
        parts.append(f"≤ {format_duration(edge.max_age)} old")
    if edge.full != "block":
        parts.append(edge.full.replace("_", " "))
    if edge.capacity is not None:
        parts.append(f"room for {edge.capacity}")
    return ", ".join(parts)


def _mermaid(text: str) -> str:
    """Inside double quotes; ``<br/>`` is ours, everything else is what it looks like."""
    codes = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;"}
    lines = _one_line(text).split("<br/>")
    return "<br/>".join("".join(codes.get(char, char) for char in line) for line in lines)


def _mermaid_title(text: str) -> str:
    """A YAML scalar in Mermaid's front matter."""
    return "'" + _one_line(text).replace("'", "''") + "'"


def _quoted(text: str) -> str:
    """A string of the DOT language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "\\n".join(escaped.splitlines()) + '"'


def _one_line(text: str) -> str:
    return " ".join(text.split())
