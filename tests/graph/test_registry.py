from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

import pytest

from tests.graph.kinds import KINDS, Pass
from vplugin import Node, Port
from vplugin.errors import GraphError, PluginError
from vplugin.graph import Registry, registry


@pytest.fixture
def plugins(tmp_path, monkeypatch):
    """Installs modules as distributions of their own: name → (package, source)."""

    def install(**modules: tuple[str, str]) -> None:
        for name, (package, source) in modules.items():
            (tmp_path / f"{package}_mod.py").write_text(source)
            info = tmp_path / f"{package}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
            (info / "entry_points.txt").write_text(
                f"[{registry.ENTRY_POINTS}]\n{name} = {package}_mod:Thing\n"
            )

    monkeypatch.syspath_prepend(tmp_path)
    yield install
    for name in [n for n in sys.modules if n.endswith("_mod")]:
        del sys.modules[name]


GOOD = "from vplugin import Node, Params\nclass Thing(Node[Params]):\n    '''A thing.'''\n"


def test_a_third_party_node(plugins):
    plugins(vp_good=("vpgood", GOOD))
    kind = Registry().get("vp_good")
    assert (kind.name, kind.package, kind.cls.__doc__) == ("vp_good", "vpgood", "A thing.")


BROKEN = {
    "import": ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    "syntax": ("class", "SyntaxError"),
    "crash": ("1 / 0", "ZeroDivisionError: division by zero"),
    "exit": ("raise SystemExit(3)", "SystemExit: 3"),
    "silent": ("raise ValueError", "ValueError: no message"),
    "no class": ("Other = 1", "AttributeError"),
    "not a class": ("Thing = 1", "is not a subclass of vplugin.Node"),
    "not a node": ("class Thing: pass", "is not a subclass of vplugin.Node"),
    "params": (
        "from vplugin import Node\nclass Thing(Node):\n    Params = dict",
        "parameters that are not a subclass of vplugin.Params",
    ),
    "ports": (GOOD + "    inputs = ['frame']", "has ports that are not a mapping"),
}


@pytest.mark.parametrize(("source", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_package_is_left_out_alone(plugins, source, says):
    plugins(vp_bad=("vpbad", source), vp_good=("vpgood", GOOD))
    found = Registry()
    assert {"vp_bad", "vp_good"} <= set(found.names())
    (fault,) = [fault for fault in found.broken() if fault.where == "vpbad"]
    assert says in str(fault)
    with pytest.raises(PluginError, match="vp_bad"):
        found.get("vp_bad")
    assert found.get("vp_good").package == "vpgood"


def test_a_name_clash_is_reported_and_ours_wins():
    ours = EntryPoint("thing", "vplugin.nodes.thing:Thing", registry.ENTRY_POINTS)
    theirs = EntryPoint("thing", "zoo.thing:Thing", registry.ENTRY_POINTS)
    for found in ([ours, theirs], [theirs, ours]):
        both = Registry(installed=False)
        assert both._unique(found) == {"thing": ours}
        (fault,) = both._clashes
        assert str(fault).startswith("zoo: the node 'thing' (zoo.thing:Thing) is left out")


def test_the_same_package_found_twice_is_no_clash():
    point = EntryPoint("thing", "zoo.thing:Thing", registry.ENTRY_POINTS)
    both = Registry(installed=False)
    both._unique([point, EntryPoint("thing", "zoo.thing:Thing", registry.ENTRY_POINTS)])
    assert both.broken() == []


def test_unknown_names_get_the_nearest_spelling():
    known = Registry(KINDS, installed=False)
    with pytest.raises(GraphError, match=r"called 'pasS' — did you mean 'pass'\?"):
        known.get("pasS")
    with pytest.raises(GraphError, match="`vplugin nodes` lists"):
        known.get("xyzzy")


def test_classes_given_win_over_installed_ones():
    kind = Registry({"encode": Pass}).get("encode")
    assert kind.cls is Pass
    assert kind.package == "tests"


def test_classes_given_are_checked():
    class Wrong(Node):
        outputs = {"frame": "video"}

    assert isinstance(Wrong.inputs["frame"], Port)
    with pytest.raises(PluginError, match="ports"):
        Registry({"wrong": Wrong}, installed=False)


@pytest.mark.parametrize(
    ("path", "error", "says"),
    [
        ("tests.graph.kinds:Nothing", PluginError, "AttributeError.*PYTHONPATH"),
        ("tests.graph.nowhere:Pass", PluginError, "ModuleNotFoundError.*PYTHONPATH"),
        ("tests.graph.kinds:Reconnect", PluginError, "is not a subclass of vplugin.Node"),
        (":Pass", GraphError, "is not the path of a class — write package.module:Class"),
        ("tests.graph.kinds:", GraphError, "is not the path of a class"),
        ("tests/graph.py:Pass", GraphError, "is not the path of a class"),
    ],
)
def test_a_class_by_a_wrong_path(path, error, says):
    with pytest.raises(error, match=says):
        Registry(installed=False).get(path)


def test_a_class_by_its_path():
    assert Registry(installed=False).get("tests.graph.kinds:Pass").cls is Pass


def test_stock_nodes_are_listed():
    assert {"blur", "decode", "detect", "encode", "enhance", "expression", "swap", "track"} <= set(
        Registry().names()
    )
