from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from tests.nodes.redrawn_faces import frame_with, same_outside
from tests.nodes.swap_bench import face_of
from tests.vision.redraw_models import enhanced, save_enhancer, save_xseg
from tests.vision.swap_models import points_at, save_arcface
from vplugin.errors import ContractError, GraphError, ModelMissingError
from vplugin.frame import Frame
from vplugin.node import Context
from vplugin.nodes.enhance import Enhance, EnhanceParams
from vplugin.testing.harness import Harness


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path / "store"))


@pytest.fixture
def bench(tmp_path):
    """A folder with small models, and what a harness needs to use them."""
    save_enhancer(tmp_path / "gfpgan.onnx")
    save_enhancer(tmp_path / "gpen256.onnx", 256)
    save_enhancer(tmp_path / "codeformer.onnx", weight=True)

    def make(**params) -> Harness:
        common = {"model": "gfpgan.onnx", "runtime": "onnxruntime", "blend": 1.0}
        return Harness(
            Enhance, context=Context(name="enhance", base=str(tmp_path)), **common | params
        )

    return make


def _at(frame: Frame, point) -> np.ndarray:
    """Mean colour (3,) of 3 × 3 pixels, in 0–1."""
    x, y = np.rint(point).astype(int)
    return frame.read((x - 1, y - 1, x + 2, y + 2)).reshape(-1, 3).mean(axis=0) / 255


def _cheek(points: np.ndarray) -> np.ndarray:
    return (points[1] + points[2] + points[4]) / 3


@pytest.mark.parametrize("pixel", ["yuv420p", "nv12", "yuv422p10le", "rgb24"])
@pytest.mark.parametrize("model", ["gfpgan.onnx", "gpen256.onnx"])
@pytest.mark.parametrize("degrees", [0, 30])
def test_a_face_is_drawn_anew_where_the_model_expects_it(bench, pixel, model, degrees):
    points = points_at(240, 160, 40, degrees, wobble=None)
    frame = frame_with(face_of(points), pixel=pixel)
    outcome = bench(model=model).push(frame).finish()
    (after,) = outcome.video
    assert [(patch.node, patch.track) for patch in after.patches] == [("enhance", 0)]
    # The model paints the eyes white: they are where its template says. FFHQ's proportions are not
    # ArcFace's, so there they lie a little beside the points.
    for eye in points[:2]:
        around = after.read((eye[0] - 4, eye[1] - 4, eye[0] + 5, eye[1] + 5))
        assert around.min(axis=2).max() > 200
    assert frame.read((*(points[0] - 4), *(points[0] + 5))).min(axis=2).max() < 100
    want = enhanced(_at(frame, _cheek(points)))
    np.testing.assert_allclose(_at(after, _cheek(points)), want, atol=0.03)
    assert not frame.patches
    assert outcome.report["faces"] == {"done": 1}
    assert outcome.report["runtime"][model]["runtime"] == "onnxruntime"


@pytest.mark.parametrize("pixel", ["yuv420p", "yuv422p10le", "rgb24"])
def test_nothing_else_changes_not_by_a_bit(bench, pixel):
    points = points_at(240, 160, 40)
    faces = face_of(points), face_of(points_at(60, 60, 2), 1)
    frame = frame_with(*faces, pixel=pixel)
    outcome = bench().push(frame).finish()
    (after,) = outcome.video
    # The crop of ffhq_512 is 512 / 126 = 4.1 eye distances wide.
    assert same_outside(frame, after, (150, 70, 330, 250))
    assert not same_outside(frame, after, (200, 120, 280, 200))
    assert outcome.report["faces"] == {"done": 1, "too small": 1}


def test_it_sees_the_edits_of_the_nodes_before_it(bench):
    points = points_at(240, 160, 40)
    frame = frame_with(face_of(points))
    with frame.edit((180, 100, 300, 220), node="swap") as rgb:
        rgb[:] = (20, 200, 90)
    (after,) = bench().push(frame).finish().video
    want = enhanced(np.array([20, 200, 90]) / 255)
    np.testing.assert_allclose(_at(after, _cheek(points)), want, atol=0.02)


def test_blend_fidelity_and_select_are_hot_and_models_are_not(bench):
    left, right = points_at(130, 160, 30), points_at(350, 160, 40)
    faces = face_of(left, 1), face_of(right, 2)
    frames = [frame_with(*faces, number=n) for n in range(5)]
    harness = bench(model="codeformer.onnx", select="largest", fidelity=0.0).push(frames[0])
    harness.set(fidelity=1.0).push(frames[1])
    harness.set(fidelity=0.0, blend=0.5).push(frames[2])
    harness.set(blend=0.0).push(frames[3])
    harness.set(blend=1.0, select={"track": 1}).push(frames[4])
    for change in ({"model": "gfpgan.onnx"}, {"occlusion": "x.onnx"}, {"device": "cuda:0"}):
        with pytest.raises(GraphError, match="cannot be changed while"):
            harness.set(**change)
    outcome = harness.finish()
    plain, faithful, half, none, other = outcome.video
    assert [[p.track for p in f.patches] for f in outcome.video] == [[2], [2], [2], [], [1]]
    before, place = _at(frames[0], _cheek(right)), _cheek(right)
    redder = enhanced(before) + np.array([0.5, 0, 0])
    np.testing.assert_allclose(_at(plain, place), enhanced(before), atol=0.02)
    np.testing.assert_allclose(_at(faithful, place), np.clip(redder, 0, 1), atol=0.02)
    np.testing.assert_allclose(_at(half, place), (enhanced(before) + before) / 2, atol=0.02)
    np.testing.assert_allclose(
        _at(other, _cheek(left)), enhanced(_at(none, _cheek(left))), atol=0.02
    )
    assert outcome.report["faces"] == {"done": 4, "not selected": 5}


def test_what_lies_before_the_face_stays_to_the_bit(bench, tmp_path):
    save_xseg(tmp_path / "xseg.onnx")
    points = points_at(240, 160, 40)
    frame = frame_with(face_of(points))
    with frame.edit((0, 0, 480, 320), node="blue") as rgb:
        rgb[:] = (40, 60, 250)  # blue is face to the small XSeg …
    with frame.edit((100, 160, 380, 320), node="hand") as rgb:
        rgb[:] = (200, 150, 20)  # … and this is not
    outcome = bench(occlusion="xseg.onnx").push(frame).finish()
    (after,) = outcome.video
    assert len(after.patches) == 3
    assert (after.read((100, 162, 380, 320)) == (200, 150, 20)).all()  # soft over two pixels
    # The blue, (250/255 − 0.5)·2 of which is face.
    want = np.array([40, 60, 250]) / 255
    want = want + (enhanced(want) - want) * 0.96
    np.testing.assert_allclose(_at(after, points[:2].mean(axis=0) - (0, 4)), want, atol=0.04)
    assert set(outcome.report["runtime"]) == {"gfpgan.onnx", "xseg.onnx"}


def test_several_occluders_and_a_face_that_is_wholly_hidden(bench, tmp_path):
    save_xseg(tmp_path / "one.onnx")
    save_xseg(tmp_path / "two.onnx", "N")
    frame = frame_with(face_of(points_at(240, 160, 40)))
    with frame.edit((0, 0, 480, 320), node="hand") as rgb:
        rgb[:] = (200, 150, 20)
    outcome = bench(occlusion=["one.onnx", "two.onnx"]).push(frame).finish()
    assert len(outcome.video[0].patches) == 1
    assert outcome.report["faces"] == {"masked out": 1}


def test_neighbours_whose_crops_overlap_are_both_drawn(bench):
    left, right = points_at(200, 160, 30), points_at(270, 160, 30)
    frame = frame_with(face_of(left, 1), face_of(right, 2))
    before = [_at(frame, _cheek(points)) for points in (left, right)]
    (after,) = bench(shape="face", feather=0.2).push(frame).finish().video
    assert [patch.track for patch in after.patches] == [1, 2]
    for points, colour in zip((left, right), before, strict=True):
        np.testing.assert_allclose(_at(after, _cheek(points)), enhanced(colour), atol=0.03)


def test_who_was_selected_survives_the_nodes_process(bench):
    small, large = points_at(130, 160, 30), points_at(350, 160, 32)
    grown = points_at(130, 160, 36)
    harness = bench(select="largest")
    harness.push(frame_with(face_of(small, 1), face_of(large, 2)))
    harness.restart().push(frame_with(face_of(grown, 1), face_of(large, 2), number=1))
    tracks = [[patch.track for patch in frame.patches] for frame in harness.finish().video]
    assert tracks == [[2], [2]]


def test_wrong_and_missing_models_say_so(bench, tmp_path):
    save_arcface(tmp_path / "arcface.onnx")
    for params, error, message in (
        ({"model": "arcface.onnx"}, ContractError, "an enhancer takes a picture"),
        ({"occlusion": "arcface.onnx"}, ContractError, "an occluder is XSeg"),
        ({"model": "gfpgann"}, ModelMissingError, "gfpgann"),
    ):
        harness = bench(**params)
        with pytest.raises(error, match=message):
            harness.open()
        harness.node.close()


@pytest.mark.parametrize(
    "params", [{}, {"model": "m", "blend": 1.1}, {"model": "m", "fidelity": -0.1}]
)
def test_parameters_have_bounds(params):
    with pytest.raises(ValidationError):
        EnhanceParams(**params)
