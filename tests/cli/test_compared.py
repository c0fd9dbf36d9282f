"""Before and after are the files of one branch: the one that edits."""

from __future__ import annotations

from pathlib import Path

import pytest

from vplugin.cli.compared import Compared, choose
from vplugin.engine.report import NodeReport, RunReport
from vplugin.graph.load import parse
from vplugin.graph.registry import Registry

GRAPH = """\
nodes:
  decode: {uses: decode, params: {uri: in.mp4}}
  clean: {uses: encode, params: {uri: clean.mp4}}
  detect: {uses: detect, in: decode}
  blur: {uses: blur}
  encode: {uses: encode, params: {uri: out.mp4}}
"""


@pytest.fixture
def finish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What is chosen for a run of the graph; by default both outputs are there."""
    monkeypatch.chdir(tmp_path)
    for name in ("in.mp4", "clean.mp4", "out.mp4"):
        (tmp_path / name).touch()

    def finish(said: dict[str, object] | None = None, **facts: object) -> Compared | str:
        written = {"clean": "clean.mp4", "encode": "out.mp4"}
        words = {name: {"output": str(tmp_path / file)} for name, file in written.items()}
        words["decode"] = {"uri": "in.mp4", **(said or {})}
        nodes = {
            name: NodeReport(uses=name, lane="io", report=words.get(name, {}))
            for name in ("decode", "clean", "detect", "blur", "encode")
        }
        registry = Registry()
        report = RunReport.model_validate({"graph": "g", "nodes": nodes, **facts})
        return choose(report, parse(GRAPH, registry=registry), registry)

    return finish


def test_the_output_that_was_edited(finish, tmp_path):
    assert finish() == Compared(tmp_path / "in.mp4", tmp_path / "out.mp4")
    (tmp_path / "out.mp4").unlink()
    assert finish() == Compared(tmp_path / "in.mp4", tmp_path / "clean.mp4")


@pytest.mark.parametrize(
    ("said", "facts", "begin"),
    [
        ({}, {}, None),
        ({"trim": {"in": 2.5, "out": None}}, {}, 2.5),
        ({}, {"stopped": True}, 0.0),
        ({"trim": {"in": 2.5, "out": 4.0}}, {"stopped": True}, 2.5),
    ],
)
def test_where_the_output_begins(finish, said, facts, begin):
    assert finish(said, **facts).begin == begin


@pytest.mark.parametrize(
    ("said", "facts", "why"),
    [
        ({}, {"ok": False}, "the run failed"),
        ({}, {"live": True}, "the run was live"),
        ({"uri": "rtsp://camera/1"}, {}, "the input of encode is no file"),
    ],
)
def test_why_there_is_none(finish, said, facts, why):
    assert finish(said, **facts).startswith(why)


def test_a_stream_is_no_file(finish, tmp_path):
    (tmp_path / "out.mp4").unlink()
    (tmp_path / "clean.mp4").unlink()
    assert finish() == "no output is a single file"
