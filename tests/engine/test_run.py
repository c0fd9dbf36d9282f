"""Whole graphs: the same expectations for processes, threads and the inline runner."""

from __future__ import annotations

import socket

import httpx
import pytest

from tests.engine.support import CHAOS, COLLECT, HERE, collect, graph, log_to, run_bounded, source
from vplugin.engine import Control, run
from vplugin.errors import GraphError
from vplugin.testing.nodes import read_log

THREADS = {"lanes": {"all": {"kind": "thread"}}}


def in_lane(nodes, lane):
    return {name: {**node, "lane": lane} for name, node in nodes.items()}


@pytest.fixture(params=["inline", "process", "thread"])
def go(request):
    """Run a graph in one of the three ways."""

    def run_it(nodes, **rest):
        if request.param == "thread":
            return run_bounded(graph(in_lane(nodes, "all"), **THREADS, **rest))
        return run_bounded(graph(nodes, **rest), inline=request.param == "inline")

    return run_it


def test_frames_come_out_once_in_order_with_their_pts(go, tmp_path):
    out = tmp_path / "out.jsonl"
    report = go({"src": source(25), "mid": {"uses": HERE + "Invert"}, "out": collect(out)})
    assert report.ok, report.error
    assert [(line["seq"], line["pts"]) for line in read_log(out)] == [(i, i) for i in range(25)]
    assert report.streams["src"].admitted == report.streams["src"].finished == 25
    assert report.nodes["mid"].processed == 25
    assert report.nodes["out"].report == {"collected": 25}


def test_one_in_many_out(go, tmp_path):
    out = tmp_path / "out.jsonl"
    report = go({"src": source(5), "two": {"uses": HERE + "Twice"}, "out": collect(out)})
    assert report.ok, report.error
    assert [line["seq"] for line in read_log(out)] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_a_held_frame_comes_out_at_the_end(go, tmp_path):
    out = tmp_path / "out.jsonl"
    report = go({"src": source(5), "hold": {"uses": HERE + "HoldsBack"}, "out": collect(out)})
    assert report.ok, report.error
    lines = read_log(out)
    assert [line.get("reason") for line in lines] == ["kept"] * 5 + [None]
    assert lines[-1]["pts"] == 4
    assert report.streams["src"].lost == {"kept": 5}


def test_dropped_frames_leave_tombstones(go, tmp_path):
    out = tmp_path / "out.jsonl"
    drop = {"uses": CHAOS + "Dropper", "params": {"seqs": [1, 3]}}
    report = go({"src": source(5), "drop": drop, "out": collect(out)})
    assert report.ok, report.error
    assert [line.get("reason") for line in read_log(out)] == [
        None, "unwanted", None, "unwanted", None,
    ]  # fmt: skip
    assert report.streams["src"].lost == {"unwanted": 2}
    assert report.streams["src"].finished == 3


def test_exact_join_meets_the_same_frame(go, tmp_path):
    out = tmp_path / "log"
    report = go({
        "src": source(12),
        "left": {"uses": HERE + "Invert", "in": {"frame": "src"}},
        "right": {"uses": CHAOS + "Dropper", "params": {"seqs": [4]}, "in": {"frame": "src"}},
        "both": {"uses": HERE + "Takes", "in": {"frame": "right", "other": "left"}},
        "out": log_to(out),
    })  # fmt: skip
    assert report.ok, report.error
    lines = out.read_text().splitlines()
    expected = [f"{i} {i} {{'other': [{i}, 1]}} None" for i in range(12)]
    expected[4] = "4 unwanted None"
    assert lines == [*expected, "12 eos None"]


def test_latest_join_never_waits(go, tmp_path):
    out = tmp_path / "log"
    report = go({
        "src": source(20),
        "slow": {"uses": CHAOS + "Dawdle", "params": {"seconds": 0.05},
                 "in": {"frame": {"from": "src", "full": "drop_oldest", "capacity": 1}}},
        "join": {"uses": HERE + "Takes",
                 "in": {"frame": "src", "other": {"from": "slow", "join": "latest"}}},
        "out": log_to(out),
    })  # fmt: skip
    assert report.ok, report.error
    lines = [line for line in out.read_text().splitlines() if "eos" not in line]
    assert [int(line.split()[0]) for line in lines] == list(range(20))
    assert report.streams["src"].finished == 20


def test_every_thins_a_side_branch(go, tmp_path):
    main, side = tmp_path / "main.jsonl", tmp_path / "side.jsonl"
    report = go({
        "src": source(30, rate=10),
        "out": collect(main),
        "rare": collect(side, **{"in": {"frame": {"from": "src", "every": "1s"}}}),
    })  # fmt: skip
    assert report.ok, report.error
    assert len(read_log(main)) == 30
    kept = [line["seq"] for line in read_log(side) if "reason" not in line]
    assert kept == [0, 10, 20]
    assert report.streams["src"].finished == 30


def test_a_sink_beside_its_source_gets_the_original_and_all_that_was_left(tmp_path):
    out = tmp_path / "log"
    drop = {"uses": CHAOS + "Dropper", "params": {"seqs": [1]}}
    nodes = {"src": {"uses": HERE + "Leaves"}, "drop": drop, "out": log_to(out, "Beside")}
    for inline in (True, False):
        report = run_bounded(graph(nodes), inline=inline)
        assert report.ok, report.error
        assert out.read_text().splitlines() == [
            "0 0 {} original-0", "1 unwanted original-1", "2 2 {} original-2",
            "3 3 {} original-3", "4 4 {} original-4", "5 eos tail",
        ]  # fmt: skip


def test_pictures_that_grow_in_mid_stream(go, tmp_path):
    out = tmp_path / "out.jsonl"
    report = go({"src": {"uses": HERE + "Grows"}, "mid": {"uses": HERE + "Invert"},
                 "out": collect(out)})  # fmt: skip
    assert report.ok, report.error
    assert [line["seq"] for line in read_log(out)] == list(range(12))


def test_a_node_may_replace_the_picture(go, tmp_path):
    out = tmp_path / "out.jsonl"
    report = go({"src": source(4), "paint": {"uses": HERE + "Paints"}, "out": collect(out)})
    assert report.ok, report.error
    assert len({line["crc"] for line in read_log(out)}) == 1


def test_the_same_bytes_inline_and_in_processes(tmp_path):
    logs = []
    for inline in (True, False):
        out = tmp_path / f"{inline}.jsonl"
        nodes = {
            "src": source(15, still=False, faces=1, width=160, height=96),
            "one": {"uses": HERE + "Invert", "replicas": 2},
            "two": {"uses": HERE + "Invert"},
            "out": collect(out),
        }
        report = run_bounded(graph(nodes), inline=inline)
        assert report.ok, report.error
        logs.append([{k: v for k, v in line.items() if k != "at"} for line in read_log(out)])
    assert logs[0] == logs[1]
    assert len({line["crc"] for line in logs[0]}) == 15


def test_frames_are_batched_where_the_graph_says_so(tmp_path):
    out = tmp_path / "log"
    batched = {"uses": HERE + "Batched", "batch": {"max": 4, "wait": "50ms"}}
    report = run_bounded(graph({"src": source(20), "mid": batched, "out": log_to(out)}))
    assert report.ok, report.error
    sizes = [int(line.split("'batch': ")[1][0]) for line in out.read_text().splitlines()[:-1]]
    assert max(sizes) == 4


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("skip", ["failed", None]),
        ("passthrough", [None, None]),
        ("retry(1)", [None, None]),
    ],
)
def test_policies(go, tmp_path, policy, expected):
    out, notes = tmp_path / "out.jsonl", tmp_path / "notes"
    notes.mkdir()
    once = {"once": str(notes)} if policy.startswith("retry") else {}
    bad = {"uses": CHAOS + "Failing", "params": {"seqs": [0], **once}, "on_error": policy}
    report = go({"src": source(2), "bad": bad, "out": collect(out)})
    assert report.ok, report.error
    assert [line.get("reason") for line in read_log(out)] == expected
    assert report.nodes["bad"].failed + report.nodes["bad"].retried == 1


def test_fail_ends_the_run_with_one_line_and_nothing_left(go, tmp_path):
    out = tmp_path / "log"
    bad = {"uses": CHAOS + "Failing", "params": {"seqs": [3]}, "on_error": "fail"}
    report = go({"src": source(50), "bad": bad, "out": log_to(out)})
    assert not report.ok
    assert report.error == "node bad: RuntimeError: frame 3 is poisoned"
    assert list(tmp_path.iterdir()) == []


def test_a_node_that_cannot_be_opened(go, tmp_path):
    report = go({"src": source(5), "bad": {"uses": HERE + "Unopenable"},
                 "out": log_to(tmp_path / "log")})  # fmt: skip
    assert not report.ok
    assert report.error == "node bad: RuntimeError: the model is not here"
    assert list(tmp_path.iterdir()) == []


def test_the_memory_limit_is_kept(tmp_path):
    spec = graph({"src": source(9, width=640, height=480), "mid": {"uses": HERE + "Invert"},
                  "out": collect(tmp_path / "o")}, limits={"memory": "1MiB"})  # fmt: skip
    report = run(spec)
    assert not report.ok
    assert "limits.memory" in (report.error or "")


def test_an_unknown_node_starts_nothing():
    with pytest.raises(GraphError, match="Colect"):
        run(graph({"src": source(1), "out": {"uses": COLLECT.replace("Collect", "Colect")}}))


def test_hot_parameters_change_between_frames(tmp_path):
    out = tmp_path / "out.jsonl"
    slow = {"uses": CHAOS + "Dawdle", "params": {"seconds": 0.02}, "hot": ["seconds"]}
    spec = graph({"src": source(120), "slow": slow, "out": collect(out)})
    control = Control()

    def on_status(status):
        if status.finished > 5:
            control.set("slow.seconds", 0.0)

    report = run(spec, stop=control, on_status=on_status)
    assert report.ok, report.error
    at = [line["at"] for line in read_log(out)]
    assert at[5] - at[0] > 0.09
    assert at[-1] - at[-20] < 0.2
    with pytest.raises(GraphError, match=r"cannot be changed .*hot: seconds"):
        control.set("slow.busy", True)
    with pytest.raises(GraphError, match="there is no node"):
        control.set("fast.seconds", 1)
    with pytest.raises(GraphError, match="greater than or equal to 0"):
        control.set("slow.seconds", -1)


def test_metrics_are_served_while_it_runs(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    spec = graph(
        {"src": source(300), "slow": {"uses": CHAOS + "Dawdle"}, "out": collect(tmp_path / "o")},
        observe={"prometheus": {"port": port}},
    )
    pages = []

    def on_status(status):
        if 10 < status.finished < 250 and not pages:
            pages.append(httpx.get(f"http://127.0.0.1:{port}/metrics").text)

    report = run(spec, on_status=on_status)
    assert report.ok, report.error
    assert 'vplugin_frames_total{fate="admitted",reason="",stream="src"}' in pages[0]
    assert 'vplugin_edge_load{edge="src->slow.frame"}' in pages[0]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")


def test_the_graphs_default_policy_does_not_let_a_sink_lose_frames(go, tmp_path):
    class_ = {"uses": HERE + "Broken"}
    report = go({"src": source(3), "out": class_}, defaults={"on_error": "passthrough"})
    assert not report.ok
    assert "the disk is gone" in report.error
