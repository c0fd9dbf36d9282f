"""What ``swap: auto`` takes: the catalogue says where the network that ships beats mesh."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nodes.swap_bench import bench_in, face_of, frame_of
from tests.vision.swap_models import points_at
from tests.vision.swap_nets import SwapNet
from vplugin.errors import ChecksumError, GraphError
from vplugin.models import catalogue
from vplugin.models.catalogue import Catalogue, Footage, Member
from vplugin.models.files import sha256
from vplugin.node import Context
from vplugin.nodes.models import Models
from vplugin.nodes.swappers import COPY, HOUSE_SWAPPER, MESH, Wish, best_swapper

STOCK = catalogue.stock()
PLACE = "swap/reliableswap_128.onnx"


@pytest.fixture
def ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A catalogue whose house has a swap network, and what it says of it."""
    store = tmp_path / "store"
    monkeypatch.setenv("VPLUGIN_MODELS", str(store))
    (store / "swap").mkdir(parents=True)
    path = SwapNet(128, emap=True, plain=True, bias=0.4).save(store / PLACE)

    def say(*beats: Footage, digest: str | None = None) -> None:
        house, _ = STOCK.find("house")
        member = Member(
            name="reliableswap_128",
            path=PLACE,
            archive_member="reliableswap_128.onnx",
            sha256=digest or sha256(path),
            contract="inswapper",
            embedder="house/identity",
            beats_mesh=beats,
        )
        with_it = house.model_copy(update={"members": (*house.members, member)})
        monkeypatch.setattr(catalogue, "stock", lambda: Catalogue(models=(with_it,)))

    return say


def _best(footage: Footage = "photographs", seers: str = "house/landmarks") -> str:
    wish = Wish("auto", seers, "house/parser", None, None, 1, footage=footage)
    return best_swapper(Models(Context(name="swap"), "onnxruntime", None), wish)


def test_what_ships_today_is_mesh():
    assert _best() == MESH
    assert _best("rendered") == MESH
    assert _best(seers="nobody.onnx") == COPY


@pytest.mark.parametrize(
    ("beats", "photographs", "rendered"),
    [
        ((), MESH, MESH),
        (("rendered",), MESH, HOUSE_SWAPPER),
        (("photographs",), HOUSE_SWAPPER, MESH),
        (("photographs", "rendered"), HOUSE_SWAPPER, HOUSE_SWAPPER),
    ],
)
def test_the_catalogue_says_where_the_network_is_better(ships, beats, photographs, rendered):
    ships(*beats)
    assert _best("photographs") == photographs
    assert _best("rendered") == rendered


def test_a_network_that_was_tampered_with_is_no_reason_to_take_another(ships):
    ships("rendered", digest="0" * 64)
    with pytest.raises(ChecksumError):
        _best("rendered")


def test_the_node_takes_it_with_the_recogniser_that_the_catalogue_names(ships, tmp_path):
    ships("rendered")
    face = face_of(points_at(240, 160, 40))
    made = bench_in(tmp_path)
    harness = made(source="red.png", model="auto", footage="rendered").push(frame_of(face))
    with pytest.raises(GraphError, match="`footage` cannot be changed"):
        harness.set(footage="photographs")
    report = harness.finish().report
    assert report["model"] == HOUSE_SWAPPER
    assert report["faces"] == {"swapped": 1}
    assert report["embedder"]["runtime"]
    assert list(report["occlusion"]) == ["house/parser"]
