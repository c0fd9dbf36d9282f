"""What a review found: each was wrong once."""

from __future__ import annotations

import os
import socket
import time

import pytest

from tests.engine.support import CHAOS, HERE, collect, graph, log_to, run_bounded, source
from vplugin.engine import Control, Stop, run
from vplugin.errors import EngineError
from vplugin.testing.nodes import read_log

EAGER = {"restart": {"max": 100, "window": "60s", "backoff": "0s..0s"}}


def frames_in(path):
    return [line.split()[0] for line in path.read_text().splitlines() if "eos" not in line]


def test_frames_that_a_node_holds_come_out_as_they_went_in(tmp_path):
    logs = []
    for inline in (True, False):
        out = tmp_path / f"{inline}"
        src = source(20, still=False, width=96, height=64)
        nodes = {"src": src, "hold": {"uses": HERE + "Delays"}, "out": collect(out)}
        report = run_bounded(graph(nodes), inline=inline)
        assert report.ok, report.error
        logs.append([(line["pts"], line["crc"]) for line in read_log(out) if "crc" in line])
        stream = report.streams["src"]
        assert (stream.admitted, stream.finished, stream.flushed) == (20, 17, 3)
    assert logs[0] == logs[1]
    assert [pts for pts, _ in logs[0]] == list(range(20))
    assert len({crc for _, crc in logs[0]}) == 20


def test_a_frame_kept_without_saying_so_is_an_error_not_another_picture(tmp_path):
    nodes = {"src": source(20), "hold": {"uses": HERE + "DelaysSilently"},
             "out": collect(tmp_path / "o")}  # fmt: skip
    report = run(graph(nodes))
    assert not report.ok
    assert "holds = True" in report.error


@pytest.mark.parametrize("edge", [{"full": "drop_oldest", "capacity": 1}, {"every": "400ms"}])
def test_a_slow_side_branch_does_not_hold_a_live_source_back(tmp_path, edge):
    out = tmp_path / "o"
    spec = graph({
        "src": source(90, rate=60, live=True),
        "out": collect(out),
        "slow": {"uses": CHAOS + "Dawdle", "params": {"seconds": 0.3},
                 "in": {"frame": {"from": "src", **edge}}},
        "side": collect(tmp_path / "s"),
    })  # fmt: skip
    report = run_bounded(spec)
    assert report.ok, report.error
    assert report.streams["src"].finished > 75
    assert 3 <= len([line for line in read_log(tmp_path / "s") if "crc" in line]) <= 10


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize(("live", "mode", "told"), [
    (False, "auto", False), (True, "auto", True), (False, "live", True), (True, "offline", False),
])  # fmt: skip
def test_every_node_is_told_whether_the_graph_runs_live(tmp_path, inline, live, mode, told):
    out = tmp_path / "o"
    nodes = {"src": source(3, live=live), "ask": {"uses": HERE + "TellsLive"}, "out": log_to(out)}
    report = run(graph(nodes, mode=mode), inline=inline)
    assert report.ok, report.error
    assert f"{{'live': {told}}}" in out.read_text()


def test_a_sink_that_tries_again_keeps_order_and_the_original(tmp_path):
    out = tmp_path / "o"
    for inline in (True, False):
        sink = log_to(out, "FailsOnce", on_error="retry(1)")
        report = run_bounded(graph({"src": {"uses": HERE + "Leaves"}, "out": sink}), inline=inline)
        assert report.ok, report.error
        assert out.read_text().splitlines()[:5] == [f"{i} {i} {{}} original-{i}" for i in range(5)]


def test_the_innocent_are_not_blamed(tmp_path):
    out = tmp_path / "o"
    bad = {"uses": CHAOS + "Suicide", "params": {"seqs": [10]}, "on_error": "skip"}
    slow = {"uses": CHAOS + "Dawdle", "params": {"seconds": 0.02}}
    nodes = {"src": source(20), "slow": slow, "bad": bad, "out": collect(out)}
    report = run_bounded(graph(nodes, defaults=EAGER))
    assert report.ok, report.error
    assert [line.get("reason") for line in read_log(out)] == [
        "failed" if seq == 10 else None for seq in range(20)
    ]


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_several_sources_take_turns(tmp_path, inline, limit):
    nodes = {}
    for name, count in (("a", 12), ("b", 30)):
        nodes[name] = {**source(count), "in": {}}
        nodes[f"{name}_out"] = collect(tmp_path / name, **{"in": {"frame": name}})
    report = run_bounded(graph(nodes, limits={"max_in_flight": limit}), inline=inline)
    assert report.ok, report.error
    first = [read_log(tmp_path / name)[0]["at"] for name in ("a", "b")]
    last = [read_log(tmp_path / name)[-1]["at"] for name in ("a", "b")]
    if inline:  # in processes the one may have its sink open before the other
        assert max(first) < min(last)
    assert [report.streams[name].finished for name in ("a", "b")] == [12, 30]


@pytest.mark.parametrize("policy", ["skip", "passthrough"])
def test_a_flush_that_fails_is_not_repeated_for_ever(tmp_path, policy):
    bad = {"uses": HERE + "FailsInFlush", "on_error": policy}
    report = run_bounded(graph({"src": source(3), "bad": bad, "out": collect(tmp_path / "o")}))
    assert report.ok, report.error
    assert report.nodes["bad"].failed == 1


def test_each_replica_may_die_in_its_own_flush(tmp_path):
    dies = {"uses": HERE + "DiesInFlush", "params": {"note": str(tmp_path / "n")}, "replicas": 2}
    nodes = {"src": source(9), "dies": dies, "out": collect(tmp_path / "o")}
    report = run_bounded(graph(nodes, defaults=EAGER))
    assert report.ok, report.error
    assert len(read_log(tmp_path / "o")) == 9


def test_hot_parameters_outlive_a_crash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    level = {"uses": HERE + "Level", "params": {"note": "low"}, "hot": ["note"]}
    spec = graph({"src": source(400), "level": level, "out": log_to(tmp_path / "o")},
                 defaults=EAGER, limits={"max_in_flight": 2})  # fmt: skip
    control = Control()

    def on_status(status):
        if status.admitted and control.wish == "go" and not control.done:
            control.set("level.note", "high")
            control.done = True

    control.done = False
    report = run(spec, stop=control, on_status=on_status)
    assert report.ok, report.error
    assert report.lanes["work"].restarts == 1
    assert "high" in (tmp_path / "o").read_text().splitlines()[399]


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("where", ["open", "process"])
def test_a_node_that_calls_exit_ends_the_run_with_its_word(tmp_path, where, inline):
    nodes = {"src": source(3), "bad": {"uses": HERE + "Exits", "params": {"note": where}},
             "out": collect(tmp_path / "o")}  # fmt: skip
    report = run(graph(nodes), inline=inline)
    assert report.error == f"node bad: SystemExit: out of {where}"


@pytest.mark.parametrize("inline", [True, False])
def test_a_source_that_cannot_read_is_closed_all_the_same(tmp_path, inline):
    src = {"uses": HERE + "Raises", "params": {"note": str(tmp_path / "closed")}}
    report = run(graph({"src": src, "out": log_to(tmp_path / "o")}), inline=inline)
    assert report.error == "node src: OSError: the cable is out"
    assert [path.name for path in tmp_path.iterdir()] == ["closed"]


@pytest.mark.parametrize("kind", ["process", "thread"])
def test_a_silent_source_does_not_delay_the_end(tmp_path, kind):
    src = {"uses": HERE + "Silent", "params": {"note": str(tmp_path / "closed")}, "lane": "l"}
    nodes = {"src": src, "bad": {"uses": HERE + "Unopenable", "lane": "l"},
             "out": {**log_to(tmp_path / "o"), "lane": "l"}}  # fmt: skip
    begun = time.monotonic()
    report = run(graph(nodes, lanes={"l": {"kind": kind}}))
    assert "the model is not here" in report.error
    assert time.monotonic() - begun < 8
    assert [path.name for path in tmp_path.iterdir()] == ["closed"]


def test_a_stop_that_comes_before_the_source_is_open_is_not_lost(tmp_path):
    stop = Stop()
    stop.drain()
    src = {"uses": HERE + "Silent", "params": {"note": str(tmp_path / "closed")}}
    report = run(graph({"src": src, "out": log_to(tmp_path / "o")}), stop=stop)
    assert report.ok, report.error
    assert report.stopped
    assert (tmp_path / "o").read_text().split()[1] == "eos"


def test_a_port_in_use_is_said_and_the_next_run_works(tmp_path):
    nodes = {"src": source(3), "out": collect(tmp_path / "o")}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = {"port": taken.getsockname()[1]}
        with pytest.raises(EngineError, match="another observe"):
            run(graph(nodes, observe={"prometheus": port}))
    assert run(graph(nodes)).ok


def test_reaching_the_memory_limit_ends_the_run_soon(tmp_path):
    begun = time.monotonic()
    nodes = {"src": source(9, width=640, height=480), "mid": {"uses": HERE + "Invert"},
             "out": collect(tmp_path / "o")}  # fmt: skip
    report = run(graph(nodes, limits={"memory": "300KiB"}))
    assert "limits.memory" in report.error
    assert time.monotonic() - begun < 8


def test_a_long_name_of_the_temporary_folder_is_no_obstacle(tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    assert run(graph({"src": source(3), "out": collect(tmp_path / "o")})).ok


def test_files_in_the_current_folder_do_not_shadow_modules(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "random.py").write_text("raise SystemExit('the wrong module')")
    os.mkdir(tmp_path / "vplugin")
    assert run(graph({"src": source(3), "out": collect(tmp_path / "o")})).ok


@pytest.mark.parametrize("inline", [True, False])
def test_an_output_that_cannot_be_finished_fails_the_run_whatever_the_policy(tmp_path, inline):
    sink = log_to(tmp_path / "o", "CannotFinish", on_error="skip")
    report = run(graph({"src": source(3), "out": sink}), inline=inline)
    assert report.error == "node out: OSError: the disk is full"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("inline", [True, False])
def test_a_flush_that_waits_for_room_is_not_forgotten(tmp_path, inline):
    nodes = {
        "a": {**source(2), "in": {}},
        "one": {"uses": HERE + "Invert"},
        "two": {"uses": HERE + "Invert"},
        "a_out": collect(tmp_path / "a"),
        "b": {**source(20), "in": {}},
        "b_out": collect(tmp_path / "b", **{"in": {"frame": "b"}}),
    }
    report = run_bounded(graph(nodes, limits={"max_in_flight": 1}), inline=inline)
    assert report.ok, report.error
    assert [report.streams[name].finished for name in ("a", "b")] == [2, 20]


def test_a_replica_that_is_gone_for_good_does_not_keep_the_others_from_ending(tmp_path):
    dies = {"uses": HERE + "DiesInFlush", "params": {"note": str(tmp_path / "n")}, "replicas": 2,
            "on_error": "skip"}  # fmt: skip
    (tmp_path / "n-1").touch()  # the second one lives
    never = {"restart": {"max": 0, "window": "60s", "backoff": "0s..0s"}}
    spec = graph({"src": source(9), "dies": dies, "out": collect(tmp_path / "o")}, defaults=never)
    report = run_bounded(spec)
    assert report.ok, report.error
    assert len(read_log(tmp_path / "o")) == 9
