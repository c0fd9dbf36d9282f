"""The run report as one HTML file that needs nothing else: figures, times, fidelity, pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from vplugin import __version__
from vplugin.cli.compared import Compared
from vplugin.cli.strips import Strip, make_strips
from vplugin.engine.report import NodeReport, RunReport

__all__ = ["write_html"]

# Parts of a node's report that have a place of their own on the page.
_PLACED = frozenset({"runtime", "fidelity"})


@dataclass(frozen=True)
class Table:
    """Rows under heads, all text."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def write_html(report: RunReport, path: Path, compared: Compared | str = "") -> Path:
    """Write the page of a run.

    Args:
        report: Of the run.
        path: The file to write; its folder is made.
        compared: What pictures of before and after are taken from, or why there are none.
    """
    strips: list[Strip] = []
    if isinstance(compared, Compared):
        strips = make_strips(compared.before, compared.after, begin=compared.begin)
        compared = "the times or sizes of input and output do not match"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_render(report, strips, compared), encoding="utf-8")
    return path


def _render(report: RunReport, strips: list[Strip], missing: str) -> str:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(
        files("vplugin.cli").joinpath("report.html").read_text("utf-8")
    )
    slowest = max((node.p95_ms or 0.0 for node in report.nodes.values()), default=0.0)
    return template.render(
        report=report,
        strips=strips,
        missing=missing,
        figures=list(_figures(report)),
        facts={name: rows for name, node in report.nodes.items() if (rows := _facts(node))},
        fidelity=dict(_fidelities(report)),
        version=__version__,
        counts=_counts,
        number=_number,
        runtime=_runtime,
        share=lambda value: round(100 * (value or 0.0) / slowest, 1) if slowest else 0,
    )


def _figures(report: RunReport) -> Iterator[tuple[str, str]]:
    """The large numbers at the top."""
    yield "frames out", str(report.frames)
    yield "frames a second", f"{report.fps:.1f}"
    yield "seconds", f"{report.seconds:.1f}"
    dropped = sum(sum(stream.dropped.values()) for stream in report.streams.values())
    lost = sum(sum(stream.lost.values()) for stream in report.streams.values())
    yield "dropped", str(dropped + lost)
    latency = report.latency_ms
    if latency.p50 is not None:
        yield "latency p50 / p95, ms", f"{_number(latency.p50)} / {_number(latency.p95)}"
    yield "most in flight", str(report.max_in_flight)
    restarts = sum(lane.restarts for lane in report.lanes.values())
    if restarts:
        yield "restarts", str(restarts)


def _facts(node: NodeReport) -> list[tuple[str, str]]:
    """What a node says about itself, but for what is shown elsewhere."""
    return [(key, _text(value)) for key, value in node.report.items() if key not in _PLACED]


def _fidelities(report: RunReport) -> Iterator[tuple[str, Table]]:
    """One table per sink that compared its output with its source."""
    for name, node in report.nodes.items():
        fidelity = node.report.get("fidelity")
        if isinstance(fidelity, Mapping):
            yield name, Table(("what", "verdict", "input", "output"), tuple(_compared(fidelity)))


def _compared(fidelity: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the fidelity table: times, copied tracks, properties."""
    times = fidelity.get("times")
    if isinstance(times, Mapping):
        yield "frames and their times", times["verdict"], *_pair(times["frames"], "frames")
    for track in fidelity.get("tracks", ()):
        what = f"{track['kind']} ({track['codec']})"
        yield what, track["verdict"], *_pair(track["packets"], "packets")
    for item in fidelity.get("properties", ()):
        yield item["name"], item["verdict"], item["source"], item["output"]


def _pair(values: Any, unit: str) -> tuple[str, str]:
    return f"{values[0]} {unit}", f"{values[1]} {unit}"


def _runtime(node: NodeReport) -> str:
    """Which runtime ran the node's model, as it said itself."""
    ran = node.report.get("runtime")
    if not isinstance(ran, Mapping) or not ran:
        return ""
    return " · ".join(str(ran[key]) for key in ("runtime", "device", "precision") if ran.get(key))


def _counts(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in reasons.items()) or "0"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _text(value: Any) -> str:
    """A JSON value in words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
