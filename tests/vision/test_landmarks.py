"""The landmark runner gives what insightface's own class gives, and says what it cannot take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from insightface.app.common import Face
from insightface.model_zoo import model_zoo

from tests.vision.detector_models import OrtSession, Tensor, noise_picture
from tests.vision.house_models import save_landmarks
from vplugin.errors import ContractError
from vplugin.vision.landmarks import FIVE, Landmarker, face_square, five_points

BOXES = np.array(
    [[20.0, 30.0, 120.5, 140.25], [150.0, 10.0, 250.0, 60.0], [-30.0, -20.0, 70.0, 66.0]]
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_landmarks(tmp_path_factory.mktemp("landmarks") / "landmarks.onnx")


def test_same_as_insightface(model: Path) -> None:
    picture = noise_picture(260, 180)
    theirs = model_zoo.get_model(str(model))
    assert (theirs.taskname, theirs.input_mean, theirs.input_std) == ("landmark_2d_106", 0.0, 1.0)
    wanted = [theirs.get(picture[..., ::-1], Face(bbox=box)) for box in BOXES]
    found = Landmarker(OrtSession(model)).of_faces(picture, BOXES)
    assert found.shape == (3, 106, 2)
    assert np.ptp(found[0], axis=0).min() > 1
    np.testing.assert_allclose(found, np.stack(wanted), atol=0.02)


def test_no_faces(model: Path) -> None:
    found = Landmarker(OrtSession(model)).of_faces(noise_picture(64, 64), np.zeros((0, 4)))
    assert found.shape == (0, 106, 2)


@pytest.mark.parametrize("box", BOXES)
def test_square_is_one_and_a_half_boxes_about_its_centre(box: np.ndarray) -> None:
    matrix = face_square(box)
    wide = 1.5 * max(box[2] - box[0], box[3] - box[1])
    centre = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    for shift, goal in ((-wide / 2, 0.0), (0.0, 96.0), (wide / 2, 192.0)):
        np.testing.assert_allclose(matrix[:, :2] @ (centre + shift) + matrix[:, 2], goal, atol=1e-9)


def test_five_points_are_eyes_nose_and_mouth() -> None:
    landmarks = np.arange(2 * 106 * 2.0).reshape(2, 106, 2)
    assert np.array_equal(five_points(landmarks), landmarks[:, list(FIVE)])


class _Fake:
    def __init__(self, inside: tuple[object, ...], outside: tuple[object, ...]) -> None:
        self.inputs, self.outputs = [Tensor("a", inside)], [Tensor("b", outside)]


@pytest.mark.parametrize(
    ("inside", "outside"),
    [((1, 3, 112, 112), (1, 512)), ((1, 3, 192, 192), (1, 3309)), ((1, 3, "h", "w"), (1, 212))],
)
def test_other_contracts_are_refused(
    inside: tuple[object, ...], outside: tuple[object, ...]
) -> None:
    with pytest.raises(ContractError, match="2d106det model takes"):
        Landmarker(_Fake(inside, outside))
