from __future__ import annotations

import numpy as np
import pytest

from vplugin.frame import Face
from vplugin.vision.select import (
    Assigner,
    ByPosition,
    ByReference,
    ByTrack,
    Everyone,
    Largest,
)

SIZE = (1000, 600)
UNIT = np.eye(512, dtype=np.float32)


def face(x: float, y: float = 300, width: float = 100, track: int | None = None, who=None) -> Face:
    half = width / 2
    box = np.array([x - half, y - half, x + half, y + half], np.float32)
    return Face(box, track=track, embedding=None if who is None else UNIT[who])


ROW = (face(200, 100, 80, 1), face(500, 310, 120, 2), face(800, 500, 100, 3))


@pytest.mark.parametrize(
    ("rules", "want"),
    [
        ([Everyone()], {0: 0, 1: 0, 2: 0}),
        ([Largest()], {1: 0}),
        ([Largest(), Largest()], {1: 0, 2: 1}),
        ([ByTrack(3)], {2: 0}),
        ([ByTrack(9)], {}),
        ([ByPosition("left")], {0: 0}),
        ([ByPosition("right")], {2: 0}),
        ([ByPosition("top")], {0: 0}),
        ([ByPosition("bottom")], {2: 0}),
        ([ByPosition("centre")], {1: 0}),
        ([ByPosition("left"), ByPosition("left"), Everyone()], {0: 0, 1: 1, 2: 2}),
        ([ByTrack(2), Everyone()], {1: 0, 0: 1, 2: 1}),
    ],
)
def test_rules(rules, want):
    assert Assigner(rules).assign(ROW, SIZE) == want
    assert Assigner(rules).assign((), SIZE) == {}


@pytest.mark.parametrize(("rotation", "want"), [(0, 0), (90, 1), (180, 2), (270, 3)])
def test_left_is_left_on_screen(rotation, want):
    faces = (face(100, 300), face(500, 50), face(900, 300), face(500, 550))
    # A quarter turn counter-clockwise brings what is at the top to the left.
    assert Assigner([ByPosition("left")]).assign(faces, SIZE, rotation) == {want: 0}


def test_two_people_keep_their_sources_when_they_cross():
    assigner = Assigner([ByPosition("left"), ByPosition("right")])
    for step in range(21):
        x = 100 + step * 40
        faces = [face(x, track=7), face(1000 - x, track=4)]
        if step % 2:
            faces.reverse()
        found = assigner.assign(faces, SIZE)
        assert {faces[index].track: person for index, person in found.items()} == {7: 0, 4: 1}


def test_a_person_who_is_away_for_a_moment_is_not_replaced():
    assigner = Assigner([ByPosition("left")], hold=5)
    assert assigner.assign([face(100, track=1), face(900, track=2)], SIZE) == {0: 0}
    for _ in range(5):
        assert assigner.assign([face(900, track=2)], SIZE) == {}
    assert assigner.assign([face(900, track=2), face(950, track=1)], SIZE) == {1: 0}
    for _ in range(6):
        found = assigner.assign([face(900, track=2)], SIZE)
    assert found == {0: 0}


def test_after_a_cut_places_are_judged_anew():
    assigner = Assigner([ByPosition("right")], hold=60)
    assert assigner.assign([face(100, track=1), face(600, track=2)], SIZE) == {1: 0}
    assert assigner.assign([face(300, track=3)], SIZE) == {}
    assigner.new_shot()
    assert assigner.assign([face(300, track=3)], SIZE) == {0: 0}


def test_the_largest_does_not_flip_between_equals():
    assigner = Assigner([Largest()])
    assert assigner.assign([face(200, track=1, width=100), face(800, track=2)], SIZE) == {0: 0}
    for width in (101, 99, 110, 118):
        faces = [face(200, track=1), face(800, track=2, width=width)]
        assert assigner.assign(faces, SIZE) == {0: 0}
    faces = [face(200, track=1), face(800, track=2, width=130)]
    assert assigner.assign(faces, SIZE) == {1: 0}
    assert assigner.assign([face(200, track=1), face(800, track=2)], SIZE) == {1: 0}


def test_faces_without_a_track_are_judged_anew():
    assigner = Assigner([ByPosition("left")])
    assert assigner.assign([face(200), face(800)], SIZE) == {0: 0}
    assert assigner.assign([face(900), face(100)], SIZE) == {1: 0}


def test_a_reference_claims_its_person_and_stays():
    assigner = Assigner([ByReference(UNIT[5] * 3), Everyone()])
    faces = [face(100, track=1, who=4), face(500, track=2, who=5)]
    assert assigner.assign(faces, SIZE) == {1: 0, 0: 1}
    turned = [face(100, track=1), face(500, track=2)]  # nothing to recognise now
    assert assigner.assign(turned, SIZE) == {1: 0, 0: 1}


def test_threshold():
    mixed = (UNIT[5] + 2 * UNIT[6]) / np.sqrt(5)  # cosine 0.447
    faces = [Face(np.array([0, 0, 9, 9], np.float32), embedding=mixed.astype(np.float32))]
    assert Assigner([ByReference(UNIT[5], 0.44)]).assign(faces, SIZE) == {0: 0}
    assert Assigner([ByReference(UNIT[5], 0.46)]).assign(faces, SIZE) == {}


def test_unknown_tracks_are_looked_at_again_but_not_in_every_frame():
    looked: list[int] = []
    who = [4]

    def embed(one: Face) -> np.ndarray:
        looked.append(one.track)
        return UNIT[who[0]]

    assigner = Assigner([ByReference(UNIT[5])], embed)
    stranger = Face(np.array([0, 0, 9, 9], np.float32), points=np.zeros((5, 2)), track=8)
    for _ in range(20):
        assert assigner.assign([stranger], SIZE) == {}
    assert 2 <= len(looked) <= 3
    who[0] = 5
    results = [assigner.assign([stranger], SIZE) for _ in range(12)]
    assert results[-1] == {0: 0}
    before = len(looked)
    assigner.assign([stranger], SIZE)
    assert len(looked) == before  # known now


PAIR = (ByReference(UNIT[5]), ByReference(UNIT[6]))


def _owners(assigner: Assigner, *faces: Face) -> dict[int, int]:
    found = assigner.assign(faces, SIZE)
    return {faces[index].track: person for index, person in found.items()}


def test_a_track_that_comes_to_show_another_person_goes_to_that_person():
    """Bob comes out from behind somebody under Ada's number, and later she under his."""
    assigner = Assigner(PAIR)
    ada, bob = face(100, track=1, who=5), face(900, track=2, who=6)
    assert _owners(assigner, ada, bob) == {1: 0, 2: 1}
    assert _owners(assigner, bob) == {2: 1}
    assert _owners(assigner, bob.evolve(track=1)) == {1: 1}
    assert _owners(assigner, bob.evolve(track=1), ada.evolve(track=2)) == {1: 1, 2: 0}


def test_two_tracks_that_were_exchanged_are_exchanged_back():
    assigner = Assigner(PAIR)
    assert _owners(assigner, face(480, track=1, who=5), face(520, track=2, who=6)) == {1: 0, 2: 1}
    assert _owners(assigner, face(490, track=1, who=6), face(510, track=2, who=5)) == {1: 1, 2: 0}


def test_nobody_is_taken_for_somebody_who_is_in_the_picture_elsewhere():
    """What covers a face is seen in its place."""
    assigner = Assigner(PAIR)
    assert _owners(assigner, face(300, track=1, who=5), face(700, track=2, who=6)) == {1: 0, 2: 1}
    covered, before = face(480, track=1, who=6), face(520, track=2, who=6)
    assert _owners(assigner, covered, before) == {1: 0, 2: 1}


@pytest.mark.parametrize(("cosine", "stays"), [(0.39, True), (0.25, True), (0.1, False)])
def test_a_person_who_turns_away_stays_and_a_stranger_is_let_go(cosine, stays):
    assigner = Assigner([ByReference(UNIT[5], 0.4)])
    assert _owners(assigner, face(300, track=1, who=5)) == {1: 0}
    seen = (UNIT[5] * cosine + UNIT[9] * np.sqrt(1 - cosine**2)).astype(np.float32)
    unlike = face(300, track=1).evolve(embedding=seen)
    found = [_owners(assigner, unlike) for _ in range(60)]
    assert found[-1] == ({1: 0} if stays else {})
    assert found[25] == {1: 0}  # one look says little


def test_known_people_are_looked_at_now_and_then_and_when_they_meet():
    looked: list[int] = []

    def embed(one: Face) -> np.ndarray:
        looked.append(one.track)
        return UNIT[5 if one.track == 1 else 6]

    def seen(x: float, track: int, **more) -> Face:
        return face(x, track=track).evolve(points=np.zeros((5, 2), np.float32), **more)

    assigner = Assigner(PAIR, embed)
    for _ in range(51):
        assert _owners(assigner, seen(100, 1), seen(900, 2)) == {1: 0, 2: 1}
    assert looked.count(1) == looked.count(2) - 1 == 3  # bob is asked for by Ada's rule first
    looked.clear()
    _owners(assigner, seen(480, 1), seen(520, 2))
    assert looked == [1, 2]
    looked.clear()
    guessed = seen(500, 1, attributes={"filled": np.float32(1)})
    assert _owners(assigner, guessed) == {1: 0}
    assert looked == []  # a guessed place shows whoever is there
    assert _owners(assigner, seen(500, 1)) == {1: 0}
    assert looked == [1]


def test_who_is_who_survives_a_crash():
    assigner = Assigner([ByPosition("left"), ByPosition("right")])
    assigner.assign([face(100, track=7), face(900, track=4)], SIZE)
    other = Assigner(assigner.rules)
    other.restore(assigner.snapshot())
    assert other.assign([face(900, track=7), face(100, track=4)], SIZE) == {0: 0, 1: 1}


@pytest.mark.parametrize("tracks", [(1, 2), (None, None)])
def test_nobody_is_twice_in_a_picture(tracks):
    own, other = UNIT[5], 0.6 * UNIT[5] + 0.8 * UNIT[7]  # a stranger who is rather like them
    faces = [
        Face(np.array([x, 0, x + 50, 50], np.float32), track=track, embedding=who)
        for x, track, who in ((0, tracks[0], other), (300, tracks[1], own))
    ]
    assigner = Assigner([ByReference(own, 0.5)])
    for _ in range(3):
        assert assigner.assign(faces, SIZE) == {1: 0}
    if tracks[0] is not None:
        assert assigner.assign(faces[:1], SIZE) == {}, "the stranger is not taken for them later"
