"""LivePortrait's contracts: the key-point law, what may move, both exports' names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.vision.detector_models import OrtSession
from tests.vision.redraw_models import (
    LOOK,
    MOTION,
    save_enhancer,
    save_feature,
    save_generator,
    save_motion,
)
from vplugin.errors import ContractError
from vplugin.vision.expression import ExpressionRestorer, MotionNet, mixed_expression

UPPER = {1, 2, 6, 10, 11, 12, 13, 15, 16}
LOWER = {3, 7, 14, 17, 18, 19, 20}


def _flat(colour: tuple[float, float, float], size: int = 512) -> np.ndarray:
    return np.broadcast_to(np.array(colour, np.float32), (1, size, size, 3)).copy()


def _expression(colour: tuple[float, float, float]) -> np.ndarray:
    """What the small motion net says of a picture of one colour."""
    return colour[0] * MOTION["red"] + colour[2] * MOTION["blue"]


def _law(expression: np.ndarray, angles: tuple[float, float, float]) -> np.ndarray:
    """s·(kp·R + exp) + t, with R of the paper's code and the third value of t dropped."""
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix().T
    return 1.5 * (MOTION["motion_points"] @ turn + expression) + [0.1, -0.2, 0]


def _restorer(place: Path, *names: str, export: str = "common") -> ExpressionRestorer:
    motion = MotionNet(OrtSession(save_motion(place / "m.onnx", export)))
    feature = OrtSession(save_feature(place / "f.onnx"))
    return ExpressionRestorer(motion, feature, OrtSession(save_generator(place / "g.onnx", *names)))


@pytest.mark.parametrize(
    ("areas", "moving"), [("all", UPPER | LOWER), ("upper", UPPER), ("lower", LOWER)]
)
@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 1.2])
def test_only_the_points_of_the_area_move(areas, moving, factor) -> None:
    have, wanted = np.random.default_rng(1).normal(0, 1, (2, 21, 3)).astype(np.float32)
    mixed = mixed_expression(have, wanted, factor, areas)
    for point in range(21):
        want = (
            factor * wanted[point] + (1 - factor) * have[point] if point in moving else have[point]
        )
        np.testing.assert_allclose(mixed[point], want, atol=1e-6)
    assert have.base is not mixed


@pytest.mark.parametrize(
    ("export", "angles"), [("common", (10, -20, 5)), ("own", (10.5, -19.5, 4.5))]
)
def test_the_motion_net_is_understood_by_name_or_by_order(tmp_path, export, angles) -> None:
    net = MotionNet(OrtSession(save_motion(tmp_path / "m.onnx", export)))
    blob = np.ones((1, 3, 256, 256), np.float32) * np.array([0.2, 0.9, 0.4]).reshape(1, 3, 1, 1)
    motion = net.look(blob.astype(np.float32))
    np.testing.assert_allclose(motion.expression, _expression((0.2, 0, 0.4)), atol=1e-4)
    other = np.random.default_rng(2).normal(0, 1, (21, 3))
    np.testing.assert_allclose(motion.key_points(other), _law(other, angles), atol=1e-4)


@pytest.mark.parametrize("names", [("source", "target"), ("kp_driving", "kp_source")])
def test_the_redrawn_face_gets_the_expression_of_the_original(tmp_path, names) -> None:
    redrawn, original = (0.3, 0.6, 0.1), (0.8, 0.2, 0.5)
    restorer = _restorer(tmp_path, *names)
    assert (restorer.size, restorer.template.name) == (512, "arcface_128")
    made = restorer.restore(_flat(redrawn), _flat(original), 0.8, "lower")
    have = _expression(redrawn)
    wanted = mixed_expression(have, _expression(original), 0.8, "lower")
    angles = (10, -20, 5)
    green = 0.5 + (LOOK * _law(wanted, angles)).sum()
    blue = 0.5 + (LOOK * _law(have, angles)).sum()
    assert abs(green - blue) > 0.005
    assert made.shape == (1, 512, 512, 3)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made[0, 100, 300], [0.6, green, blue], atol=5e-4)


def test_a_face_is_driven_by_the_whole_motion_of_another(tmp_path) -> None:
    identity, attributes = (0.3, 0.6, 0.1), (0.8, 0.2, 0.5)
    made = _restorer(tmp_path).driven(_flat(identity)[0], _flat(attributes)[0])
    angles = (10, -20, 5)
    wanted, have = (
        0.5 + (LOOK * _law(_expression(c), angles)).sum() for c in (attributes, identity)
    )
    np.testing.assert_allclose(made[100, 300], [0.6, wanted, have], atol=5e-4)
    assert made.shape == (512, 512, 3)


def test_each_face_has_its_own(tmp_path) -> None:
    restorer = _restorer(tmp_path)
    crops = np.concatenate([_flat((0.3, 0.6, 0.1)), _flat((0.1, 0.4, 0.9))])
    originals = np.concatenate([_flat((0.8, 0.2, 0.5)), _flat((0.3, 0.2, 0.2))])
    together = restorer.restore(crops, originals)
    for index in range(2):
        one = slice(index, index + 1)
        np.testing.assert_array_equal(together[one], restorer.restore(crops[one], originals[one]))
    assert np.abs(together[0] - together[1]).max() > 0.1


def test_models_of_another_contract_are_refused(tmp_path) -> None:
    wrong = OrtSession(save_enhancer(tmp_path / "e.onnx", 256))
    motion = MotionNet(OrtSession(save_motion(tmp_path / "m.onnx")))
    feature = OrtSession(save_feature(tmp_path / "f.onnx"))
    generator = OrtSession(save_generator(tmp_path / "g.onnx"))
    odd = OrtSession(save_generator(tmp_path / "o.onnx", "first", "second"))
    with pytest.raises(ContractError, match="a motion net takes"):
        MotionNet(wrong)
    with pytest.raises(ContractError, match=r"^feature: .* a feature net takes"):
        ExpressionRestorer(motion, wrong, generator)
    for one in (wrong, odd):
        with pytest.raises(ContractError, match=r"^generator: .*named source"):
            ExpressionRestorer(motion, feature, one)
