"""Nodes that a test brings along reach every process of a graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vplugin import Frame, Node
from vplugin.engine.run import run
from vplugin.errors import GraphError
from vplugin.graph import load
from vplugin.graph.registry import Registry
from vplugin.testing.nodes import read_log

GRAPH = """
vplugin: 1
lanes: {{one: {{kind: process}}, two: {{kind: process}}}}
nodes:
  source: {{uses: pattern, lane: one, params: {{count: 4}}}}
  shift: {{uses: shift, lane: two}}
  sink: {{uses: collect, lane: one, params: {{path: {path}}}}}
"""


class Shift(Node):
    def process(self, frame: Frame) -> Frame:
        return frame.evolve(pts=frame.pts + 100)


def test_classes_of_a_test_run_in_lanes(install_nodes: Callable[..., None], tmp_path: Path) -> None:
    install_nodes(shift=Shift)
    graph = tmp_path / "graph.yaml"
    graph.write_text(GRAPH.format(path=tmp_path / "log"))
    report = run(load(graph))
    assert report.ok, report.error
    assert [line["pts"] for line in read_log(tmp_path / "log")] == [100, 101, 102, 103]


def test_they_are_gone_afterwards() -> None:
    with pytest.raises(GraphError, match="no kind of node called 'shift'"):
        Registry().get("shift")
