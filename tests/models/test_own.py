from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from tests.models.make import CLOSED, OPEN, arcface, known, relu_net, sha, single
from tests.vision.swap_nets import SwapNet
from vplugin.errors import ContractError, LicenceError, ModelError
from vplugin.models import own
from vplugin.models.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store", known=known())


@pytest.mark.parametrize(
    ("asked", "found"), [(None, "arcface"), ("arcface_w600k", "arcface_w600k")]
)
def test_an_added_model_is_found_by_name(tmp_path, store, asked, found):
    path = arcface(tmp_path / "mine.onnx")
    own.add(store, path, OPEN, contract=asked)
    again = Store(store.root, known=known()).resolve("mine", commercial=True)
    assert again.contract == found
    assert sha(again.path) == sha(path)
    assert [v.state for v in store.verify()] == ["ok"]


@pytest.mark.parametrize(
    ("net", "asked", "found"),
    [
        (SwapNet(128, emap=True), None, "inswapper"),
        (SwapNet(), None, None),  # one of several contracts: not guessed
        (SwapNet(), "ghost", "ghost"),
        (SwapNet(512), "simswap_512", "simswap_512"),
        (SwapNet(mask=True), None, "hyperswap"),
        (SwapNet(crop=112), None, "blendswap"),
        (SwapNet(crop=256), None, "uniface"),
    ],
    ids=str,
)
def test_swap_networks_are_told_apart_as_far_as_files_tell(tmp_path, store, net, asked, found):
    own.add(store, net.save(tmp_path / "mine.onnx"), OPEN, contract=asked)
    assert store.resolve("mine").contract == found


def test_a_closed_licence_is_accepted_by_naming_it(tmp_path, store):
    own.add(store, relu_net(tmp_path / "mine.onnx"), CLOSED, name="other")
    assert store.resolve("other").contract is None
    with pytest.raises(LicenceError, match="forbids commercial use"):
        store.resolve("other", commercial=True)


def test_a_file_that_was_changed_is_noticed(tmp_path, store):
    own.add(store, relu_net(tmp_path / "mine.onnx"), OPEN)
    relu_net(store.resolve("mine").path, scale=2.0)
    assert [v.state for v in store.verify()] == ["wrong"]


def test_removed_means_forgotten(tmp_path, store):
    own.add(store, relu_net(tmp_path / "mine.onnx"), OPEN)
    store.remove("mine")
    assert store.catalogue.models == ()
    own.add(store, relu_net(tmp_path / "mine.onnx", scale=3.0), OPEN)
    assert store.resolve("mine").path.is_file()


def _external(folder: Path) -> Path:
    path = relu_net(folder / "mine.onnx")
    onnx.save(
        onnx.load(path), path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    return path


@pytest.mark.parametrize(
    ("make", "more", "error", "says"),
    [
        (arcface, {"contract": "inswapper"}, ContractError, "is not of the contract inswapper"),
        (relu_net, {"contract": "scrfd"}, ContractError, "it takes x 1×3×16×16 and gives y"),
        (relu_net, {"name": "a/b"}, ModelError, "cannot be a model's name"),
        (relu_net, {"name": "taken"}, ModelError, "already a model named 'taken'"),
        (lambda p: _external(p.parent), {}, ContractError, "keeps its weights in other files"),
        (lambda p: p.write_bytes(b"no model"), {}, ModelError, "not a readable ONNX model"),
    ],
)
def test_refused(tmp_path, make, more, error, says):
    taken = single(relu_net(tmp_path / "x.onnx"), name="taken")
    store = Store(tmp_path / "store", known=known(taken))
    make(tmp_path / "mine.onnx")
    with pytest.raises(error, match=says) as caught:
        own.add(store, tmp_path / "mine.onnx", OPEN, **more)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "store").rglob("*.onnx"))


def test_a_known_model_cannot_be_called_open(tmp_path, store, monkeypatch):
    path = relu_net(tmp_path / "mine.onnx")
    stock = known(single(path, name="closed", licence=CLOSED))
    monkeypatch.setattr("vplugin.models.own.stock", lambda: stock)
    with pytest.raises(LicenceError, match="is a model of 'closed', which is under closed-nc"):
        own.add(store, path, own.licence_named("MIT"))
    own.add(store, path, own.licence_named("contract 17 with Closed", commercial=True))
    assert store.resolve("mine", commercial=True).path.is_file()


@pytest.mark.parametrize(
    ("name", "said", "commercial"),
    [("MIT", None, True), ("Strange-1", None, False), ("MIT", False, False), ("X", True, True)],
)
def test_licences_by_name(name, said, commercial):
    assert own.licence_named(name, commercial=said).commercial is commercial
