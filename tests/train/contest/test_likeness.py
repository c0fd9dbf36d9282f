"""What evaluators are shown, and what becomes of what they say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.contest.faces import PEOPLE, SIDE, cases, shot, skin_of
from vplugin.train.contest.cases import Answer, Shot
from vplugin.train.contest.likeness import Likeness, recognised


def answer(person: int, *, aside: bool = False) -> Answer:
    """The crop of one person; aside: only the answer's own points find the face."""
    seen = shot(PEOPLE[person], 30 + person)
    if not aside:
        return Answer(seen.crop(128), seen.picture)
    wide = np.zeros((SIDE, 2 * SIDE, 3), np.uint8)
    wide[:, SIDE:] = seen.picture
    blank = np.zeros((128, 128, 3), np.uint8)
    return Answer(blank, wide, Shot(wide, seen.points + np.array([SIDE, 0])))


@pytest.mark.parametrize("aside", [False, True])
def test_a_face_is_recognised_by_its_own_points(aside: bool) -> None:
    crops = recognised([answer(0, aside=aside), answer(2, aside=aside)], 128)
    assert crops.shape == (2, 128, 128, 3)
    np.testing.assert_allclose(skin_of(crops) + 128, [PEOPLE[0], PEOPLE[2]], atol=3)


def test_retrieval_asks_for_the_source_among_all_sources() -> None:
    likeness = Likeness(skin_of, "id", 128, lower=False)
    all_cases = cases()
    for begin in (0, 4):
        part = all_cases[begin : begin + 4]
        likeness.about(part)
        likeness.add("right", [answer(int(case.person), aside=True) for case in part])
        likeness.add("wrong", [answer((int(case.person) + 1) % 4) for case in part])
    assert likeness.people == 4
    right, wrong = likeness.columns("right"), likeness.columns("wrong")
    assert right["id_retrieval"].tolist() == [1] * 8
    assert wrong["id_retrieval"].tolist() == [0] * 8
    assert right["id_source"].min() > 0.99 > wrong["id_source"].max()
    assert likeness.frechet("right")[0] < 0.01
    assert likeness.frechet("right")[1] == 8
