"""What must survive: processes killed, hanging, poisoned; a conductor that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest
import zmq

from tests.engine.support import CHAOS, HERE, Bounds, collect, graph, log_to, run_bounded, source
from vplugin.engine import Stop, run
from vplugin.testing.chaos import Killer
from vplugin.testing.nodes import read_log

EAGER = {"restart": {"max": 100, "window": "60s", "backoff": "0s..0s"}}


def lanes_named(part: str) -> list[int]:
    """Processes of this run whose lane's name contains ``part``."""
    found = []
    for child in psutil.Process().children():
        try:
            command = child.cmdline()
        except psutil.Error:
            continue
        if "vplugin.engine" in command and part in command[command.index("--name") + 1]:
            found.append(child.pid)
    return found


def lives(process: psutil.Process) -> bool:
    """Whether it runs; a zombie does not, it only waits for an init that reaps."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
def test_every_frame_comes_out_once_and_in_order_through_thirty_kills(tmp_path):
    count, out = 2000, tmp_path / "out.jsonl"
    slow = {"uses": CHAOS + "Dawdle", "params": {"seconds": 0.008, "spread": 0.008},
            "replicas": 2, "on_error": "passthrough"}  # fmt: skip
    spec = graph({"src": source(count), "mid": slow, "out": collect(out)}, defaults=EAGER)
    bounds = Bounds()
    with Killer(lambda: lanes_named("mid"), count=30, every=0.3, seed=7) as killer:
        report = run(spec, probe=bounds)
    assert report.ok, report.error
    assert len(killer.killed) == 30
    assert [line["seq"] for line in read_log(out)] == list(range(count))
    assert [line["pts"] for line in read_log(out)] == list(range(count))
    assert report.streams["src"].finished == count
    assert sum(lane.restarts for lane in report.lanes.values()) == 30


def test_a_hang_is_ended_and_the_frame_is_done_again(tmp_path):
    out, notes = tmp_path / "out.jsonl", tmp_path / "notes"
    notes.mkdir()
    hang = {"uses": CHAOS + "Hang", "params": {"seqs": [5], "once": str(notes)}, "timeout": "500ms"}
    report = run_bounded(graph({"src": source(12), "hang": hang, "out": collect(out)},
                               defaults=EAGER))  # fmt: skip
    assert report.ok, report.error
    assert [line["seq"] for line in read_log(out)] == list(range(12))
    assert report.lanes["work"].restarts == 1


@pytest.mark.parametrize(
    ("policy", "reason"), [("skip", "failed"), ("passthrough", None), ("fail", "ended 2 processes")]
)
def test_a_frame_that_kills_two_incarnations_gets_the_policy(tmp_path, policy, reason):
    out = tmp_path / "out.jsonl"
    poison = {"uses": CHAOS + "Suicide", "params": {"seqs": [5]}, "on_error": policy}
    report = run_bounded(graph({"src": source(12), "poison": poison, "out": collect(out)},
                               defaults=EAGER))  # fmt: skip
    if policy == "fail":
        assert not report.ok
        assert reason in report.error
        assert "frame 5" in report.error
        return
    assert report.ok, report.error
    assert [line["seq"] for line in read_log(out)] == list(range(12))
    assert read_log(out)[5].get("reason") == reason
    assert report.lanes["work"].restarts == 2


def test_a_lane_that_dies_too_often_ends_the_run(tmp_path):
    poison = {"uses": CHAOS + "Suicide", "params": {"seqs": list(range(20))}, "on_error": "fail"}
    never = {"restart": {"max": 0, "window": "60s", "backoff": "0s..0s"}}
    nodes = {"src": source(20), "poison": poison, "out": collect(tmp_path / "o")}
    spec = graph(nodes, defaults=never)
    report = run_bounded(spec)
    assert not report.ok
    assert "SIGKILL" in report.error


def test_a_broken_lane_with_passthrough_lets_the_rest_go_by(tmp_path):
    out = tmp_path / "o"
    poison = {"uses": CHAOS + "Suicide", "params": {"seqs": list(range(20))},
              "on_error": "passthrough"}  # fmt: skip
    once = {"restart": {"max": 1, "window": "60s", "backoff": "0s..0s"}}
    spec = graph({"src": source(20), "poison": poison, "out": collect(out)}, defaults=once)
    report = run_bounded(spec)
    assert report.ok, report.error
    assert [line["seq"] for line in read_log(out)] == list(range(20))


def test_state_survives_a_crash(tmp_path):
    out = tmp_path / "log"
    report = run_bounded(graph({"src": source(30), "count": {"uses": HERE + "Counts"},
                                "out": log_to(out)}, defaults=EAGER))  # fmt: skip
    assert report.ok, report.error
    assert report.lanes["work"].restarts == 1
    assert report.nodes["count"].report == {"count": 30}
    counts = [int(line.split("'count': ")[1].split("}")[0])
              for line in out.read_text().splitlines()[:-1]]  # fmt: skip
    assert counts == list(range(1, 31))


def test_a_killed_source_ends_the_run_and_keeps_what_there_is(tmp_path):
    out = tmp_path / "log"
    spec = graph({
        "src": source(100000, rate=100, live=True),
        "mid": {"uses": CHAOS + "Dawdle"},
        "out": log_to(out),
    })  # fmt: skip
    with Killer(lambda: lanes_named("io") if out.with_suffix(".part").exists() else (),
                count=1, every=0.2, seed=1):  # fmt: skip
        report = run(spec)
    assert not report.ok
    assert "ended by SIGKILL" in report.error
    assert "\n" not in report.error
    assert [path.name for path in tmp_path.iterdir()] == ["log.partial"]


@pytest.mark.parametrize("wish", ["drain", "abort"])
def test_stopping(tmp_path, wish):
    out = tmp_path / "log"
    spec = graph({"src": source(100000), "mid": {"uses": CHAOS + "Dawdle"}, "out": log_to(out)})
    stop = Stop()

    def on_status(status):
        if status.finished > 10:
            getattr(stop, wish)()

    report = run(spec, stop=stop, on_status=on_status)
    assert report.stopped
    assert report.ok == (wish == "drain"), report.error
    names = [path.name for path in tmp_path.iterdir()]
    assert names == (["log"] if wish == "drain" else [])
    if wish == "drain":
        lines = out.read_text().splitlines()
        assert [int(line.split()[0]) for line in lines] == list(range(len(lines)))
        assert lines[-1].split()[1] == "eos"
        assert report.streams["src"].admitted == report.streams["src"].finished == len(lines) - 1


def test_a_hang_in_a_thread_is_said(tmp_path):
    hang = {"uses": CHAOS + "Hang", "params": {"seqs": [3]}, "timeout": "200ms", "lane": "t"}
    code = f"""
from tests.engine.support import graph, source, collect
from vplugin.engine import run
import pathlib, os, sys
nodes = {{"src": {{**source(9), "lane": "t"}}, "hang": {hang!r},
          "out": {{**collect(pathlib.Path({str(tmp_path / "o")!r})), "lane": "t"}}}}
report = run(graph(nodes, lanes={{"t": {{"kind": "thread"}}}}))
print(report.error, flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "hangs in a thread" in done.stdout, done.stderr
    assert "kind: process" in done.stdout


def test_when_the_conductor_is_killed_its_children_and_its_folder_are_gone(tmp_path):
    code = f"""
from tests.engine.support import graph, source, collect
from vplugin.engine import run
import pathlib
run(graph({{"src": source(10**6, rate=50, live=True), "mid": {{"uses": "vplugin.node:Node"}},
           "out": collect(pathlib.Path({str(tmp_path / "o")!r}))}}),
    on_status=lambda status: print(status.finished, flush=True))
"""
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
                          env=env) as conductor:  # fmt: skip
        assert conductor.stdout is not None
        for line in conductor.stdout:
            if int(line) > 3:
                break
        children = psutil.Process(conductor.pid).children(recursive=True)
        assert len([c for c in children if "vplugin.engine" in c.cmdline()]) == 2
        assert [p for p in tmp_path.iterdir() if p.name.startswith("vplugin-")]
        conductor.send_signal(signal.SIGKILL)
        conductor.wait()
        deadline = time.monotonic() + 1.0
        while any(map(lives, children)):
            assert time.monotonic() < deadline, children
    assert [p for p in tmp_path.iterdir() if p.name.startswith("vplugin-")] == []


def test_a_live_source_drops_only_at_the_entrance_and_counts(tmp_path):
    out = tmp_path / "out.jsonl"
    spec = graph({
        "src": source(200, rate=100, live=True),
        "slow": {"uses": CHAOS + "Dawdle", "params": {"seconds": 0.02}},
        "out": collect(out),
    })  # fmt: skip
    bounds = Bounds(4)
    report = run(spec, probe=bounds)
    assert report.ok, report.error
    assert report.live
    stream = report.streams["src"]
    assert stream.finished == stream.admitted
    assert stream.admitted + sum(stream.dropped.values()) == 200
    assert stream.dropped["newer frame came"] > 50
    pts = [line["pts"] for line in read_log(out)]
    assert pts == sorted(set(pts))
    assert [line["seq"] for line in read_log(out)] == list(range(stream.admitted))
    assert report.latency_ms.p95 < 5000


def test_a_late_frame_becomes_a_tombstone(tmp_path):
    out = tmp_path / "out.jsonl"
    spec = graph(
        {
            "src": source(30, rate=30, live=True),
            "slow": {"uses": HERE + "Stalls", "params": {"seq": 4, "seconds": 3.0}},
            "next": {"uses": "vplugin.node:Node"},
            "out": collect(out),
        },
        limits={"max_age": "1s", "max_in_flight": 6},
    )
    report = run(spec)
    assert report.ok, report.error
    assert report.streams["src"].lost["late"] > 0
    lines = read_log(out)
    assert [line["seq"] for line in lines] == list(range(report.streams["src"].admitted))
    assert {line.get("reason") for line in lines} == {None, "late"}


def test_nothing_is_left_running(tmp_path):
    before = {thread.name for thread in threading.enumerate()}
    run(graph({"src": source(5), "mid": {"uses": HERE + "Invert"}, "out": collect(tmp_path / "o")}))
    assert {thread.name for thread in threading.enumerate()} == before
    assert lanes_named("") == []
    assert not list(Path("/proc/self/fd").glob("*memfd*"))


def test_strangers_at_the_socket_are_ignored(tmp_path):
    out = tmp_path / "out.jsonl"
    spec = graph({"src": source(60), "mid": {"uses": CHAOS + "Dawdle", "params": {"seconds": 0.01}},
                  "out": collect(out)})  # fmt: skip
    folders_before = set(Path(tempfile.gettempdir()).glob("vplugin-*"))
    context = zmq.Context()
    strangers = [context.socket(zmq.DEALER) for _ in range(3)]
    sent = []

    def on_status(status):
        if sent or status.finished < 5:
            return
        (folder,) = set(Path(tempfile.gettempdir()).glob("vplugin-*")) - folders_before
        for identity, stranger in zip((b"", b"mid#0@99", b"\xff\xfe"), strangers, strict=True):
            if identity:
                stranger.setsockopt(zmq.IDENTITY, identity)
            stranger.connect(f"ipc://{folder}/conductor")
            stranger.send(b"\x00garbage")
            stranger.send_multipart([b"three", b"", b"parts"])
            sent.append(identity)

    report = run(spec, on_status=on_status)
    context.destroy(linger=0)
    assert len(sent) == 3
    assert report.ok, report.error
    assert [line["seq"] for line in read_log(out)] == list(range(60))
