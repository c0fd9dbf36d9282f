"""A bank of drawn faces with every truth that the tasks read, as shards on disk."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from tests.train.stand_in import drawn_face
from vplugin.synth.expression import Expression
from vplugin.synth.parts import Segment
from vplugin.train.faces import FaceSource
from vplugin.train.shards import Item, Shards
from vplugin.vision.landmarks import FIVE

SIZE = 96


def bank_item(seed: int) -> Item:
    """One of three pictures of each person."""
    item = dict(drawn_face(seed, SIZE))
    x0, y0, x1, y1 = (float(value) for value in item["box"])
    landmarks = np.random.default_rng((7, 1)).uniform((x0, y0), (x1, y1), (106, 2))
    landmarks[list(FIVE)] = item["points"]
    segments = np.where(item["alpha"] > 0, Segment.CLOTH, Segment.BACKGROUND).astype(np.uint8)
    centre, half = ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 2, (y1 - y0) / 2)
    axes = (int(half[0]), int(half[1]))
    cv2.ellipse(segments, (int(centre[0]), int(centre[1])), axes, 0, 0, 360, int(Segment.SKIN), -1)
    for eye, label in zip(item["points"][:2], (Segment.RIGHT_EYE, Segment.LEFT_EYE), strict=True):
        cv2.circle(segments, tuple(eye.astype(int).tolist()), 4, int(label), -1)
    if seed % 2:
        cv2.circle(segments, (int(centre[0]), int(y1) - 2), 9, int(Segment.HAND), -1)
    words = {f"expression.{p.name}": p.mean for p in Expression.parameters()}
    words |= {
        "jaw.chin_cleft": 0.5,
        "expression.blink_left": float(seed % 2),
        "expression.blink_right": 0.0,
    }
    identity = np.full(256, np.nan, np.float32)
    identity[:6] = np.random.default_rng((8, seed // 3)).random(6)
    more = {
        "person": seed // 3,
        "visible": np.ones(106, bool),
        "segments": segments,
        "landmarks": landmarks.astype(np.float32),
        "pose": np.array([20.0 * (seed % 3 - 1), 5, -3], np.float32),
        "identity": identity,
        "words": np.bytes_(json.dumps(words)),
    }
    return item | {name: np.asarray(value) for name, value in more.items()}


def bank(path: Path, seeds: range) -> Shards:
    """A file of these items, opened."""
    records = np.zeros(len(seeds), FaceSource(SIZE, 3).dtype)
    for record, seed in zip(records, seeds, strict=True):
        for name, value in bank_item(seed).items():
            record[name] = value
    np.save(path, records)
    return Shards([path])
