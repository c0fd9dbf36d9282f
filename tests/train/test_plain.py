"""Plain portraits: who somebody is, and nothing else."""

from __future__ import annotations

import numpy as np

from vplugin.synth.person import Person
from vplugin.train.plain import PlainSource, plain_scene


def test_people_differ_and_nothing_else_does() -> None:
    scenes = [plain_scene(number, 1.5) for number in (3, 4)]
    people = [scene.subjects[0].person for scene in scenes]
    assert (people[0].tone, people[0].hair, people[0].wear) == (
        people[1].tone,
        people[1].hair,
        people[1].wear,
    )
    for number, person in zip((3, 4), people, strict=True):
        wanted = Person.from_seed(number).stretched(1.5).identity
        np.testing.assert_array_equal(person.identity, wanted)
    assert (scenes[0].light, scenes[0].camera) == (scenes[1].light, scenes[1].camera)


def test_a_portrait_shows_a_face_before_a_far_backdrop() -> None:
    source = PlainSource(1.5)
    item = source.items(3)[0]
    assert {name: item[name].shape for name in item} == {
        "person": (),
        "image": (64, 64, 3),
        "relief": (64, 64),
    }
    assert item["relief"][0, 0] == 255
    assert item["relief"][36, 32] < item["relief"][36, 20]  # the nose is nearer than the cheek
