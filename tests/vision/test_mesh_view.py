from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from tests.vision.mesh_faces import Known, crop, face, picture, points_of, view
from vplugin.vision import mesh_view
from vplugin.vision.landmarks import Landmarker, five_points
from vplugin.vision.mesh_model import face_model
from vplugin.vision.mesh_view import (
    FACE,
    NetSight,
    agreement,
    mouth_gap,
    openings,
    prepared,
    state_of,
)
from vplugin.vision.parse import FaceClass, Parser

SKIN = (0.8, 0.6, 0.5, 0.3)


@dataclass
class _Tensor:
    name: str
    shape: tuple[int | str, ...]


class _Net:
    """A model of one input whose answers are made by a function."""

    def __init__(self, inputs: tuple, outputs: list[tuple], answer) -> None:
        self.inputs = [_Tensor("x", inputs)]
        self.outputs = [_Tensor(f"y{k}", shape) for k, shape in enumerate(outputs)]
        self._answer = answer
        self.given: list[np.ndarray] = []

    def run(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        self.given.append(inputs["x"])
        return self._answer(inputs["x"])


def _nets(marks: np.ndarray) -> tuple[_Net, _Net]:
    """A landmark net that always answers ``marks`` (-1…1), a parser: face left, hand right."""

    def parse(batch: np.ndarray) -> list[np.ndarray]:
        n, _, side, _ = batch.shape
        logits = np.zeros((n, 19, side, side), np.float32)
        logits[:, FaceClass.SKIN] = 8.0
        logits[:, FaceClass.HAIR, : side // 4] = 20.0
        hidden = np.full((n, 1, side, side), -9.0, np.float32)
        hidden[..., side * 3 // 4 :] = 9.0
        return [logits, hidden]

    flat = marks.reshape(1, -1).astype(np.float32)
    points = _Net(("N", 3, 192, 192), [("N", 212)], lambda x: [np.repeat(flat, len(x), axis=0)])
    return points, _Net(("N", 3, 64, 64), [("N", 19, 64, 64), ("N", 1, 64, 64)], parse)


def test_the_nets_look_at_the_crop_and_their_answers_come_back_into_it():
    marks = np.random.default_rng(0).uniform(-0.5, 0.5, (106, 2))
    points, parser = _nets(marks)
    picture_, five, _ = crop(face(1), SKIN, 256)
    (seen,) = NetSight(Landmarker(points), Parser(parser)).look(picture_[None], five[None])
    # 1.5 times the face's box is what the net sees from -1 to 1.
    middle = np.array([128, 128 + 0.044 * 256]) - 0.5
    found = middle + marks * 0.64 * 1.5 * 128
    share = mesh_view._ANCHOR
    # … and part of the way to what the detector says.
    np.testing.assert_allclose(
        five_points(seen.landmarks), (1 - share) * five_points(found) + share * five, atol=0.6
    )
    assert points.given[0].max() > 100  # 0–255
    assert seen.face.shape == (128, 128)
    middle, hair, hand = seen.face[70, 60], seen.face[22, 60], seen.face[70, 110]
    assert middle > 0.95
    assert hair < 0.05
    assert hand < 0.05
    assert FaceClass.HAIR not in FACE
    assert FaceClass.GLASSES not in FACE


@pytest.mark.parametrize("scale", [0.9, 2.2])
def test_a_picture_and_its_mirror_image_are_made_ready(scale):
    fit = face(2, yaw=20, roll=25, scale=scale)
    one, other = prepared(face_model(), Known(fit), view(fit, SKIN))
    assert (one.mirrored, other.mirrored) == (False, True)
    assert one.fit.yaw == pytest.approx(20, abs=5)
    assert other.fit.yaw == pytest.approx(-one.fit.yaw, abs=1.5)
    assert abs(one.fit.roll) < 8  # upright
    assert (one.levels[0][:, ::-1] == other.levels[0]).all()
    assert len(one.levels) >= 2
    x, y = np.rint(one.vertices[86, :2]).astype(int)
    assert one.levels[0][y, x, 3] > 250
    assert one.levels[0][2, 2, 3] == 0
    # The side that is turned away is seen at a flat angle.
    assert one.normals[9] > one.normals[25]


def test_pictures_keep_their_resolution_up_to_a_bound():
    def side(scale: float) -> int:
        fit = face(scale=scale)
        return prepared(face_model(), Known(fit), view(fit, SKIN))[0].levels[0].shape[0]

    small, large = side(0.7), side(1.4)
    assert large == pytest.approx(2 * small, rel=0.05)
    fit = face(scale=2.4)
    eyes = float(np.hypot(*(points_of(fit)[1] - points_of(fit)[0])))
    assert side(2.4) == pytest.approx(160 / 35.24 * eyes * 1.6, rel=0.05) or side(2.4) == 768
    assert picture(fit, SKIN).shape == (320, 320, 3)


@pytest.mark.parametrize(("shift", "least", "most"), [(0.09, 1, 1), (0.2, 0.2, 0.8), (0.4, 0, 0)])
def test_landmarks_that_the_detector_does_not_confirm_are_not_believed(shift, least, most):
    marks = face_model().placed(face(1))[:106, :2]
    five = five_points(marks)
    eyes = float(np.hypot(*(five[1] - five[0])))
    assert least <= agreement(marks + np.array([shift * eyes, 0.0]), five) <= most


def test_hard_shadows_and_darkness_are_flaws():
    fit = face(1)
    plain = view(fit, SKIN)
    shade = np.ones(plain.image.shape, np.float32)
    shade[110:200, 100:160] = 0.3  # one cheek, with a sharp border

    def flaws(factor: np.ndarray | float) -> float:
        image = (plain.image * factor).astype(np.uint8)
        return prepared(face_model(), Known(fit), replace(plain, image=image))[0].flaws

    assert flaws(1.0) < 0.1
    assert flaws(shade) > flaws(1.0) + 0.2
    assert flaws(0.2) > flaws(1.0) + 0.2


@pytest.mark.parametrize(("high", "wanted"), [(0.0, 0.0), (0.1, 0.075), (0.4, 0.3)])
def test_eyes_are_open_as_far_as_eyeballs_are_seen(high: float, wanted: float) -> None:
    points = np.array([[60.0, 80], [120, 80], [90, 110], [70, 130], [110, 130]])
    eyes = np.zeros((160, 180), np.float32)
    wide = 0.42 * 60
    axes = round(wide / 2 * 16), round(high * wide / 2 * 16)
    if high:
        cv2.ellipse(eyes, (60 * 16, 80 * 16), axes, 0, 0, 360, 1.0, -1, shift=4)
    left, right = openings(eyes, points)
    assert left == pytest.approx(wanted, abs=0.04)
    assert right == 0


@pytest.mark.parametrize("high", [0, 6, 18])
def test_a_mouth_is_open_as_far_as_is_seen_between_the_lips(high: int) -> None:
    points = np.array([[60.0, 80], [120, 80], [90, 110], [70, 130], [110, 130]])
    inner = np.zeros((160, 180), np.float32)
    inner[130 : 130 + high, 76:104] = 1
    inner[:30] = 1  # far from the mouth
    assert mouth_gap(inner, points) == pytest.approx(high / 60)
    marks = np.zeros((106, 2))
    assert state_of(marks, least=0.3).mouth == 0.3


def test_lids_that_are_shut_close_the_eyes_of_a_state() -> None:
    marks = np.random.default_rng(0).uniform(0, 100, (106, 2))
    plain, shut = state_of(marks), state_of(marks, (0.01, 9.0))
    assert shut.eyes == (min(plain.eyes[0], 0.01), plain.eyes[1])
    assert (shut.mouth, shut.gaze) == (plain.mouth, plain.gaze)
