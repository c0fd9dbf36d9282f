"""Drawn stand-ins for plain portraits: grey levels and relief that differ by person."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vplugin.train.plain import PlainSource
from vplugin.train.shards import Shards


def plain_bank(path: Path, people: range) -> Shards:
    """A file with the portrait of each of these people, opened."""
    records = np.zeros(len(people), PlainSource().dtype)
    for record, person in zip(records, people, strict=True):
        generator = np.random.default_rng((9, person))
        coarse = generator.integers(40, 200, (4, 4, 3)).astype(np.uint8)
        record["person"] = person
        record["image"] = cv2.resize(coarse, (64, 64), interpolation=cv2.INTER_LINEAR)
        record["relief"] = record["image"][..., 1]
    np.save(path, records)
    return Shards([path])
