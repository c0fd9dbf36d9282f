from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from vplugin.errors import TrainError
from vplugin.train.recipe import Data
from vplugin.train.shards import Item, Shards, folder_for, open_or_render, render, version_of


@dataclass(frozen=True)
class Squares:
    """Seed s gives s % 3 items."""

    side: int = 4
    name: ClassVar[str] = "squares"

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype([("image", "u1", (self.side, self.side)), ("points", "f4", (2, 2))])

    def items(self, seed: int) -> list[Item]:
        if seed == 666:
            raise TrainError("cannot be drawn", where="seed 666")
        image = np.full((self.side, self.side), seed % 256, np.uint8)
        points = np.array([[seed, 0], [0, 1]], np.float32)
        return [{"image": image, "points": points + i} for i in range(seed % 3)]


def test_items_come_in_order_of_seeds(tmp_path: Path) -> None:
    shards = render(tmp_path, Squares(), (60, 200))
    wanted = [(seed, i) for seed in range(60, 200) for i in range(seed % 3)]
    assert len(shards) == len(wanted)
    for item, (seed, i) in zip(shards, wanted, strict=True):
        assert item["image"].dtype == np.uint8
        assert (item["image"] == seed % 256).all()
        np.testing.assert_array_equal(item["points"], [[seed + i, i], [i, i + 1]])
    np.testing.assert_array_equal(shards.column("points")[:, 0, 0], [s + i for s, i in wanted])
    with pytest.raises(IndexError):
        shards[len(shards)]


def test_processes_give_the_same_and_the_parts_are_kept(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    told: list[tuple[int, int]] = []
    render(one, Squares(), (0, 130))
    render(two, Squares(), (0, 64))
    times = {path.name: path.stat().st_mtime_ns for path in two.glob("shard-*")}
    render(two, Squares(), (0, 130), workers=2, progress=lambda *done: told.append(done))
    assert told == [(2, 3), (3, 3)]
    assert all((two / name).stat().st_mtime_ns == when for name, when in times.items())
    for path in one.glob("shard-*"):
        assert path.read_bytes() == (two / path.name).read_bytes()
    assert not list(two.glob(".shard*"))


def test_shards_travel_to_other_processes_as_paths(tmp_path: Path) -> None:
    shards = render(tmp_path, Squares(64), (0, 10))
    sent = pickle.dumps(shards)
    assert len(sent) < 1000
    received: Shards = pickle.loads(sent)
    np.testing.assert_array_equal(received[3]["image"], shards[3]["image"])


def test_a_failure_leaves_the_shards_before_it(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="seed 666"):
        render(tmp_path, Squares(), (576, 700))
    assert [path.name for path in tmp_path.glob("*shard*")] == ["shard-000000576-000000640.npy"]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"source": "circles"}, "holds other data"),
        ({"dtype": "?"}, "holds other data"),
        ({"version": "0"}, "another version of the renderer"),
    ],
)
def test_shards_of_something_else_are_not_used(
    tmp_path: Path, change: dict[str, str], match: str
) -> None:
    import json

    render(tmp_path, Squares(), (0, 4))
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    with pytest.raises(TrainError, match=match):
        render(tmp_path, Squares(), (0, 4))
    if "version" in change:
        assert len(render(tmp_path, Squares(), (0, 4), any_version=True)) == 3


def test_damaged_and_empty_shards_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="no item was rendered"):
        render(tmp_path / "empty", Squares(), (0, 1))
    render(tmp_path / "cut", Squares(), (0, 64))
    path = next((tmp_path / "cut").glob("shard-*"))
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(TrainError, match=f"{path.name}: not a shard"):
        render(tmp_path / "cut", Squares(), (0, 64))


def test_the_folder_follows_the_renderer_and_the_settings(tmp_path: Path) -> None:
    assert version_of(Squares(4)) != version_of(Squares(8))
    assert folder_for(Squares(), Data()) != folder_for(Squares(8), Data())
    data = Data(folder=tmp_path, train=(0, 6))
    assert folder_for(Squares(), data) == tmp_path / "squares"
    assert len(open_or_render(Squares(), data, data.train)) == 6
    assert (tmp_path / "squares" / "manifest.json").is_file()


@pytest.mark.parametrize("text", ["", "no json", "[1, 2]"])
def test_a_manifest_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(TrainError, match="manifest"):
        render(tmp_path, Squares(), (0, 2))


def test_an_empty_shard_is_named(tmp_path: Path) -> None:
    path = tmp_path / "shard-000000000-000000002.npy"
    path.write_bytes(b"")
    with pytest.raises(TrainError, match=r"shard-000000000-000000002.*not a shard: .+"):
        Shards([path])
