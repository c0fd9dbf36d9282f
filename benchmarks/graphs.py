"""Runs test graphs for the benchmarks: generated frames in, time stamps out."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from vplugin.engine import RunReport, run
from vplugin.graph import load
from vplugin.testing.install import installed
from vplugin.testing.nodes import read_log

__all__ = ["Ran", "run_chain"]


@dataclass(frozen=True)
class Ran:
    """A finished run.

    Attributes:
        report: Its report.
        arrivals: Seconds at which frames reached the sink, monotonic clock.
    """

    report: RunReport
    arrivals: npt.NDArray[np.float64]

    @property
    def fps(self) -> float:
        """Frames a second between the first tenth and the end: without the start of processes."""
        steady = self.arrivals[len(self.arrivals) // 10 :]
        return float((len(steady) - 1) / (steady[-1] - steady[0]))

    @property
    def step_us(self) -> float:
        """Median microseconds from one frame to the next."""
        return float(np.median(np.diff(self.arrivals[len(self.arrivals) // 10 :])) * 1e6)


def run_chain(
    source: Mapping[str, Any],
    middle: Mapping[str, Mapping[str, Any]],
    *,
    limits: Mapping[str, Any] | None = None,
    one_lane: bool = False,
    sink: Mapping[str, Any] | None = None,
) -> Ran:
    """Run source → middle nodes → sink, each in a process of its own.

    Args:
        source: Parameters of the generated source.
        middle: Node by name, as in a graph file.
        limits: As in a graph file.
        one_lane: All in one process instead.
        sink: More parameters of the sink.
    """
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log"
        nodes: dict[str, dict[str, Any]] = {
            "source": {"uses": "pattern", "params": dict(source)},
            **{name: dict(node) for name, node in middle.items()},
            "sink": {
                "uses": "collect",
                "params": {"path": str(log), "pixels": False, **(sink or {})},
            },
        }
        for name, node in nodes.items():
            node["lane"] = "all" if one_lane else f"lane-{name}"
        lanes = {node["lane"]: {"kind": "process"} for node in nodes.values()}
        graph = {"vplugin": 1, "name": "bench", "limits": dict(limits or {}), "lanes": lanes,
                 "nodes": nodes}  # fmt: skip
        file = Path(place) / "graph.yaml"
        file.write_text(yaml.safe_dump(graph, sort_keys=False))
        with installed(Path(place) / "nodes"):
            report = run(load(file))
        if not report.ok:
            raise RuntimeError(report.error)
        return Ran(report, np.array([line["at"] for line in read_log(log) if "at" in line]))
