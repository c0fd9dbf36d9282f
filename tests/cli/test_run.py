from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from vplugin.cli import main
from vplugin.cli.progress import RunProgress, describe_status
from vplugin.cli.run import stopping
from vplugin.cli.summary import summarise
from vplugin.engine import RunReport, RunStatus, Stop
from vplugin.testing.nodes import read_log

GRAPH = """\
nodes:
  read: {{uses: "vplugin.testing.nodes:Pattern",
         params: {{count: {count}, width: 64, height: 48, {more}}}}}
  out: {{uses: "vplugin.testing.nodes:Collect", params: {{path: {folder}/log.jsonl}}}}
"""


@pytest.fixture
def write(tmp_path):
    def write(count: int = 5, more: str = "faces: 0") -> str:
        path = tmp_path / "g.yaml"
        path.write_text(GRAPH.format(count=count, more=more, folder=tmp_path))
        return str(path)

    return write


def test_a_run_with_reports(write, tmp_path, capsys):
    report, page = tmp_path / "deep" / "r.json", tmp_path / "r.html"
    words = ["run", write(), "--inline", "--report", str(report), "--html", str(page)]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert out == ""  # it may be an output of the graph
    rows = [" ".join(line.split()) for line in err.splitlines()]
    assert rows[0].startswith("g done: 5 frames in ")
    assert "read generated 5 5 0 0" in rows
    assert any(row.startswith("out inline 5 0 ") for row in rows)
    assert len(read_log(tmp_path / "log.jsonl")) == 5
    assert RunReport.model_validate_json(report.read_text()).frames == 5
    assert json.loads(report.read_text())["streams"]["read"]["finished"] == 5
    assert page.read_text().lstrip().lower().startswith("<!doctype html>")


FAILING = """\
  mid: {uses: "vplugin.testing.chaos:Failing", params: {seqs: [2]}}
"""


def test_what_failed_at_once_has_no_tables(write, capsys):
    assert main(["run", write(), "--inline", "--set", "out.path=/proc/none/x"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert err.startswith("error: ")


@pytest.mark.parametrize(("words", "logged"), [((), 0), (("-v",), 1)], ids=["silent", "verbose"])
def test_an_error_is_said_once(write, words, logged):
    path = Path(write())
    path.write_text(path.read_text().replace("  out:", FAILING + "  out:"))
    done = subprocess.run(
        [sys.executable, "-m", "vplugin", "run", str(path), "--inline", *words],
        stderr=subprocess.PIPE, text=True, timeout=120,
        env={k: v for k, v in os.environ.items() if k != "VPLUGIN_LOG"} | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert any(line.startswith("g failed: 2 frames in ") for line in lines), "some were finished"
    assert lines[-1].startswith("error: ")
    assert sum(line.startswith("WARNING") for line in lines) == logged


def test_a_log_level_that_is_none(write, capsys, monkeypatch):
    monkeypatch.setenv("VPLUGIN_LOG", "loud")
    assert main(["run", write(), "--inline"]) == 1
    assert capsys.readouterr().err.startswith("error: VPLUGIN_LOG: there is no log level 'LOUD'")


def test_quiet_is_quiet(write, capsys):
    assert main(["run", write(), "--inline", "--quiet", "--set", "read.count=3"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--set", "read.count=-1"], "--set read.count=-1: nodes.read.params.count should be"),
        (["--report", "/proc/none/r.json"], "/proc/none/r.json: the report cannot be written"),
        (["--report", "/tmp"], "/tmp: the report cannot be written: it is a folder"),
        (["--html", "/proc/r.html"], "/proc/r.html: the report cannot be written"),
        (["--html", __file__ + "/r.html"], "/r.html: the report cannot be written"),
        (["--set", "out.path=/proc/none/x"], "/proc/none/x"),
    ],
)
def test_what_cannot_run(write, tmp_path, capsys, words, says):
    assert main(["run", write(), "--inline", "--quiet", *words]) == 1
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["g.yaml"]


NODES = """\
nodes:
  decode: {uses: decode, params: {uri: in.mp4}}
  detect: {uses: detect%s}
  encode: {uses: encode, params: {uri: out.mp4}}
"""
REFUSED = {
    "a list": ("- decode\n- encode\n", "g.yaml:1:1: is a list, not a graph"),
    "empty": ("", "g.yaml: is empty"),
    "binary": ("\x00\x01\x02", "g.yaml:1:1: has the character U+0000"),
    "a circle": (NODES % ", in: track}\n  track: {uses: track", "detect → track → detect"),
    "two encoders": (
        NODES % "" + "  second: {uses: encode, in: detect, params: {uri: ./out.mp4}}\n",
        "g.yaml:5:52: encode and second both write ",
    ),
    "in place": ((NODES % "").replace("out.mp4", "in.mp4"), "encode would overwrite "),
    "unknown node": ((NODES % "").replace("uses: detect", "uses: detekt"), "mean 'detect'?"),
    "wrong type": (NODES % ", params: {score: high}", "score should be a number, not 'high'"),
    "unknown codec": (
        (NODES % "").replace("out.mp4", "out.mp4, codec: h266"),
        "g.yaml:4:56: encode: unknown video codec 'h266' — did you mean 'h26",
    ),
    "an encoder that should go on after an error": (
        (NODES % "").replace("out.mp4}", "out.mp4}, on_error: skip"),
        "g.yaml:4:60: encode (encode) cannot go on after an error — remove `on_error`",
    ),
    "unknown ending": (
        (NODES % "").replace("out.mp4", "out.xyz"),
        "g.yaml:4:40: encode: unknown file name ending '.xyz' — use .mp4, ",
    ),
    "a codec that the container cannot hold": (
        (NODES % "").replace("out.mp4", "out.webm, codec: prores"),
        "g.yaml:4:34: encode: webm cannot hold prores video — use codec: vp9 or av1",
    ),
    "an option that the encoder does not have": (
        (NODES % "").replace("out.mp4", "out.mkv, codec: ffv1, crf: 3"),
        "g.yaml:4:67: encode: ffv1 has no crf",
    ),
    "unknown parameter": (NODES % ", params: {scor: 1}", "did you mean 'score'?"),
}


@pytest.mark.parametrize(("text", "says"), REFUSED.values(), ids=REFUSED)
def test_refused_graphs_leave_nothing(text, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "g.yaml").write_text(text)
    assert main(["run", "g.yaml", "--report", "r.json"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert says in err
    assert err.count("\n") == 1
    assert os.listdir(tmp_path) == ["g.yaml"]


@pytest.fixture
def start(write, tmp_path):
    """Starts an endless run in a process group of its own and waits until it is under way."""
    started: list[subprocess.Popen[str]] = []

    def start(
        *words: str, path: str | None = None, log: Path = tmp_path / "log.jsonl"
    ) -> subprocess.Popen[str]:
        path = path or write(100_000_000, "faces: 0, still: true")
        process = subprocess.Popen(
            [sys.executable, "-m", "vplugin", "run", path, *words],
            stderr=subprocess.PIPE, text=True, start_new_session=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        started.append(process)
        while process.poll() is None and not (log.exists() and log.stat().st_size):
            time.sleep(0.01)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("words", [(), ("--inline",)], ids=["processes", "inline"])
def test_ctrl_c_drains(start, tmp_path, words):
    process = start(*words)
    os.killpg(process.pid, signal.SIGINT)
    err = process.communicate(timeout=110)[1]
    assert process.returncode == 0, err
    assert "g stopped: " in err
    assert re.search(r"^stopped early, as asked: \d+ of 100000000 frames$", err, re.MULTILINE)
    seen = [line["seq"] for line in read_log(tmp_path / "log.jsonl")]
    assert seen == list(range(len(seen)))
    assert seen


def test_a_second_ctrl_c_stops_at_once(start, tmp_path):
    process = start("--inline", "--quiet")
    for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
        os.killpg(process.pid, number)  # stopped, it gets both before it can act on one
    err = process.communicate(timeout=110)[1]
    assert process.returncode == 130, err
    assert err == ""
    assert not (tmp_path / "log.jsonl").exists()


ENCODED = """\
nodes:
  read: {{uses: "vplugin.testing.nodes:Pattern",
         params: {{count: 100000000, width: 64, height: 48, faces: 0, still: true}}}}
  out: {{uses: "tests.cli.held_encode:{held}", params: {{uri: {folder}/o.mp4}}}}
"""


@pytest.mark.parametrize("words", [(), ("--inline",)], ids=["processes", "inline"])
@pytest.mark.parametrize(
    ("held", "status", "left"),
    [("AtFlush", 130, ["g.yaml", "held"]), ("AtClose", 0, ["g.yaml", "held", "o.mp4"])],
)
def test_a_second_ctrl_c_while_outputs_are_finished(start, tmp_path, words, held, status, left):
    """What was given up has no file under its name; what has a name was not given up."""
    path = tmp_path / "g.yaml"
    path.write_text(ENCODED.format(folder=tmp_path, held=held))
    process = start(*words, path=str(path), log=tmp_path / ".o.mp4.part")
    process.send_signal(signal.SIGINT)
    while process.poll() is None and not (tmp_path / "held").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    if words or held == "AtClose":  # a process that is held is ended in the end
        (tmp_path / "go").touch()
    err = process.communicate(timeout=110)[1]
    (tmp_path / "go").unlink(missing_ok=True)
    assert process.returncode == status, err
    assert sorted(os.listdir(tmp_path)) == left
    assert ("wrote " in err and "stopped early, as asked" in err) == (status == 0)


def test_signals_are_given_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    stop = Stop()
    with stopping(stop):
        signal.raise_signal(signal.SIGINT)
        first = stop.wish
        signal.raise_signal(signal.SIGTERM)
    assert (first, stop.wish) == ("drain", "abort")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


STATUS = {"state": "running", "seconds": 2.0, "admitted": 50, "finished": 48}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"expected": 300}, "48/300 frames, 24.0 fps"),
        ({}, "48 frames, 24.0 fps"),
        (
            {"live": True, "expected": 300, "latency_ms": 41.6, "dropped": 2},
            "48 frames, 24.0 fps, 42 ms late, 2 dropped",
        ),
        ({"dropped": 1}, "48 frames, 24.0 fps, 1 dropped"),
    ],
)
def test_a_status_in_words(more, says):
    assert describe_status(RunStatus(**STATUS, **more), 24.0) == says


def test_progress_shows_rate_and_end():
    console = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    with RunProgress(console) as progress:
        for second in range(3):
            progress(RunStatus(state="running", seconds=second, admitted=0, finished=25 * second,
                               expected=100))  # fmt: skip
    assert "50/100 frames, 25.0 fps" in console.file.getvalue()


def test_progress_is_silent_where_nobody_looks():
    console = Console(file=io.StringIO())
    with RunProgress(console) as progress:
        progress(RunStatus(**STATUS))
    assert console.file.getvalue() == ""


RUNTIME = {"runtime": "onnxruntime", "provider": "CPU", "device": "cpu", "precision": "f32"}


def shown(**fields: object) -> list[str]:
    console = Console(file=io.StringIO(), width=160)
    console.print(summarise(RunReport.model_validate({"graph": "g", **fields})))
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def test_the_summary_says_what_was_lost_and_why():
    lines = shown(
        seconds=2.0,
        latency_ms={"p50": 1.23, "p95": 250.4, "p99": 300},
        streams={"cam": {"admitted": 90, "finished": 88, "dropped": {"late": 9, "full": 1},
                         "lost": {"failed": 2}}},
        lanes={"io": {"kind": "process", "restarts": 2}, "work": {"kind": "process"}},
        notes=["all lanes are threads here"],
    )  # fmt: skip
    assert lines[0] == (
        "g done: 88 frames in 2.0 s, 44.0 fps, latency p50 1.2, p95 250, p99 300 ms"
    )
    assert "cam 100 88 9 late, 1 full 2 failed" in lines
    assert lines[-2:] == ["restarts: 2 io", "note: all lanes are threads here"]


PART = {"cam": {"admitted": 9, "finished": 8, "expected": 50}}


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"streams": PART}, "stopped early, as asked: 8 of 50 frames"),
        ({"streams": PART, "live": True}, "stopped early, as asked: 8 frames"),
        ({"streams": PART | {"b": {"finished": 1}}}, "stopped early, as asked: 9 frames"),
    ],
)
def test_the_summary_says_how_far_a_stopped_run_came(facts, says):
    assert says in shown(stopped=True, **facts)


@pytest.mark.parametrize("ok", [True, False])
def test_the_summary_says_what_ran_and_how_faithful_it_is(ok):
    fidelity = {"verdict": "differs", "sentences": ["no captions"]}
    lines = shown(
        ok=ok,
        nodes={
            "detect": {"uses": "detect", "lane": "a, b", "replicas": 2, "processed": 4,
                       "p50_ms": 2.0, "report": {"detect#0": {"runtime": RUNTIME},
                                                 "detect#1": {"runtime": RUNTIME}}},
            "swap": {"uses": "swap", "lane": "a",
                     "report": {"runtime": [RUNTIME, {"runtime": "torch", "device": "cuda:0"}]}},
            "blur": {"uses": "blur", "lane": "a", "report": {"runtime": {}}},
            "encode": {"uses": "encode", "lane": "io",
                       "report": {"output": "o.mp4", "fidelity": fidelity,
                                  "warnings": ["the captions are lost"]}},
        },
    )  # fmt: skip
    assert "note: encode: the captions are lost" in lines
    assert lines[0].startswith("g done: 0 frames" if ok else "g failed: 0 frames")
    assert "detect ×2 a, b 4 0 2.0 onnxruntime CPU cpu f32" in lines
    assert "swap a 0 0 onnxruntime CPU cpu f32, torch cuda:0" in lines
    assert "blur a 0 0" in lines
    assert ("wrote o.mp4; fidelity: differs (no captions)" in lines) == ok
