from __future__ import annotations

import msgpack
import numpy as np
import pytest

from tests.vision.trajectories import face_at, shaken
from vplugin.frame import Face
from vplugin.vision.smooth import (
    FaceSmoother,
    OneEuro,
    SmoothOptions,
    face_unit,
    smooth_tracks,
)

FPS = 30.0


def clip(path, count: int = 120, noise: float = 0.01, size: float = 100.0, fps: float = FPS):
    """Truth and detections of one tracked face."""
    rng = np.random.default_rng(2)
    times = [index / fps for index in range(count)]
    truth = [face_at(*path(time), size=size).evolve(track=1) for time in times]
    return times, truth, [shaken(face, rng, noise) for face in truth]


def error(faces: list[Face], truth: list[Face], skip: int = 30) -> float:
    """Root mean square over points, in eye distances."""
    gaps = [
        (a.points - b.points) / face_unit(b)
        for a, b in zip(faces[skip:], truth[skip:], strict=True)
    ]
    return float(np.sqrt(np.mean(np.square(gaps))))


def still(time):
    return 500.0, 300.0


def walk(time):
    return 200 + 150 * time, 300.0


def sway(time):
    return 500 + 80 * np.sin(2 * np.pi * 0.7 * time), 300 + 20 * np.cos(2 * np.pi * 0.9 * time)


def causal(times, faces, options=None) -> list[Face]:
    smoother = FaceSmoother(options or SmoothOptions())
    return [smoother.update([face], time)[0] for face, time in zip(faces, times, strict=True)]


def two_pass(times, faces, **options) -> list[Face]:
    return [found[0] for found in smooth_tracks(times, [[face] for face in faces], **options)]


@pytest.mark.parametrize(
    ("method", "path", "ratio"),
    [
        (causal, still, 0.5),
        (causal, walk, 0.85),
        (causal, sway, 1.0),
        (two_pass, still, 0.5),
        (two_pass, walk, 0.5),
        (two_pass, sway, 0.75),
    ],
)
def test_steadier_at_rest_and_no_further_from_the_truth_in_motion(method, path, ratio) -> None:
    times, truth, found = clip(path)
    assert error(method(times, found), truth) < ratio * error(found, truth)


@pytest.mark.parametrize("method", [causal, two_pass])
@pytest.mark.parametrize("size", [30.0, 800.0])
def test_resolution_does_not_matter(method, size) -> None:
    def scaled(time):
        return tuple(size / 100 * value for value in sway(time))

    times, truth, found = clip(sway)
    small = error(method(times, found), truth)
    times, truth, found = clip(scaled, size=size)
    assert error(method(times, found), truth) == pytest.approx(small, rel=0.02)


@pytest.mark.parametrize("fps", [15.0, 60.0])
def test_lag_is_small_at_any_frame_rate(fps) -> None:
    times, truth, found = clip(walk, count=round(4 * fps), noise=0.0, fps=fps)
    assert error(causal(times, found), truth) < 0.05


@pytest.mark.parametrize("jump", [100.0, 400.0])
def test_a_jump_is_followed_at_once(jump) -> None:
    faces = [face_at(300 + jump * (index >= 10), 300).evolve(track=1) for index in range(12)]
    smooth = causal([index / FPS for index in range(12)], faces)
    np.testing.assert_allclose(smooth[10].points, faces[10].points, atol=0.01)


def test_a_cut_and_a_lost_face_begin_anew() -> None:
    smoother = FaceSmoother()
    first, second = (face_at(x, 300).evolve(track=1) for x in (300.0, 310.0))
    smoother.update([first], 0.0)
    lagging = FaceSmoother()
    lagging.update([first], 0.0)
    assert lagging.update([second], 0.04)[0].points[0, 0] < second.points[0, 0] - 1
    np.testing.assert_array_equal(
        smoother.update([second], 0.04, cut=True)[0].points, second.points
    )
    np.testing.assert_array_equal(smoother.update([first], 60.0)[0].points, first.points)


def test_each_track_by_itself_and_untracked_faces_as_they_are() -> None:
    smoother = FaceSmoother()
    for index in range(10):
        loose = face_at(300 + index, 50)
        faces = [
            face_at(100 + index, 300).evolve(track=1),
            face_at(900 - index, 300).evolve(track=2),
        ]
        smooth = smoother.update([*faces, loose], index / FPS)
        assert [face.track for face in smooth] == [1, 2, None]
        assert smooth[2] is loose
        for face, raw in zip(smooth, faces, strict=False):
            np.testing.assert_allclose(face.points, raw.points, atol=5)


def test_without_points_the_box_is_smoothed() -> None:
    rng = np.random.default_rng(0)
    boxes = []
    smoother = FaceSmoother()
    for index in range(90):
        face = shaken(face_at(300, 300), rng, 0.01).evolve(points=None, track=4)
        (smooth,) = smoother.update([face], index / FPS)
        assert smooth.points is None
        boxes.append((face.box, smooth.box))
    raw, smooth = (np.std([pair[i] for pair in boxes[30:]], axis=0).mean() for i in (0, 1))
    assert smooth < 0.7 * raw


def test_points_that_come_and_go_do_not_fail() -> None:
    smoother = FaceSmoother()
    for index, has in enumerate([True, False, True]):
        face = face_at(300, 300).evolve(track=1, **({} if has else {"points": None}))
        (smooth,) = smoother.update([face], index / FPS)
        assert (smooth.points is not None) == has


def test_strength() -> None:
    times, truth, found = clip(still)
    errors = [
        error(causal(times, found, SmoothOptions().strengthened(s)), truth) for s in (0.3, 1, 3)
    ]
    assert errors == sorted(errors, reverse=True)


def test_profile_has_a_unit() -> None:
    face = face_at(300, 300)
    flat = face.evolve(points=face.points * [0, 1] + [300, 0])
    assert face_unit(flat) == pytest.approx(20.0)
    assert face_unit(face) == pytest.approx(40.0)


def test_goes_on_exactly_from_its_state() -> None:
    times, _, found = clip(sway, count=40)
    whole = causal(times, found)
    first, second = FaceSmoother(), FaceSmoother()
    for face, time in zip(found[:20], times[:20], strict=True):
        first.update([face], time)
    second.restore(msgpack.unpackb(msgpack.packb(first.state())))
    for face, time, expected in zip(found[20:], times[20:], whole[20:], strict=True):
        (smooth,) = second.update([face], time)
        np.testing.assert_array_equal(smooth.points, expected.points)
        np.testing.assert_array_equal(smooth.box, expected.box)


def test_one_euro_time_that_stands_still_begins_anew() -> None:
    one = OneEuro.start(np.zeros((1, 2)), 1.0)
    after = one.after(np.ones((1, 2)), 1.0, 100.0, SmoothOptions())
    np.testing.assert_array_equal(after.value, [[1, 1]])


class TestTwoPass:
    """Smoothing over a whole clip."""

    def test_has_no_lag(self) -> None:
        times, truth, found = clip(walk, noise=0.0)
        assert error(two_pass(times, found), truth) < 0.003

    def test_is_steadier_than_the_causal_one(self) -> None:
        times, truth, found = clip(sway)
        assert error(two_pass(times, found), truth) < error(causal(times, found), truth)

    def test_outliers_count_less(self) -> None:
        times, truth, found = clip(still)
        found[60] = face_at(560, 300).evolve(track=1)
        off = np.abs(two_pass(times, found)[60].points - truth[60].points).max()
        assert off < 12

    @pytest.mark.parametrize(("missing", "filled"), [(1, 1), (3, 3), (4, 0)])
    def test_fills_short_misses(self, missing, filled) -> None:
        times, truth, found = clip(walk)
        frames = [[face] for face in found]
        frames[50 : 50 + missing] = [[]] * missing
        result = smooth_tracks(times, frames, fill=3)
        assert [len(faces) for faces in result[50 : 50 + missing]] == [filled > 0] * missing
        for faces, true in list(zip(result, truth, strict=True))[50 : 50 + filled]:
            assert faces[0].attributes["filled"] >= 1
            assert faces[0].track == 1
            np.testing.assert_allclose(faces[0].points, true.points, atol=4)
        assert all("filled" not in faces[0].attributes for faces in result[:50])

    def test_without_strength_detections_stay(self) -> None:
        times, _, found = clip(sway)
        for smooth, raw in zip(two_pass(times, found, strength=0.0), found, strict=True):
            np.testing.assert_allclose(smooth.points, raw.points, atol=1e-4)

    def test_several_tracks_each_by_itself(self) -> None:
        times, _, found = clip(walk, count=30)
        other = [face_at(900, 700).evolve(track=2, score=0.4) for _ in times]
        frames = [
            [b, a] if i >= 10 else [a] for i, (a, b) in enumerate(zip(found, other, strict=True))
        ]
        result = smooth_tracks(times, frames)
        assert [[f.track for f in faces] for faces in result] == [[1]] * 10 + [[1, 2]] * 20
        np.testing.assert_allclose(result[20][1].points, other[20].points, atol=0.01)
        assert result[20][1].score == 0.4

    def test_uneven_times_and_a_single_face(self) -> None:
        rng = np.random.default_rng(1)
        times = np.cumsum(rng.choice([0.02, 0.1], 40)).tolist()
        faces = [face_at(200 + 150 * time, 300).evolve(track=1) for time in times]
        smooth = two_pass(times, faces)
        np.testing.assert_allclose(smooth[20].points, faces[20].points, atol=1)
        (alone,) = smooth_tracks([0.0], [[faces[0]]])
        np.testing.assert_allclose(alone[0].points, faces[0].points, atol=1e-3)
        assert smooth_tracks([], []) == []
