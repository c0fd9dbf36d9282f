"""The attribute runner: each answer under its name, from the landmark net's crop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
import pytest

from tests.vision.detector_models import OrtSession, Tensor, noise_picture
from tests.vision.house_models import save_attributes
from vplugin.errors import ContractError
from vplugin.nets.house.attributes import ANSWERS
from vplugin.vision.align import warp
from vplugin.vision.attributes import AttributeReader, Attributes
from vplugin.vision.landmarks import face_square


class _Fake:
    def __init__(self, count: int = len(ANSWERS)) -> None:
        self.inputs = [Tensor("crop", ("n", 3, "h", "w"))]
        self.outputs = [Tensor("answers", ("n", count))]
        self.seen: list[np.ndarray] = []

    def run(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        self.seen.append(inputs["crop"])
        rows = len(inputs["crop"])
        return [np.arange(rows * len(ANSWERS), dtype=np.float32).reshape(rows, -1)]


def test_names_are_those_of_the_net() -> None:
    assert [field.name for field in fields(Attributes)] == [answer.name for answer in ANSWERS]


def test_answers_come_under_their_names_from_the_crop_of_the_landmark_net() -> None:
    picture, fake = noise_picture(200, 160), _Fake()
    boxes = np.array([[20.0, 30, 100, 120], [90, 10, 190, 140]])
    first, second = AttributeReader(fake).of_faces(picture, boxes)
    assert astuple(first) == tuple(range(15))
    assert second.face == 29.0
    crop = warp(picture, face_square(boxes[1]), (192, 192), border="black")
    assert np.array_equal(fake.seen[0][1], crop.transpose(2, 0, 1).astype(np.float32))


def test_no_faces() -> None:
    assert AttributeReader(_Fake()).of_faces(noise_picture(64, 64), np.zeros((0, 4))) == []


def test_other_models_are_refused() -> None:
    with pytest.raises(ContractError, match=r"gives \(N, 15\)"):
        AttributeReader(_Fake(3))


def test_the_file_keeps_the_contract(tmp_path: Path) -> None:
    reader = AttributeReader(OrtSession(save_attributes(tmp_path / "attributes.onnx")))
    (found,) = reader.of_faces(noise_picture(200, 160), np.array([[20.0, 30, 100, 120]]))
    chances = [getattr(found, answer.name) for answer in ANSWERS if answer.kind != "value"]
    assert all(0 <= chance <= 1 for chance in chances)
