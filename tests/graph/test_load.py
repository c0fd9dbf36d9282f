from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graph.kinds import registry
from vplugin.errors import GraphError
from vplugin.graph import GraphSpec, load
from vplugin.graph.load import parse
from vplugin.graph.registry import Registry
from vplugin.graph.tree import LARGEST
from vplugin.node import Node, Params

FULL = """\
vplugin: 1
name: evening-show
mode: auto
limits: {max_in_flight: 8, max_age: 250ms, memory: 1GiB}
defaults: {on_error: passthrough, restart: {max: 5, window: 60s, backoff: 0.5s..10s}}
vars: {camera: "${CAMERA:-rtsp://127.0.0.1:8554/cam0}"}
lanes:
  io:   {kind: process}
  gpu0: {kind: process, device: "cuda:0"}
nodes:
  decode:   {uses: read, lane: io, params: {uri: $camera, reconnect: {stall: 2s}}}
  detect:   {uses: pass, lane: gpu0, batch: {max: 4, wait: 3ms}, params: {strength: 5}}
  refine:   {uses: pass, lane: gpu0, replicas: 2, on_error: retry(3), timeout: 2s, hot: strength}
  describe: {uses: tell, in: {frame: {from: detect, every: 1s, full: drop_oldest}}}
  encode:   {uses: caption, lane: io, on_error: fail,
             in: {frame: refine, text: {from: describe, join: latest, max_age: 5s}}}
observe: {prometheus: {port: 9108}}
"""


def read(text: str, *sets: str, **env: str) -> GraphSpec:
    return parse(text, sets, env, path="g.yaml", registry=registry())


def test_everything_said():
    spec = read(FULL)
    assert spec.limits.model_dump() == {"max_in_flight": 8, "max_age": 0.25, "memory": 2**30}
    assert spec.defaults.restart.backoff == (0.5, 10.0)
    assert spec.lanes["gpu0"].device == "cuda:0"
    assert spec.observe.prometheus.host == "127.0.0.1"
    detect, refine, encode = (spec.nodes[name] for name in ("detect", "refine", "encode"))
    assert (detect.batch.max, detect.batch.wait) == (4, 0.003)
    assert (refine.on_error.action, refine.on_error.retries, refine.hot) == (
        "fail",
        3,
        ("strength",),
    )
    assert encode.inputs["text"].model_dump() == {
        "node": "describe",
        "port": "text",  # the only one it has
        "capacity": None,
        "full": "block",
        "every": None,
        "join": "latest",
        "max_age": 5.0,
    }


def test_inputs_that_are_not_said():
    spec = read(
        "nodes: {a: {uses: read}, b: {uses: read}, c: {uses: pass}, d: {uses: mix, in: {}}, "
        "e: {uses: no-such}, f: {uses: pass, in: c}}"
    )
    found = {name: [e.node for e in node.inputs.values()] for name, node in spec.nodes.items()}
    assert found == {"a": [], "b": [], "c": ["b"], "d": [], "e": ["d"], "f": ["c"]}


def test_defaults_and_own_words():
    spec = read(FULL)
    assert spec.on_error("detect").action == "passthrough"
    assert spec.on_error("encode").action == "fail"
    assert (spec.timeout("refine"), spec.timeout("encode")) == (2.0, None)
    assert spec.restart("encode").max == 5
    assert [spec.capacity(*at) for at in (("detect", "frame"), ("refine", "frame"))] == [5, 5]


def test_json_round_trip():
    spec = read(FULL)
    again = GraphSpec.model_validate_json(spec.model_dump_json())
    assert again.model_dump() == spec.model_dump()


def test_paths_start_from_the_current_directory(tmp_path, monkeypatch):
    (tmp_path / "graphs").mkdir()
    file = tmp_path / "graphs" / "mine.yaml"
    file.write_text("\ufeffnodes: {in: {uses: read, params: {uri: a/b.mp4}}}", "utf-8")
    monkeypatch.chdir(tmp_path)
    spec = load("graphs/mine.yaml", registry=registry())
    assert (spec.base, spec.path, spec.name) == (os.getcwd(), "graphs/mine.yaml", "mine")
    assert spec.nodes["in"].params["uri"] == "a/b.mp4"


ONE = 'vars: {a: 1, t: "x$a"}\nnodes: {n: {uses: read, params: {uri: %s}}}'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$a", 1),
        ('"${a}"', 1),
        ("p$a", "p1"),
        ('"$t/${t}"', "x1/x1"),
        ("$$a", "$a"),
        ("$$$a", "$1"),
        ("5$", "5$"),
        ("$5", "$5"),
        ('"${HOME}"', "/root"),
        ('"${NONE:-z}"', "z"),
        ('"${EMPTY:-z}"', "z"),
        ('"${EMPTY}"', ""),
        ('"${NONE:-}"', ""),
        ('"${HOME:-z}/y"', "/root/y"),
        ('"${a:-9}"', "1"),
        ('"${EVIL}"', "${HOME}$a$$"),
        ('"[${EVIL}]"', "[${HOME}$a$$]"),
        ("'${NONE:-$a}'", "$a"),
    ],
)
def test_variables(text, value):
    spec = read(ONE % text, HOME="/root", EMPTY="", EVIL="${HOME}$a$$")
    expected = int(value) if value == "1" and text == "$a" else value
    assert spec.nodes["n"].params["uri"] == expected


def test_a_variable_keeps_its_type():
    spec = read("vars: {d: {stall: 3s}}\nnodes: {n: {uses: read, params: {uri: a, reconnect: $d}}}")
    assert spec.nodes["n"].params["reconnect"] == {"stall": "3s"}


@given(st.text(), st.text())
def test_what_is_put_in_is_never_looked_at_again(first, second):
    try:
        spec = parse(
            "nodes: {n: {uses: read, params: {uri: 'a${ONE}b${TWO}c'}}}",
            env={"ONE": first, "TWO": second},
            registry=registry(),
        )
    except GraphError:
        raise AssertionError("a value from the environment was evaluated") from None
    assert spec.nodes["n"].params["uri"] == f"a{first}b{second}c"


@pytest.mark.parametrize(
    ("setting", "way", "value"),
    [
        ("n.uri=b", "nodes.n.params.uri", "b"),
        ("n.uri=0.7", "nodes.n.params.uri", 0.7),
        ("n.uri=[1, x]", "nodes.n.params.uri", [1, "x"]),
        ("n.uri=", "nodes.n.params.uri", None),
        ("n.uri=a=b", "nodes.n.params.uri", "a=b"),
        ("n.uri=$a ${HOME}", "nodes.n.params.uri", "$a ${HOME}"),
        ("n.uri=srt://:9000?mode=listener", "nodes.n.params.uri", "srt://:9000?mode=listener"),
        ("n.reconnect.stall=1s", "nodes.n.params.reconnect.stall", "1s"),
        ("n.list.1=z", "nodes.n.params.list", ["a", "z"]),
        ("m.strength=3", "nodes.m.params.strength", 3),
        ("nodes.m.replicas=2", "nodes.m.replicas", 2),
        ("m.replicas=2", "nodes.m.replicas", 2),
        ("m.on_error=skip", "nodes.m.on_error.action", "skip"),
        ("m.timeout=2s", "nodes.m.timeout", 2.0),
        ("m.lane=a", "nodes.m.lane", "a"),
        ("m.batch.max=3", "nodes.m.batch.max", 3),
        ("m.in=n", "nodes.m.inputs.frame.node", "n"),
        ("m.hot=strength", "nodes.m.hot", ("strength",)),
        ("m.params.strength=3", "nodes.m.params.strength", 3),
        ("limits.max_in_flight=4", "limits.max_in_flight", 4),
        ("mode=live", "mode", "live"),
        ("vars.v=9", "nodes.n.params.used", 9),
        ("n.uri=-", "nodes.n.params.uri", "-"),
        ("vars.v=-", "nodes.n.params.used", "-"),
        ("n.uri=- a", "nodes.n.params.uri", ["a"]),
        ("n.uri=10:00:10:00", "nodes.n.params.uri", "10:00:10:00"),
    ],
)
def test_settings(setting, way, value):
    at = read(
        "vars: {v: 1}\nnodes: {n: {uses: read, params: {uri: a, list: [a, b], used: $v}}, "
        "m: {uses: pass}}",
        setting,
    ).model_dump()
    for key in way.split("."):
        at = at[key]
    assert at == value


class OwnTimeout(Params):
    timeout: float = 1.0


class Slow(Node[OwnTimeout]):
    pass


@pytest.mark.parametrize(
    ("setting", "param", "own"),
    [
        ("s.timeout=3", {"timeout": 3}, None),
        ("nodes.s.timeout=3", {}, 3.0),
        ("s.lane=x", {}, None),
    ],
)
def test_a_parameter_goes_before_a_key_of_the_node(setting, param, own):
    registry = Registry({"slow": Slow}, installed=False)
    spec = parse("nodes: {s: {uses: slow}}", [setting], {}, registry=registry)
    assert spec.nodes["s"].params == param
    assert spec.nodes["s"].timeout == own


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10:00:10:00", "10:00:10:00"),
        ("1:30", "1:30"),
        ("-1:30", "-1:30"),
        ("1:30.5", "1:30.5"),
        ("00:00:10.5", "00:00:10.5"),
        ("90", 90),
        ("-1.5", -1.5),
        ("0x1F", 31),
        ("1.5e+3", 1500.0),
    ],
)
def test_times_are_text_and_numbers_are_numbers(text, value):
    spec = read(f"nodes: {{n: {{uses: read, params: {{uri: {text}}}}}}}")
    assert spec.nodes["n"].params["uri"] == value


def test_a_variable_can_be_set_where_the_file_speaks_of_it():
    text = "vars: {v: 1}\nnodes: {n: {uses: read, params: {uri: '$v-$free-${inner}'}}}"
    spec = read(text, "vars.v=a", "vars.free=b", "vars.inner=c")
    assert spec.nodes["n"].params["uri"] == "a-b-c"
    with pytest.raises(GraphError, match=r"no variable 'fre' — did you mean vars\.free\?"):
        read(text, "vars.fre=b")


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("x", "should be node.param=value — for example --set swap.blend=0.7"),
        ("=3", "should be node.param=value"),
        ("n..x=1", "should be node.param=value"),
        ("n.on_error=explode", "nodes.n.on_error should be fail, skip, passthrough"),
        ("n=2", "n is a node — name a parameter: n.param=value"),
        ("limit.max_age=1", "there is no node 'limit' — did you mean 'limits'?"),
        ("other.x=1", "there is no node 'other' — nodes are n"),
        ("n.uri=[1", "is not YAML: expected ',' or ']'"),
        ("n.uri.x=1", "'x' cannot be set inside 'a'"),
        ("n.list.7=1", "'7' is not one of 0 to 0"),
        ("limits.max=3", "unknown key 'max' in limits — did you mean 'max_age'?"),
        ("mode=foo", "mode should be 'auto', 'live' or 'offline', not 'foo'"),
        ("base=/", "there is no node 'base'"),
        ("vars.x=1", "the graph has no variable 'x' — variables are: none"),
    ],
)
def test_settings_refused(setting, says):
    with pytest.raises(GraphError) as caught:
        read("nodes: {n: {uses: read, params: {uri: a, list: [1]}}}", setting)
    assert str(caught.value).startswith(f"--set {setting}")
    assert says in str(caught.value)


N = "nodes: {a: {uses: read}}"
BAD = [
    ("", "g.yaml: is empty"),
    ("# nothing\n", "g.yaml: is empty"),
    ("- a\n", "g.yaml:1:1: is a list, not a graph"),
    ("hello", "g.yaml:1:1: is a single value, not a graph"),
    ("{}", "g.yaml:1:1: nodes is missing — add 'nodes'"),
    ("nodes:", "g.yaml:1:7: nodes should be a mapping of keys, not None"),
    ("nodes: {}", "g.yaml:1:8: nodes should have at least one entry, not {}"),
    ("nodes: [a]", "g.yaml:1:8: nodes should be a mapping of keys, not ['a']"),
    ("nodes:\n  a:\n    use: read\n", "3:5: unknown key 'use' in nodes.a — did you mean 'uses'?"),
    ("nodes:\n  a:\n", "g.yaml:2:5: nodes.a should be a mapping of keys, not None"),
    ("nodes:\n  a: {}\n", "g.yaml:2:3: nodes.a.uses is missing — add 'uses': Kind of node"),
    ("node: {}\n" + N, "g.yaml:1:1: unknown key 'node' — did you mean 'nodes'?"),
    ("base: x\n" + N, "g.yaml:1:1: unknown key 'base'"),
    ("vplugin: 2\n" + N, "g.yaml:1:10: vplugin should be 1, not 2"),
    ("nodes:\n\ta: {uses: read}", "g.yaml:2:1: is not YAML: found character '\\t'"),
    ("nodes:\n\ta: {uses: read}", "indent with spaces, not with tabs"),
    ("a: 1\na: 2", "g.yaml:2:1: the key 'a' is already in line 1"),
    ("nodes: {a: {uses: read", "g.yaml:1:23: is not YAML"),
    ("nodes: {1: {uses: read}}", "g.yaml:1:9: has a key that is not text — write it in quotes"),
    ("nodes: {1a: {uses: read}}", "g.yaml:1:9: nodes.1a should be a name"),
    ("nodes: {a: {uses: 0b_}}", "g.yaml:1:19: '0b_' is not a number"),
    ("nodes: !!python/name:os.system", "1:8: the tag 'tag:yaml.org,2002:python/name:os.system'"),
    ("a: *b", "g.yaml:1:4: is not YAML: found undefined alias 'b'"),
    ("a: &a [*a]", "nested more than 40 deep"),
    ("[" * 5000, "g.yaml:1:41: is nested more than 40 deep"),
    ("a: 1\n---\nb: 2", "keep one graph per file"),
    ("a: x\0y", "g.yaml:1:5: has the character U+0000"),
    ("a: {b: ${HOME}}", "put quotes around text that contains ${…}"),
    ("a: b: c", "put quotes around text that contains `: `"),
    ("x" * (LARGEST + 1), "has more than"),
    ("mode: life\n" + N, "g.yaml:1:7: mode should be 'auto', 'live' or 'offline', not 'life'"),
    ("limits: {memory: 1gb}\n" + N, "g.yaml:1:18: limits.memory has the unit 'gb'"),
    ("limits: {max_in_flight: 0}\n" + N, "1:25: limits.max_in_flight should be greater than or"),
    ("limits: {max_in_flight: two}\n" + N, "max_in_flight should be a whole number, not 'two'"),
    ("limits: {max_age: soon}\n" + N, "limits.max_age should look like 250ms or 2s, not 'soon'"),
    ("lanes: outo\n" + N, "g.yaml:1:8: lanes should be 'auto' or should be a mapping"),
    ("lanes: {io: {kid: process}}\n" + N, "1:14: unknown key 'kid' in lanes.io — did you mean"),
    ("lanes: {io: {device: 'cuda 0'}}\n" + N, "g.yaml:1:22: lanes.io.device"),
    ("observe: {http: {port: 1}}\n" + N, "1:11: unknown key 'http' in observe — known are prom"),
    ("commercial: perhaps\n" + N, "g.yaml:1:13: commercial should be true or false"),
    ("nodes: {a: {uses: read, on_error: ignore}}", "1:35: nodes.a.on_error should be fail, skip"),
    ("nodes: {a: {uses: read, timeout: -1}}", "g.yaml:1:34: nodes.a.timeout should be a finite"),
    ("nodes: {a: {uses: read, in: 3}}", "g.yaml:1:29: nodes.a.in should be a mapping"),
    ("nodes: {a: {uses: read, in: {f: {every: 1s}}}}", "1:30: nodes.a.in.f.from is missing"),
    ("nodes: {a: {uses: read, in: .x}}", "g.yaml:1:29: nodes.a.in should be `node` or `node.port`"),
    ("nodes: {a: {uses: read, in: {f: {from: b.c, port: d}}}}", "says `port` twice"),
    ("nodes: {a: {uses: read, params: {u: $cam}}}", "g.yaml:1:37: vars has no 'cam'"),
    ("vars: {cam: 1}\nnodes: {a: {uses: $can}}", "g.yaml:2:19: vars has no 'can' (above this"),
    ("vars: {a: $b, b: 1}\n" + N, "g.yaml:1:11: vars has no 'b'"),
    ("vars: {a: [1]}\nnodes: {a: {uses: x$a}}", "g.yaml:2:19: $a is not text or a number"),
    ("nodes: {a: {uses: '${NONE}'}}", "1:19: neither vars nor the environment has NONE — set it"),
    ("nodes: {a: {uses: '${A:-${B}}'}}", "has a ${ that cannot be understood"),
    ("nodes: {a: {uses: '${}'}}", "has a ${ that cannot be understood"),
]


@pytest.mark.parametrize(("text", "says"), BAD, ids=[repr(text)[:40] for text, _ in BAD])
def test_bad_files(text, says):
    with pytest.raises(GraphError) as caught:
        read(text)
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_aliases_cannot_multiply():
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(GraphError, match="has more than 50000 values"):
        read("\n".join(["a0: &a0 [x]", *levels]))


def test_variables_cannot_multiply():
    levels = [f"  a{n}: {'$a' + str(n - 1)!r}" for n in range(1, 3)]
    doubling = [f"  b{n}: '{('$b' + str(n - 1)) * 10}'" for n in range(1, 9)]
    with pytest.raises(GraphError, match="vars make the graph too large"):
        read("\n".join(["vars:", "  a0: x", *levels, "  b0: x", *doubling, N]))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: None, "f.yaml: there is no such file — check the path; /"),
        (lambda p: p.mkdir(), "is a folder"),
        (lambda p: p.write_bytes(b""), "is empty"),
        (lambda p: p.write_bytes(b"a: 1\n\xff\xfe"), "f.yaml:2: is not text in UTF-8: byte 0xFF"),
        (lambda p: p.write_bytes(b"\x00\x00\x00\x20ftypisom" * 100), "U+0000"),
        (lambda p: p.write_bytes(b"a" * (5 * LARGEST)), "has more than"),
    ],
    ids=["missing", "folder", "empty", "utf8", "binary", "large"],
)
def test_files_that_are_none(tmp_path, make, says):
    path = tmp_path / "f.yaml"
    make(path)
    with pytest.raises(GraphError) as caught:
        load(path)
    assert says in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_path_that_cannot_be():
    with pytest.raises(GraphError, match="cannot be read"):
        load("a\0b")


def assert_graph_or_one_line(*given: str) -> None:
    """Whatever is given is a graph, or raises one line of GraphError and nothing else."""
    try:
        result = read(*given)
    except GraphError as error:
        result = str(error)
    assert isinstance(result, GraphSpec) or len(result.splitlines()) <= 1


YAML_LIKE = st.text(alphabet="nodes:{}[]&*!|>'\"#%@`-,? \n\tabu1.$~=<\\\0\x85\ud800é", max_size=80)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(), YAML_LIKE, YAML_LIKE.map(lambda t: "nodes: {a: {uses: " + t)))
def test_any_text_is_a_graph_or_a_graph_error(text):
    assert_graph_or_one_line(text)


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_setting_is_a_graph_or_a_graph_error(key, value):
    assert_graph_or_one_line(N, f"{key}={value}")
