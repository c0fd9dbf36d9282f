"""Runs of recognisers with random weights, and a bank of pairs that is drawn, not rendered."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
import yaml

from tests.train.stand_in import drawn_face
from vplugin.nets.house.identity import IdentityNet
from vplugin.train.fixer import FixerRecipe, FixerTask
from vplugin.train.pairs import PairSource
from vplugin.train.shards import Shards
from vplugin.vision.parse import FaceClass

NAMES = ("a", "b", "ab", "ba", "truth_ab", "truth_ba", "weak_a", "weak_b")


def recogniser_runs(folder: Path) -> dict[str, Path]:
    """Folders as ``vplugin train identity`` and ``fixer`` leave them."""
    torch.manual_seed(4)
    fixer = FixerTask(FixerRecipe(steps=1, widths=(8, 8, 16, 16)))
    found = {}
    for name, net in (("identity", IdentityNet()), ("fixer", fixer.net())):
        found[name] = folder / name
        found[name].mkdir()
        torch.save({"weights": net.state_dict()}, found[name] / "net.pt")
    recipe = fixer.recipe.model_dump(mode="json")
    (found["fixer"] / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return found


def drawn_pairs(path: Path, source: PairSource) -> Shards:
    """Four pairs whose pictures are known by their corner pixel, and whose left half is hair."""
    records = np.zeros(4, source.dtype)
    for number, record in enumerate(records):
        for place, name in enumerate(NAMES):
            record[name] = drawn_face(7 * number + place, source.size)["image"]
            record[name][0, 0] = 10 * number + place
        record["labels"][:, :, : source.size // 2] = FaceClass.HAIR
    np.save(path, records)
    return Shards([path])


def put_drawn_pairs(module: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a task find drawn pairs in place of its bank; torch begins the same each time."""

    def drawn(source: PairSource, data: object, seeds: tuple[int, int]) -> Shards:
        return drawn_pairs(folder / f"{seeds[0]}.npy", source)

    monkeypatch.setattr(module, "open_or_render", drawn)
    torch.manual_seed(1)
    torch.set_num_threads(1)


def marks(pictures: torch.Tensor) -> list[str]:
    """Which picture of a pair each of a batch (N, 3, S, S) is."""
    return [NAMES[int(value) % 10] for value in pictures[:, 0, 0, 0]]
