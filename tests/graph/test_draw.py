from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.graph.kinds import registry
from vplugin.errors import GraphError
from vplugin.graph import GraphSpec
from vplugin.graph.draw import draw
from vplugin.graph.load import parse

TEXT = """
name: 'say "hi" <b> & #1'
lanes: {io: {}, gpu: {device: "cuda:0"}}
nodes:
  read: {uses: read, lane: io}
  a-b: {uses: pass, lane: gpu, replicas: 2}
  tell: {uses: tell, in: {frame: {from: a-b, every: 1s, full: drop_oldest, capacity: 3}}}
  out: {uses: caption, lane: io, in: {frame: a-b, text: {from: tell, join: latest, max_age: 5s}}}
"""


@pytest.fixture
def spec() -> GraphSpec:
    return parse(TEXT, registry=registry())


def test_mermaid(spec):
    assert draw(spec, "mermaid") == (
        "---\n"
        "title: 'say \"hi\" <b> & #1'\n"
        "---\n"
        "flowchart LR\n"
        '    subgraph lane0["io: process on cpu"]\n'
        '        n0["read"]\n'
        '        n3["out<br/>caption"]\n'
        "    end\n"
        '    subgraph lane1["gpu: process on cuda:0"]\n'
        '        n1["a-b ×2<br/>pass"]\n'
        "    end\n"
        '    n2["tell"]\n'
        "    n0 --> n1\n"
        '    n1 -->|"every 1s, drop oldest, room for 3"| n2\n'
        "    n1 --> n3\n"
        '    n2 -.->|"text, latest, ≤ 5s old"| n3\n'
    )


def test_dot(spec):
    text = draw(spec, "dot")
    assert text.startswith('digraph "say \\"hi\\" <b> & #1" {\n')
    assert '  subgraph cluster_1 {\n    label="gpu: process on cuda:0"; style=dashed;\n' in text
    assert '    "a-b" [label="a-b ×2\\npass"];\n' in text
    assert '  "tell" -> "out" [label="text, latest, ≤ 5s old", style=dashed];\n' in text


@pytest.mark.parametrize("uses", ['q"q', "a\\", "<i>&#", "a`b", "x]y|z"])
def test_odd_names_stay_inside_their_quotes(uses):
    spec = GraphSpec(nodes={"n": {"uses": uses}})
    (line,) = [line for line in draw(spec, "mermaid").splitlines() if "n0" in line]
    assert line.count('"') == 2
    dot = draw(spec, "dot").replace("\\\\", "").replace('\\"', "")
    assert dot.count('"') % 2 == 0


def test_an_edge_from_nowhere():
    spec = GraphSpec(nodes={"n": {"uses": "pass", "in": "gone"}})
    with pytest.raises(GraphError, match="n takes frames from 'gone', which is not here"):
        draw(spec, "dot")


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")
def test_graphviz_reads_it(spec):
    done = subprocess.run(["dot", "-Tsvg"], input=draw(spec, "dot").encode(), capture_output=True)
    assert done.returncode == 0, done.stderr
