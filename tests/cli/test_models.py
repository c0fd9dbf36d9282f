"""`vplugin models`, as typed, with the exit status and the one line of an error."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from tests.models.make import CLOSED, arcface, known, relu_net, single
from vplugin.cli import models
from vplugin.cli.models import app
from vplugin.errors import LicenceError, ModelError, ModelMissingError
from vplugin.models import catalogue


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command against a store of its own, a mirror, and a catalogue of two small nets."""
    net, closed = relu_net(tmp_path / "net.onnx"), relu_net(tmp_path / "closed.onnx", scale=2.0)
    stock = known(
        single(net, "https://unreachable.invalid/n"),
        single(closed, name="closed", licence=CLOSED),
        single(net, name="later", sha256=None, bytes=None),
    )
    monkeypatch.setattr(catalogue, "stock", lambda: stock)
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("VPLUGIN_MODEL_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.delenv("VPLUGIN_ACCEPT_LICENCES", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    (tmp_path / "mirror").mkdir()
    for path in (net, closed):
        shutil.copy(path, tmp_path / "mirror")
    shutil.copy(net, tmp_path / "mirror" / "later.onnx")

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return call


def test_list(run):
    assert "net" in run("list")
    before = json.loads(run("list", "--json"))
    assert [(one["name"], one["present"]) for one in before] == [
        ("net", False),
        ("closed", False),
        ("later", False),
    ]
    run("pull", "net")
    assert json.loads(run("list", "--json"))[0]["present"] is True


def test_list_on_a_narrow_terminal_keeps_words_whole(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("list").splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[:2] for line in lines if line.startswith(("net", "closed", "later"))] == [
        ["net", "no"],
        ["closed", "no"],
        ["later", "no"],
    ]
    assert any(line.strip() == "closed-nc: no commercial use" for line in lines)


def test_info(run):
    said = run("info", "closed")
    for part in ("closed-nc: Research only.", "forbidden", "nobody yet", "made by a test"):
        assert part in said
    assert json.loads(run("info", "closed", "--json"))["licence"]["commercial"] is False


def test_info_says_when_a_checksum_is_not_known_beforehand(run):
    assert "not known: recorded at the first pull" in run("info", "later")
    run("pull", "later")
    assert "(of the first pull)" in run("info", "later")


def test_pull_says_where_from(run, tmp_path):
    said = run("pull", "net")
    assert str(tmp_path / "store" / "net" / "net.onnx") in said
    assert "mirror" in said


def test_pull_with_a_licence(run):
    with pytest.raises(LicenceError, match="has not been accepted"):
        run("pull", "closed")
    run("pull", "closed", "--accept-licence", "closed-nc")
    assert json.loads(run("info", "closed", "--json"))["accepted"]["licence"] == "closed-nc"


def test_verify(run, tmp_path):
    assert "no model in" in run("verify")
    run("pull", "net")
    assert run("verify").startswith("ok      net")
    (tmp_path / "store" / "net" / "net.onnx").write_bytes(b"evil")
    with pytest.raises(ModelError, match=r"1 of 1 files .*`vplugin models pull net`"):
        run("verify")


def test_add_and_remove(run, tmp_path):
    path = arcface(tmp_path / "mine.onnx")
    assert (
        run("add", str(path), "--licence", "MIT") == "mine: arcface, MIT (commercial use allowed)\n"
    )
    assert "mine" in run("list")
    assert run("remove", "mine") == "mine: removed\n"
    said = run(
        "add", str(path), "--licence", "closed-nc", "--contract", "arcface_w600k", "--name", "other"
    )
    assert said == "other: arcface_w600k, closed-nc (no commercial use)\n"


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("info", "nett"), ModelMissingError, "did you mean net?"),
        (("pull", "nett"), ModelMissingError, "did you mean net?"),
        (("remove", "nett"), ModelMissingError, "did you mean net?"),
        (("verify", "nett"), ModelMissingError, "did you mean net?"),
        (("add", "nothing.onnx", "--licence", "MIT"), ModelMissingError, "there is no such file"),
    ],
)
def test_errors_are_for_the_main_command_to_print(run, arguments, error, says):
    with pytest.raises(error, match=says.replace("?", r"\?")):
        run(*arguments)


def test_an_unknown_contract(run, tmp_path):
    path = arcface(tmp_path / "mine.onnx")
    with pytest.raises(ModelError, match="there is no contract 'arcfase' — choose from scrfd"):
        run("add", str(path), "--licence", "MIT", "--contract", "arcfase")


def test_the_bar_shows_name_and_bytes_on_a_terminal(run, monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with models._progress() as told:
        told("net.onnx.part", 1 << 19, 1 << 20)
        told("net.onnx.part", 1 << 20, 1 << 20)
    said = capsys.readouterr().err
    assert "net.onnx" in said
    assert "1.0/1.0 MiB" in said


def test_there_is_no_bar_in_a_log(run, capsys):
    with models._progress() as told:
        told("net.onnx.part", 100, 100)
    assert capsys.readouterr().err == ""


def test_brackets_in_texts_are_not_markup(run, tmp_path):
    path = arcface(tmp_path / "mine.onnx")
    run("add", str(path), "--licence", "MIT", "--provenance", "photos [of/ no one]")
    assert "photos [of/ no one]" in run("info", "mine")
