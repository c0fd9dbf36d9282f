from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.models.make import CLOSED, known, pack, relu_net, sha, single
from vplugin.errors import ChecksumError, LicenceError, ModelError, ModelMissingError
from vplugin.models.download import Fetcher
from vplugin.models.store import Store, resolve

QUICK = Fetcher(pause=0.0, timeout=5.0)


@pytest.fixture
def net(tmp_path):
    return relu_net(tmp_path / "made" / "net.onnx")


def store(tmp_path: Path, *entries, mirror: Path | None = None) -> Store:
    return Store(tmp_path / "store", mirror=mirror, known=known(*entries), fetcher=QUICK)


def everything(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in folder.rglob("*")}


def test_pull_then_resolve(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    one = store(tmp_path, single(net, server.url("n")))
    one.pull("net")
    found = one.resolve("net")
    assert sha(found.path) == sha(net)
    assert found.entry is not None
    assert found.entry.name == "net"
    one.pull("net")
    assert len(server.requests) == 1
    assert not list((tmp_path / "store").rglob("*.part"))


def test_resolve_never_uses_the_network(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    with pytest.raises(ModelMissingError, match="`vplugin models pull net`"):
        store(tmp_path, single(net, server.url("n"))).resolve("net")
    assert server.requests == []
    assert not (tmp_path / "store").exists()


def test_resolve_does_not_write(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    one = store(tmp_path, single(net, server.url("n")))
    one.pull("net")
    before = everything(tmp_path / "store")
    one.resolve("net")
    one.verify()
    assert everything(tmp_path / "store") == before


def test_a_wrong_download_is_not_kept(server, tmp_path, net):
    entry = single(net, server.url("n"))
    server.files["n"] = bytes(net.stat().st_size)
    with pytest.raises(ChecksumError, match="not the file that the catalogue names"):
        store(tmp_path, entry).pull("net")
    assert not [p for p in (tmp_path / "store" / "net").iterdir() if p.is_file()]


def test_a_spoiled_part_is_fetched_anew(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    one = store(tmp_path, single(net, server.url("n")))
    part = tmp_path / "store" / "net" / "net.onnx.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"spoiled")
    one.pull("net")
    assert [r for _, r in server.requests] == ["bytes=7-", None]
    assert one.resolve("net").path.read_bytes() == net.read_bytes()


def test_a_cut_pull_is_continued_by_the_next(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    server.cuts = [50] * 4
    one = store(tmp_path, single(net, server.url("n")))
    with pytest.raises(ModelError, match="are kept, the next pull continues"):
        one.pull("net")
    one.pull("net")
    assert server.requests[-1] == ("n", "bytes=200-")
    assert sha(one.resolve("net").path) == sha(net)


def test_a_file_changed_afterwards_is_noticed_and_mended(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    one = store(tmp_path, single(net, server.url("n")))
    one.pull("net")
    path = one.resolve("net").path
    path.write_bytes(path.read_bytes()[:-4] + b"evil")
    with pytest.raises(ChecksumError, match=r"its sha256 is .* should be .*models pull net"):
        one.resolve("net")
    assert [(v.name, v.state) for v in one.verify()] == [("net", "wrong")]
    one.pull("net")
    assert sha(one.resolve("net").path) == sha(net)


def test_verify_reads_again_where_resolve_trusts_size_and_time(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    one = store(tmp_path, single(net, server.url("n")))
    one.pull("net")
    path = one.resolve("net").path
    stat = path.stat()
    path.write_bytes(path.read_bytes()[:-4] + b"evil")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert [v.state for v in one.verify(("net",))] == ["wrong"]


def test_a_file_put_there_by_hand_is_used_if_it_is_right(tmp_path, net):
    one = store(tmp_path, single(net))
    place = tmp_path / "store" / "net" / "net.onnx"
    place.parent.mkdir(parents=True)
    shutil.copy(net, place)
    assert one.resolve("net").path == place


@pytest.mark.parametrize("place", ["net/net.onnx", "net.onnx"])
def test_a_mirror_is_used_in_place_and_pulled_from_without_network(tmp_path, net, place):
    mirror = tmp_path / "mirror"
    (mirror / place).parent.mkdir(parents=True)
    shutil.copy(net, mirror / place)
    one = store(tmp_path, single(net, "https://unreachable.invalid/n"), mirror=mirror)
    assert one.resolve("net").path == mirror / place
    one.pull("net")
    assert one.resolve("net").path == tmp_path / "store" / "net" / "net.onnx"


def test_a_mirror_with_the_wrong_file_is_an_error_not_a_reason_for_the_network(
    server, tmp_path, net
):
    server.files["n"] = net.read_bytes()
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "net.onnx").write_bytes(b"another file")
    one = store(tmp_path, single(net, server.url("n")), mirror=tmp_path / "mirror")
    for call in (one.resolve, one.pull):
        with pytest.raises(ChecksumError, match=r"mirror/net\.onnx: is not the file"):
            call("net")
    assert server.requests == []


def test_an_empty_mirror(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    (tmp_path / "mirror").mkdir()
    one = store(tmp_path, single(net, server.url("n")), mirror=tmp_path / "mirror")
    with pytest.raises(ModelMissingError, match="and the mirror"):
        one.resolve("net")
    one.pull("net")
    assert one.resolve("net").path.is_file()


@pytest.fixture
def two(tmp_path):
    return {
        "a": relu_net(tmp_path / "made" / "a.onnx"),
        "b": relu_net(tmp_path / "made" / "b.onnx", scale=2.0),
    }


@pytest.mark.parametrize("folder", ["", "pack/"])
def test_a_pack(server, tmp_path, two, folder):
    archive = tmp_path / "made" / "pack.zip"
    entry = pack(archive, two, server.url("z"), folder=folder)
    server.files["z"] = archive.read_bytes()
    one = store(tmp_path, entry)
    one.pull("pack/a")
    for name, path in two.items():
        assert sha(one.resolve(f"pack/{name}").path) == sha(path)
    with pytest.raises(ModelMissingError, match="pack of models — name one of them: pack/a, pack"):
        one.resolve("pack")
    left = {p.name for p in (tmp_path / "store" / "pack").iterdir()}
    assert left == {"a.onnx", "b.onnx"}


@pytest.mark.parametrize("whole", [True, False])
def test_a_pack_in_a_mirror(tmp_path, two, whole):
    entry = pack(tmp_path / "made" / "pack.zip", two)
    mirror = tmp_path / "mirror" / "pack"
    mirror.mkdir(parents=True)
    for path in [tmp_path / "made" / "pack.zip"] if whole else list(two.values()):
        shutil.copy(path, mirror)
    one = store(tmp_path, entry, mirror=tmp_path / "mirror")
    one.pull("pack")
    assert sha(one.resolve("pack/b").path) == sha(two["b"])
    assert all(v.state == "ok" for v in one.verify())


def test_a_pack_with_a_wrong_member_leaves_nothing(server, tmp_path, two):
    archive = tmp_path / "made" / "pack.zip"
    entry = pack(archive, two, server.url("z"))
    server.files["z"] = archive.read_bytes()
    liar = entry.members[1].model_copy(update={"sha256": "0" * 64})
    entry = entry.model_copy(update={"members": (entry.members[0], liar)})
    with pytest.raises(ChecksumError):
        store(tmp_path, entry).pull("pack")
    assert {p.name for p in (tmp_path / "store" / "pack").iterdir()} == {"a.onnx"}


def test_an_unknown_checksum_is_pinned_by_the_first_pull(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    one = store(tmp_path, single(net, server.url("n"), sha256=None, bytes=None))
    one.pull("net")
    assert one.resolve("net").path.is_file()
    assert [v.state for v in one.verify()] == ["ok"]
    one.remove("net")
    server.files["n"] = b"replaced at the source"
    with pytest.raises(ChecksumError, match="not the file"):
        one.pull("net")


def test_a_file_that_nothing_vouches_for_is_refused(tmp_path, net):
    one = store(tmp_path, single(net, sha256=None, bytes=None))
    place = tmp_path / "store" / "net" / "net.onnx"
    place.parent.mkdir(parents=True)
    shutil.copy(net, place)
    with pytest.raises(ChecksumError, match="nothing says what its checksum should be"):
        one.resolve("net")


def test_a_corrupt_zip_of_unknown_checksum(server, tmp_path, two):
    entry = pack(tmp_path / "made" / "pack.zip", two, server.url("z"), sha256=None, bytes=None)
    server.files["z"] = b"not a zip"
    with pytest.raises(ModelError, match="not a sound zip"):
        store(tmp_path, entry).pull("pack")
    assert not list((tmp_path / "store" / "pack").iterdir())


def test_the_licence_is_asked_for_by_name(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    one = store(tmp_path, single(net, server.url("n"), licence=CLOSED))
    with pytest.raises(LicenceError, match="has not been accepted"):
        one.pull("net")
    with pytest.raises(LicenceError, match="is under closed-nc, not MIT"):
        one.pull("net", accept="MIT")
    assert server.requests == []
    one.pull("net", accept="closed-nc")
    assert one.resolve("net").path.is_file()
    with pytest.raises(LicenceError, match="commercial"):
        one.resolve("net", commercial=True)


def test_a_path_is_relative_to_the_graph(tmp_path, net):
    found = store(tmp_path).resolve("made/net.onnx", base=tmp_path)
    assert found.path == net
    assert found.entry is None
    assert found.contract is None


def test_a_path_to_a_known_model_keeps_its_licence(tmp_path, net):
    one = store(tmp_path, single(net, licence=CLOSED))
    copy = Path(shutil.copy(net, tmp_path / "renamed.onnx"))
    with pytest.raises(LicenceError, match="has not been accepted"):
        one.resolve(str(copy))
    one.licences.accept(CLOSED)
    assert one.resolve(str(copy)).entry is not None
    with pytest.raises(LicenceError, match="forbids commercial use"):
        one.resolve(str(copy), commercial=True)


def test_an_unknown_file_is_not_for_commercial_use(tmp_path, net):
    with pytest.raises(LicenceError, match=r"nothing is known .*vplugin models add"):
        store(tmp_path).resolve(str(net), commercial=True)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda p: None, ModelMissingError, "there is no such file"),
        (lambda p: p.mkdir(), ModelError, "is a folder"),
        (lambda p: p.write_bytes(b""), ModelError, "it is empty"),
    ],
)
def test_paths_that_are_no_models(tmp_path, make, error, says):
    path = tmp_path / "x.onnx"
    make(path)
    with pytest.raises(error, match=says) as caught:
        store(tmp_path).resolve(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_store_that_cannot_be_written(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    (tmp_path / "file").write_text("")
    one = Store(
        tmp_path / "file" / "store", known=known(single(net, server.url("n"))), fetcher=QUICK
    )
    with pytest.raises(ModelError, match=r"cannot be written.* — .*VPLUGIN_MODELS"):
        one.pull("net")


def test_no_space(server, tmp_path, net, monkeypatch):
    full = shutil._ntuple_diskusage(10**9, 10**9, 0)
    monkeypatch.setattr("vplugin.models.install.shutil.disk_usage", lambda _: full)
    with pytest.raises(ModelError, match="the disk has 0 MiB free"):
        store(tmp_path, single(net, server.url("n"))).pull("net")
    assert server.requests == []


def test_remove(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    one = store(tmp_path, single(net, server.url("n")))
    one.pull("net")
    one.remove("net")
    left = [p for p in (tmp_path / "store").rglob("*") if ".locks" not in p.parts and p.is_file()]
    assert left == []
    assert not (tmp_path / "store" / "net").exists()
    with pytest.raises(ModelMissingError):
        one.resolve("net")


def test_remove_keeps_what_else_is_there(server, tmp_path, net):
    server.files["n"] = net.read_bytes()
    one = store(tmp_path, single(net, server.url("n")))
    one.pull("net")
    note = tmp_path / "store" / "net" / "note.txt"
    note.touch()
    one.remove("net")
    assert note.exists()


@pytest.mark.parametrize(
    ("make", "says"),
    [(lambda path: None, "there is no such mirror"), (Path.touch, "the mirror is not a folder")],
)
def test_a_mirror_that_is_none(server, tmp_path, net, make, says):
    server.files["n"] = net.read_bytes()
    make(tmp_path / "mirror")
    one = store(tmp_path, single(net, server.url("n")), mirror=tmp_path / "mirror")
    with pytest.raises(ModelError, match=rf"mirror: {says} — set VPLUGIN_MODEL_MIRROR"):
        one.pull("net")
    assert server.requests == []
    with pytest.raises(ModelMissingError, match=r"and the mirror .*, which does not exist"):
        one.resolve("net")


def test_a_damaged_entry_is_named(tmp_path):
    added = tmp_path / "store" / ".added" / "bad.json"
    added.parent.mkdir(parents=True)
    added.write_text("{}")
    with pytest.raises(ModelError, match=r"bad\.json: is not the entry of an added model"):
        store(tmp_path).resolve("anything")


def test_the_environment_names_store_and_mirror(tmp_path, monkeypatch):
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path / "s"))
    monkeypatch.setenv("VPLUGIN_MODEL_MIRROR", str(tmp_path / "m"))
    one = Store.default()
    assert (one.root, one.mirror) == (tmp_path / "s", tmp_path / "m")
    with pytest.raises(ModelMissingError, match=f"not in {tmp_path}/s and the mirror {tmp_path}/m"):
        resolve("yunet")


_PULL = """
import sys
from pathlib import Path
from vplugin.models.catalogue import Catalogue
from vplugin.models.store import Store
known = Catalogue.model_validate_json(Path(sys.argv[1]).read_text())
print("ready", flush=True)
sys.stdin.readline()
Store(Path(sys.argv[2]), known=known).pull("net")
print(Store(Path(sys.argv[2]), known=known).resolve("net").path)
"""


def test_two_processes_that_pull_at_once_fetch_once(server, tmp_path, net):
    server.files["n"] = net.read_bytes() + bytes(3 << 20)
    whole = tmp_path / "made" / "big.onnx"
    whole.write_bytes(server.files["n"])
    (tmp_path / "known.json").write_text(known(single(whole, server.url("n"))).model_dump_json())
    command = [sys.executable, "-c", _PULL, str(tmp_path / "known.json"), str(tmp_path / "store")]
    both = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        for one in both:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for one in both:  # let both go only when both are there
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        said = [one.communicate(timeout=60)[0].strip() for one in both]
    finally:
        for one in both:
            one.kill()
            one.wait()
    assert [one.returncode for one in both] == [0, 0]
    assert said == [str(tmp_path / "store" / "net" / "net.onnx")] * 2
    assert [r for _, r in server.requests] == [None]
    assert sha(Path(said[0])) == sha(whole)
