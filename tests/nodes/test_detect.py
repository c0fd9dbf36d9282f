from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from pydantic import ValidationError

from tests.vision.detector_models import noise_picture, save_scrfd, save_yunet
from tests.vision.house_models import save_landmarks
from vplugin.colour import paste_rgb
from vplugin.errors import (
    ContractError,
    GraphError,
    ModelError,
    ModelMissingError,
    RuntimeMissingError,
)
from vplugin.frame import Frame
from vplugin.node import Context
from vplugin.nodes.detect import Detect, DetectParams
from vplugin.nodes.finder import landmarks_for
from vplugin.picture import Picture, PictureFormat
from vplugin.testing.frames import Scene
from vplugin.testing.harness import Harness


@pytest.fixture(autouse=True)
def _store(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path / "store"))


def frame_of(rgb: np.ndarray, pixel: str = "yuv420p", pts: int = 0, **format_options) -> Frame:
    """A frame whose decoded picture shows ``rgb``."""
    format = PictureFormat(pixel, rgb.shape[1], rgb.shape[0], **format_options)
    everywhere = np.ones(rgb.shape[:2], np.bool_)
    planes = paste_rgb(Picture.blank(format).planes, format, np.ascontiguousarray(rgb), everywhere)
    return Frame(Picture(format, planes), pts, Fraction(1, 25))


def detector(model: Path, **params) -> Harness:
    return Harness(Detect, model=str(model), runtime="onnxruntime", **params)


def test_faces_are_put_into_frames(tmp_path) -> None:
    rgb = noise_picture(320, 240)
    outcome_of = detector(save_scrfd(tmp_path / "d.onnx"), score=0.6)
    outcome = outcome_of.push([frame_of(rgb, pts=n) for n in range(3)])
    faces = [len(frame.faces) for frame in outcome.outcome.video]
    report = outcome.finish().report
    assert faces[0] > 3
    assert len(set(faces)) == 1
    face = outcome.outcome.video[0].faces[0]
    assert (face.box.shape, face.box.dtype) == ((4,), np.float32)
    assert (face.points.shape, face.points.dtype) == ((5, 2), np.float32)
    assert 0.6 <= face.score <= 1
    assert outcome.outcome.video[0].patches == ()
    assert report["contract"] == "scrfd"
    assert report["runtime"]["runtime"] == "onnxruntime"
    assert report["runtime"]["device"] == "cpu"
    assert report["faces"] == sum(faces)
    assert report["faces_per_frame"] == {str(faces[0]): 3}


def test_landmarks_refine_the_points(tmp_path) -> None:
    rgb = noise_picture(320, 240)
    model, marks = save_scrfd(tmp_path / "d.onnx"), save_landmarks(tmp_path / "l.onnx")
    plain = detector(model).push([frame_of(rgb)])
    fine = detector(model, landmarks=str(marks)).push([frame_of(rgb)])
    for one, other in zip(plain.outcome.video[0].faces, fine.outcome.video[0].faces, strict=True):
        np.testing.assert_array_equal(one.box, other.box)
        assert one.landmarks is None
        moved = not np.array_equal(one.points, other.points)
        assert moved == (other.landmarks is not None)
    assert fine.finish().report["landmarks"]["model"] == str(marks)
    assert "landmarks" not in plain.finish().report


@pytest.mark.parametrize(
    ("detector", "wanted", "chosen"),
    [
        ("house/detector", "auto", "house/landmarks"),
        ("yunet", "auto", None),
        ("yunet", "house/landmarks", "house/landmarks"),
        ("house/detector", "none", None),
    ],
)
def test_which_landmarks(detector: str, wanted: str, chosen: str | None) -> None:
    assert landmarks_for(detector, wanted) == chosen


@pytest.mark.parametrize(
    ("size", "params", "expected"),
    [
        ((320, 240), {}, (240, 320)),
        ((640, 360), {"size": 320}, (180, 320)),
        ((20, 640), {"size": 64}, (64, 2)),
    ],
)
def test_looks_at_a_small_copy_never_enlarged(
    tmp_path, size, params, expected, monkeypatch
) -> None:
    seen = []
    with detector(save_scrfd(tmp_path / "d.onnx"), **params) as bench:
        bench.open()
        inner = bench.node._detector
        monkeypatch.setattr(
            inner, "_fit", lambda p, c, fit=inner._fit: seen.append(p.shape[:2]) or fit(p, c)
        )
        bench.push(frame_of(noise_picture(*size)))
    assert seen == [expected]


def test_several_at_once_equal_one_by_one(tmp_path) -> None:
    path = save_scrfd(tmp_path / "d.onnx", batch="n", batched=True)
    frames = [frame_of(noise_picture(160, 96, seed), pts=seed) for seed in range(3)]
    frames.append(frame_of(noise_picture(96, 160, 9), pts=9))
    with detector(path, score=0.6) as bench:
        alone = bench.push(frames).outcome.video
        together = bench.node.process_many(frames)
    for a, b in zip(alone, together, strict=True):
        assert a.pts == b.pts
        assert len(a.faces) == len(b.faces) > 0
        for x, y in zip(a.faces, b.faces, strict=True):
            np.testing.assert_allclose(x.points, y.points, atol=1e-2)


@pytest.mark.parametrize(("field", "value"), [("max_faces", 2), ("score", 0.95)])
def test_parameters_can_be_changed_while_it_runs(tmp_path, field, value) -> None:
    frame = frame_of(noise_picture(320, 240))
    with detector(save_scrfd(tmp_path / "d.onnx"), score=0.6) as bench:
        bench.push(frame).set(**{field: value}).push(frame)
        before, after = (len(f.faces) for f in bench.outcome.video)
    assert after < before


def test_faces_are_followed_between_two_looks() -> None:
    """She drifts and nears; the points are those of a detector that looks at every frame."""
    photo = skimage.data.astronaut()
    frames = []
    for number in range(9):
        matrix = np.array([[1 + 0.01 * number, 0, 3.0 * number], [0, 1 + 0.01 * number, 0]])
        frames.append(frame_of(cv2.warpAffine(photo, matrix, (512, 512)), pts=number))
    frames.append(frame_of(np.ascontiguousarray(photo[::-1, :, ::-1]), pts=9))  # a cut
    each, few = (
        Harness(Detect, runtime="onnxruntime", every=every).push(frames).finish()
        for every in (1, 4)
    )
    assert few.report["followed"] == 6  # not 0, 4, 8, nor 9
    assert "followed" not in each.report
    for one, other in zip(each.video[:9], few.video[:9], strict=True):
        (wanted,), (found,) = one.faces, other.faces
        off = np.hypot(*(found.points - wanted.points).T).mean()
        assert off < 0.05 * wanted.eye_distance
        assert np.abs(found.box - wanted.box).max() < 0.35 * wanted.eye_distance
        assert found.landmarks is not None


def test_following_needs_landmarks() -> None:
    with pytest.raises(GraphError, match=r"detect\.every: .*no such model — set `landmarks`"):
        Harness(Detect, context=Context(name="detect"), every=3, landmarks="none").open()


def test_small_faces_by_tiles(tmp_path) -> None:
    frame = frame_of(noise_picture(1200, 800))
    path = save_yunet(tmp_path / "y.onnx")
    with detector(path, size=320, score=0.8) as bench:
        bench.push(frame).set(min_face=10).push(frame).set(min_face=400).push(frame)
        coarse, tiled, large = (f.faces for f in bench.outcome.video)
    assert len(tiled) > len(coarse) == len(large)
    boxes = np.stack([face.box for face in tiled])
    assert boxes[:, 2].max() > 900, "boxes are in pixels of the picture"


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        ("none.onnx", ModelMissingError, "none.onnx"),
        ("no-such-model", ModelError, "no-such-model"),
        ("garbage.onnx", ModelError, "garbage.onnx"),
        ("wrong.onnx", ContractError, "wrong.onnx"),
    ],
)
def test_models_that_cannot_be_used(tmp_path, model, error, message) -> None:
    (tmp_path / "garbage.onnx").write_bytes(b"no model at all")
    save_scrfd(tmp_path / "wrong.onnx", outputs=7)
    params = DetectParams(model=model, runtime="onnxruntime")
    node = Detect(params, "detect")
    with pytest.raises(error, match=message) as caught:
        node.open(Context(name="detect", base=str(tmp_path)))
    node.close()
    assert "\n" not in str(caught.value)


def test_a_device_that_is_not_there(tmp_path) -> None:
    path = save_scrfd(tmp_path / "d.onnx")
    node = Detect(DetectParams(model=str(path), runtime="onnxruntime", device="cuda:7"))
    with pytest.raises(RuntimeMissingError):
        node.open(Context())
    node.close()


@pytest.mark.parametrize(
    "wrong", [{"score": 2}, {"size": 1}, {"max_faces": -1}, {"nms": "high"}, {"modell": "yunet"}]
)
def test_wrong_parameters(wrong) -> None:
    with pytest.raises(ValidationError):
        DetectParams(**wrong)


def test_pictures_of_every_kind(tmp_path) -> None:
    with detector(save_scrfd(tmp_path / "d.onnx"), score=0.0, max_faces=1) as bench:
        for pixel in ("yuv420p", "nv12", "yuv422p10le", "p010le", "gbrp", "rgb24", "gray"):
            bench.push(Scene(pixel=pixel, width=33, height=17).frame(0))
        bench.push(Scene(width=1, height=1).frame(0))
        assert all(len(frame.faces) == 1 for frame in bench.outcome.video)


MIRROR = os.environ.get("VPLUGIN_MODEL_MIRROR", "")
YUNET = Path(MIRROR) / "yunet" / "yunet_n_dynamic.onnx"
real = pytest.mark.skipif(
    not (MIRROR and YUNET.is_file()), reason="VPLUGIN_MODEL_MIRROR has no YuNet"
)


@real
@pytest.mark.parametrize("pixel", ["yuv420p", "nv12", "p010le", "yuv422p10le", "rgb24"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_astronaut_in_every_position(pixel, rotation) -> None:
    """Points are in pixels of the decoded picture, whichever way a player turns it."""
    upright = skimage.data.astronaut()[:400, 40:440]
    turns = rotation // 90
    decoded = np.rot90(upright, -turns)
    with detector(YUNET) as bench:
        (face,) = bench.push(frame_of(decoded, pixel, rotation=rotation)).outcome.video[0].faces
    marks = np.zeros(upright.shape[:2], int)
    for number, (x, y) in enumerate([(164, 102), (206, 104)], 1):  # the eyes, marked by eye
        marks[y, x] = number
    turned = np.rot90(marks, -turns)
    eyes = [np.argwhere(turned == number)[0][::-1] for number in (1, 2)]
    np.testing.assert_allclose(face.points[:2], eyes, atol=6)
    assert face.box[0] < eyes[0][0] < face.box[2]
    assert face.box[1] < eyes[0][1] < face.box[3]


@real
def test_the_astronaut_squeezed() -> None:
    upright = skimage.data.astronaut()
    decoded = np.ascontiguousarray(upright[:, ::2])
    with detector(YUNET) as bench:
        (face,) = bench.push(frame_of(decoded, sample_aspect=(2, 1))).outcome.video[0].faces
    np.testing.assert_allclose(face.points[:2], [[204 / 2, 102], [247 / 2, 104]], atol=5)


@real
def test_a_small_face_in_a_large_picture_needs_tiles() -> None:
    rng = np.random.default_rng(0)
    large = np.full((2160, 3840, 3), 90, np.uint8) + rng.integers(0, 20, (2160, 3840, 1), np.uint8)
    small = skimage.data.astronaut()[::4, ::4]
    large[1500:1628, 2900:3028] = small
    with detector(YUNET) as bench:
        frame = frame_of(large)
        bench.push(frame).set(min_face=20).push(frame)
        without, with_tiles = (frame.faces for frame in bench.outcome.video)
    assert len(without) == 0
    (face,) = with_tiles
    np.testing.assert_allclose(face.points[:2], [[2951, 1526], [2962, 1526]], atol=6)
