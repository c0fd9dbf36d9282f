"""Pairs with proxies and truths: whose face, whose picture, aligned and repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from vplugin.train.pairs import PairSource, pair_of
from vplugin.train.reenact import Severity
from vplugin.train.shards import Item
from vplugin.vision.align import template

SOURCE = PairSource(size=64)
SEED = 5_000_003


@pytest.fixture(scope="module")
def item() -> Item:
    (made,) = SOURCE.items(SEED)
    return made


@pytest.fixture(scope="module")
def mild() -> Item:
    (made,) = PairSource(size=64, severity=Severity(0.0)).items(SEED)
    return made


def distance(one: np.ndarray, other: np.ndarray, where: np.ndarray | None = None) -> float:
    """Mean absolute difference, where asked for."""
    off = np.abs(one.astype(int) - other).mean(2)
    return float(off.mean() if where is None else off[where].mean())


def test_a_record_has_the_promised_form(item: Item) -> None:
    record = np.zeros((), SOURCE.dtype)
    for name in SOURCE.dtype.names or ():
        record[name] = item[name]
        assert np.shape(item[name]) == record[name].shape
    assert set(item) == set(SOURCE.dtype.names or ())
    assert set(np.unique(item["labels"])) <= set(range(19))


def test_the_same_seed_gives_the_same_bytes(item: Item) -> None:
    (again,) = SOURCE.items(SEED)
    for name in ("a", "b", "ab", "ba", "truth_ab", "weak_a", "points", "identity"):
        np.testing.assert_array_equal(item[name], again[name])


def test_faces_are_aligned(item: Item) -> None:
    wanted = template("arcface_128").at(64)
    for points in item["points"]:
        assert np.hypot(*(points - wanted).T).mean() < 6


@pytest.mark.parametrize("row", [0, 1])
def test_truth_and_proxy_change_the_face_and_little_else(item: Item, row: int) -> None:
    name, both = ("a", "ab") if row == 0 else ("b", "ba")
    picture, proxy, truth = item[name], item[both], item[f"truth_{both}"]
    backdrop = item["labels"][row] == 0
    face = np.isin(item["labels"][row], (1, 10, 11, 12, 13))
    assert distance(truth, picture, face) > 3
    off = np.abs(truth.astype(int) - picture).max(2)
    assert np.median(off[backdrop]) < 0.5 * np.median(off[face])
    assert distance(proxy, picture, face) > 3
    assert distance(proxy, truth, face) > 3, "a proxy is not the truth"


def test_a_weak_swap_differs_from_the_photo_in_the_lower_face(mild: Item) -> None:
    for name, row in (("a", 0), ("b", 1)):
        weak, photo = mild[f"weak_{name}"], mild[name]
        assert distance(weak[36:], photo[36:]) > 2 * distance(weak[:20], photo[:20])
        lower = np.isin(mild["labels"][row], (11, 12, 13))
        assert distance(weak, photo, lower) > 2


def test_pairs_are_named_as_in_the_paper(item: Item) -> None:
    pair = pair_of(item)
    assert pair.source is item["b"]
    assert pair.target is item["a"]
    assert pair.source_on_target is item["ab"]


def test_severity_changes_the_proxies_and_not_the_photos(item: Item, mild: Item) -> None:
    np.testing.assert_array_equal(mild["a"], item["a"])
    np.testing.assert_array_equal(mild["truth_ab"], item["truth_ab"])
    assert distance(mild["ab"], item["ab"]) > 1
