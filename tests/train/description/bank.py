"""A bank of faces that are three coloured blots, and finished runs of small models on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.train.description.people import SHARES, WORDS
from vplugin.train.description.source import DescribeSource
from vplugin.train.probe import ProbeRecipe
from vplugin.train.shards import Item
from vplugin.train.tokenizer import TokenizerRecipe

DATA = {"train": (0, 12), "held_out": (100, 106), "workers": 1}


def blots(source: DescribeSource, seed: int) -> Sequence[Item]:
    """Stands for :meth:`DescribeSource.items`: hair, age and glasses go by the seed."""
    image = np.full((source.side, source.side, 3), 120, np.uint8)
    red = seed % 3 == 0
    image[: source.side // 3] = (200, 60, 30) if red else (30, 25, 20)
    image[source.side // 2 :, : 10 + seed % 7] = 220
    words = WORDS | {
        "hair.colour": "red" if red else "black",
        "wear.glasses": ("none", "square")[seed % 2],  # red hair with glasses is held out
        "age": 30.0 if seed % 4 else 70.0,
    }
    shares = np.zeros(23)
    for segment, share in SHARES.items():
        shares[segment] = share
    values = {
        "image": image,
        "words": np.bytes_(json.dumps(words)),
        "shares": shares,
        "yaw": np.float32(0),
    }
    return [{name: np.asarray(value) for name, value in values.items()}]


def probe_recipe(path: Path) -> ProbeRecipe:
    """Of a run of two steps, on that tokenizer."""
    data = DATA | {"folder": path / "bank"}
    return ProbeRecipe(
        tokenizer=path / "tok", steps=2, batch=4, loaders=0, bf16=False, output=path / "probe",
        evaluate_every=2, data=data,
    )  # fmt: skip


def tokenizer_recipe(path: Path) -> TokenizerRecipe:
    """Of a run of two steps."""
    data = DATA | {"folder": path / "bank"}
    return TokenizerRecipe(
        side=64, base=4, blocks=1, steps=2, batch=3, loaders=0, bf16=False, output=path / "tok",
        evaluate_every=2, data=data, levels=(5, 4),
    )  # fmt: skip
