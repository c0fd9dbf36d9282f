from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from pydantic import ValidationError

from tests.nodes.pointing_detector import save_pointing_detector
from tests.nodes.swap_bench import (
    BROWN,
    GREEN,
    RED,
    SOURCE_POINTS,
    bench_in,
    face_of,
    frame_of,
    nearest,
    skin_of,
)
from tests.vision.mesh_faces import FIVE
from tests.vision.swap_models import (
    draw_face,
    points_at,
    save_arcface,
    save_constant,
    save_inswapper,
    smooth_picture,
)
from vplugin.colour import paste_rgb
from vplugin.errors import (
    ContractError,
    GraphError,
    ModelMissingError,
    SourceError,
    SourceMissingError,
)
from vplugin.frame import Face, Frame, lay_patch
from vplugin.models.catalogue import stock
from vplugin.models.store import MIRROR, Store
from vplugin.node import Context
from vplugin.nodes.detect import Detect
from vplugin.nodes.swap import Swap, SwapParams
from vplugin.picture import Picture, PictureFormat
from vplugin.testing.harness import Harness
from vplugin.vision.align import apply, similarity
from vplugin.vision.embed import Embedder
from vplugin.vision.mesh_model import face_model
from vplugin.vision.mesh_view import MESH


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path / "store"))


@pytest.fixture
def bench(tmp_path):
    return bench_in(tmp_path)


AS_IT_IS = {"match": False}  # the source's own colours, so that tests can tell who is who


@pytest.mark.parametrize("pixel", ["yuv420p", "nv12", "yuv422p10le", "p010le", "rgb24"])
@pytest.mark.parametrize("degrees", [0, 90, 200])
def test_a_face_is_replaced_in_any_format_and_position(bench, pixel, degrees):
    face = face_of(points_at(240, 160, 40, degrees))
    outcome = bench(source="red.png", colour=AS_IT_IS).push(frame_of(face, pixel=pixel)).finish()
    (after,) = outcome.video
    assert [patch.track for patch in after.patches] == [0]
    assert after.patches[0].node == "swap"
    assert nearest(skin_of(after, face)) == RED
    assert outcome.report["faces"] == {"swapped": 1}
    before = after.evolve(patches=())
    assert (after.read((0, 0, 60, 320)) == before.read((0, 0, 60, 320))).all()


def test_by_default_it_takes_on_the_targets_colour(bench):
    face = face_of(points_at(240, 160, 40))
    (after,) = bench(source="red.png").push(frame_of(face)).finish().video
    assert after.patches
    assert nearest(skin_of(after, face)) == BROWN


def test_the_frame_that_came_in_is_left_as_it_was(bench):
    frame = frame_of(face_of(points_at(240, 160, 40)))
    (after,) = bench(source="red.png").push(frame).finish().video
    assert after.patches
    assert not frame.patches


def test_blend_and_hot_changes(bench):
    face = face_of(points_at(240, 160, 40))
    frames = [frame_of(face, number=n) for n in range(5)]
    harness = bench(source="red.png", colour=AS_IT_IS, blend=0.0).push(frames[0])
    harness.set(blend=0.5).push(frames[1])
    harness.set(blend=1.0).push(frames[2])
    harness.set(source="green.png").push(frames[3])
    with pytest.raises(SourceMissingError):
        harness.set(source="nobody.png")
    with pytest.raises(GraphError, match="`model` cannot be changed"):
        harness.set(model="other.onnx")
    outcome = harness.push(frames[4]).finish()
    none, half, full, green, still_green = outcome.video
    assert not none.patches
    mixed = (skin_of(none, face) + skin_of(full, face)) / 2
    np.testing.assert_allclose(skin_of(half, face), mixed, atol=4)
    assert [nearest(skin_of(f, face)) for f in (full, green, still_green)] == [RED, GREEN, GREEN]


def test_several_people_keep_their_own_source_when_they_cross(bench):
    people = [{"select": "left", "source": "red.png"}, {"select": "right", "source": "green.png"}]
    harness = bench(people=people, colour=AS_IT_IS)
    for number, x in enumerate(range(110, 400, 40)):
        one = face_of(points_at(x, 100, 34), track=5)
        two = face_of(points_at(480 - x, 220, 34), track=2)
        harness.push(frame_of(*((one, two) if number % 2 else (two, one)), number=number))
        after = harness.outcome.video[-1]
        assert nearest(skin_of(after, one)) == RED
        assert nearest(skin_of(after, two)) == GREEN
        assert {patch.track for patch in after.patches} == {2, 5}
    outcome = harness.finish()
    assert outcome.report["sources"] == ["red.png", "green.png"]


def test_neighbours_that_overlap_do_not_undo_each_other(bench):
    """The second paste is laid over the first one, not over the picture without it."""
    people = [{"select": {"track": 1}, "source": "red.png"}, {"source": "green.png"}]
    one, two = face_of(points_at(200, 160, 40), 1), face_of(points_at(262, 160, 40), 2)
    harness = bench(people=people, colour=AS_IT_IS, mask={"shape": "box"})
    (after,) = harness.push(frame_of(one, two)).finish().video
    assert not after.patches[0].rect.intersect(after.patches[1].rect).empty
    assert nearest(skin_of(after, one)) == RED
    assert nearest(skin_of(after, two)) == GREEN


@pytest.mark.parametrize(
    ("face", "reason"),
    [
        (Face(np.array([10, 10, 90, 90], np.float32)), "no points"),
        (face_of(points_at(240, 160, 3)), "too small"),
        (face_of(points_at(2400, 160, 40)), "outside the picture"),
        (
            Face(
                np.array([0, 0, 9, 9], np.float32),
                points=np.array([[0, 0], [50, np.nan], [1, 1], [2, 2], [3, 3]], np.float32),
            ),
            "degenerate points",
        ),
    ],
)
def test_faces_that_cannot_be_swapped_are_counted_by_reason(bench, face, reason):
    frame = frame_of().evolve(faces=(face,))
    outcome = bench(source="red.png").push(frame).finish()
    assert not outcome.video[0].patches
    assert outcome.report["faces"] == {reason: 1}


def test_faces_that_are_not_selected_are_counted(bench):
    faces = [face_of(points_at(120, 160, 30), 1), face_of(points_at(360, 160, 44), 2)]
    outcome = bench(source="red.png", select="largest").push(frame_of(*faces)).finish()
    assert [patch.track for patch in outcome.video[0].patches] == [2]
    assert outcome.report["faces"] == {"not selected": 1, "swapped": 1}


@pytest.mark.parametrize("shape", ["face", "hull", "ellipse", "box", "insightface"])
def test_every_mask_shape(bench, shape):
    face = face_of(points_at(240, 160, 40)).evolve(landmarks=points_at(240, 165, 60, wobble=None))
    harness = bench(source="red.png", mask={"shape": shape}, colour=AS_IT_IS)
    (after,) = harness.push(frame_of(face)).finish().video
    assert nearest(skin_of(after, face)) == RED


def test_colours_are_steady_in_time(bench):
    """A lamp that flickers: the new face must not pump more than the old one, but less."""
    face = face_of(points_at(240, 160, 40))

    def run(smooth: float) -> float:
        harness = bench(source="red.png", colour={"smooth": smooth, "light": 0.0})
        for number in range(24):
            frame = frame_of(face, number=number)
            luma = frame.picture.planes[0].astype(int) + (6 if number % 2 else -6)
            planes = (np.clip(luma, 16, 235).astype(np.uint8), *frame.picture.planes[1:])
            harness.push(frame.evolve(picture=Picture(frame.format, planes)))
        return float(np.std([skin_of(f, face).mean() for f in harness.finish().video[8:]]))

    assert run(0.5) < 0.3 * run(0.0)


def test_a_new_shot_starts_with_its_own_colours(bench):
    face = face_of(points_at(240, 160, 40))
    dark = frame_of(face)
    bright_planes = (np.clip(dark.picture.planes[0].astype(int) + 60, 0, 235).astype(np.uint8),)
    bright = Picture(dark.format, (*bright_planes, *dark.picture.planes[1:]))

    def first_after(cut: bool) -> float:
        harness = bench(source="red.png", colour={"smooth": 2.0, "light": 0.0}).push(dark)
        harness.push(frame_of(face, number=1).evolve(picture=bright, cut=cut))
        return float(skin_of(harness.finish().video[-1], face).mean())

    assert first_after(True) > first_after(False) + 20


def test_state_survives_a_crash(bench):
    people = [{"select": "left", "source": "red.png"}, {"select": "right", "source": "green.png"}]
    one, two = face_of(points_at(120, 160, 34), 5), face_of(points_at(360, 160, 34), 2)
    first = bench(people=people).push(frame_of(one, two))
    state = first.node.snapshot()
    first.finish()
    assert len(state) < 64_000
    second = bench(people=people, colour=AS_IT_IS).open()
    second.node.restore(state)
    swapped = (one.evolve(track=2), two.evolve(track=5))  # they have crossed meanwhile
    (after,) = second.push(frame_of(*swapped)).finish().video
    assert nearest(skin_of(after, one)) == GREEN
    assert nearest(skin_of(after, two)) == RED


@pytest.mark.parametrize("batch", [1, "N"])
def test_an_inswapper_model_runs_and_is_reported(bench, tmp_path, batch):
    save_inswapper(tmp_path / "swap.onnx", batch=batch)
    save_arcface(tmp_path / "face.onnx")
    faces = [face_of(points_at(130, 160, 34), 1), face_of(points_at(350, 160, 34), 2)]
    harness = bench(source="red.png", model="swap.onnx", embedder="face.onnx")
    outcome = harness.push(frame_of(*faces)).finish()
    assert len(outcome.video[0].patches) == 2
    report = outcome.report
    assert report["faces"]["swapped"] == 2
    assert report["runtime"]["runtime"] == report["embedder"]["runtime"] == "onnxruntime"
    assert len(report["emap_sha256"]) == 64
    assert list((tmp_path / "store" / ".emaps").iterdir())


def test_people_are_found_by_a_reference_picture(bench, tmp_path, monkeypatch):
    save_arcface(tmp_path / "face.onnx")
    # The tiny recogniser knows no people: one by the mean colour of the crop stands in for it.
    monkeypatch.setattr(
        Embedder,
        "embed",
        lambda self, crops: crops[:, 40:80, 40:80].mean(axis=(1, 2), dtype=np.float32) - 128,
    )
    picture = smooth_picture(640, 640, 4)
    draw_face(picture, SOURCE_POINTS, BROWN)
    cv2.imwrite(str(tmp_path / "brown.png"), picture[..., ::-1])
    faces = [face_of(points_at(130, 160, 34), 1), face_of(points_at(350, 160, 34), 2)]
    frame = frame_of(*faces)
    with frame.edit(faces[0].box, node="paint") as rgb:
        rgb[:] = (40, 60, 230)
    harness = bench(
        source="red.png",
        embedder="face.onnx",
        select={"reference": "brown.png", "threshold": 0.8},
        colour=AS_IT_IS,
    )
    (after,) = harness.push(frame).finish().video
    assert [patch.track for patch in after.patches if patch.node == "swap"] == [2]


def test_a_reference_is_looked_at_with_the_house_recogniser(bench):
    harness = bench(source="red.png", select={"reference": "green.png"})
    harness.push(frame_of(face_of(points_at(130, 160, 34), 1)))
    assert harness.finish().report["embedder"]["runtime"]
    assert harness.node._reader.same_person == stock().find("house/identity")[1].same_person


@pytest.mark.parametrize(
    ("found", "source", "error", "message"),
    [
        ([SOURCE_POINTS], "nobody.png", SourceMissingError, "no such picture"),
        ([SOURCE_POINTS], "detector.onnx", SourceError, "is not a picture"),
        ([], "red.png", SourceError, "no face was found"),
        ([SOURCE_POINTS - 90, SOURCE_POINTS + 90], "red.png", SourceError, "2 faces"),
    ],
    ids=["missing", "no picture", "no face", "two faces"],
)
def test_bad_source_pictures_are_one_line_errors(bench, tmp_path, found, source, error, message):
    save_pointing_detector(tmp_path / "detector.onnx", found)
    with pytest.raises(error, match=message) as caught:
        bench(source=source).open()
    assert "\n" not in str(caught.value)
    assert str(tmp_path / source) in str(caught.value)


def test_a_model_of_another_contract_is_refused(bench, tmp_path):
    save_arcface(tmp_path / "face.onnx")
    with pytest.raises(ContractError, match="of the contract arcface, not a swapper"):
        bench(source="red.png", model="face.onnx", embedder="face.onnx").open()


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"source": "a.png", "people": [{"source": "b.png"}]},
        {"people": []},
        {"source": "a.png", "select": "leftmost"},
        {"source": "a.png", "select": {"track": -1}},
        {"source": "a.png", "blend": 1.5},
        {"source": "a.png", "mask": {"shape": "star"}},
    ],
)
def test_wrong_parameters(params):
    with pytest.raises(ValidationError):
        SwapParams(**params)


def test_left_is_left_on_screen_in_a_rotated_stream(bench):
    """A phone's video, turned by the player: what is on top as decoded is on the left on screen."""
    top, below = face_of(points_at(240, 80, 30, 90), 1), face_of(points_at(240, 240, 30, 90), 2)
    frame = frame_of(below, top, rotation=90)
    outcome = bench(source="red.png", select="left").push(frame).finish()
    assert [patch.track for patch in outcome.video[0].patches] == [1]


@pytest.mark.skipif(MIRROR not in os.environ, reason=f"{MIRROR} names no folder with YuNet")
def test_a_photograph_with_yunet(tmp_path):
    """Astronaut onto her own picture: found, aligned, pasted; outside nothing changes."""
    Store.default().pull("yunet")
    photo = skimage.data.astronaut()
    cv2.imwrite(str(tmp_path / "source.png"), photo[..., ::-1])
    shape = PictureFormat("yuv444p", 512, 512)
    everywhere = np.ones((512, 512), bool)
    planes = paste_rgb(Picture.blank(shape).planes, shape, photo, everywhere)
    frame = Frame(Picture(shape, planes), 0, Fraction(1, 25))
    found = Harness(Detect, runtime="onnxruntime").push(frame).finish().video[0]
    context = Context(name="swap", base=str(tmp_path))
    harness = Harness(Swap, context=context, source="source.png", runtime="onnxruntime")
    outcome = harness.push(found).finish()
    (after,) = outcome.video
    assert outcome.report["faces"] == {"swapped": 1}
    (patch,) = after.patches
    # Her own face, laid over itself: nearly nothing changes.
    difference = np.abs(after.read(patch.rect).astype(int) - found.read(patch.rect))
    assert 0 < difference.mean() < 6
    laid = [plane.copy() for plane in planes]
    lay_patch(laid, shape.bounds, shape, patch)
    outside = np.ones((512, 512), bool)
    outside[patch.rect.slices] = False
    assert all((a[outside] == b[outside]).all() for a, b in zip(laid, planes, strict=True))


def test_paths_are_relative_to_the_graph(bench, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    assert not Path("red.png").exists()
    bench(source="red.png").open().finish()


def _save_seers(folder: Path) -> None:
    """A landmark net that answers with the mean face, a parser to which all is skin."""
    model = face_model()
    marks = model.mean[:106, :2]
    matrix = similarity(marks[list(FIVE)], MESH.at(2, half_pixel=False) - [1.0, 1.088])
    flat = (apply(matrix, marks) / 0.96).astype(np.float32).reshape(1, 212)
    save_constant(folder / "marks.onnx", 192, {"points": flat})
    classes = np.zeros((1, 19, 64, 64), np.float32)
    classes[:, 1] = 9.0
    save_constant(folder / "parts.onnx", 64, {"classes": classes})


SEERS = {"landmarks": "marks.onnx", "parser": "parts.onnx"}


@pytest.mark.parametrize("model", ["mesh", "auto"])
def test_mesh_is_taken_where_its_models_are(bench, tmp_path, model):
    _save_seers(tmp_path)
    face = face_of(points_at(240, 160, 60, wobble=None))
    harness = bench(source="red.png", model=model, colour=AS_IT_IS, **SEERS)
    outcome = harness.push(frame_of(face)).finish()
    (after,) = outcome.video
    assert nearest(skin_of(after, face)) == RED
    assert outcome.report["model"] == "mesh"
    assert set(outcome.report["runtime"]) == {"marks.onnx", "parts.onnx"}
    assert outcome.report["faces"] == {"swapped": 1}


def test_mesh_takes_on_colour_and_survives_cuts_and_changes(bench, tmp_path):
    _save_seers(tmp_path)
    face = face_of(points_at(240, 160, 60, wobble=None))
    harness = bench(source="red.png", model="mesh", **SEERS)
    for number in range(3):
        harness.push(frame_of(face, number=number).evolve(cut=number == 1))
    harness.set(mask={"shape": "ellipse", "feather": 0.1}).push(frame_of(face, number=3))
    with pytest.raises(GraphError, match="`parser` cannot be changed"):
        harness.set(parser="other.onnx")
    for frame in harness.finish().video:
        assert frame.patches
        assert nearest(skin_of(frame, face)) == BROWN


def test_without_its_models_auto_is_copy_and_says_so(bench):
    face = face_of(points_at(240, 160, 40))
    missing = {"landmarks": "none.onnx", "parser": "none.onnx"}
    outcome = bench(source="red.png", model="auto", **missing).push(frame_of(face)).finish()
    assert outcome.report["model"] == "copy"
    with pytest.raises(ModelMissingError, match=r"none\.onnx"):
        bench(source="red.png", model="mesh", **missing).open()


def test_a_net_of_another_contract_is_no_landmark_net(bench, tmp_path):
    _save_seers(tmp_path)
    swapped = {"landmarks": "parts.onnx", "parser": "marks.onnx"}
    with pytest.raises(ContractError, match="2d106det"):
        bench(source="red.png", model="mesh", **swapped).open()
