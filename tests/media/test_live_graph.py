"""A sender twice as fast as the graph: nothing waits, nothing grows, nothing is lost unnoticed."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from statistics import median, quantiles

import psutil
import pytest

from vplugin.engine import RunReport, run
from vplugin.graph import GraphSpec
from vplugin.testing.publish import Publisher, Sending, free_port

RATE = 50
HERE = "tests.media.live_nodes:"


class Memory:
    """Megabytes of this process and its children over time."""

    def __init__(self) -> None:
        self.samples: list[tuple[float, float]] = []

    def __call__(self, status) -> None:
        me = psutil.Process(os.getpid())
        used = 0
        for process in (me, *me.children(recursive=True)):
            if "vplugin.testing.publish" not in " ".join(_command(process)):
                used += _resident(process)
        self.samples.append((status.seconds, used / 2**20))

    def middle(self, begin: float, end: float) -> float:
        return median(used for seconds, used in self.samples if begin <= seconds < end)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def run_live(tmp_path, seconds: int, **changes) -> tuple[RunReport, Publisher, list[dict], Memory]:
    place, log = f"tcp://127.0.0.1:{free_port()}", tmp_path / "log.jsonl"
    spec = GraphSpec.model_validate(
        {
            "vplugin": 1,
            "nodes": {
                "decode": {"uses": "decode", "params": {"uri": place + "?listen", "threads": 1}},
                "slow": {
                    "uses": HERE + "Slow",
                    "in": {"frame": "decode"},
                    "params": {"seconds": 2 / RATE},
                },
                "log": {
                    "uses": HERE + "Log",
                    "in": {"frame": "slow"},
                    "params": {"path": str(log)},
                },
            },
            **changes,
        }
    )
    memory = Memory()
    with Publisher(Sending(place, frames=seconds * RATE, rate=RATE)) as publisher:
        report = run(spec, on_status=memory)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return report, publisher, lines, memory


@pytest.mark.timeout(150)
@pytest.mark.parametrize("seconds", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_a_sender_twice_as_fast_as_the_graph(tmp_path, seconds):
    report, publisher, lines, memory = run_live(tmp_path, seconds)
    assert report.ok, report.error
    assert report.live
    assert publisher.error is None
    shown = [line for line in lines if line["number"] is not None]

    # every drop is accounted for
    stream = report.streams["decode"]
    dropped = sum(stream.dropped.values())
    decoded = report.nodes["decode"].report["frames"]
    lost_before_first_key_frame = publisher.sent - decoded
    assert publisher.sent == seconds * RATE
    assert stream.admitted + dropped == decoded
    assert lost_before_first_key_frame == 0  # a TCP sender starts with one
    assert stream.finished == len(shown) == stream.admitted
    assert 0.3 < dropped / publisher.sent < 0.7
    assert report.nodes["decode"].report["dropped"] == stream.dropped
    assert report.nodes["decode"].report["ended"] == "the sender ended the stream"

    # time runs forward, and the sound is whole
    assert all(late["pts"] > early["pts"] for early, late in pairwise(shown))
    sound = [dts for line in lines for dts in line["sound"]]
    assert {late - early for early, late in pairwise(sound)} == {1920}  # 1024 samples at 48 kHz
    assert len(sound) * 1024 / 48000 == pytest.approx(seconds, abs=0.2)

    # nothing waits
    delays = [line["at"] - publisher.times[line["number"]] for line in shown]
    settled = delays[len(delays) // 4 :]
    assert quantiles(settled, n=100)[98] < 2.0
    assert median(settled[-len(settled) // 3 :]) < median(settled[: len(settled) // 3]) + 0.5

    # nothing grows
    if seconds >= 60:
        early, late = memory.middle(15, 25), memory.middle(50, 60)
        assert late < early * 1.03 + 4


def test_a_late_frame_becomes_a_tombstone_and_its_sound_stays(tmp_path):
    report, _, lines, _ = run_live(tmp_path, 4, limits={"max_age": 0.03})
    assert report.ok, report.error
    stream = report.streams["decode"]
    assert stream.lost
    assert stream.admitted == stream.finished + sum(stream.lost.values())
    sound = [dts for line in lines for dts in line["sound"]]
    assert {late - early for early, late in pairwise(sound)} == {1920}
    assert len(sound) * 1024 / 48000 == pytest.approx(4, abs=0.2)
