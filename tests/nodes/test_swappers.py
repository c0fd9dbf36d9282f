"""The public swap networks through the node: each shows the colour that its source tells."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from tests.nodes.swap_bench import SOURCE_POINTS, bench_in, face_of, frame_of, skin_of
from tests.vision.detector_models import OrtSession
from tests.vision.swap_models import points_at, save_arcface
from tests.vision.swap_nets import SwapNet, converted, lower_of, save_converter, save_fixer
from vplugin.errors import ContractError, GraphError, ModelError, ModelMissingError
from vplugin.models import own
from vplugin.models.catalogue import stock
from vplugin.models.store import Store
from vplugin.nodes.swap import SwapParams
from vplugin.vision.align import similarity, template, warp
from vplugin.vision.embed import Embedder

MIT = own.licence_named("MIT")
HIDDEN = {"shows": 0.0, "tells": 0.15}  # nothing of the target: the colour alone


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch) -> Store:
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path / "store"))
    return Store.default()


@pytest.fixture
def bench(tmp_path):
    save_arcface(tmp_path / "face.onnx")
    save_converter(tmp_path / "converter.onnx")
    save_fixer(tmp_path / "fixer.onnx")
    made = bench_in(tmp_path)
    return lambda **params: made(source="red.png", embedder="face.onnx", **params)


def _picture(folder: Path) -> np.ndarray:
    return cv2.imread(str(folder / "red.png"))[..., ::-1]


def _raw(folder: Path) -> np.ndarray:
    """The embedding of the source, as it comes from the recogniser."""
    image = np.ascontiguousarray(_picture(folder))
    return Embedder(OrtSession(folder / "face.onnx")).of_face(image, SOURCE_POINTS)


def _portrait(folder: Path, name: str, size: int) -> np.ndarray:
    matrix = similarity(SOURCE_POINTS, template(name).at(size))
    crop = warp(np.ascontiguousarray(_picture(folder)), matrix, (size, size))
    return crop.transpose(2, 0, 1) / np.float32(255)


def _lower(folder: Path, name: str = "red.png") -> np.ndarray:
    image = np.ascontiguousarray(cv2.imread(str(folder / name))[..., ::-1])
    matrix = similarity(SOURCE_POINTS, template("arcface_112").at(112))
    crop = warp(image, matrix, (112, 112))[56:, 28:84]
    return _unit(lower_of(crop.transpose(2, 0, 1) / np.float32(127.5) - 1))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


NETS = {
    "inswapper": SwapNet(128, emap=True, bias=0.5, **HIDDEN),
    "hyperswap": SwapNet(mask=True, **HIDDEN),
    "simswap": SwapNet(bias=0.5, **HIDDEN),
    "simswap_512": SwapNet(512, bias=0.5, **HIDDEN),
    "ghost": SwapNet(shows=0.0, tells=0.004),
    "hififace": SwapNet(**HIDDEN),
    "blendswap": SwapNet(crop=112, bias=0.4, shows=0.0),
    "uniface": SwapNet(crop=256, bias=-0.2, shows=0.0),
    "reliableswap": SwapNet(128, numbers=640, bias=0.5, **HIDDEN),
}


def _identity(folder: Path, contract: str) -> np.ndarray:
    if contract == "blendswap":
        return _portrait(folder, "arcface_112", 112)
    if contract == "uniface":
        return _portrait(folder, "ffhq_512", 256)
    raw = _raw(folder)
    if contract == "inswapper":
        return _unit(_unit(raw) @ NETS["inswapper"].weights["emap"])
    if contract == "reliableswap":
        return np.concatenate([_unit(raw), _lower(folder)])
    if contract == "hyperswap":
        return _unit(raw)
    return converted(raw) if contract == "ghost" else _unit(converted(raw))


def _told(folder: Path, contract: str) -> np.ndarray:
    """The colour in 0–255 that the net must show for the source."""
    net, identity = NETS[contract], _identity(folder, contract)
    colour = net.colour(identity[None])[0, :, 0, 0]
    signed = contract in ("hyperswap", "ghost", "hififace", "uniface")
    return 255 * np.clip((colour + 1) / 2 if signed else colour, 0, 1)


@pytest.mark.parametrize("contract", NETS)
def test_every_contract_runs_through_the_node(bench, store, tmp_path, contract):
    """The model by its name: what was said of it when it was added decides how it is run."""
    path = NETS[contract].save(tmp_path / "net.onnx")
    own.add(store, path, MIT, name="mine", contract=contract)
    face = face_of(points_at(240, 160, 40, 12))
    harness = bench(model="mine", converter="converter.onnx", fixer="fixer.onnx")
    outcome = harness.push(frame_of(face, pixel="rgb24")).finish()
    (after,) = outcome.video
    assert outcome.report["contract"] == contract
    assert outcome.report["faces"] == {"swapped": 1}
    told = _told(tmp_path, contract)
    assert told.min() > 4
    assert told.max() < 251  # neither black nor white: a wrong range would show
    if contract != "hyperswap":  # whose mask is that of the target's colours
        np.testing.assert_allclose(skin_of(after, face), told, atol=1.5)
    assert ("embedder" in outcome.report) == (contract not in ("blendswap", "uniface"))
    converts = contract in ("simswap", "simswap_512", "ghost", "hififace")
    assert ("converter.onnx" in outcome.report["runtime"]) == converts
    assert ("fixer.onnx" in outcome.report["runtime"]) == (contract == "reliableswap")
    assert ("emap_sha256" in outcome.report) == (contract == "inswapper")


@pytest.mark.parametrize(
    "contract", ["inswapper", "hyperswap", "blendswap", "uniface", "reliableswap"]
)
def test_a_file_that_tells_its_contract_needs_no_name(bench, tmp_path, contract):
    NETS[contract].save(tmp_path / "net.onnx")
    face = face_of(points_at(240, 160, 40))
    outcome = bench(model="net.onnx", fixer="fixer.onnx").push(frame_of(face)).finish()
    assert outcome.report["contract"] == contract
    assert outcome.video[0].patches


def test_reliableswap_without_its_fixer_says_what_is_missing(bench, tmp_path):
    NETS["reliableswap"].save(tmp_path / "net.onnx")
    for fixer in ("house/fixer_of_nobody", "nobody.onnx"):
        with pytest.raises(ModelMissingError, match="its FixerNet is missing") as caught:
            bench(model="net.onnx", fixer=fixer).open()
        assert "vplugin train fixer" in str(caught.value)
        assert str(caught.value).startswith("swap.fixer: ")
        assert "\n" not in str(caught.value)


def test_a_net_of_our_own_is_told_by_the_house_recogniser(tmp_path):
    """An identity matrix at the end: embeddings go in as they are, and ours are at hand."""
    net = replace(NETS["inswapper"], plain=True)
    net.save(tmp_path / "net.onnx")
    face = face_of(points_at(240, 160, 40))
    harness = bench_in(tmp_path)(source="red.png", model="net.onnx")
    report = harness.push(frame_of(face)).finish().report
    assert report["embedder"]["runtime"]
    assert harness.node._reader.same_person == stock().find("house/identity")[1].same_person
    again = bench_in(tmp_path)(source="red.png", model="net.onnx", embedder="house/identity")
    again.open().finish()


def test_a_recogniser_other_than_the_catalogue_names_is_refused(store, tmp_path):
    """Two recognisers of one contract have spaces of their own."""
    save_arcface(tmp_path / "face.onnx")
    save_fixer(tmp_path / "fixer.onnx")
    own.add(store, tmp_path / "face.onnx", MIT, name="other", contract="arcface")
    path = NETS["reliableswap"].save(tmp_path / "net.onnx")
    own.add(store, path, MIT, name="mine")
    entry = json.loads(store.added_path("mine").read_text())
    entry["members"][0] |= {"embedder": "house/identity", "fixer": str(tmp_path / "fixer.onnx")}
    store.added_path("mine").write_text(json.dumps(entry))
    made = bench_in(tmp_path)
    with pytest.raises(ContractError, match="embeddings of house/identity, and the embedder is o"):
        made(source="red.png", model="mine", embedder="other").open()
    assert "fixer.onnx" in str(made(source="red.png", model="mine").open().finish().report)


def test_the_mask_of_hyperswap_limits_what_is_pasted(bench, tmp_path):
    """The tiny net's mask is the brightest channel in −1…1: a dark target keeps its pixels."""
    NETS["hyperswap"].save(tmp_path / "net.onnx")
    face = face_of(points_at(240, 160, 40))
    frame = frame_of(face, pixel="rgb24")
    with frame.edit((0, 0, 480, 320), node="paint") as rgb:
        rgb[:, :240] = 20
        rgb[:, 240:] = 255
    (after,) = bench(model="net.onnx", mask={"shape": "swapper"}).push(frame).finish().video
    left, right = after.read((215, 155, 225, 165)), after.read((255, 155, 265, 165))
    assert np.abs(left.astype(int) - 20).max() <= 1
    np.testing.assert_allclose(right.mean(axis=(0, 1)), _told(tmp_path, "hyperswap"), atol=1.5)


def test_a_half_precision_inswapper_runs(bench, tmp_path):
    NETS["inswapper"].save(tmp_path / "net.onnx", half=True)
    face = face_of(points_at(240, 160, 40))
    outcome = bench(model="net.onnx").push(frame_of(face, pixel="rgb24")).finish()
    told = _told(tmp_path, "inswapper")
    np.testing.assert_allclose(skin_of(outcome.video[0], face), told, atol=4)


@pytest.mark.parametrize("boost", [2, "auto"])
def test_boost_runs_through_the_node(bench, tmp_path, boost):
    SwapNet(128, emap=True, bias=0.5, tells=0.0).save(tmp_path / "net.onnx", batch="N")
    face = face_of(points_at(240, 160, 60))
    frame = frame_of(face, pixel="rgb24")
    noise = np.random.default_rng(0).uniform(0, 255, (320, 480, 3))
    with frame.edit((0, 0, 480, 320), node="paint") as rgb:
        rgb[:] = 127 + 3 * (cv2.GaussianBlur(noise, (0, 0), 1.2) - 127)
    plain, fine = (
        bench(model="net.onnx", boost=one, occlusion="none").push(frame).finish().video[0]
        for one in (1, boost)
    )
    seen = frame.read(face.box).astype(float)
    mixed = seen @ SwapNet().weights["mix"][..., 0, 0].T + 127.5
    middle = np.s_[25:-25, 25:-25]
    errors = [np.abs(one.read(face.box) - mixed)[middle].mean() for one in (plain, fine)]
    assert errors[1] < 0.6 * errors[0]  # the finer crop keeps what the coarse one loses


def test_a_file_that_does_not_tell_its_contract_is_refused(bench, store, tmp_path):
    path = NETS["ghost"].save(tmp_path / "net.onnx")
    with pytest.raises(ContractError, match=r"net\.onnx: its contract is not known.*--contract"):
        bench(model="net.onnx").open()
    own.add(store, path, MIT, name="unsaid")
    assert store.resolve("unsaid").contract is None
    with pytest.raises(ContractError, match="unsaid: its contract is not known"):
        bench(model="unsaid").open()


def test_a_recogniser_of_another_space_is_refused(bench, store, tmp_path):
    own.add(store, tmp_path / "face.onnx", MIT, name="other", contract="arcface")
    own.add(store, tmp_path / "face.onnx", MIT, name="right", contract="arcface_w600k")
    NETS["hyperswap"].save(tmp_path / "net.onnx")
    made = bench_in(tmp_path)
    with pytest.raises(ContractError, match="the embedder other is of the contract arcface"):
        made(source="red.png", model="net.onnx", embedder="other").open()
    made(source="red.png", model="net.onnx", embedder="right").open().finish()


def test_a_model_that_looks_at_the_picture_needs_no_recogniser(tmp_path):
    NETS["uniface"].save(tmp_path / "net.onnx")
    bench_in(tmp_path)(source="red.png", model="net.onnx").open().finish()
    NETS["hyperswap"].save(tmp_path / "net.onnx")
    with pytest.raises(ModelError, match="pull buffalo_l"):
        bench_in(tmp_path)(source="red.png", model="net.onnx").open()


@pytest.mark.parametrize(
    ("converter", "error", "message"),
    [
        (None, ModelMissingError, "pull crossface_ghost"),
        ("crossface_simswap", ContractError, "as crossface_ghost makes them"),
        ("face.onnx", ContractError, "the converter has inputs and outputs"),
    ],
)
def test_a_missing_or_wrong_converter_is_refused(
    bench, store, tmp_path, monkeypatch, converter, error, message
):
    monkeypatch.setenv("VPLUGIN_ACCEPT_LICENCES", "OpenRAIL-MS")
    path = NETS["ghost"].save(tmp_path / "net.onnx")
    own.add(store, path, MIT, name="mine", contract="ghost")
    with pytest.raises(error, match=message) as caught:
        bench(model="mine", converter=converter).open()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("more", [{"boost": 2}, {"boost": "auto", "model": "copy"}, {"boost": 5}])
def test_boost_is_for_networks_and_goes_to_four(more):
    with pytest.raises(ValidationError, match="boost"):
        SwapParams(**{"source": "a.png", "model": "mesh"} | more)


@pytest.mark.parametrize("changed", [{"boost": 2}, {"converter": "x.onnx"}, {"fixer": "x.onnx"}])
def test_what_needs_other_models_cannot_be_changed_while_it_runs(bench, tmp_path, changed):
    NETS["uniface"].save(tmp_path / "net.onnx")
    with pytest.raises(GraphError, match="cannot be changed"):
        bench(model="net.onnx").open().set(**changed)
