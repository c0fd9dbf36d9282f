from __future__ import annotations

import pytest

from vplugin.cli import main

GRAPH = """\
commercial: {commercial}
nodes:
  decode: {{uses: decode, params: {{uri: in.mp4}}}}
  detect: {{uses: detect, params: {{model: {model}}}}}
  encode: {{uses: encode, params: {{uri: out.mp4}}}}
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path / "models"))

    def write(model: str = "yunet", commercial: str = "false") -> str:
        path = tmp_path / "g.yaml"
        path.write_text(GRAPH.format(model=model, commercial=commercial))
        return str(path)

    return write


def test_a_good_graph(write, capsys):
    path = write()
    assert main(["check", path]) == 0
    assert capsys.readouterr().out == f"{path}: ok, 3 nodes\n"


def test_settings_are_checked_too(write, capsys):
    assert main(["check", write(), "--set", "detect.score=7"]) == 1
    assert "--set detect.score=7: nodes.detect.params.score should be less" in (
        capsys.readouterr().err
    )


def test_every_file_gets_its_line(write, capsys, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("- a")
    assert main(["check", str(bad), write(), str(tmp_path / "none.yaml")]) == 1
    out, err = capsys.readouterr()
    assert out.count("ok, 3 nodes") == 1
    assert [line.split(": ")[1] for line in err.splitlines()] == [
        f"{bad}:1:1",
        str(tmp_path / "none.yaml"),
    ]


@pytest.mark.parametrize("model", ["buffalo_l/det_10g", "antelopev2/scrfd_10g_bnkps"])
def test_commercial_graphs_refuse_models_that_forbid_it(write, capsys, model):
    assert main(["check", write(model, "true")]) == 1
    err = capsys.readouterr().err
    assert f"g.yaml:4:42: detect uses {model}, whose licence (" in err
    assert "forbids commercial use — use another model" in err
    assert main(["check", write(model, "false")]) == 0


def test_commercial_graphs_take_models_that_allow_it(write):
    assert main(["check", write("yunet", "true")]) == 0


def test_graph(write, capsys):
    path = write()
    assert main(["graph", path]) == 0
    assert capsys.readouterr().out.startswith("---\ntitle: 'g'\n---\nflowchart LR\n")
    assert main(["graph", path, "--dot"]) == 0
    assert capsys.readouterr().out.startswith('digraph "g" {\n')
