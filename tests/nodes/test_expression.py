from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from tests.nodes.redrawn_faces import frame_with, same_outside
from tests.nodes.swap_bench import face_of
from tests.vision.detector_models import OrtSession
from tests.vision.redraw_models import save_enhancer, save_feature, save_generator, save_motion
from tests.vision.swap_models import points_at
from vplugin.errors import ContractError, GraphError
from vplugin.frame import Frame
from vplugin.node import Context
from vplugin.nodes.expression import Expression, ExpressionParams
from vplugin.testing.harness import Harness
from vplugin.vision.align import similarity, template, warp
from vplugin.vision.expression import ExpressionRestorer, MotionNet

MODELS = {"motion": "m.onnx", "feature": "f.onnx", "generator": "g.onnx"}
SWAPPED = (200, 40, 120)
POINTS = points_at(240, 160, 40)


@pytest.fixture
def bench(tmp_path):
    save_motion(tmp_path / "m.onnx")
    save_feature(tmp_path / "f.onnx")
    save_generator(tmp_path / "g.onnx")
    save_enhancer(tmp_path / "e.onnx", 256)

    def make(**params) -> Harness:
        context = Context(name="expression", base=str(tmp_path))
        return Harness(Expression, context=context, **MODELS | {"runtime": "onnxruntime"} | params)

    return make


def _swapped(frame: Frame, track: int | None = 0, rect=(120, 40, 360, 280)) -> Frame:
    """One colour everywhere around the face: what a swap might leave."""
    frame = frame.evolve()
    with frame.edit(rect, node="swap", track=track) as rgb:
        rgb[:] = SWAPPED
    return frame


def _colour(frame: Frame) -> np.ndarray:
    x, y = np.rint(POINTS[2]).astype(int)
    return frame.read((x - 2, y - 2, x + 3, y + 3)).reshape(-1, 3).mean(axis=0) / 255


def _wanted(tmp_path, frame: Frame, factor: float, areas) -> np.ndarray:
    """What the restorer makes of the colour of the swap and the clean picture's crop."""
    sessions = [OrtSession(tmp_path / MODELS[name]) for name in ("motion", "feature", "generator")]
    matrix = similarity(POINTS, template("arcface_128").at(512))
    clean = frame.evolve(patches=()).read(frame.format.bounds)
    original = warp(clean, matrix, (512, 512))[None].astype(np.float32) / 255
    swapped = np.broadcast_to(np.float32(SWAPPED) / 255, original.shape).astype(np.float32)
    restorer = ExpressionRestorer(MotionNet(sessions[0]), *sessions[1:])
    return restorer.restore(swapped, original, factor, areas)[0, 256, 256]


@pytest.mark.parametrize(("factor", "areas"), [(1.0, "all"), (1.2, "upper"), (0.5, "lower")])
def test_the_expression_is_that_of_the_clean_picture(bench, tmp_path, factor, areas):
    frame = _swapped(frame_with(face_of(POINTS)))
    outcome = bench(factor=factor, areas=areas).push(frame).finish()
    (after,) = outcome.video
    assert [patch.node for patch in after.patches] == ["swap", "expression"]
    assert after.patches[1].track == 0
    want = _wanted(tmp_path, frame, factor, areas)
    np.testing.assert_allclose(_colour(after), want, atol=0.004)
    # Green says where the points shall go, blue where they are: the original's made a difference.
    assert abs(want[1] - want[2]) > 0.01
    assert outcome.report["faces"] == {"done": 1}
    assert set(outcome.report["runtime"]) == set(MODELS.values())
    assert len(frame.patches) == 1


def test_nothing_else_changes_not_by_a_bit(bench):
    frame = _swapped(frame_with(face_of(POINTS), pixel="yuv420p"))
    (after,) = bench().push(frame).finish().video
    # The crop of arcface_128 is 128 / 35.2 = 3.6 eye distances wide.
    assert same_outside(frame, after, (160, 80, 320, 250))
    assert not same_outside(frame, after, (220, 140, 260, 180))


@pytest.mark.parametrize(
    ("track", "rect", "done"),
    [
        (0, (120, 40, 360, 280), True),
        (None, (120, 40, 360, 280), True),
        (3, (120, 40, 360, 280), False),  # an edit of somebody else
        (0, (0, 0, 60, 60), False),  # an edit elsewhere
    ],
)
def test_a_face_that_was_not_altered_is_left_alone(bench, track, rect, done):
    frame = _swapped(frame_with(face_of(POINTS)), track, rect)
    outcome = bench().push(frame).finish()
    assert len(outcome.video[0].patches) == 1 + done
    assert outcome.report["faces"] == ({"done": 1} if done else {"not altered": 1})


def test_factor_and_areas_are_hot_and_models_are_not(bench, tmp_path):
    frames = [_swapped(frame_with(face_of(POINTS), number=n)) for n in range(3)]
    harness = bench(factor=0.0).push(frames[0])
    harness.set(factor=1.0, areas="upper").push(frames[1])
    harness.set(factor=1.0, areas="lower").push(frames[2])
    for name in MODELS:
        with pytest.raises(GraphError, match=f"`{name}` cannot be changed"):
            harness.set(**{name: "other.onnx"})
    none, upper, lower = harness.finish().video
    assert len(none.patches) == 1
    for frame, areas in ((upper, "upper"), (lower, "lower")):
        np.testing.assert_allclose(_colour(frame), _wanted(tmp_path, frame, 1.0, areas), atol=0.004)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_another_contract_is_refused(bench, name):
    harness = bench(**{name: "e.onnx"})
    with pytest.raises(ContractError, match=r"(net|generator) takes") as error:
        harness.open()
    assert error.value.where == "e.onnx"
    harness.node.close()


@pytest.mark.parametrize("params", [{}, {**MODELS, "factor": 1.3}, {**MODELS, "areas": "nose"}])
def test_parameters_have_bounds(params):
    with pytest.raises(ValidationError):
        ExpressionParams(**params)
