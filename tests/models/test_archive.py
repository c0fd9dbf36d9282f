from __future__ import annotations

import zipfile

import pytest

from vplugin.errors import ChecksumError, ModelError
from vplugin.models.archive import extract
from vplugin.models.catalogue import Member

CONTENT = b"model" * 1000


SIZE = len(CONTENT)


def member(size=SIZE):
    return Member(
        name="m", path="p/m.onnx", archive_member="m.onnx", sha256=None, bytes=size, contract=None
    )


def zipped(path, names, content=CONTENT):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name in names:
            out.writestr(name, content)
    return path


@pytest.mark.parametrize("inside", ["m.onnx", "pack/m.onnx", "../../m.onnx", "/tmp/m.onnx"])
def test_a_member_goes_where_the_catalogue_says(tmp_path, inside):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    archive = zipped(tmp_path / "x.zip", [inside, "../../evil.onnx"])
    extract(archive, member(), folder / "out")
    assert (folder / "out").read_bytes() == CONTENT
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "b", "out", "x.zip"]


@pytest.mark.parametrize("names", [["other.onnx"], ["a/m.onnx", "b/m.onnx"], ["m.onnx/"]])
def test_missing_or_ambiguous(tmp_path, names):
    archive = zipped(tmp_path / "x.zip", names)
    with pytest.raises(ChecksumError, match=r"files named m\.onnx, one was expected"):
        extract(archive, member(), tmp_path / "out")


@pytest.mark.parametrize("size", [1, 10**9])
def test_another_size_is_not_unpacked(tmp_path, size):
    archive = zipped(tmp_path / "x.zip", ["m.onnx"])
    with pytest.raises(ChecksumError, match="the catalogue says"):
        extract(archive, member(size), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bomb_of_unknown_size_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("vplugin.models.archive.LARGEST", 100)
    archive = zipped(tmp_path / "x.zip", ["m.onnx"])
    with pytest.raises(ChecksumError):
        extract(archive, member(None), tmp_path / "out")


@pytest.mark.parametrize("damage", ["garbage", "truncated", "flipped", "empty"])
def test_a_damaged_zip(tmp_path, damage):
    sound = zipped(tmp_path / "x.zip", ["m.onnx"], content=bytes(range(256)) * 20).read_bytes()
    broken = {
        "garbage": b"not a zip" * 100,
        "truncated": sound[: len(sound) // 2],
        "flipped": sound[:60] + bytes(b ^ 0xFF for b in sound[60:90]) + sound[90:],
        "empty": b"",
    }[damage]
    (tmp_path / "x.zip").write_bytes(broken)
    with pytest.raises(ModelError, match="not a sound zip") as error:
        extract(tmp_path / "x.zip", member(5120), tmp_path / "out")
    assert "\n" not in str(error.value)
