from __future__ import annotations

import numpy as np
import pytest

from vplugin.vision.mesh_memory import Memories
from vplugin.vision.mesh_view import Seen

SIZE = 200


def _seen(rng: np.random.Generator, shift: float = 0.0) -> Seen:
    marks = np.full((106, 2), 100.0) + shift + rng.normal(0, 0.8, (106, 2))
    return Seen(marks, rng.random((8, 8)).astype(np.float32))


def _run(track: int | None, frames: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng, memories, marks, maps = np.random.default_rng(0), Memories(), [], []
    for number in range(frames):
        steady = memories.of(track, number / 30).steady(_seen(rng), SIZE)
        marks.append(steady.landmarks)
        maps.append(steady.face)
    return np.diff(marks[10:], axis=0).std(), np.diff(maps[10:], axis=0).std()


def test_landmarks_and_masks_of_a_person_are_steady():
    (still, calm), (jitter, flicker) = _run(1), _run(None)
    assert still < 0.4 * jitter
    assert calm < 0.7 * flicker


def test_a_real_movement_is_followed():
    memories, rng = Memories(), np.random.default_rng(0)
    for number in range(40):
        shift = max(0, number - 20) * 1.0
        steady = memories.of(1, number / 30).steady(_seen(rng, shift), SIZE)
    assert steady.landmarks.mean() == pytest.approx(119, abs=2)


def test_eyes_come_and_go_without_a_leap():
    memories = Memories()
    assert memories.of(1, 0.0).settled((0.0, 0.0)) == (0.0, 0.0)
    first = memories.of(1, 0.033).settled((1.0, 0.5))
    assert 0.2 < first[0] < 0.6
    for number in range(2, 20):
        last = memories.of(1, 0.033 * number).settled((1.0, 0.5))
    assert last == pytest.approx((1.0, 0.5), abs=0.02)


@pytest.mark.parametrize("gap", [-1.0, 5.0])
def test_after_a_pause_or_a_step_back_all_begins_anew(gap):
    memories, rng = Memories(), np.random.default_rng(1)
    memories.of(1, 10.0).steady(_seen(rng), SIZE)
    seen = _seen(rng, 20)
    np.testing.assert_allclose(
        memories.of(1, 10.0 + gap).steady(seen, SIZE).landmarks, seen.landmarks
    )


def test_a_new_shot_begins_anew():
    memories, rng = Memories(), np.random.default_rng(1)
    memories.of(1, 0.0).steady(_seen(rng), SIZE)
    memories.clear()
    seen = _seen(rng, 20)
    np.testing.assert_allclose(memories.of(1, 0.03).steady(seen, SIZE).landmarks, seen.landmarks)


def test_a_doubtful_frame_hardly_shows():
    memories = Memories()
    shares = [memories.of(1, n / 25).faded(0.0 if n == 5 else 1.0) for n in range(10)]
    assert shares[0] == 1.0
    assert 0.8 < min(shares) < 1.0
    gone = [memories.of(1, 0.4 + n / 25).faded(0.0) for n in range(60)]
    assert gone[-1] < 0.01
    assert Memories().of(None, 0.0).faded(0.0) == 0.0
