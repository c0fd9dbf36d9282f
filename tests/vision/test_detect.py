from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from insightface.model_zoo import get_model

from tests.vision.detector_models import OrtSession, noise_picture, save_scrfd, save_yunet
from vplugin.errors import ContractError, PictureError
from vplugin.vision.detect import (
    ScrfdDetector,
    YunetDetector,
    open_detector,
    sniff_contract,
)


def _peer(path: Path):
    return get_model(str(path), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    ("outputs", "batched", "size"),
    [
        (9, False, None),
        (9, True, None),
        (6, False, None),
        (15, False, None),
        (10, True, None),
        (9, False, (320, 256)),
    ],
)
@pytest.mark.parametrize(
    ("picture_size", "canvas"),
    [((300, 200), (256, 256)), ((97, 411), (384, 128)), ((640, 360), (640, 640))],
)
def test_scrfd_equals_insightface(tmp_path, outputs, batched, size, picture_size, canvas) -> None:
    path = save_scrfd(tmp_path / "d.onnx", outputs=outputs, batched=batched, size=size)
    rgb = noise_picture(*picture_size)
    boxes, points = _peer(path).detect(
        np.ascontiguousarray(rgb[..., ::-1]), input_size=canvas, det_thresh=0.6
    )

    detector = open_detector(OrtSession(path))
    found = detector.detect([rgb], score=0.6, iou=0.4, canvas=canvas)[0]

    assert 3 < len(boxes) == len(found), "the test model must find something"
    np.testing.assert_allclose(found.boxes, boxes[:, :4], atol=0.01)
    np.testing.assert_allclose(found.scores, boxes[:, 4], atol=1e-5)
    if points is None:
        assert found.points is None
    else:
        np.testing.assert_allclose(found.points, points, atol=0.01)


def test_max_faces_chooses_as_insightface(tmp_path) -> None:
    path = save_scrfd(tmp_path / "d.onnx")
    rgb = noise_picture(400, 300)
    boxes, _ = _peer(path).detect(
        np.ascontiguousarray(rgb[..., ::-1]), input_size=(320, 320), max_num=4, det_thresh=0.6
    )
    found = open_detector(OrtSession(path)).detect(
        [rgb], score=0.6, canvas=(320, 320), max_faces=4
    )[0]
    np.testing.assert_allclose(found.boxes, boxes[:, :4], atol=0.01)


@pytest.mark.parametrize("anchors", [1, 2])
def test_scrfd_counts_anchors_by_itself(tmp_path, anchors) -> None:
    path = save_scrfd(tmp_path / "d.onnx", anchors=anchors)
    found = ScrfdDetector(OrtSession(path)).candidates([noise_picture(96, 64)], score=0.0)[0]
    assert len(found) == anchors * (12 * 8 + 6 * 4 + 3 * 2)


def test_without_canvas_a_picture_keeps_its_pixels(tmp_path) -> None:
    detector = open_detector(OrtSession(save_scrfd(tmp_path / "d.onnx")))
    rgb = noise_picture(100, 50)
    padded = np.zeros((64, 128, 3), np.uint8)
    padded[:50, :100] = rgb
    odd, even = (detector.candidates([p], score=0.5)[0] for p in (rgb, padded))
    np.testing.assert_array_equal(odd.boxes, even.boxes)
    assert len(odd) > 0


@pytest.mark.parametrize(
    ("batch", "batched", "runs"),
    [("n", True, [2, 1]), (1, True, [1, 1, 1]), (1, False, [1, 1, 1])],
)
def test_batches_where_the_model_has_them(tmp_path, batch, batched, runs) -> None:
    path = save_scrfd(tmp_path / "d.onnx", batch=batch, batched=batched)
    pictures = [noise_picture(96, 64, 1), noise_picture(64, 96, 2), noise_picture(96, 64, 3)]
    session = OrtSession(path)
    together = open_detector(session).detect(pictures, score=0.6)
    assert session.batches == runs
    for picture, found in zip(pictures, together, strict=True):
        alone = open_detector(OrtSession(path)).detect([picture], score=0.6)[0]
        np.testing.assert_allclose(found.boxes, alone.boxes, atol=1e-3)
        assert len(found) > 0


def test_yunet_equals_opencv(tmp_path) -> None:
    # Without suppression: OpenCV's is on boxes cut to whole pixels.
    path = save_yunet(tmp_path / "y.onnx", size=(160, 128), batch=1)
    rgb = noise_picture(160, 128, 5)
    peer = cv2.FaceDetectorYN.create(
        str(path), "", (160, 128), score_threshold=0.7, nms_threshold=1.0, top_k=5000
    )
    _, rows = peer.detect(np.ascontiguousarray(rgb[..., ::-1]))
    found = YunetDetector(OrtSession(path)).detect([rgb], score=0.7, iou=1.0)[0]
    assert 3 < len(found) == len(rows)
    low, sides = rows[:, :2], rows[:, 2:4]
    order = np.argsort(-rows[:, 14], kind="stable")
    np.testing.assert_allclose(found.boxes, np.hstack([low, low + sides])[order], atol=0.02)
    np.testing.assert_allclose(found.points.reshape(-1, 10), rows[order, 4:14], atol=0.02)


@pytest.mark.parametrize("wide", [(1, 1), (1, 700), (3000, 2)])
@pytest.mark.parametrize("canvas", [None, (64, 64)])
def test_absurd_pictures_do_not_fail(tmp_path, wide, canvas) -> None:
    detector = open_detector(OrtSession(save_scrfd(tmp_path / "d.onnx")))
    picture = np.zeros((wide[1], wide[0], 3), np.uint8)
    found = detector.detect([picture], canvas=canvas)
    assert len(found) == 1
    assert detector.detect([]) == []


@pytest.mark.parametrize(
    "picture",
    [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 3), np.float32)],
)
def test_refuses_what_is_no_rgb_picture(tmp_path, picture) -> None:
    detector = open_detector(OrtSession(save_scrfd(tmp_path / "d.onnx")))
    with pytest.raises(PictureError, match="uint8 RGB"):
        detector.detect([picture])


@pytest.mark.parametrize(("save", "contract"), [(save_scrfd, "scrfd"), (save_yunet, "yunet")])
def test_sniffs_the_contract(tmp_path, save, contract) -> None:
    session = OrtSession(save(tmp_path / "d.onnx"))
    assert sniff_contract(session) == contract
    assert open_detector(session).contract == contract


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outputs": 4}, "4 outputs"),
        ({"outputs": 7}, "7 outputs"),
        ({"outputs": 9, "widths": (1, 5, 10)}, "box_8"),
        ({"outputs": 9, "widths": (2, 4, 10)}, "score_8"),
        ({"outputs": 9, "batch": 4, "batched": True}, "batch size is fixed at 4"),
    ],
)
def test_another_contract_is_refused_at_once(tmp_path, options, message) -> None:
    path = save_scrfd(tmp_path / "odd.onnx", **options)
    with pytest.raises(ContractError, match=message) as caught:
        open_detector(OrtSession(path), where=path)
    assert "odd.onnx" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("anchors", [3, 5])
def test_rows_that_do_not_fit_are_refused_when_run(tmp_path, anchors) -> None:
    detector = open_detector(OrtSession(save_scrfd(tmp_path / "odd.onnx", anchors=anchors)))
    with pytest.raises(ContractError, match="rows at stride 8"):
        detector.detect([noise_picture(96, 64)], score=0.0)


MIRROR = os.environ.get("VPLUGIN_MODEL_MIRROR", "")
YUNET = Path(MIRROR) / "yunet" / "yunet_n_dynamic.onnx"


@pytest.mark.skipif(not (MIRROR and YUNET.is_file()), reason="VPLUGIN_MODEL_MIRROR has no YuNet")
@pytest.mark.parametrize("canvas", [None, (320, 320), (640, 640)])
def test_yunet_finds_the_astronaut(canvas) -> None:
    found = YunetDetector(OrtSession(YUNET)).detect(
        [skimage.data.astronaut()], score=0.6, canvas=canvas
    )[0]
    assert len(found) == 1
    low, high = found.boxes[0, :2], found.boxes[0, 2:]
    hand_low, hand_high = np.array([178, 60]), np.array([270, 178])  # drawn by eye
    common = np.prod(np.minimum(high, hand_high) - np.maximum(low, hand_low))
    union = np.prod(high - low) + np.prod(hand_high - hand_low) - common
    assert common / union >= 0.6
    eyes = np.array([[204.0, 101.0], [246.0, 102.5]])  # pupils, marked by eye
    off = np.linalg.norm(found.points[0, :2] - eyes, axis=1)
    assert off.max() <= 0.15 * 42.0
