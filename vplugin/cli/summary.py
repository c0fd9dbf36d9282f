"""What a run did, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from vplugin.engine.report import NodeReport, RunReport

__all__ = ["summarise"]


def summarise(report: RunReport) -> Group:
    """The tables that ``vplugin run`` ends with."""
    parts: list[RenderableType] = [_headline(report), "", _streams(report), "", _nodes(report)]
    if report.stopped and report.ok:
        parts += ["", Text(f"stopped early, as asked: {_share(report)}", style="yellow")]
    if outputs := list(_outputs(report)):
        parts += ["", *outputs]
    if restarts := {name: lane.restarts for name, lane in report.lanes.items() if lane.restarts}:
        parts.append(Text(f"restarts: {_counts(restarts)}", style="yellow"))
    parts += [Text(f"note: {note}", style="yellow") for note in (*report.notes, *_warnings(report))]
    return Group(*parts)


def _headline(report: RunReport) -> Text:
    verdict, style = ("done", "bold green") if report.ok else ("failed", "bold red")
    if report.stopped:
        verdict, style = "stopped", "bold yellow"
    latency = report.latency_ms
    parts = [f"{report.frames} frames in {report.seconds:.1f} s", f"{report.fps:.1f} fps"]
    if latency.p50 is not None:
        parts.append(
            f"latency p50 {_number(latency.p50)}, p95 {_number(latency.p95)}, "
            f"p99 {_number(latency.p99)} ms"
        )
    return Text.assemble(report.graph, " ", (verdict, style), ": " + ", ".join(parts))


def _share(report: RunReport) -> str:
    """How far a run came that was stopped; nobody knows how long a live one would have been."""
    expected = [stream.expected for stream in report.streams.values()]
    known = [count for count in expected if count is not None]
    total = f" of {sum(known)}" if known and len(known) == len(expected) and not report.live else ""
    return f"{report.frames}{total} frames"


def _streams(report: RunReport) -> Table:
    table = _table("source", "", "in", "out", "dropped", "lost")
    for name, stream in report.streams.items():
        table.add_row(
            *_plain(
                name,
                stream.title,
                str(stream.admitted + sum(stream.dropped.values())),
                str(stream.finished),
                _counts(stream.dropped) or "0",
                _counts(stream.lost) or "0",
            )
        )
    return table


def _nodes(report: RunReport) -> Table:
    table = _table("node", "lane", "frames", "failed", "p50 ms", "p95 ms", "runtime")
    for name, node in report.nodes.items():
        times = f" ×{node.replicas}" if node.replicas > 1 else ""
        table.add_row(
            *_plain(
                name + times,
                node.lane,
                str(node.processed),
                str(node.failed),
                _number(node.p50_ms),
                _number(node.p95_ms),
                ", ".join(dict.fromkeys(_runtimes(node))),
            )
        )
    return table


def _runtimes(node: NodeReport) -> Iterator[str]:
    """What ran the models of a node, as its workers say it."""
    for own in _own_reports(node):
        said = own.get("runtime")
        for facts in said if isinstance(said, list) else [said]:
            if isinstance(facts, Mapping):
                words = [str(facts[key]) for key in ("runtime", "provider", "device", "precision")
                         if facts.get(key)]  # fmt: skip
                if words:
                    yield " ".join(dict.fromkeys(words))


def _own_reports(node: NodeReport) -> Iterator[Mapping[str, Any]]:
    """What each worker said: one report, or one per replica by the worker's key."""
    if node.replicas == 1:
        yield node.report
    else:
        yield from (own for own in node.report.values() if isinstance(own, Mapping))


def _outputs(report: RunReport) -> Iterator[Text]:
    """What each sink wrote, and how faithful it is."""
    for node in report.nodes.values():
        for own in _own_reports(node):
            if report.ok and (output := own.get("output")):
                yield Text(f"wrote {output}{_fidelity(own.get('fidelity'))}")


def _warnings(report: RunReport) -> Iterator[str]:
    """What nodes say that people should know: damage, repairs, what an output lacks."""
    for name, node in report.nodes.items():
        for own in _own_reports(node):
            said = own.get("warnings")
            yield from (f"{name}: {text}" for text in (said if isinstance(said, list) else ()))


def _fidelity(said: Any) -> str:
    if not isinstance(said, Mapping) or "verdict" not in said:
        return ""
    sentences = "; ".join(str(sentence) for sentence in said.get("sentences", ()))
    return f"; fidelity: {said['verdict']}" + (f" ({sentences})" if sentences else "")


def _counts(table: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in table.items() if count)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        right = column in ("in", "out", "frames", "failed", "p50 ms", "p95 ms")
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    return table


def _plain(*texts: str) -> tuple[Text, ...]:
    return tuple(Text(text) for text in texts)
