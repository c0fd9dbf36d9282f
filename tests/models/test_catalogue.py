from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.models.make import OPEN, known, relu_net, single
from vplugin.errors import ModelMissingError
from vplugin.models.catalogue import Download, Entry, Member, stock


@pytest.mark.parametrize(
    ("name", "contract", "commercial"),
    [
        ("yunet", "yunet", True),
        ("inswapper_128", "inswapper", False),
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


def test_every_stock_file_has_a_checksum_and_https_addresses():
    for entry in stock().models:
        assert entry.provenance
        if entry.name == "house":  # it ships, and is not fetched: see test_house.py
            continue
        assert entry.download.urls
        assert all(url.startswith("https://") for url in entry.download.urls)
        assert all(one.sha256 and one.bytes for one in (entry.download, *entry.members))


def test_a_pack_is_found_without_a_member():
    entry, member = stock().find("buffalo_l")
    assert entry.is_pack
    assert member is None


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("inswaper_128", "did you mean inswapper_128?"),
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
