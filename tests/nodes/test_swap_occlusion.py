"""Things before a face stay the target's, to the last bit, whatever swaps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.nodes.redrawn_faces import laid
from tests.nodes.swap_bench import bench_in, face_of, frame_of
from tests.vision.redraw_models import save_own_parser, save_parser, save_xseg
from tests.vision.swap_models import points_at, save_arcface
from tests.vision.swap_nets import SwapNet
from vplugin.errors import ContractError, GraphError
from vplugin.frame import Frame
from vplugin.vision.align import similarity, template

HAND = np.s_[168:200, 226:300]  # rows and columns
INSIDE = np.s_[172:196, 230:296]
FRAME = np.s_[138:150, 200:280]
BLUE, GREEN = (20, 30, 250), (20, 250, 30)
FACE = face_of(points_at(240, 160, 40))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch):
    """A network that paints over the whole crop, and a parser that sees blue things."""
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path / "store"))
    SwapNet(128, emap=True, bias=0.3, shows=0.0, tells=0.1).save(tmp_path / "net.onnx")
    save_arcface(tmp_path / "face.onnx")
    save_own_parser(tmp_path / "parser.onnx")
    made = bench_in(tmp_path)
    common = {"source": "red.png", "model": "net.onnx", "embedder": "face.onnx"}
    return lambda **params: made(**common | {"parser": "parser.onnx"} | params)


def _behind(place: tuple[slice, slice] = HAND, colour=BLUE, pixel: str = "rgb24") -> Frame:
    """A face with a thing before it, both in the picture itself."""
    rows, columns = place
    painted = frame_of(FACE, pixel="rgb24")
    with painted.edit((columns.start, rows.start, columns.stop, rows.stop), node="paint") as rgb:
        rgb[:] = colour
    rgb24 = laid(painted)[0]
    frame = frame_of(FACE, pixel=pixel)
    with frame.edit((0, 0, 480, 320), node="paint") as rgb:
        rgb[:] = rgb24
    return frame


def _same(before: Frame, after: Frame, place: tuple[slice, slice]) -> np.ndarray:
    """Where the samples of the first plane, or of any of them inside the place, are the same."""
    rows, columns = place
    planes = []
    for layout, old, new in zip(
        before.format.layout.planes, laid(before), laid(after), strict=True
    ):
        across, down = 1 << layout.shift_x, 1 << layout.shift_y
        there = np.s_[rows.start // down : rows.stop // down,
                      columns.start // across : columns.stop // across]  # fmt: skip
        planes.append((old[there] == new[there]).ravel())
    return np.concatenate(planes)


@pytest.mark.parametrize("pixel", ["rgb24", "yuv420p", "nv12", "yuv422p10le"])
@pytest.mark.parametrize("shape", ["box", "face", "insightface"])
def test_a_hand_before_a_face_stays_as_it_is_to_the_bit(bench, shape, pixel):
    frame = _behind(pixel=pixel)
    outcome = bench(mask={"shape": shape}).push(frame).finish()
    (after,) = outcome.video
    whole = pixel == "rgb24"  # elsewhere its border shares its chroma with the face
    assert _same(frame, after, HAND if whole else INSIDE).all()
    assert not _same(frame, after, np.s_[130:150, 226:256]).all()  # the brow is drawn anew
    assert outcome.report["faces"] == {"swapped": 1}
    assert list(outcome.report["occlusion"]) == ["parser.onnx"]
    (plain,) = bench(mask={"shape": shape}, occlusion="none").push(frame).finish().video
    assert not _same(frame, plain, INSIDE).all()


def test_what_lies_beside_the_face_is_painted_as_without(bench):
    frame = _behind()
    with_it, without = (
        bench(occlusion=one).push(frame).finish().video[0] for one in ("auto", "none")
    )
    above = np.s_[128:140, 234:254]  # nothing blue is near
    one, other = (laid(frame)[0][above].astype(int) for frame in (with_it, without))
    assert np.abs(one - other).max() <= 1


@pytest.mark.parametrize("keep", [False, True])
def test_glasses_are_kept_if_asked_for(bench, keep):
    frame = _behind(FRAME, GREEN)
    (after,) = bench(keep_glasses=keep).push(frame).finish().video
    assert _same(frame, after, FRAME).all() == keep


def test_other_models_may_look(bench, tmp_path):
    """XSeg and a parser by parts, by name or together."""
    save_xseg(tmp_path / "xseg.onnx")  # to which blue is the face
    save_parser(tmp_path / "parts.onnx")  # to which red is
    frame = _behind()
    outcome = bench(occlusion=("xseg.onnx", "parts.onnx")).push(frame).finish()
    assert set(outcome.report["occlusion"]) == {"xseg.onnx", "parts.onnx"}
    assert _same(frame, outcome.video[0], INSIDE).all()
    (after,) = bench(occlusion="xseg.onnx").push(frame).finish().video
    assert not _same(frame, after, HAND).all()


@pytest.mark.parametrize("model", ["copy", "mesh"])
def test_swappers_without_a_network_are_left_alone_unless_asked(bench, model):
    common = {"model": model, "parser": "house/parser", "embedder": None, "mask": {"shape": "box"}}
    harness = bench(**common)
    assert "occlusion" not in harness.push(_behind()).finish().report
    if model == "copy":
        frame = _behind()
        (after,) = bench(**common, occlusion="parser.onnx").push(frame).finish().video
        assert _same(frame, after, np.s_[178:190, 240:286]).all()


def test_models_that_look_are_fixed_and_checked(bench):
    with pytest.raises(ContractError, match="an occluder is XSeg"):
        bench(occlusion="face.onnx").open()
    with pytest.raises(GraphError, match="`occlusion` cannot be changed"):
        bench().open().set(occlusion="none")


def test_the_colours_of_a_hand_do_not_count(bench):
    """What is matched is the face: a blue hand before it does not turn the new face blue."""
    plain, behind = frame_of(FACE, pixel="rgb24"), _behind()
    colour = {"match": True, "light": 0.0, "smooth": 0}
    seen = {}
    for kind in ("auto", "none"):
        brows = [
            bench(colour=colour, occlusion=kind).push(one).finish().video[0].read(
                (210, 130, 270, 160)
            ).mean(axis=(0, 1))
            for one in (plain, behind)
        ]  # fmt: skip
        seen[kind] = float(np.abs(brows[1] - brows[0]).max())
    assert seen["auto"] < 0.5 * seen["none"]


def test_the_hand_is_within_the_crop():
    matrix = similarity(FACE.points, template("arcface_128").at(128))
    corners = np.array([[226.0, 168], [300, 200]]) @ matrix[:, :2].T + matrix[:, 2]
    assert 0 < corners.min() < corners.max() < 128
