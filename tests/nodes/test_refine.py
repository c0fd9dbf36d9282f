from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from tests.nodes.redrawn_faces import frame_with, same_outside
from tests.nodes.swap_bench import GREEN, RED, bench_in, face_of
from tests.vision.redraw_models import save, save_enhancer
from tests.vision.swap_models import points_at
from vplugin.errors import ContractError, GraphError, SourceMissingError
from vplugin.frame import Frame
from vplugin.node import Context
from vplugin.nodes.refine import Refine
from vplugin.nodes.swap import SOURCE
from vplugin.testing.harness import Harness

POINTS = points_at(240, 150, 40, wobble=None)
SWAPPED = (100, 100, 100)
TINT = 0.4  # of what the small net adds, in -1…1


def save_fixer(path, width: int = 128):
    """The mean colour of the crop, then zeros."""
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["mean", "wide"], ["embedding"]),
    ]
    shapes = [("input", ["N", 3, 56, 56])], [("embedding", ["N", width])]
    return save(path, nodes, *shapes, {"wide": np.eye(3, width, dtype=np.float32)})


def save_refiner(path, width: int = 128):
    """Adds the first three numbers that it is told to the colours of the lower half."""
    lower = np.zeros((1, 1, 128, 128), np.float32)
    lower[:, :, 64:] = TINT
    nodes = [
        helper.make_node("MatMul", ["lower", "narrow"], ["three"]),
        helper.make_node("Reshape", ["three", "shape"], ["colour"]),
        helper.make_node("Mul", ["colour", "where"], ["tint"]),
        helper.make_node("Add", ["swapped", "tint"], ["refined"]),
    ]
    picture = ["N", 3, 128, 128]
    constants = {
        "narrow": np.eye(width, 3, dtype=np.float32),
        "shape": np.array([-1, 3, 1, 1], np.int64),
        "where": lower,
    }
    inputs = [("swapped", picture), ("lower", ["N", width])]
    return save(path, nodes, inputs, [("refined", picture)], constants)


@pytest.fixture
def bench(tmp_path):
    bench_in(tmp_path)
    save_fixer(tmp_path / "fixer.onnx")
    save_refiner(tmp_path / "refine.onnx")

    def make(**params) -> Harness:
        common = {"model": "refine.onnx", "fixer": "fixer.onnx", "detector": "detector.onnx"}
        context = Context(name="refine", base=str(tmp_path))
        return Harness(Refine, context=context, **common | {"runtime": "onnxruntime"} | params)

    return make


def _swapped(source: str | None, eyes: float = 40, pixel: str = "rgb24") -> Frame:
    """A frame whose face was swapped: one colour around it, and the source's name on it."""
    face = face_of(points_at(240, 150, eyes, wobble=None))
    if source is not None:
        face = face.evolve(attributes={SOURCE: source})
    frame = frame_with(face, pixel=pixel).evolve()
    with frame.edit((80, 20, 400, 300), node="swap", track=0) as rgb:
        rgb[:] = SWAPPED
    return frame


def _at(frame: Frame, x: float, y: float) -> np.ndarray:
    left, top = round(x), round(y)
    return frame.read((left, top, left + 3, top + 3)).reshape(-1, 3).mean(axis=0)


def _chin(frame: Frame) -> np.ndarray:
    """Between mouth and chin."""
    points = frame.faces[0].points
    middle, down = points[3:].mean(axis=0), points[3:].mean(axis=0) - points[2]
    return _at(frame, *(middle + 0.5 * down))


@pytest.mark.parametrize("eyes", [20, 40, 60])
@pytest.mark.parametrize(("source", "skin"), [("red.png", RED), ("green.png", GREEN)])
def test_the_lower_face_gets_what_the_source_has(bench, source, skin, eyes):
    frame = _swapped(source, eyes)
    outcome = bench().push(frame).finish()
    (after,) = outcome.video
    change = _chin(after) - SWAPPED
    # The lower face of the source is skin and mouth: the strongest colour says whose it is.
    assert int(np.argmax(change)) == int(np.argmax(skin))
    assert change.max() > 0.25 * TINT * 127.5
    points = frame.faces[0].points
    np.testing.assert_allclose(_at(after, *points[0]), SWAPPED, atol=1.5)  # an eye
    assert [patch.node for patch in after.patches] == ["swap", "refine"]
    assert outcome.report["faces"] == {"done": 1}


def test_nothing_but_the_lower_face_changes(bench):
    frame = _swapped("red.png", pixel="yuv420p")
    (after,) = bench().push(frame).finish().video
    # The crop of arcface_128 is 3.6 eye distances wide; the net sees its lower middle.
    assert same_outside(frame, after, (190, 154, 290, 244))
    assert not same_outside(frame, after, (190, 154, 290, 180))


@pytest.mark.parametrize("eyes", [24, 60])
def test_texture_stays_as_sharp_as_it_is(bench, eyes):
    """What the net adds is laid on the picture's own pixels, which are not resampled."""
    frame = _swapped("red.png", eyes)
    with frame.edit((80, 20, 400, 300), node="swap", track=0) as rgb:
        rgb[:] = np.random.default_rng(2).integers(60, 140, rgb.shape)
    (after,) = bench().push(frame).finish().video
    x, y = frame.faces[0].points[3:].mean(axis=0)
    around = (x - 0.2 * eyes, y - 0.1 * eyes, x + 0.2 * eyes, y + 0.2 * eyes)
    before, now = (one.read(around).astype(float) for one in (frame, after))
    added = (now - before).reshape(-1, 3)
    assert np.abs(added.mean(axis=0)).max() > 4
    assert added.std(axis=0).max() < 2.5  # against 23 of the texture


@pytest.mark.parametrize("blend", [0.0, 0.5])
def test_blend_is_hot(bench, blend):
    harness = bench().push(_swapped("red.png"))
    harness.set(blend=blend).push(_swapped("red.png"))
    full, less = (frame for frame in harness.finish().video)
    np.testing.assert_allclose(_chin(less) - SWAPPED, blend * (_chin(full) - SWAPPED), atol=1.5)


def test_who_was_not_swapped_is_left_alone(bench):
    unnamed = _swapped(None)
    clean = frame_with(face_of(POINTS).evolve(attributes={SOURCE: "red.png"}))
    outcome = bench().push(unnamed).push(clean).finish()
    assert [len(frame.patches) for frame in outcome.video] == [1, 0]
    assert outcome.report["faces"] == {"not swapped": 2}


def test_the_swap_node_says_whose_pictures_took_a_face(tmp_path):
    harness = bench_in(tmp_path)(source="red.png", select="left")
    faces = [face_of(points_at(x, 160, 34), track) for x, track in ((130, 1), (350, 2))]
    (after,) = harness.push(frame_with(*faces)).finish().video
    assert [face.attributes.get(SOURCE) for face in after.faces] == ["red.png", None]


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"fixer": "wide.onnx"}, ContractError, "wants 128 numbers, and wide.onnx gives 64"),
        ({"fixer": "e.onnx"}, ContractError, r"^e\.onnx: .* a FixerNet takes"),
        ({"model": "e.onnx"}, ContractError, r"^e\.onnx: .* it takes \(N, 3, 128, 128\)"),
        ({"sources": ["nobody.png"]}, SourceMissingError, "no such picture"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_start(bench, tmp_path, params, error, match):
    save_fixer(tmp_path / "wide.onnx", 64)
    save_enhancer(tmp_path / "e.onnx", 256)
    with pytest.raises(error, match=match):
        bench(**params).open()


def test_models_cannot_be_changed_while_it_runs(bench):
    harness = bench(sources=["green.png"]).push(_swapped("red.png"))
    for name in ("model", "fixer", "detector"):
        with pytest.raises(GraphError, match=f"`{name}` cannot be changed"):
            harness.set(**{name: "other.onnx"})
    harness.finish()
