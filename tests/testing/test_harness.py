"""The harness does around a node what the engine does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from vplugin import Drop, Frame, Node, Params, Tombstone
from vplugin.testing.chaos import Dropper
from vplugin.testing.frames import frames
from vplugin.testing.harness import Harness, HarnessFactory
from vplugin.testing.nodes import Collect, Pattern, read_log


class InkParams(Params):
    level: int = 7


class Ink(Node[InkParams]):
    """Paints its level into the corner."""

    stateful = True
    seen = 0

    def process(self, frame: Frame) -> Frame:
        self.seen += 1
        with frame.edit((0, 40, 8, 48), node=self) as rgb:
            rgb[:] = self.params.level
        return frame

    def snapshot(self) -> bytes:
        return bytes([self.seen])

    def restore(self, state: bytes) -> None:
        self.seen = state[0]

    def report(self) -> dict[str, int]:
        return {"seen": self.seen}


class Delay(Node[Params]):
    """Holds frames back for two steps; halves them at the end."""

    def open(self, context: object) -> None:
        self.held: list[Frame] = []

    def process(self, frame: Frame) -> Iterator[Frame]:
        self.held.append(frame)
        if len(self.held) > 2:
            yield self.held.pop(0)

    def flush(self, stream: str) -> Iterable[Frame]:
        return list(self.held)


class Watch(Node[Params]):
    """Drops what comes within a second of the last frame."""

    last = -9.0

    def process(self, frame: Frame) -> Frame | Drop:
        if time.monotonic() - self.last < 1:
            return Drop("too soon")
        self.last = time.monotonic()
        return frame


def test_patches_and_report(harness: HarnessFactory) -> None:
    given = frames(3)
    outcome = harness(Ink, level=9).push(given).finish()
    assert outcome.pts == [0, 1, 2]
    assert [len(patches) for patches in outcome.patches] == [1, 1, 1]
    assert outcome.patches[0][0].node == "ink"
    assert outcome.report == {"seen": 3}
    assert all(not frame.patches for frame in given), "what the test pushed is not altered"


def test_frames_are_numbered_by_stream(harness: HarnessFactory) -> None:
    given = [frame.evolve(stream=name, seq=99) for frame in frames(2) for name in ("a", "b")]
    out = harness(Ink).push(given).finish().video
    assert [(frame.stream, frame.seq) for frame in out] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]


def test_wrong_parameter_is_refused(harness: HarnessFactory) -> None:
    with pytest.raises(ValidationError):
        harness(Ink, level="much")


def test_drops_become_tombstones(harness: HarnessFactory) -> None:
    outcome = harness(Dropper, seqs={1}).push(frames(3)).finish()
    assert outcome.pts == [0, 2]
    assert outcome.drops == [Tombstone("decode", 1, "unwanted")]


def test_held_frames_come_out_at_the_end(harness: HarnessFactory) -> None:
    bench = harness(Delay).push(frames(5))
    assert bench.outcome.pts == [0, 1, 2]
    assert bench.finish().pts == [0, 1, 2, 3, 4]


def test_time_stands_still_unless_moved(harness: HarnessFactory) -> None:
    bench = harness(Watch)
    outcome = bench.push(frames(31, width=32, height=32)).finish()
    assert outcome.pts == [0, 30]
    assert outcome.drops[0].reason == "too soon"


def test_hot_parameters(harness: HarnessFactory) -> None:
    bench = harness(Ink, level=200).push(frames(1)).set(level=100).push(frames(1))
    first, second = (frame.read((0, 40, 8, 48)).mean() for frame in bench.finish().video)
    assert abs(first - 200) < 5
    assert abs(second - 100) < 5


def test_state_survives_a_restart(harness: HarnessFactory) -> None:
    outcome = harness(Ink).push(frames(2)).restart().push(frames(1)).finish()
    assert outcome.report == {"seen": 3}


def test_source(harness: HarnessFactory) -> None:
    outcome = harness(Pattern, count=5, width=64, height=48).read(3).read().finish()
    assert outcome.info is not None
    assert outcome.info.frames == 5
    assert [frame.seq for frame in outcome.video] == [0, 1, 2, 3, 4]


def test_sink_sees_tombstones_and_the_end(harness: HarnessFactory, tmp_path: Path) -> None:
    path = tmp_path / "log"
    bench = harness(Collect, path=path).push(frames(1)).skip("late").push(frames(1))
    outcome = bench.finish()
    assert outcome.report == {"collected": 2}
    log = read_log(path)
    assert [(line["seq"], line.get("reason")) for line in log] == [
        (0, None),
        (1, "late"),
        (2, None),
    ]
    assert path.read_text().splitlines()[-1].endswith('"reason": "eos"}')


def test_aborted_sink_leaves_nothing(harness: HarnessFactory, tmp_path: Path) -> None:
    harness(Collect, path=tmp_path / "log").push(frames(1)).abort()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda bench: bench.read(), "is no source"),
        (lambda bench: bench.skip(), "is no sink"),
        (lambda bench: bench.abort(), "is no sink"),
    ],
)
def test_using_a_node_for_what_it_is_not(use: object, message: str) -> None:
    assert callable(use)
    with Harness(Ink) as bench, pytest.raises(TypeError, match=message):
        use(bench)
