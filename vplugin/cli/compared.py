"""Which input and which output of a run the report shows as before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vplugin.engine.report import RunReport
from vplugin.graph.registry import Registry
from vplugin.graph.spec import GraphSpec
from vplugin.graph.wiring import main_port, stream_of

__all__ = ["Compared", "choose"]


@dataclass(frozen=True)
class Compared:
    """Two files that show the same moments.

    Attributes:
        before: The input.
        after: The output.
        begin: As :func:`vplugin.cli.strips.make_strips` takes it.
    """

    before: Path
    after: Path
    begin: float | None = None


def choose(report: RunReport, spec: GraphSpec, registry: Registry) -> Compared | str:
    """The output on whose way most nodes edit, with its input; or why there are none, in words."""
    if not report.ok:
        return "the run failed"
    if report.live:
        return "the run was live, so that output and input do not begin at the same moment"
    outputs = dict(_outputs(report))
    if not outputs:
        return "no output is a single file"
    sink = max(outputs, key=lambda name: _edits(spec, registry, name))  # the first of equals
    source = stream_of(spec, sink)
    said = report.nodes[source].report
    before = Path(spec.base, str(said.get("uri", "")))
    if not before.is_file():
        return f"the input of {sink} is no file"
    trim = said.get("trim")
    begin = float(trim["in"]) if isinstance(trim, Mapping) else 0.0 if report.stopped else None
    return Compared(before, Path(outputs[sink]), begin)


def _outputs(report: RunReport) -> Iterator[tuple[str, str]]:
    """The files that were written, by sink."""
    for name, node in report.nodes.items():
        output = node.report.get("output")
        if isinstance(output, str) and Path(output).is_file():
            yield name, output


def _edits(spec: GraphSpec, registry: Registry, name: str) -> int:
    """How many nodes on the way of a sink's frames edit them."""
    count = 0
    while (port := main_port(spec, name)) is not None:
        name = spec.nodes[name].inputs[port].node
        count += registry.get(spec.nodes[name].uses).cls.edits
    return count
