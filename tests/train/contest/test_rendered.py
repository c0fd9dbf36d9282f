"""The suite of procedural people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from vplugin.train.contest.cases import Case
from vplugin.train.contest.parameters import identity_names
from vplugin.train.contest.rendered import CaseSource, ClipSource, RenderedSuite, bank_cases
from vplugin.train.pairs import PairSource
from vplugin.train.reenact import Severity
from vplugin.train.shards import Item

pytestmark = pytest.mark.timeout(600)  # on a fresh machine the renderer is compiled first

STILLS = CaseSource(size=64)
MOVING = ClipSource(size=64, frames=3)


def first(source: CaseSource | ClipSource) -> Sequence[Item]:
    return next(items for items in map(source.items, range(5)) if items)


@pytest.fixture(scope="module")
def records() -> np.ndarray:
    items = first(STILLS)
    made = np.zeros(len(items), STILLS.dtype)
    for record, item in zip(made, items, strict=True):
        assert set(item) == set(STILLS.dtype.names or ())
        for name in item:
            record[name] = item[name]
    return made


@pytest.fixture(scope="module")
def cases(records: np.ndarray) -> list[Case]:
    items = [{name: record[name] for name in record.dtype.names} for record in records]
    return list(RenderedSuite(64, items).cases())


def off(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(int) - other).max(-1)


def test_each_pair_is_swapped_both_ways(cases: list[Case]) -> None:
    one, two = cases
    assert one.group == two.group
    assert one.name.split("_") == two.name.split("_")[::-1]
    assert one.person == one.name.split("_")[1]
    assert one.truth is not None
    assert two.truth is not None
    np.testing.assert_array_equal(one.truth.source, two.truth.target)
    assert one.truth.source.shape == (len(identity_names()),)


def test_the_truth_differs_where_the_face_is(cases: list[Case]) -> None:
    for case in cases:
        assert case.truth is not None
        changed = off(case.target.picture, case.truth.shot.picture)
        face = case.truth.shot.face
        assert face is not None
        assert np.median(changed[~face]) < 0.5 * np.median(changed[face])
        assert changed[face].mean() > 5
        assert case.target.mask(64)[20:50, 22:42].mean() > 0.5, "aligned"


def test_the_truth_knows_where_its_own_face_is(cases: list[Case]) -> None:
    for case in cases:
        assert case.truth is not None
        face, own = case.truth.shot.face, case.truth.own
        assert face is not None
        for x, y in own.points[:3]:
            assert face[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3].any()
        assert own.points is not case.target.points
        assert case.truth.shot.points is case.target.points, "it is cropped as the target is"


def test_a_source_is_seen_in_another_picture(cases: list[Case]) -> None:
    one, two = cases
    assert off(one.sources[0].picture, two.target.picture).mean() > 5


def test_clips_move_a_little_from_frame_to_frame() -> None:
    items = first(MOVING)
    suite = RenderedSuite(64, [], [*items, *({**item, "seed": np.array(9)} for item in items)])
    clips = list(suite.clips())
    assert [len(clip) for clip in clips] == [3, 3]
    clip = clips[0]
    assert [case.track for case in clip] == [0, 0, 0]
    assert [case.time for case in clip] == pytest.approx([0, 0.04, 0.08])
    assert len({case.person for case in clip}) == 1
    steps = [off(a.target.crop(64), b.target.crop(64)).mean() for a, b in zip(clip, clip[1:])]  # noqa: B905, RUF007
    assert all(0.5 < step < 60 for step in steps)
    np.testing.assert_array_equal(clip[0].sources[0].picture, clip[2].sources[0].picture)
    assert list(RenderedSuite(64, items).clips()) == []


def test_a_bank_of_pairs_can_be_judged_too() -> None:
    source = PairSource(size=64, severity=Severity(0.0))
    (item,) = next(items for items in map(source.items, range(5_000_003, 5_000_009)) if items)
    one, two = bank_cases([item])
    assert one.truth is not None
    assert two.truth is not None
    np.testing.assert_array_equal(one.target.picture, item["a"])
    np.testing.assert_array_equal(one.sources[0].picture, item["b"])
    np.testing.assert_array_equal(one.truth.shot.picture, item["truth_ab"])
    np.testing.assert_array_equal(two.truth.shot.picture, item["truth_ba"])
    np.testing.assert_array_equal(one.truth.target, two.truth.source)
    assert one.person == str(item["person"][1])
