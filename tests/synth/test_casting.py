"""Scripts of a seed: who says what, looks where, and is seen when."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest

from vplugin.synth.casting import LINES, cast, sentences
from vplugin.synth.voice import RATE

TEXT = "Good morning. Did you sleep well? I did, thank you! Then we can begin."


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        ("no sign", ["no sign"]),
        ("Wait... what?!", ["Wait...", "what?!"]),
        ("  ", []),
    ],
)
def test_sentences(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


def test_everybody_speaks_in_turn_and_nobody_interrupts() -> None:
    script = cast(4, 2, text=TEXT)
    said = [role.performance.speech for role in script.roles]
    assert [speech.text for speech in said] == [
        "Good morning. I did, thank you!",
        "Did you sleep well? Then we can begin.",
    ]
    spoken = sorted((phrase.start, phrase.end) for speech in said for phrase in speech.phrases)
    assert all(before[1] < after[0] for before, after in pairwise(spoken))
    assert script.seconds == pytest.approx(spoken[-1][1] + 1.0)


def test_who_listens_looks_at_who_speaks() -> None:
    script = cast(4, 2, text=TEXT)
    for listener, speaker in ((0, 1), (1, 0)):
        side = 1 if speaker > listener else -1
        talk = script.roles[speaker].performance.speech.sounds
        pose = script.roles[listener].performance.at(talk[-1].end)[1]
        assert side * pose.yaw > 12.0


def test_shots_change_between_lines() -> None:
    scripts = [cast(seed, 2, text=TEXT) for seed in range(8)]
    cuts = [(script, cut) for script in scripts for cut in script.cuts]
    assert cuts
    for script, cut in cuts:
        assert not any(role.performance.speech.talking(cut) for role in script.roles)
        before, after = script.scene_at(cut - 0.01), script.scene_at(cut + 0.01)
        assert before.subjects[0].place != after.subjects[0].place


def test_scenes_show_the_roles_of_their_shot() -> None:
    script = cast(1, 3, seconds=9.0)
    for time in np.arange(0.0, 9.0, 0.5):
        scene, shown = script.scene_at(float(time)), script.roles_at(float(time))
        assert [s.person for s in scene.subjects] == [script.roles[i].person for i in shown]
        assert all(300 < subject.place[2] < 4000 for subject in scene.subjects)


def test_the_same_seed_is_the_same_film() -> None:
    first, again, other = cast(7, 2, 6.0), cast(7, 2, 6.0), cast(8, 2, 6.0)
    assert first.scene_at(2.5) == again.scene_at(2.5)
    assert pickle.loads(pickle.dumps(first)).scene_at(2.5) == first.scene_at(2.5)
    assert first.scene_at(2.5) != other.scene_at(2.5)
    said = [role.performance.speech.text for role in first.roles]
    assert all(line in LINES for text in said for line in sentences(text))


def test_sound_is_as_long_as_the_film() -> None:
    sound = cast(3, 2, 4.0).sound()
    assert sound.shape == (4 * RATE,)
    assert 0.2 < np.abs(sound).max() <= 1.0


@pytest.mark.parametrize("people", [0, 7])
def test_numbers_of_people_that_do_not_fit(people: int) -> None:
    with pytest.raises(ValueError, match="1 to 6"):
        cast(1, people)
