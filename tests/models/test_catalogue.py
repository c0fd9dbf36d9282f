from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.models.make import OPEN, known, relu_net, single
from vplugin.errors import ModelMissingError
from vplugin.models.catalogue import Download, Entry, Member, stock
from vplugin.models.session import TensorInfo
from vplugin.vision.enhance import Enhancer
from vplugin.vision.swap_contract import SWAP_CONTRACTS


def _name(entry: Entry) -> str:
    return entry.name


@pytest.mark.parametrize(
    ("name", "contract", "commercial"),
    [
        ("yunet", "yunet", True),
        ("inswapper_128", "inswapper", False),
        ("inswapper_128_fp16", "inswapper", False),
        ("hyperswap_1b_256", "hyperswap", False),
        ("simswap_256", "simswap", False),
        ("simswap_unofficial_512", "simswap_512", False),
        ("ghost_3_256", "ghost", True),
        ("hififace_unofficial_256", "hififace", False),
        ("blendswap_256", "blendswap", False),
        ("uniface_256", "uniface", False),
        ("crossface_ghost", "crossface", False),
        ("gfpgan_1.4", "enhancer", True),
        ("codeformer", "enhancer", False),
        ("restoreformer_plus_plus", "enhancer", False),
        ("gpen_256", "enhancer", False),
        ("bisenet_resnet_34", "bisenet", True),
        ("live_portrait_motion_extractor", "liveportrait_motion", True),
        ("live_portrait_feature_extractor", "liveportrait_feature", True),
        ("live_portrait_generator", "liveportrait_generator", True),
        ("buffalo_l/det_10g", "scrfd", False),
        ("buffalo_l/w600k_r50", "arcface_w600k", False),
        ("buffalo_l/2d106det", "landmark_2d106", False),
        ("buffalo_l/1k3d68", "landmark_3d68", False),
        ("buffalo_l/genderage", "genderage", False),
        ("buffalo_s/w600k_mbf", "arcface", False),
        ("antelopev2/glintr100", "arcface", False),
    ],
)
def test_stock_models_have_contract_and_licence(name, contract, commercial):
    entry, member = stock().find(name)
    assert member is not None
    assert member.contract == contract
    assert entry.licence.commercial is commercial


def test_every_stock_file_has_https_addresses_and_a_checksum_where_one_is_known():
    for entry in stock().models:
        assert entry.provenance
        if entry.name == "house":  # it ships, and is not fetched: see test_house.py
            continue
        assert entry.download.urls
        assert all(url.startswith("https://") for url in entry.download.urls)
        known = {bool(one.sha256 and one.bytes) for one in (entry.download, *entry.members)}
        pinned_at_first_pull = "facefusion" in entry.download.urls[0]
        assert known == {not pinned_at_first_pull}


@pytest.mark.parametrize(
    "entry", [one for one in stock().models if one.members[0].contract in SWAP_CONTRACTS], ids=_name
)
def test_stock_swap_networks_say_what_their_contract_says(entry):
    (member,) = entry.members
    facts = SWAP_CONTRACTS[member.contract]
    assert member.template == facts.template
    assert member.input_size[0] in facts.sizes
    ranges = {0.0: "RGB 0…1", 0.5: "RGB −1…1", 0.485: "RGB, ImageNet mean and deviation"}
    assert member.value_range == ranges[facts.mean[0]]
    if facts.converter is not None:
        _, converter = stock().find(facts.converter)
        assert converter.contract == "crossface"


@pytest.mark.parametrize(
    "entry", [one for one in stock().models if one.members[0].contract == "enhancer"], ids=_name
)
def test_stock_enhancers_are_aligned_as_the_node_does_it(entry):
    (member,) = entry.members
    side = member.input_size[0]

    class Session:
        inputs = outputs = [TensorInfo("picture", (1, 3, side, side), "float32")]

    assert Enhancer(Session()).template.name == member.template
    assert member.value_range == "RGB −1…1"


def test_a_pack_is_found_without_a_member():
    entry, member = stock().find("buffalo_l")
    assert entry.is_pack
    assert member is None


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("inswaper_128", "did you mean inswapper_128 or"),
        ("bufalo_l/det_10g", "buffalo_l/det_10g"),
        ("buffalo_l/w600k_r5", "buffalo_l/w600k_r50"),
        ("yunet/yunet", "yunet"),
        ("qqqq", "vplugin models list"),
    ],
)
def test_unknown_names_give_the_nearest(asked, hint):
    with pytest.raises(ModelMissingError, match=r"there is no model named") as error:
        stock().find(asked)
    assert hint in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("path", ["../evil.onnx", "/etc/passwd", "a/../../b.onnx", "", "a\\b"])
def test_paths_that_leave_the_store_are_refused(path):
    with pytest.raises(ValidationError, match="not a path inside the store"):
        Download(path=path, sha256=None)


@pytest.mark.parametrize(
    ("place", "member_of"),
    [("a/a.zip", None), ("a/a.onnx", "a.onnx"), ("a/b.onnx", None)],
)
def test_members_must_fit_the_download(place, member_of):
    member = Member(name="a", path="a/a.onnx", archive_member=member_of, sha256=None, contract=None)
    with pytest.raises(ValidationError, match=r"archive_member|own only member"):
        Entry(
            name="a",
            title="a",
            licence=OPEN,
            provenance="",
            download=Download(path=place, sha256=None),
            members=(member,),
        )


def test_names_lists_entries_and_members(tmp_path):
    entry = single(relu_net(tmp_path / "x.onnx"))
    assert known(entry).names() == ("net",)
    assert "buffalo_l/det_10g" in stock().names()
