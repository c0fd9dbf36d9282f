"""Masks of what is face: XSeg, parsers of 512 px and our own, several together."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from tests.vision.detector_models import OrtSession
from tests.vision.redraw_models import save_own_parser, save_parser, save_xseg
from tests.vision.swap_models import save_arcface
from vplugin.errors import ContractError
from vplugin.models.store import resolve
from vplugin.vision.align import similarity, template, warp
from vplugin.vision.occlusion import (
    FACE,
    FrontOccluder,
    LeastVisible,
    PartsOccluder,
    XSegOccluder,
    open_front,
    open_occluder,
    open_occluders,
)
from vplugin.vision.parse import FaceClass

# Eyes, nose and mouth corners of skimage's astronaut.
ASTRONAUT = np.array([[207.0, 111], [247, 108], [232, 133], [212, 152], [246, 150]])


def _halves(left: tuple[float, ...], right: tuple[float, ...], size: int = 128) -> np.ndarray:
    crop = np.empty((1, size, size, 3), np.float32)
    crop[:, :, : size // 2], crop[:, :, size // 2 :] = left, right
    return crop


@pytest.mark.parametrize("size", [128, 256, 512])
@pytest.mark.parametrize("batch", [1, "N"])
def test_xseg_sees_bgr_in_0_to_1_and_its_mask_is_thresholded(
    tmp_path: Path, size: int, batch: int | str
) -> None:
    session = OrtSession(save_xseg(tmp_path / "x.onnx", batch))
    occluder = open_occluder(session)
    assert isinstance(occluder, XSegOccluder)
    crops = np.concatenate(
        [_halves((1, 0, 0.8), (0.9, 1, 0.3), size), np.zeros((1, size, size, 3))]
    )
    mask = occluder.visible(crops.astype(np.float32))
    assert mask.shape == (2, size, size)
    assert mask.dtype == np.float32
    assert session.batches == ([1, 1] if batch == 1 else [2])
    assert not mask[1].any()
    # (0.8 − 0.5)·2 of the blue on the left; 0.3 is below the threshold.
    np.testing.assert_allclose(mask[0, :, : size // 2 - 20], 0.6, atol=1e-3)
    assert not mask[0, :, size // 2 + 20 :].any()
    row = mask[0, size // 2]
    assert (np.diff(row) <= 1e-6).all()  # falls smoothly: a Gaussian of 5 pixels
    assert np.abs(np.diff(row)).max() < 0.09


@pytest.mark.parametrize("heads", [1, 3])
def test_a_parser_of_512_px_says_which_parts_are_face(tmp_path: Path, heads: int) -> None:
    occluder = open_occluder(OrtSession(save_parser(tmp_path / "p.onnx", heads=heads)), "p.onnx")
    assert isinstance(occluder, PartsOccluder)
    assert occluder.name == "p.onnx"
    # Only the red counts, and its threshold is ImageNet's mean.
    mask = occluder.visible(_halves((0.55, 0, 0), (0.42, 1, 1), 256))
    np.testing.assert_allclose(mask[0, :, :100], 1, atol=1e-4)
    assert not mask[0, :, 156:].any()


def test_several_occluders_show_what_all_of_them_show(tmp_path: Path) -> None:
    files = {"x": save_xseg(tmp_path / "x.onnx"), "p": save_parser(tmp_path / "p.onnx")}
    both = open_occluders(["x", "p"], lambda name: OrtSession(files[name]))
    assert isinstance(both, LeastVisible)
    assert isinstance(open_occluders("x", lambda name: OrtSession(files[name])), XSegOccluder)
    assert open_occluders(None, OrtSession) is open_occluders((), OrtSession) is None
    crops = np.zeros((1, 128, 128, 3), np.float32)
    crops[:, :64, :, 2] = 1  # XSeg's above, the parser's on the left
    crops[:, :, :64, 0] = 1
    mask = both.visible(crops)[0]
    assert both.name == "x + p"
    assert mask[30, 30] == pytest.approx(1, abs=1e-3)
    assert not mask[100, 30]
    assert not mask[30, 100]


def test_our_parser_leaves_out_a_thing_before_a_face() -> None:
    picture = skimage.data.astronaut()[:300, 100:400].copy()
    points = ASTRONAUT - [100, 0]
    picture[138:175, 90:160] = (40, 90, 60)  # a green card before the mouth
    matrix = similarity(points, template("arcface_128").at(256))
    crop = warp(picture, matrix, (256, 256)).astype(np.float32)[None] / 255
    (mask,) = open_occluder(OrtSession(resolve("house/parser").path)).visible(crop)
    (x, y), (left, top) = (matrix[:, :2] @ points[2] + matrix[:, 2], (128, 190))
    assert mask[int(y) - 10, int(x)] > 0.9  # the nose
    assert mask[top : top + 30, left - 15 : left + 15].max() < 0.2


@pytest.mark.parametrize("size", [128, 256])
@pytest.mark.parametrize("wide", [3, 40])
def test_what_lies_before_a_face_is_left_out_whole_and_what_lies_beside_it_is_not(
    tmp_path: Path, size: int, wide: int
) -> None:
    occluder = open_front(OrtSession(save_own_parser(tmp_path / "p.onnx")), "p.onnx")
    assert isinstance(occluder, FrontOccluder)
    crops = np.full((2, size, size, 3), 0.4, np.float32)
    crops[0, :, 60 : 60 + wide, 2] = 1
    found = occluder.visible(crops)
    assert not found[0, :, 60 : 60 + wide].any()  # also of a thing thinner than masks are soft
    np.testing.assert_allclose(found[0, :, [5, -5]], 1, atol=1e-3)
    assert (found[1] == 1).all()


def test_glasses_stay_if_they_are_not_of_the_face(tmp_path: Path) -> None:
    session = OrtSession(save_own_parser(tmp_path / "p.onnx"))
    crops = np.full((1, 160, 160, 3), 0.4, np.float32)
    crops[:, :50, :, 1] = 1
    without = [one for one in FACE if one != FaceClass.GLASSES]
    drawn, kept = (open_front(session, "p", face).visible(crops)[0] for face in (FACE, without))
    assert (drawn == 1).all()
    assert not kept[:50].any()
    np.testing.assert_allclose(kept[80:], 1, atol=1e-3)
    parts = open_occluder(session, "p", without).visible(crops)[0]
    assert parts[30].max() < 0.1 < parts[80].min()


def test_our_parser_tells_a_hand_from_what_is_beside_a_face() -> None:
    picture, points = skimage.data.astronaut().copy(), ASTRONAUT
    hand = np.zeros(picture.shape[:2], np.uint8)
    cv2.ellipse(hand, (230, 175), (24, 26), 20, 0, 360, 1, -1)
    picture[hand > 0] = (200, 150, 130)  # as light as her skin
    matrix = similarity(points, template("arcface_128").at(256))
    crop = warp(picture, matrix, (256, 256)).astype(np.float32)[None] / 255
    (mask,) = open_front(OrtSession(resolve("house/parser").path), "p").visible(crop)
    there = warp(hand * np.uint8(255), matrix, (256, 256)) == 255
    assert (mask[there] == 0).mean() > 0.98
    (x, y), hair = matrix[:, :2] @ points[2] + matrix[:, 2], mask[:40, 100:156]
    assert mask[int(y) - 20, int(x)] > 0.95  # the nose
    assert hair.min() > 0.95
    parts = open_occluder(OrtSession(resolve("house/parser").path)).visible(crop)[0]
    assert parts[:40, 100:156].mean() < 0.5


def test_a_parser_that_sees_nothing_hidden_tells_by_parts(tmp_path: Path) -> None:
    occluder = open_front(OrtSession(save_parser(tmp_path / "p.onnx")), "p.onnx")
    assert isinstance(occluder, PartsOccluder)


def test_models_of_another_contract_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="an occluder is XSeg") as error:
        open_occluder(OrtSession(save_arcface(tmp_path / "a.onnx")), "mine.onnx")
    assert error.value.where == "mine.onnx"
    with pytest.raises(ContractError, match="an XSeg model takes"):
        XSegOccluder(OrtSession(save_parser(tmp_path / "p.onnx")), "p.onnx")
