from __future__ import annotations

import os

import pytest

from tests.graph.kinds import KINDS, registry
from vplugin.errors import GraphError, NodeError
from vplugin.graph import GraphSpec, Registry, check
from vplugin.graph.check import node_params
from vplugin.graph.load import parse
from vplugin.node import Node, Params

READ = "read: {uses: read, params: {uri: in.mp4}}"
WRITE = "write: {uses: write, params: {uri: out.mp4}}"


def graph(*nodes: str, **top: str) -> GraphSpec:
    """A file with a node per line, the first in line 2."""
    lines = ["nodes:", *(f"  {node}" for node in nodes), *(f"{k}: {v}" for k, v in top.items())]
    return parse("\n".join(lines), path="g.yaml", registry=registry())


GOOD = {
    "a chain": ((READ, "a: {uses: pass}", WRITE), {}),
    "two sources": ((READ, WRITE, READ.replace("read:", "r2:"), "w2: {uses: caption}"), {}),
    "a latest join": (
        (READ, "tell: {uses: tell}", "c: {uses: caption, in: {frame: read, text: {from: tell, "
         "join: latest, max_age: 1s}}}"),
        {},
    ),
    "a nearest join with a depth": (
        (READ, "tell: {uses: tell}", "c: {uses: caption, in: {frame: read, text: {from: tell, "
         "join: nearest, capacity: 4, full: block}}}"),
        {},
    ),
    "a sink with a word of its own": (
        (READ, WRITE.replace("}}", "}, on_error: skip, timeout: 9s}")),
        {"defaults": "{on_error: passthrough, timeout: 1s}"},
    ),
    "an exact join": ((READ, "a: {uses: pass}", "m: {uses: mix, in: {frame: a, other: read}}",
                       WRITE), {}),
    "replicas": ((READ, "a: {uses: pass, replicas: 4, hot: [strength]}", WRITE), {}),
    "a checkpoint": ((READ, "a: {uses: remember, state: checkpoint}", WRITE), {}),
    "lanes": (
        (READ.replace("{uses", "{lane: io, uses"), "a: {uses: pass, lane: gpu}",
         WRITE.replace("{uses", "{lane: io, uses")),
        {"lanes": "{io: {}, gpu: {device: 'cuda:0'}}"},
    ),
    "two on one fork, joined twice": (
        (READ, "a: {uses: pass, in: read}", "m: {uses: mix, in: {frame: a, other: read}}",
         "b: {uses: pass, in: m}", "n: {uses: mix, in: {frame: b, other: m}}", WRITE),
        {},
    ),
    "a long branch with room beside it": (
        (READ, "a: {uses: pass, replicas: 3}", "m: {uses: mix, in: {frame: a, other: {from: "
         "read, capacity: 3}}}", WRITE),
        {},
    ),
    "a long branch beside one that drops": (
        (READ, "a: {uses: pass, replicas: 3}", "m: {uses: mix, in: {frame: a, other: {from: "
         "read, full: drop_oldest}}}", WRITE),
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("nodes", "top"), GOOD.values(), ids=GOOD)
def test_good_graphs(nodes, top):
    assert check(graph(*nodes, **top), registry()) is None


MIX = "m: {uses: mix, in: {frame: a, other: read}}"
BAD = {
    "unknown kind": (
        (READ, "a: {uses: pas}", WRITE),
        "g.yaml:3:13: there is no kind of node called 'pas' — did you mean 'pass'?",
    ),
    "unknown parameter": (
        (READ, "a: {uses: pass, params: {strenght: 3}}", WRITE),
        "3:28: unknown key 'strenght' in nodes.a.params — did you mean 'strength'?",
    ),
    "wrong type": (
        (READ, "a: {uses: pass, params: {strength: much}}", WRITE),
        "3:38: nodes.a.params.strength should be a whole number, not 'much' — see `vplugin nodes",
    ),
    "out of bounds": (
        (READ, "a: {uses: pass, params: {strength: 0}}", WRITE),
        "3:38: nodes.a.params.strength should be greater than or equal to 1, not 0",
    ),
    "missing parameter": (
        ("read: {uses: read}", WRITE),
        "2:3: nodes.read.params.uri is missing — add 'uri': Where from",
    ),
    "nested parameter": (
        ("read: {uses: read, params: {uri: a, reconnect: {dely: 1s}}}", WRITE),
        "2:51: unknown key 'dely' in nodes.read.params.reconnect — did you mean 'delay'?",
    ),
    "parameter in a list": (
        (READ, "a: {uses: pass, params: {people: [{stall: 1s}, {stall: x}]}}", WRITE),
        "3:58: nodes.a.params.people.1.stall should look like 250ms or 2s, not 'x'",
    ),
    "unknown node": (
        (READ, "a: {uses: pass, in: raed}", WRITE),
        "3:23: a takes frames from 'raed', which is not here — did you mean 'read'?",
    ),
    "unknown input": (
        (READ, "a: {uses: pass, in: {frme: read}}", WRITE),
        "3:24: a (pass) has no input 'frme' — did you mean 'frame'?",
    ),
    "unknown output": (
        (READ, "a: {uses: pass, in: read.frome}", WRITE),
        "3:23: read (read) has no output 'frome' — did you mean 'frame'?",
    ),
    "the node above is a sink": (
        (READ, WRITE, "b: {uses: caption}"),
        "4:6: write (write) has no output 'frame' — it gives nothing; say with `in:`",
    ),
    "a source that is fed": (
        (READ, "r2: {uses: read, params: {uri: b}, in: read}", WRITE),
        "3:38: r2 (read) has no input 'frame' — it takes nothing",
    ),
    "kinds": (
        (READ, "t: {uses: tell}", "w: {uses: write, params: {uri: o}, in: {frame: t}}"),
        "4:50: t.text gives text, w.frame takes video",
    ),
    "missing port": (
        (READ, "m: {uses: mix}", WRITE),
        "3:3: nothing comes into m.other — add `in: {other: NODE}`",
    ),
    "no input at all": (("a: {uses: pass}", WRITE), "2:3: nothing comes into a.frame"),
    "no pace": (
        (READ, "a: {uses: pass, in: {frame: {from: read, join: latest}}}", WRITE),
        "3:50: a.frame sets the node's pace and cannot be joined by 'latest'",
    ),
    "max_age without latest": (
        (READ, "a: {uses: pass, in: {frame: {from: read, max_age: 1s}}}", WRITE),
        "3:53: max_age at a.frame has no meaning with an exact join",
    ),
    "a circle": (
        (READ, "a: {uses: mix, in: {frame: read, other: c}}", "b: {uses: pass}",
         "c: {uses: pass}", WRITE),
        "3:22: frames would go round in a circle: a → b → c → a — cut one",
    ),
    "a circle of one": (
        (READ, "a: {uses: pass, in: a}", WRITE), "frames would go round in a circle: a → a",
    ),
    "no source": (("a: {uses: pass, in: b}", "b: {uses: pass, in: a}"), "in a circle: a → b → a"),
    "no sink": ((READ, "a: {uses: pass}"), "2:3: no node takes the result — end with one such as"),
    "a loose end": (
        (READ, "a: {uses: pass}", WRITE.replace("}}", "}, in: read}")),
        "3:3: what a makes goes nowhere — connect it to another node, or remove it",
    ),
    "two streams": (
        (READ, READ.replace("read:", "r2:"), "m: {uses: mix, in: {frame: read, other: r2}}", WRITE),
        "4:43: m.other follows r2 and m follows read: their frames never have the same number",
    ),
    "a stall": (
        (READ, "a: {uses: pass, replicas: 3}", MIX, WRITE),
        "4:40: the join at m could stall: 3 frames can be on the way to frame (a) while other has "
        "room for 2 — write other: {from: read.frame, capacity: 3}",
    ),
    "a stall by batches": (
        (READ, "a: {uses: pass}", "b: {uses: pass, batch: {max: 8}}", MIX.replace("a,", "b,"),
         WRITE),
        "9 frames can be on the way to frame (a → b) while other has room for 2",
    ),
    "replicas of memory": (
        (READ, "a: {uses: forget, replicas: 2}", WRITE),
        "3:31: a cannot have replicas: it remembers earlier frames",
    ),
    "replicas of a source": (
        ("read: {uses: read, params: {uri: a}, replicas: 2}", WRITE),
        "read cannot have replicas: it is a source or a sink",
    ),
    "a batch at the end": (
        (READ, WRITE.replace("}}", "}, batch: {max: 2}}")),
        "write cannot work in batches",
    ),
    "a batch of memory": (
        (READ, "a: {uses: remember, batch: {max: 2}}", WRITE),
        "3:30: a cannot work in batches: it remembers earlier frames — remove `batch`",
    ),
    "a sink that passes frames on": (
        (READ, WRITE.replace("}}", "}, on_error: passthrough}")),
        "3:58: write cannot let a frame pass: a sink has nothing to pass on — use skip or fail",
    ),
    "a timeout at a source": (
        (READ.replace("}}", "}, timeout: 1s}"), WRITE),
        "2:45: timeout has no meaning at read: it is a source — remove `timeout`",
    ),
    "on_error at a source": (
        (READ.replace("}}", "}, on_error: fail}"), WRITE), "2:45: on_error has no meaning at read",
    ),
    "restart at a source": (
        (READ.replace("}}", "}, restart: {max: 1}}"), WRITE), "2:45: restart has no meaning",
    ),
    "state at a source": (
        (READ.replace("}}", "}, state: restart}"), WRITE), "2:45: state has no meaning at read",
    ),
    "every on a latest join": (
        (READ, "tell: {uses: tell}", "c: {uses: caption, in: {frame: read, text: {from: tell, "
         "join: latest, every: 1s}}}"),
        "4:80: every at c.text has no meaning with join: latest, which never waits — remove",
    ),
    "full on a nearest join": (
        (READ, "tell: {uses: tell}", "c: {uses: caption, in: {frame: read, text: {from: tell, "
         "join: nearest, full: drop_oldest}}}"),
        "4:80: full at c.text has no meaning with join: nearest",
    ),
    "no checkpoint": (
        (READ, "a: {uses: forget, state: checkpoint}", WRITE),
        "3:28: a (forget) has no state that can be kept",
    ),
    "hot": (
        (READ, "a: {uses: pass, hot: [strength, bland]}", WRITE),
        "3:35: a has no parameter 'bland' — did you mean 'blend'?",
    ),
    "unknown lane": (
        (READ, "a: {uses: pass, lane: gpu}", WRITE),
        "3:25: there is no lane 'gpu' — add `lanes: {gpu: {}}`",
    ),
    "two sinks on one file": (
        (READ, WRITE, "w2: {uses: write, params: {uri: ./x/../out.mp4}, in: read}"),
        "4:35: write and w2 both write",
    ),
    "two sinks on one stream": (
        (READ, WRITE.replace("out.mp4", "'udp://h:1'"),
         "w2: {uses: write, params: {uri: 'udp://h:1'}, in: read}"),
        "write and w2 both write udp://h:1",
    ),
    "output over input": (
        (READ, WRITE.replace("out.mp4", "in.mp4")),
        "in.mp4, which read reads — write to another file",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("nodes", "says"), BAD.values(), ids=BAD)
def test_bad_graphs(nodes, says):
    with pytest.raises(GraphError) as caught:
        check(graph(*nodes), registry())
    assert says in str(caught.value)
    assert str(caught.value).startswith("g.yaml")


def test_a_sink_goes_with_its_source():
    lanes = {"lanes": "{io: {}, gpu: {}}"}
    apart = graph(READ, WRITE.replace("{uses", "{lane: gpu, uses"), **lanes)
    with pytest.raises(GraphError, match=r"3:17: write must run in the lane of read.*gpu, read"):
        check(apart, registry())
    free = graph(READ, "c: {uses: caption, lane: gpu}", **lanes)
    assert check(free, registry()) is None


def test_a_spelling_of_a_lane():
    spec = graph(READ, "a: {uses: pass, lane: gpu}", WRITE, lanes="{gpu0: {}}")
    with pytest.raises(GraphError, match=r"did you mean 'gpu0'\?"):
        check(spec, registry())


def test_links_lead_to_one_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.mp4").write_bytes(b"x")
    os.link("in.mp4", "hard.mp4")
    os.symlink("in.mp4", "soft.mp4")
    for name in ("hard.mp4", "soft.mp4", f"file:{tmp_path}/in.mp4", str(tmp_path / "in.mp4")):
        with pytest.raises(GraphError, match=r"would overwrite .*in.mp4, which read reads"):
            check(graph(READ, WRITE.replace("out.mp4", name)), registry())


@pytest.mark.parametrize("uri", ["/dev/null", "other.mp4"])
def test_what_two_may_write(uri):
    other = f"w2: {{uses: write, params: {{uri: {uri}}}, in: read}}"
    write = WRITE.replace("out.mp4", "/dev/null")
    assert check(graph(READ, write, other), registry()) is None


def test_a_pipe_in_and_out_is_not_one_file():
    spec = graph(READ.replace("in.mp4", "'-'"), WRITE.replace("out.mp4", "'-'"))
    assert check(spec, registry()) is None


def test_an_error_in_a_setting_names_the_setting():
    spec = parse(f"nodes:\n  {READ}\n  {WRITE}", ["write.preset=medium"], registry=registry())
    with pytest.raises(GraphError, match=r"^--set write.preset=medium: .* should be 'slow' or"):
        check(spec, registry())


class Range(Params):
    low: int = 0
    high: int = 9


class Band(Node[Range]):
    @classmethod
    def validate(cls, params: Range) -> None:
        if params.low > params.high:
            raise NodeError("low is above high", where="low", mend="change one")
        if params.high > 9:
            raise NodeError("nothing goes that high")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{high: 3, low: 4}", "g.yaml:3:45: band: low is above high — change one"),
        ("{high: 10}", "g.yaml:3:30: band: nothing goes that high"),
    ],
)
def test_what_a_node_says_about_its_parameters(given, says):
    kinds = Registry({**KINDS, "band": Band}, installed=False)
    text = f"nodes:\n  {READ}\n  band: {{uses: band, params: {given}}}\n  {WRITE}"
    with pytest.raises(GraphError) as caught:
        check(parse(text, path="g.yaml", registry=kinds), kinds)
    assert str(caught.value) == says
    assert check(parse(text, ["band.params={}"], path="g.yaml", registry=kinds), kinds) is None


def test_parameters_as_the_class_wants_them():
    params = node_params(graph(READ.replace("}}", ", reconnect: {stall: 3s}}}")), "read",
                         KINDS["read"])  # fmt: skip
    assert params.reconnect.stall == 3.0
    assert params.reconnect.delay == (0.5, 10.0)


def test_a_spec_made_by_hand_has_no_places():
    spec = GraphSpec(nodes={"a": {"uses": "nothing"}})
    with pytest.raises(GraphError, match=r"^there is no kind of node called 'nothing'"):
        check(spec, Registry(installed=False))


@pytest.mark.parametrize("where", ["node", "defaults"])
def test_a_node_that_hides_faces_never_passes_a_frame_on_uncovered(where):
    blur = {"uses": "blur", "in": "decode"}
    if where == "node":
        blur["on_error"] = "passthrough"
    spec = GraphSpec.model_validate({
        "nodes": {
            "decode": {"uses": "decode", "params": {"uri": "in.mp4"}},
            "blur": blur,
            "encode": {"uses": "encode", "in": "blur", "params": {"uri": "out.mp4"}},
        },
        "defaults": {"on_error": "passthrough"} if where == "defaults" else {},
    })  # fmt: skip
    with pytest.raises(GraphError, match="blur hides faces"):
        check(spec)
