"""Performances: what happens when, and that nothing jumps or leaves its bounds."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from vplugin.synth.performance import Mood, Performance, Turn
from vplugin.synth.speech import Speech
from vplugin.synth.visemes import Envelope

TEXT = "Good morning, thank you for having me. Do people believe it? My mother would not."


def vectors(performance: Performance, times: np.ndarray) -> np.ndarray:
    """(T, expression + pose): all numbers at some times."""
    rows = [performance.at(float(time)) for time in times]
    return np.array([[*vars(face).values(), *vars(head).values()] for face, head in rows])


@pytest.mark.parametrize("seed", range(6))
def test_everybody_moves_and_nobody_jumps(seed: int) -> None:
    performance = Performance.from_seed(seed, 20.0, TEXT)
    times = np.arange(-0.2, 20.5, 1 / 120)
    faces, heads = zip(*(performance.at(float(time)) for time in times), strict=True)
    poses = np.array([[head.yaw, head.pitch, head.roll] for head in heads])
    assert poses.std(axis=0).min() > 0.4
    assert np.abs(np.diff(poses, axis=0)).max() < 3.0  # 360 degrees a second
    assert max(face.blink_left for face in faces) == pytest.approx(1.0, abs=0.02)
    assert np.mean([face.blink_left > 0.5 for face in faces]) < 0.1
    assert 0.15 < max(face.jaw for face in faces) < 0.6
    assert max(face.press for face in faces) > 0.3  # m, p, b


def test_the_same_seed_is_the_same_performance() -> None:
    times = np.linspace(0, 9, 40)
    first, second = (Performance.from_seed(8, 9.0, TEXT) for _ in range(2))
    assert vectors(first, times).tobytes() == vectors(second, times[::-1])[::-1].tobytes()
    assert (
        vectors(pickle.loads(pickle.dumps(first)), times).tobytes()
        == vectors(first, times).tobytes()
    )
    assert (
        vectors(Performance.from_seed(9, 9.0, TEXT), times).tobytes()
        != vectors(first, times).tobytes()
    )


def test_eyes_go_first_and_the_head_follows() -> None:
    performance = Performance(3, 6.0, turns=(Turn(2.0, 40.0),), liveliness=0.0)
    before, jumped, there = (performance.at(time) for time in (1.9, 2.15, 4.5))
    assert abs(before[1].yaw) < 0.1
    assert jumped[0].gaze_x > 20.0
    assert jumped[1].yaw < 5.0
    assert there[1].yaw == pytest.approx(31.2, abs=0.1)
    assert there[1].yaw + there[0].gaze_x == pytest.approx(40.0, abs=16.0)


def test_moods_come_and_go() -> None:
    performance = Performance(3, 6.0, moods=(Mood(1.0, smile=0.8), Mood(4.0, brows=-0.7)))
    rest, glad, cross = (performance.at(time)[0] for time in (0.9, 3.0, 5.5))
    assert rest.smile_left == rest.brow_knit == 0.0
    assert 0.65 < glad.smile_left <= 0.8
    assert cross.smile_left == pytest.approx(0.0, abs=1e-6)
    assert cross.brow_knit > 0.4


def test_a_question_raises_the_brows() -> None:
    asked = Performance(1, 5.0, Speech.of("is it the?", start=1.0))
    told = Performance(1, 5.0, Speech.of("is it the.", start=1.0))
    end = asked.speech.end
    assert asked.at(end)[0].brow_left > told.at(end)[0].brow_left + 0.15


def test_listeners_nod_and_speakers_do_on_stresses() -> None:
    quiet = Performance(2, 30.0, liveliness=1.0)
    still = Performance(2, 30.0, liveliness=0.0)
    times = np.arange(0, 30, 0.05)
    pitches = [[p.at(float(t))[1].pitch for t in times] for p in (quiet, still)]
    assert np.ptp(pitches[0]) > 3.0
    assert np.ptp(pitches[1]) == 0.0


def test_an_envelope_moves_the_mouth() -> None:
    loud = Envelope((0.0,) * 50 + (1.0,) * 25 + (0.0,) * 50)
    performance = Performance.from_seed(1, 2.5, envelope=loud)
    assert performance.at(0.5)[0].jaw < 0.02
    assert performance.at(1.25)[0].jaw > 0.3
