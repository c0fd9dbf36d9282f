"""The files that ship, on real photographs that packages carry: sane, and as good as promised."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.train.real_faces import RealFace, real_faces
from tests.vision.detector_models import OrtSession
from vplugin.vision.align import apply
from vplugin.vision.landmarks import Landmarker, five_points
from vplugin.vision.parse import FaceClass, Parser

HOUSE = Path(__file__).parents[2] / "models" / "house"


@dataclass(frozen=True)
class Shown:
    """A real face and its picture."""

    picture: np.ndarray
    face: RealFace


@pytest.fixture(scope="module")
def shown() -> dict[str, Shown]:
    return {face.name: Shown(picture, face) for _, picture, faces in real_faces() for face in faces}


def _session(name: str) -> OrtSession:
    return OrtSession(HOUSE / f"{name}.onnx")


def test_five_points_on_real_faces(shown: dict[str, Shown]) -> None:
    landmarker, errors = Landmarker(_session("landmarks")), {}
    for name, one in shown.items():
        found = five_points(landmarker.of_faces(one.picture, np.array([one.face.box]))[0])
        away = np.hypot(*(found - one.face.points).T).mean()
        errors[name] = float(away / one.face.eye_distance)
    assert np.median(list(errors.values())) <= 0.105, errors  # the aim is 0.06
    assert max(errors.values()) <= 0.2, errors


def test_parts_of_the_astronaut(shown: dict[str, Shown]) -> None:
    one, parser = shown["astronaut"], Parser(_session("parser"))
    labels = parser.of_face(one.picture, one.face.points).labels[0]
    matrix = parser.matrix(one.face.points)
    wanted = {
        (202, 101): {FaceClass.RIGHT_EYE},
        (246, 103): {FaceClass.LEFT_EYE},
        (224, 118): {FaceClass.NOSE},
        (205, 120): {FaceClass.SKIN},
        (250, 122): {FaceClass.SKIN},
        (225, 165): {FaceClass.SKIN},
        (230, 50): {FaceClass.HAIR},
        (285, 80): {FaceClass.HAIR},
        (225, 147): {FaceClass.INNER_MOUTH, FaceClass.LOWER_LIP, FaceClass.UPPER_LIP},
    }
    wrong = {}
    for place, classes in wanted.items():
        x, y = apply(matrix, np.array([place], float))[0].round().astype(int)
        if FaceClass(int(labels[y, x])) not in classes:
            wrong[place] = FaceClass(int(labels[y, x])).name
    assert len(wrong) <= 1, wrong


def test_all_files_together_are_small() -> None:
    files = list(HOUSE.glob("*.onnx"))
    assert sum(file.stat().st_size for file in files) <= 40e6, files
