"""Who judges: crops as the nets' own code cuts them, and models that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.train.contest.faces import shot
from tests.vision.swap_models import save_arcface, save_constant
from vplugin.errors import ContractError
from vplugin.models.runtime import open_session
from vplugin.nets.reliableswap import iresnet
from vplugin.train.contest.evaluators import (
    HouseReader,
    checked,
    checked_parameters,
    identity_crop,
    lower_crop,
)
from vplugin.train.contest.parameters import identity_names
from vplugin.vision.attributes import AttributeReader
from vplugin.vision.embed import Embedder
from vplugin.vision.landmarks import Landmarker
from vplugin.vision.mesh_model import face_model


@pytest.mark.parametrize("size", [128, 256])
def test_crops_are_those_of_training(size: int) -> None:
    crops = np.random.default_rng(1).integers(0, 256, (2, size, size, 3)).astype(np.uint8)
    theirs = iresnet.identity_crop(torch.from_numpy(crops).permute(0, 3, 1, 2).float())
    ours = identity_crop(crops)
    assert np.abs(ours - theirs.permute(0, 2, 3, 1).numpy()).max() <= 0.5
    lower = iresnet.lower_crop(theirs).permute(0, 2, 3, 1).numpy()
    assert np.abs(lower_crop(ours) - lower).max() <= 0.5


def opened(path: Path) -> Embedder:
    return Embedder(open_session(path, runtime="onnxruntime"), name=path.name)


def test_an_evaluator_of_another_size_is_refused(tmp_path: Path) -> None:
    whole = opened(save_arcface(tmp_path / "id.onnx"))
    assert checked(whole, 112, "an identity evaluator") is whole
    with pytest.raises(ContractError, match=r"id.onnx: takes crops of 112 px — a lower-face.* 56"):
        checked(whole, 56, "a lower-face evaluator")


def test_a_regressor_must_know_all_parameters(tmp_path: Path) -> None:
    count = len(identity_names())
    wanted = np.arange(count, dtype=np.float32)[None]
    good = opened(save_constant(tmp_path / "good.onnx", 112, {"p": wanted}))
    read = checked_parameters(good)(np.zeros((2, 112, 112, 3), np.uint8))
    np.testing.assert_array_equal(read, np.repeat(wanted, 2, 0))
    short = opened(save_constant(tmp_path / "short.onnx", 112, {"p": wanted[:, :40]}))
    with pytest.raises(ContractError, match=rf"gives parameters of shape \(40,\).* has {count}"):
        checked_parameters(short)


def test_the_house_reader_reads_pose_expression_and_gaze(tmp_path: Path) -> None:
    answers = np.arange(15, dtype=np.float32)[None] / 10
    attributes = save_constant(tmp_path / "attributes.onnx", 192, {"answers": answers})
    model = face_model()
    seen = shot((210, 150, 120), 3)
    # Landmarks of the mean face, as the net would say them: -1 to 1 over its crop.
    flat = model.mean[:106, :2] / 150.0
    marks = save_constant(
        tmp_path / "landmarks.onnx", 192, {"fc1": flat.reshape(1, -1).astype(np.float32)}
    )
    reader = HouseReader(
        AttributeReader(open_session(attributes, runtime="onnxruntime")),
        Landmarker(open_session(marks, runtime="onnxruntime")),
    )
    (read,) = reader.read([seen])
    np.testing.assert_allclose(read.pose, [0.0, 0.1, 0.2], atol=1e-6)
    np.testing.assert_allclose(read.open, [0.3, 0.4, 0.5], atol=1e-6)
    assert read.expression.shape == (len(model.expression),)
    assert np.abs(read.expression).max() < 0.5, "the mean face does nothing"
    assert read.gaze.shape == (2, 2)
    assert (read.lids > 0.1).all()
