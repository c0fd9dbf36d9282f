"""Pairs on disk, triplets out of them, and the order of batches."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from vplugin.errors import TrainError
from vplugin.train.swap_losses import Kind
from vplugin.train.triplets import (
    Mixing,
    Pair,
    kind_of,
    pairs_in,
    read_pair,
    triplet,
    write_pair,
)


def flat(level: int, side: int = 16) -> np.ndarray:
    return np.full((side, side, 3), level, np.uint8)


SOURCE, TARGET, ST, TS = 20, 80, 140, 200
PAIR = Pair(flat(SOURCE), flat(TARGET), flat(ST), flat(TS))


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (Kind.NAIVE, (TARGET, SOURCE, ST)),
        (Kind.NAIVE_BACK, (SOURCE, TARGET, TS)),
        (Kind.CYCLE, (TS, ST, SOURCE)),
        (Kind.CYCLE_BACK, (ST, TS, TARGET)),
    ],
)
def test_triplets_are_those_of_the_paper(kind: Kind, wanted: tuple[int, int, int]) -> None:
    made = triplet(PAIR, kind)
    assert tuple(int(picture[0, 0, 0]) for picture in made) == wanted
    assert kind.cycle == (wanted[2] in (SOURCE, TARGET))  # its truth is a real photo


def test_other_kinds_are_no_triplets() -> None:
    with pytest.raises(ValueError, match="VANILLA"):
        triplet(PAIR, Kind.VANILLA)


def test_written_and_read(tmp_path: Path) -> None:
    for name in ("000001", "000000"):
        write_pair(tmp_path / "set" / name, PAIR)
    (tmp_path / "set" / "unfinished").mkdir()
    folders = pairs_in(tmp_path / "set")
    assert [folder.name for folder in folders] == ["000000", "000001"]
    assert sorted(path.name for path in folders[0].iterdir()) == [
        "output_st.jpg", "output_ts.jpg", "source.jpg", "target.jpg",
    ]  # fmt: skip
    for picture, wanted in zip(read_pair(folders[0]), PAIR, strict=True):
        assert np.abs(picture.astype(int) - wanted).max() <= 3
    assert {path.name for path in (tmp_path / "set").iterdir()} == {
        "000000", "000001", "unfinished",
    }  # fmt: skip


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "size"])
def test_damaged_pairs_are_named(tmp_path: Path, damage: str) -> None:
    write_pair(tmp_path / "one", PAIR)
    path = tmp_path / "one" / "output_ts.jpg"
    match damage:
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("not a picture")
        case "size":
            write_pair(tmp_path / "two", PAIR._replace(target_on_source=flat(1, 32)))
            path = tmp_path / "two" / "output_ts.jpg"
    with pytest.raises(TrainError, match=path.parent.name):
        read_pair(path.parent)


def test_a_folder_without_pairs(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(TrainError, match="no pairs"):
            pairs_in(place)


def test_a_pair_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainError, match="written"):
        write_pair(tmp_path / "file" / "one", PAIR)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("mixing", "share"),
    [
        (Mixing(), {Kind.SAME: 10 / 24, Kind.VANILLA: 10 / 24}),
        (Mixing(), {Kind.CYCLE: 2 / 24, Kind.CYCLE_BACK: 2 / 24}),
        (Mixing(24, 4, 2, "naive"), {Kind.NAIVE: 2 / 24, Kind.NAIVE_BACK: 2 / 24}),
        (Mixing(5, 0, 5), {Kind.SAME: 0.2, Kind.VANILLA: 0.8}),
        (Mixing(10, 0, 0), {Kind.VANILLA: 1.0}),
    ],
)
def test_shares_of_batches(mixing: Mixing, share: dict[Kind, float]) -> None:
    counts = Counter(islice(mixing.batches(), 240))
    assert {kind: counts[kind] / 240 for kind in share} == share
    assert kind_of(7, mixing) == kind_of(7 + mixing.period, mixing)
