from __future__ import annotations

import numpy as np
import pytest

from tests.train.bank_items import bank_item
from tests.train.stand_in import drawn_face
from vplugin.train.people import BackSource, Crowd, PeopleSource
from vplugin.train.places import PlaceSource, ThingSource
from vplugin.train.portraits import PortraitSource
from vplugin.train.shards import Item, Source, version_of

SOURCES = [
    PeopleSource(64), BackSource(48), PlaceSource(48), ThingSource(48), PortraitSource(96),
]  # fmt: skip
BY_NAME = pytest.mark.parametrize("source", SOURCES, ids=lambda one: one.name)


def items(source: Source, seeds: range) -> list[Item]:
    return [item for seed in seeds for item in source.items(seed)]


@BY_NAME
def test_items_have_the_form_that_is_promised(source: Source) -> None:
    for item in items(source, range(2)):
        record = np.zeros((), source.dtype)
        for name in source.dtype.names or ():
            record[name] = item[name]
            assert np.shape(item[name]) == record[name].shape
        assert set(item) == set(source.dtype.names or ())
        assert item["image"].dtype == np.uint8
        assert item["image"].std() > 0


@BY_NAME
def test_a_seed_gives_the_same_bytes_and_another_seed_others(source: Source) -> None:
    one, again, other = (items(source, range(n, n + 1))[0] for n in (1, 1, 2))
    for name, value in one.items():
        np.testing.assert_array_equal(value, again[name])  # which takes NaN for NaN
    assert not np.array_equal(one["image"], other["image"])


def test_faces_are_where_the_truth_says() -> None:
    for item in items(PeopleSource(64), range(4)):
        x0, y0, x1, y1 = item["box"]
        assert 0 < x1 - x0 < 64
        assert 0.15 * 64 < y1 - y0 < 64
        inside = (item["points"] > (x0 - 4, y0 - 4)) & (item["points"] < (x1 + 4, y1 + 4))
        assert inside.all()
        middle = item["alpha"][int((y0 + y1) / 2), int((x0 + x1) / 2)]
        assert middle > 200


def test_things_are_cut_out() -> None:
    alphas = np.stack([item["alpha"] for item in items(ThingSource(48), range(8))])
    assert (alphas == 0).any(axis=(1, 2)).sum() >= 6
    assert (alphas == 255).any(axis=(1, 2)).all()


def test_sizes_are_different_versions() -> None:
    assert version_of(PlaceSource(48)) != version_of(PlaceSource(64))


def test_a_crowd_is_people_and_faces_alike() -> None:
    people = [drawn_face(seed) for seed in range(2)]
    faces = [bank_item(seed) for seed in range(3)]
    crowd = Crowd(people, faces)
    assert len(crowd) == 5
    wanted = {"image", "alpha", "box", "points", "visible", "occluded"}
    assert all(wanted <= set(one) and len(one["visible"]) == 5 for one in crowd)
    np.testing.assert_array_equal(crowd[1]["image"], people[1]["image"])
    np.testing.assert_array_equal(crowd[4]["points"], faces[2]["points"])
    with pytest.raises(IndexError):
        crowd[5]


def test_portraits_of_one_person_share_the_identity_and_are_aligned() -> None:
    made = items(PortraitSource(96, variants=4), range(8))
    by_person = {int(item["person"]): item["identity"] for item in made}
    assert set(by_person) == {0, 1}
    for item in made:
        np.testing.assert_array_equal(item["identity"], by_person[int(item["person"])])
        assert abs(float(item["yaw"])) <= 70
    first, second = by_person.values()
    assert np.nanmax(np.abs(first - second)) > 0.05
