from __future__ import annotations

from tests.graph.kinds import registry
from vplugin.graph.describe import describe, summary


def facts(name: str) -> dict[str, tuple[str, ...]]:
    params = describe(registry().get(name)).params
    return {p.name: (p.type, p.default, p.bounds, p.help) for p in params}


def test_a_source():
    node = describe(registry().get("read"))
    assert (node.name, node.role, node.package, node.text) == (
        "read",
        "source",
        "tests",
        "Read frames. Not `really`.\n\nTwo: paragraphs.",
    )
    assert (list(node.inputs), list(node.outputs), node.stateful) == ([], ["frame"], False)
    assert [p.name for p in node.params if p.required] == ["uri"]


def test_nested_parameters_durations_and_descriptions():
    assert facts("read") == {
        "uri": ("text", "", "", "Where from"),
        "reconnect": ("mapping", "", "", ""),
        "reconnect.delay": ("duration..duration", "500ms..10s", "", "Wait before a new try"),
        "reconnect.stall": ("duration", "2s", "", "How long nothing may come"),
    }


def test_comments_bounds_and_choices():
    assert facts("write") == {
        "uri": ("text", "", "", ""),
        "preset": ("slow | fast", "fast", "", "How hard to try, in words."),
        "buffer": ("size", "64KiB", "", ""),
    }
    passing = facts("pass")
    assert passing["strength"] == ("int", "15", "1 ≤ x ≤ 99", "Kernel size")
    assert passing["blend"] == ("number", "none", "0 < x ≤ 1", '"#:" is not in strings')
    assert passing["people"] == ("list of mapping", "[]", "", "")
    assert passing["people[].stall"][0] == "duration"


def test_a_node_without_words():
    assert describe(registry().get("forget")).text == ""
    assert describe(registry().get("forget")).stateful
    assert summary(registry().get("tell")) == "Say what is in a frame."
