"""insightface loads a folder of our files as a pack, takes what is its own, and agrees with us."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from insightface.app import FaceAnalysis
from insightface.app.common import Face

from tests.vision.detector_models import OrtSession, noise_picture, save_scrfd
from tests.vision.house_models import (
    save_attributes,
    save_identity,
    save_landmarks,
    save_parser,
)
from vplugin.vision.embed import Embedder
from vplugin.vision.landmarks import Landmarker

POINTS = np.array([[40.0, 50], [70, 48], [56, 66], [44, 84], [68, 83]], np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack") / "models" / "house"
    folder.mkdir(parents=True)
    save_scrfd(folder / "detector.onnx")
    save_landmarks(folder / "landmarks.onnx")
    save_identity(folder / "identity.onnx")
    save_parser(folder / "parser.onnx")
    save_attributes(folder / "attributes.onnx")
    return folder


def test_detector_landmarks_and_identity_are_loaded_and_nothing_else(folder: Path) -> None:
    pack = FaceAnalysis(
        name="house", root=str(folder.parent.parent), providers=["CPUExecutionProvider"]
    )
    files = {task: Path(model.model_file).name for task, model in pack.models.items()}
    assert files == {
        "detection": "detector.onnx",
        "landmark_2d_106": "landmarks.onnx",
        "recognition": "identity.onnx",
    }
    picture = noise_picture(180, 160)
    face = Face(bbox=np.array([20.0, 20, 120, 130]), kps=POINTS)
    for task in ("landmark_2d_106", "recognition"):
        pack.models[task].get(picture[..., ::-1], face)
    embedder = Embedder(OrtSession(folder / "identity.onnx"))
    ours = embedder.of_face(picture, POINTS)
    theirs = face.embedding
    assert ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs) > 0.99999
    points = Landmarker(OrtSession(folder / "landmarks.onnx")).of_faces(picture, face.bbox[None])
    np.testing.assert_allclose(points[0], face.landmark_2d_106, atol=0.02)
