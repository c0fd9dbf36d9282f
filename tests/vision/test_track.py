from __future__ import annotations

from collections import defaultdict

import msgpack
import numpy as np
import pytest

from tests.vision.trajectories import face_at, filmed, shaken, times_at
from vplugin.frame import Face
from vplugin.vision.track import Tracker, TrackOptions

NO_FILL = TrackOptions(fill=0)


def run(tracker: Tracker, frames, times, **options) -> list[list[Face]]:
    return [
        tracker.update(faces, time, **options) for faces, time in zip(frames, times, strict=True)
    ]


def numbers_of(results: list[list[Face]]) -> dict[int, set[int]]:
    """The track numbers that each true person had."""
    numbers: dict[int, set[int]] = defaultdict(set)
    for faces in results:
        for face in faces:
            if "person" in face.attributes:
                numbers[face.attributes["person"]].add(face.track)
    return dict(numbers)


def line(x0, y0, vx=0.0, vy=0.0, gone=()):
    """A straight path in pixels and pixels a second, unseen during the spans ``gone``."""

    def path(time):
        if any(start <= time < end for start, end in gone):
            return None
        return x0 + vx * time, y0 + vy * time

    return path


def wave(x0, y0, reach, hertz):
    return lambda time: (x0 + reach * np.sin(2 * np.pi * hertz * time), y0)


SCENES = {
    "one stands": [line(500, 300)],
    "one walks": [line(100, 300, 150)],
    "one runs": [line(100, 300, 600)],
    "one nods": [wave(500, 300, 60, 1.5)],
    "one headbangs": [wave(500, 300, 120, 2.0)],
    "two dance": [wave(500, 300, 100, 2.0), wave(650, 300, 100, 2.0)],
    "one turns back": [lambda t: (100 + 400 * min(t, 2 - t), 300)],
    "gap of ten frames": [line(100, 300, 150, gone=[(1.0, 1.4)])],
    "gap while running": [line(100, 300, 500, gone=[(1.0, 1.4)])],
    "two gaps at once": [
        line(100, 300, 100, gone=[(1, 1.4)]),
        line(900, 300, -100, gone=[(1, 1.4)]),
    ],
    "crossing, one hides the other": [line(200, 300, 200), line(800, 310, -200)],
    "crossing slowly": [line(350, 300, 80), line(600, 310, -80)],
    "crossing at an angle": [line(200, 200, 200, 60), line(800, 210, -200, 60)],
    "overtaking": [line(100, 300, 300), line(300, 310, 150)],
    "three side by side": [line(200, 300), line(300, 300), line(400, 300)],
    "a row that walks": [line(100 + 110 * i, 300, 120) for i in range(5)],
    "changing places with a gap": [
        line(200, 300, 200, gone=[(1.3, 1.7)]),
        line(800, 300, -200, gone=[(1.3, 1.7)]),
    ],
}


@pytest.mark.parametrize("noise", [0.01, 0.04])
@pytest.mark.parametrize("fps", [25, 50])
@pytest.mark.parametrize("scene", SCENES)
def test_each_person_keeps_one_number(scene, fps, noise) -> None:
    """Faces of 100 pixels; ``noise`` is the detector's, in face sizes."""
    times = times_at(fps, 3)
    frames = filmed(SCENES[scene], times, noise=noise)
    numbers = numbers_of(run(Tracker(NO_FILL), frames, times))
    assert len(numbers) == len(SCENES[scene])
    assert all(len(found) == 1 for found in numbers.values()), numbers
    assert len(set.union(*numbers.values())) == len(numbers)


@pytest.mark.parametrize("scale", [0.2, 4.0])
@pytest.mark.parametrize(
    "scene", ["one runs", "crossing, one hides the other", "gap while running"]
)
def test_resolution_does_not_matter(scene, scale) -> None:
    times = times_at(25, 3)
    paths = [
        lambda t, path=path: None if path(t) is None else tuple(scale * v for v in path(t))
        for path in SCENES[scene]
    ]
    sizes = [100 * scale] * len(paths)
    frames = filmed(paths, times, noise=0.02, sizes=sizes)
    numbers = numbers_of(run(Tracker(NO_FILL), frames, times))
    assert all(len(found) == 1 for found in numbers.values()), numbers


def test_times_need_not_be_even() -> None:
    """A live stream that drops frames: what counts is the time, not the number of frames."""
    rng = np.random.default_rng(4)
    times = np.cumsum(rng.choice([0.033, 0.066, 0.2], 60)).tolist()
    paths = [line(100, 300, 150), line(1500, 320, -150)]
    numbers = numbers_of(run(Tracker(), filmed(paths, times, noise=0.02), times))
    assert numbers == {0: {1}, 1: {2}} or numbers == {0: {2}, 1: {1}}


def test_who_leaves_and_who_comes_have_different_numbers() -> None:
    times = times_at(25, 6)
    paths = [line(300, 300, gone=[(2, 9)]), line(320, 300, gone=[(0, 4)])]
    tracker = Tracker(NO_FILL)
    results = run(tracker, filmed(paths, times, noise=0.02), times)
    assert numbers_of(results) == {0: {1}, 1: {2}}
    assert tracker.next_number == 3


@pytest.mark.parametrize(("gap", "kept"), [(0.8, True), (1.2, False)])
def test_max_gap_is_in_seconds(gap, kept) -> None:
    times = times_at(25, 4)
    frames = filmed([line(300, 300, gone=[(1, 1 + gap)])], times)
    tracker = Tracker(TrackOptions(fill=0, max_gap=1.0))
    numbers = numbers_of(run(tracker, frames, times))
    assert len(numbers[0]) == (1 if kept else 2)
    assert tracker.longest_gap == pytest.approx(gap + 0.04 if kept else 0.0, abs=0.001)


def test_a_cut_ends_all_tracks_and_numbers_are_not_used_again() -> None:
    times = times_at(25, 1)
    frames = filmed([line(300, 300), line(600, 300)], times)
    tracker = Tracker()
    before = run(tracker, frames[:10], times[:10])
    after = tracker.update(frames[10], times[10], cut=True)
    assert {face.track for face in before[-1]} == {1, 2}
    assert {face.track for face in after} == {3, 4}


@pytest.mark.parametrize("back", [0.0, 0.5])
def test_time_that_does_not_advance_begins_anew(back) -> None:
    tracker = Tracker()
    first = tracker.update([face_at(100, 100)], 1.0)
    second = tracker.update([face_at(100, 100)], 1.0 - back)
    assert (first[0].track, second[0].track) == (1, 2)


def _at_crossing(likeness: bool):
    """Two people who stop face to face and turn back: by motion alone they seem to cross."""
    rng = np.random.default_rng(1)
    own = rng.normal(size=(2, 512))
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    times = times_at(25, 4)

    def bounce(x0, speed):
        return lambda t: (x0 + speed * min(t, 4 - t), 300)

    frames = filmed([bounce(200, 150), bounce(800, -150)], times, noise=0.02)
    if likeness:
        frames = [
            [f.evolve(embedding=own[f.attributes["person"]].astype(np.float32)) for f in faces]
            for faces in frames
        ]
    return frames, times


def test_embeddings_decide_where_motion_misleads() -> None:
    frames, times = _at_crossing(likeness=True)
    numbers = numbers_of(run(Tracker(NO_FILL), frames, times))
    assert numbers[0].isdisjoint(numbers[1])
    assert all(len(found) == 1 for found in numbers.values())


def test_another_face_at_the_same_place_is_another_person() -> None:
    rng = np.random.default_rng(1)
    own = [v / np.linalg.norm(v) for v in rng.normal(size=(2, 512)).astype(np.float32)]
    tracker, seen = Tracker(), []
    for index in range(20):
        face = face_at(300, 300).evolve(embedding=own[index >= 10])
        seen.append(tracker.update([face], index * 0.04)[-1].track)
    assert seen == [1] * 10 + [2] * 10


@pytest.mark.parametrize(("confirm", "expected"), [(1, 8), (3, 0)])
def test_false_positives_are_not_confirmed(confirm, expected) -> None:
    times = times_at(25, 2)
    frames = filmed([line(300, 300, 100)], times, noise=0.02)
    rng = np.random.default_rng(0)
    for index in range(0, 48, 6):
        place = rng.uniform(800, 2000, 2)
        frames[index] = [*frames[index], face_at(*place, size=60, person=-1)]
    results = run(Tracker(TrackOptions(confirm=confirm)), frames, times)
    false = [f for faces in results for f in faces if f.attributes.get("person") == -1]
    assert len(false) == expected
    assert all(len(faces) > 0 for faces in results[confirm - 1 :])


def test_weak_faces_continue_tracks_but_begin_none() -> None:
    tracker = Tracker(TrackOptions(start=0.6, fill=0))
    scores = [0.5, 0.9, 0.5, 0.4]
    found = [tracker.update([face_at(99, 99, score=s)], i / 25) for i, s in enumerate(scores)]
    assert [len(faces) for faces in found] == [0, 1, 1, 1]


class TestFill:
    """No single frame without its face."""

    @staticmethod
    def misses(count: int, fill: int, speed: float = 100.0, **options) -> list[list[Face]]:
        times = times_at(25, 2)
        frames = filmed([line(300, 300, speed)], times, noise=0.005)
        for index in range(20, 20 + count):
            frames[index] = []
        return run(Tracker(TrackOptions(fill=fill)), frames, times, **options)

    @pytest.mark.parametrize(
        ("count", "fill", "filled"), [(1, 3, 1), (3, 3, 3), (5, 3, 3), (5, 9, 5), (2, 0, 0)]
    )
    def test_counts(self, count, fill, filled) -> None:
        results = self.misses(count, fill)
        counts = [
            f.attributes["filled"] for faces in results for f in faces if "filled" in f.attributes
        ]
        assert counts == list(range(1, filled + 1))
        assert [len(faces) for faces in results[20 : 20 + count]] == [1] * filled + [0] * (
            count - filled
        )

    def test_is_where_the_face_would_be(self) -> None:
        results = self.misses(3, 3, speed=250.0)
        for index in (20, 21, 22):
            truth = face_at(300 + 250 * index / 25, 300)
            (face,) = results[index]
            assert face.track == 1
            np.testing.assert_allclose(face.box, truth.box, atol=5)
            np.testing.assert_allclose(face.points, truth.points, atol=5)

    def test_not_of_a_face_seen_once(self) -> None:
        tracker = Tracker()
        assert len(tracker.update([face_at(100, 100)], 0.0)) == 1
        assert tracker.update([], 0.04) == []

    def test_not_behind_another_face(self) -> None:
        times = times_at(25, 3)
        paths = [line(200, 300, 200), line(800, 310, -200)]
        results = run(Tracker(TrackOptions(fill=10)), filmed(paths, times), times)
        for faces in results:
            boxes = [face.box for face in faces]
            for i, a in enumerate(boxes):
                assert all(np.abs(a - b).max() > 25 for b in boxes[i + 1 :])

    def test_not_beyond_the_picture(self) -> None:
        results = self.misses(30, 20, speed=100.0, size=(390, 600))
        assert len(results[20]) == 1
        assert len(results[30]) == 0

    def test_a_cut_ends_it(self) -> None:
        tracker = Tracker()
        for index in range(5):
            tracker.update([face_at(100, 100)], index / 25)
        assert len(tracker.update([], 5 / 25, cut=True)) == 0


def _faces_equal(a: Face, b: Face) -> None:
    assert (a.track, a.score, dict(a.attributes)) == (b.track, b.score, dict(b.attributes))
    np.testing.assert_array_equal(a.box, b.box)
    np.testing.assert_array_equal(a.points, b.points)


@pytest.mark.parametrize("stop", [1, 22, 35, 60])
@pytest.mark.parametrize("embedded", [False, True])
def test_goes_on_exactly_from_its_state(stop, embedded) -> None:
    rng = np.random.default_rng(3)
    times = times_at(25, 3)
    paths = [line(200, 300, 200, gone=[(0.8, 1.0)]), line(800, 310, -200), line(500, 900)]
    frames = filmed(paths, times, noise=0.03)
    if embedded:
        frames = [
            [
                f.evolve(
                    embedding=(v := rng.normal(0, 0.01, 512) + 1).astype(np.float32)
                    / np.linalg.norm(v).astype(np.float32)
                )
                for f in faces
            ]
            for faces in frames
        ]
    options = TrackOptions(fill=4, confirm=2)
    whole = run(Tracker(options), frames, times)
    first, second = Tracker(options), Tracker(options)
    run(first, frames[:stop], times[:stop])
    data = msgpack.packb(first.state())
    assert len(data) < 64 * 1024
    second.restore(msgpack.unpackb(data))
    resumed = run(second, frames[stop:], times[stop:])
    for expected, found in zip(whole[stop:], resumed, strict=True):
        assert len(expected) == len(found)
        for a, b in zip(expected, found, strict=True):
            _faces_equal(a, b)
    assert second.next_number >= 4


def test_jitter_does_not_make_numbers() -> None:
    rng = np.random.default_rng(5)
    tracker = Tracker(NO_FILL)
    for index in range(250):
        tracker.update([shaken(face_at(300, 300), rng, 0.06)], index / 25)
    assert tracker.next_number == 2


def test_a_crowd_of_fifty() -> None:
    paths = [line(150 * (i % 10), 150 * (i // 10), 20) for i in range(50)]
    times = times_at(25, 0.5)
    tracker = Tracker()
    numbers = numbers_of(run(tracker, filmed(paths, times, noise=0.02), times))
    assert all(len(found) == 1 for found in numbers.values())
    assert tracker.next_number == 51
