from __future__ import annotations

import json
import os
from collections.abc import Sequence
from fractions import Fraction

import msgpack
import numpy as np
import pytest
from pydantic import ValidationError

from tests.vision.trajectories import face_at, shaken
from vplugin.errors import GraphError, SourceError, WireError
from vplugin.frame import Face, Frame
from vplugin.node import Context
from vplugin.nodes.track import Track, TrackParams
from vplugin.picture import Picture, PictureFormat
from vplugin.testing.harness import Harness

BASE = Fraction(1001, 30000)


@pytest.fixture(scope="module")
def pictures():
    """Three scenes: what the frames show matters only for cuts."""
    rng = np.random.default_rng(0)
    format = PictureFormat("yuv420p", 320, 180)
    scenes = []
    for _ in range(3):
        blank = Picture.blank(format)
        luma = np.kron(rng.integers(0, 255, (6, 8)), np.ones((30, 40))).astype(np.uint8)
        scenes.append(Picture(format, (luma, *blank.planes[1:])))
    return scenes


def clip(pictures, faces: Sequence[Sequence[Face]], scene=lambda number: 0, stream="decode"):
    return [
        Frame(pictures[scene(number)], number, BASE, stream=stream, seq=number, faces=tuple(found))
        for number, found in enumerate(faces)
    ]


def walk(count: int, noise: float = 0.02, missing: Sequence[int] = ()) -> list[list[Face]]:
    rng = np.random.default_rng(1)
    faces = [[shaken(face_at(80 + 2 * n, 90, 60), rng, noise)] for n in range(count)]
    for number in missing:
        faces[number] = []
    return faces


def shape(frames: Sequence[Frame]) -> list[list[int | None]]:
    return [[face.track for face in frame.faces] for frame in frames]


def test_tracks_fills_smooths_and_reports(pictures) -> None:
    raw = walk(40, missing=(20, 21))
    outcome = Harness(Track).push(clip(pictures, raw)).finish()
    assert shape(outcome.video) == [[1]] * 40
    assert outcome.pts == list(range(40))
    filled = [n for n, f in enumerate(outcome.video) if "filled" in f.faces[0].attributes]
    assert filled == [20, 21]
    assert outcome.report == {
        "tracks": 1,
        "longest_gap": pytest.approx(3 * float(BASE)),
        "filled": 2,
        "cuts": 0,
    }
    truth = [face_at(80 + 2 * n, 90, 60).points for n in range(40)]
    raw_points = [found[0].points if found else None for found in raw]
    smooth_points = [frame.faces[0].points for frame in outcome.video]
    still = [n for n in range(10, 40) if n not in (20, 21)]
    jitter = [
        np.std([points[n] - truth[n] - points[n - 1] + truth[n - 1] for n in still if n != 22])
        for points in (raw_points, smooth_points)
    ]
    assert jitter[1] < 0.8 * jitter[0]


def test_frames_are_not_altered_in_place(pictures) -> None:
    frames = clip(pictures, walk(3))
    Harness(Track).push(frames).finish()
    assert shape(frames) == [[None]] * 3


@pytest.mark.parametrize(("cut", "cuts", "numbers"), [(0.25, 2, [1, 2, 3]), (0, 0, [1, 1, 1])])
def test_cuts_mark_the_frame_and_end_tracks(pictures, cut, cuts, numbers) -> None:
    faces = [[face_at(100, 90, 60)]] * 30
    outcome = Harness(Track, cut=cut).push(clip(pictures, faces, lambda n: n // 10)).finish()
    assert [n for n, frame in enumerate(outcome.video) if frame.cut] == [10, 20][:cuts]
    assert shape(outcome.video) == [[number] for number in numbers for _ in range(10)]
    assert outcome.report["cuts"] == cuts


def test_a_cut_that_a_node_before_found_counts_too(pictures) -> None:
    frames = clip(pictures, [[face_at(100, 90, 60)]] * 6)
    frames[3] = frames[3].evolve(cut=True)
    outcome = Harness(Track, cut=0).push(frames).finish()
    assert shape(outcome.video) == [[1]] * 3 + [[2]] * 3


def test_streams_do_not_mix(pictures) -> None:
    first, second = (clip(pictures, walk(10), stream=name) for name in ("a", "b"))
    mixed = [frame for pair in zip(first, second, strict=True) for frame in pair]
    outcome = Harness(Track).push(mixed).finish()
    assert shape(outcome.video) == [[1]] * 20
    assert outcome.report["tracks"] == 2


@pytest.mark.parametrize("when", [1, 21, 35])
def test_goes_on_exactly_after_a_crash(pictures, when) -> None:
    frames = clip(pictures, walk(50, missing=(20, 21)), lambda n: n // 40)
    whole = Harness(Track).push(frames).finish()
    broken = Harness(Track).push(frames[:when]).restart().push(frames[when:]).finish()
    assert shape(broken.video) == shape(whole.video)
    for a, b in zip(whole.video, broken.video, strict=True):
        assert a.cut == b.cut
        for x, y in zip(a.faces, b.faces, strict=True):
            np.testing.assert_array_equal(x.points, y.points)
            np.testing.assert_array_equal(x.box, y.box)
    assert broken.report == whole.report


def test_a_snapshot_of_another_version_is_refused() -> None:
    node = Track()
    node.open(Context())
    with pytest.raises(WireError, match="version 99"):
        node.restore(msgpack.packb([99, 0, {}]))


def test_parameters_can_be_changed_while_it_runs(pictures) -> None:
    frames = clip(pictures, walk(30, missing=(10, 20)))
    bench = Harness(Track).push(frames[:15]).set(fill=0).push(frames[15:])
    assert [len(frame.faces) for frame in bench.finish().video] == [1] * 20 + [0] + [1] * 9


class TestTwoPasses:
    """record, then apply."""

    @staticmethod
    def context(folder) -> Context:
        return Context(name="track", base=str(folder))

    def record(self, folder, frames) -> None:
        outcome = Harness(Track, context=self.context(folder), record="t.jsonl").push(frames)
        assert outcome.finish().report["recorded"] == "t.jsonl"

    def test_smoother_than_one_pass_and_filled(self, tmp_path, pictures) -> None:
        raw = walk(60, missing=(30, 31))
        frames = clip(pictures, raw, lambda n: n // 50)
        self.record(tmp_path, frames)
        assert os.listdir(tmp_path) == ["t.jsonl"]
        bare = [frame.evolve(faces=()) for frame in frames]
        once = Harness(Track).push(frames).finish()
        twice = Harness(Track, context=self.context(tmp_path), apply="t.jsonl").push(bare).finish()
        assert shape(twice.video) == [[1]] * 50 + [[2]] * 10
        assert [frame.cut for frame in twice.video] == [frame.cut for frame in once.video]
        assert twice.report == {
            "tracks": 2,
            "longest_gap": 0.0,
            "filled": 2,
            "cuts": 1,
            "applied": "t.jsonl",
        }

        def off(outcome) -> float:
            return float(
                np.sqrt(
                    np.mean(
                        [
                            (frame.faces[0].points - face_at(80 + 2 * n, 90, 60).points) ** 2
                            for n, frame in enumerate(outcome.video)
                            if 10 <= n < 45
                        ]
                    )
                )
            )

        assert off(twice) < 0.7 * off(once)

    def test_part_of_the_clip_with_another_time_base(self, tmp_path, pictures) -> None:
        frames = clip(pictures, walk(20))
        self.record(tmp_path, frames)
        finer = [
            frame.evolve(pts=frame.pts * 1001, time_base=Fraction(1, 30000), faces=())
            for frame in frames[5:9]
        ]
        with Harness(Track, context=self.context(tmp_path), apply="t.jsonl") as bench:
            assert shape(bench.push(finer).outcome.video) == [[1]] * 4

    def test_frames_that_were_not_recorded(self, tmp_path, pictures) -> None:
        frames = clip(pictures, walk(5))
        self.record(tmp_path, frames[:3])
        with Harness(Track, context=self.context(tmp_path), apply="t.jsonl") as bench:
            with pytest.raises(SourceError, match=r"frame at 0\.133 s.*trim"):
                bench.push(frames[4])

    def test_an_unfinished_recording_leaves_nothing(self, tmp_path, pictures) -> None:
        with Harness(Track, context=self.context(tmp_path), record="t.jsonl") as bench:
            bench.push(clip(pictures, walk(5)))
        assert os.listdir(tmp_path) == []

    def test_a_recording_goes_on_after_a_crash(self, tmp_path, pictures) -> None:
        frames = clip(pictures, walk(20))
        bench = Harness(Track, context=self.context(tmp_path), record="t.jsonl").push(frames[:9])
        state = bench.node.snapshot()
        bench.push(frames[9])  # after the snapshot, and then the process dies
        bench.node._writer._file.close()
        again = Harness(Track, context=self.context(tmp_path), record="t.jsonl").open()
        again.node.restore(state)
        again.push(frames[9:]).finish()
        lines = (tmp_path / "t.jsonl").read_text().splitlines()
        assert [json.loads(line)["time"] for line in lines[1:]] == [str(f.time) for f in frames]

    def test_two_streams_cannot_share_a_file(self, tmp_path, pictures) -> None:
        with Harness(Track, context=self.context(tmp_path), record="t.jsonl") as bench:
            bench.push(clip(pictures, walk(1), stream="a"))
            with pytest.raises(GraphError, match="one stream"):
                bench.push(clip(pictures, walk(1), stream="b"))

    def test_missing_recording(self, tmp_path) -> None:
        node = Track(TrackParams(apply="none.jsonl"))
        with pytest.raises(SourceError, match=r"none\.jsonl.*record it first"):
            node.open(self.context(tmp_path))
        node.close()
        assert node.report()["tracks"] == 0


@pytest.mark.parametrize(
    "wrong",
    [{"fill": -1}, {"confirm": 0}, {"smooth": -1}, {"record": "a", "apply": "b"}, {"fil": 3}],
)
def test_wrong_parameters(wrong) -> None:
    with pytest.raises(ValidationError):
        TrackParams(**wrong)
