"""The files that ship, on real photographs that packages carry: sane, and as good as promised."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from insightface.app import FaceAnalysis

from tests.train.real_faces import RealFace, real_faces
from tests.vision.detector_models import OrtSession
from vplugin.models.runtime import open_session
from vplugin.models.session import Session
from vplugin.nodes.finder import FaceFinder
from vplugin.vision.align import apply
from vplugin.vision.attributes import AttributeReader, Attributes
from vplugin.vision.detect import open_detector
from vplugin.vision.landmarks import Landmarker, five_points
from vplugin.vision.nms import iou_matrix
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
    assert np.median(list(errors.values())) <= 0.08, errors  # 0.06 behind the detector, see below
    assert max(errors.values()) <= 0.15, errors


def test_every_real_face_is_found_and_nothing_else() -> None:
    """As `detect` does it: a copy of 640 px, the second look, and the landmarks' points."""

    def opened(name: str) -> tuple[Session, Path]:
        path = HOUSE / f"{name.removeprefix('house/')}.onnx"
        return open_session(path, runtime="onnxruntime"), path

    finder, errors = FaceFinder(opened, "house/detector"), []
    for _, picture, faces in real_faces():
        scale = min(1.0, 640 / max(picture.shape[:2]))
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        (found,) = finder.detect([small])
        assert len(found) == len(faces)
        found = finder.refined(small, found)[0].moved(1 / scale)
        assert found.points is not None
        overlaps = iou_matrix(np.array([face.box for face in faces]), found.boxes)
        assert overlaps.max(axis=1).min() >= 0.35
        for face, row in zip(faces, overlaps.argmax(axis=1), strict=True):
            away = np.hypot(*(found.points[row] - face.points).T).mean()
            errors.append(float(away / face.eye_distance))
    finder.close()
    assert np.median(errors) <= 0.08, errors


def test_insightface_loads_the_pack_from_the_repository_and_agrees(
    shown: dict[str, Shown],
) -> None:
    picture = shown["astronaut"].picture
    pack = FaceAnalysis(
        name="house", root=str(HOUSE.parents[1]), providers=["CPUExecutionProvider"]
    )
    pack.prepare(ctx_id=-1, det_size=(640, 640))
    (theirs,) = pack.get(np.ascontiguousarray(picture[..., ::-1]))
    with open_session(HOUSE / "detector.onnx", runtime="onnxruntime") as session:
        (found,) = open_detector(session).detect([picture], score=0.5, canvas=(640, 640))
    assert found.points is not None
    np.testing.assert_allclose(found.boxes[0], theirs.bbox, atol=0.5)
    np.testing.assert_allclose(found.points[0], theirs.kps, atol=0.5)
    landmarks = Landmarker(_session("landmarks")).of_faces(picture, theirs.bbox[None])[0]
    np.testing.assert_allclose(landmarks, theirs.landmark_2d_106, atol=0.1)


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


def test_attributes_of_real_faces(shown: dict[str, Shown]) -> None:
    found = {name: _read(one) for name, one in shown.items()}
    assert abs(found["astronaut"].yaw) < 15
    assert found["near profile"].yaw < -20
    assert found["half profile"].yaw < -10
    assert all(one.face > 0.5 for one in found.values())


def _read(one: Shown) -> Attributes:
    (found,) = AttributeReader(_session("attributes")).of_faces(
        one.picture, np.array([one.face.box])
    )
    return found


def test_a_blurred_face_is_told(shown: dict[str, Shown]) -> None:
    one = shown["astronaut"]
    blurred = Shown(cv2.GaussianBlur(one.picture, (0, 0), 3.0), one.face)
    assert _read(blurred).blur > _read(one).blur + 0.2


def test_all_files_together_are_small() -> None:
    files = list(HOUSE.glob("*.onnx"))
    assert sum(file.stat().st_size for file in files) <= 40e6, files
