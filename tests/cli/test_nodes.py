from __future__ import annotations

import io

from rich.console import Console

from tests.graph.kinds import KINDS
from vplugin.cli import main
from vplugin.cli.nodes import list_nodes, show_node
from vplugin.errors import PluginError
from vplugin.graph import Registry


class Half(Registry):
    """One of its packages is broken."""

    def names(self) -> tuple[str, ...]:
        return (*super().names(), "bad")

    def get(self, name: str):
        if name == "bad":
            raise PluginError("cannot be loaded", where="zoo")
        return super().get(name)

    def broken(self) -> list[PluginError]:
        return [PluginError("the node 'bad' cannot be loaded: [red]", where="zoo")]


def console() -> Console:
    return Console(file=io.StringIO(), width=160)


def test_the_list_has_third_party_nodes_and_broken_ones():
    out = console()
    list_nodes(Half(KINDS, installed=False), out)
    lines = out.file.getvalue().splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines}
    assert rows["read"] == ["source", "tests", "Read", "frames.", "Not", "`really`."]
    assert rows["pass"][:2] == ["node", "tests"]
    assert "bad" not in rows
    assert lines[-1] == "left out: zoo: the node 'bad' cannot be loaded: [red]"


def test_a_node_with_ports_parameters_bounds_and_help():
    out = console()
    show_node("pass", Registry(KINDS, installed=False), out)
    text = out.file.getvalue()
    assert text.startswith("pass (node from tests)\n\nPass frames on.\n")
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert "frame video" in rows
    assert "strength int 15 1 ≤ x ≤ 99 Kernel size" in rows
    assert "people[].stall duration 2s How long nothing may come" in rows


def test_required_parameters_and_optional_ports():
    out = console()
    registry = Registry(KINDS, installed=False)
    show_node("write", registry, out)
    show_node("caption", registry, out)
    rows = [" ".join(line.split()) for line in out.file.getvalue().splitlines()]
    assert "uri text required" in rows
    assert "text text optional" in rows
    assert "no parameters" in rows


def test_stock_nodes(capsys):
    assert main(["nodes"]) == 0
    listed = capsys.readouterr().out
    for name in ("blur", "decode", "detect", "encode", "enhance", "expression", "swap", "track"):
        assert f"\n{name} " in listed
        assert main(["nodes", name]) == 0
        assert capsys.readouterr().out.startswith(f"{name} (")


def test_an_unknown_node(capsys):
    assert main(["nodes", "decod"]) == 1
    assert capsys.readouterr().err == (
        "error: there is no kind of node called 'decod' — did you mean 'decode'?\n"
    )
