from __future__ import annotations

import pytest

from vplugin.errors import ChecksumError, ModelError
from vplugin.models.catalogue import Download
from vplugin.models.download import Fetcher, check_address

DATA = bytes(range(256)) * 400
QUICK = Fetcher(pause=0.0, timeout=5.0)


SIZE = len(DATA)


def wanted(*urls, size=SIZE):
    return Download(path="a/a.onnx", urls=urls, sha256=None, bytes=size)


def test_whole(server, tmp_path):
    server.files["a"] = DATA
    told = []
    source = QUICK.fetch(wanted(server.url("a")), tmp_path / "p", lambda *now: told.append(now))
    assert (tmp_path / "p").read_bytes() == DATA
    assert source == server.url("a")
    assert told[-1] == ("p", len(DATA), len(DATA))


def test_a_cut_is_continued_where_it_was(server, tmp_path):
    server.files["a"] = DATA
    server.cuts = [1000, 5000]
    QUICK.fetch(wanted(server.url("a")), tmp_path / "p")
    assert (tmp_path / "p").read_bytes() == DATA
    assert [r for _, r in server.requests] == [None, "bytes=1000-", "bytes=6000-"]


def test_too_many_cuts_keep_what_came_for_the_next_pull(server, tmp_path):
    server.files["a"] = DATA
    server.cuts = [100] * 4
    with pytest.raises(ModelError, match="400 bytes are kept") as error:
        QUICK.fetch(wanted(server.url("a")), tmp_path / "p")
    assert "\n" not in str(error.value)
    QUICK.fetch(wanted(server.url("a")), tmp_path / "p")
    assert (tmp_path / "p").read_bytes() == DATA
    assert server.requests[-1] == ("a", "bytes=400-")


def test_a_server_without_ranges_starts_again(server, tmp_path):
    server.files["a"] = DATA
    server.ranges = False
    (tmp_path / "p").write_bytes(b"old" * 100)
    QUICK.fetch(wanted(server.url("a")), tmp_path / "p")
    assert (tmp_path / "p").read_bytes() == DATA


def test_a_part_longer_than_the_file_is_thrown_away(server, tmp_path):
    server.files["a"] = DATA
    (tmp_path / "p").write_bytes(DATA + b"more")
    QUICK.fetch(wanted(server.url("a")), tmp_path / "p")
    assert (tmp_path / "p").read_bytes() == DATA


def test_a_whole_part_asks_nobody(server, tmp_path):
    (tmp_path / "p").write_bytes(DATA)
    QUICK.fetch(wanted(server.url("a")), tmp_path / "p")
    assert server.requests == []


def test_server_errors_are_tried_again(server, tmp_path):
    server.files["a"] = DATA
    server.errors = [503, 500]
    QUICK.fetch(wanted(server.url("a")), tmp_path / "p")
    assert (tmp_path / "p").read_bytes() == DATA


def test_not_found_goes_to_the_next_address_at_once(server, tmp_path):
    server.files["b"] = DATA
    source = QUICK.fetch(wanted(server.url("a"), server.url("b")), tmp_path / "p")
    assert source == server.url("b")
    assert len(server.requests) == 2


def test_not_found_anywhere(server, tmp_path):
    with pytest.raises(ModelError, match=r"could not be fetched: HTTP 404 — .*MIRROR"):
        QUICK.fetch(wanted(server.url("a")), tmp_path / "p")


def test_another_size_is_refused_before_it_is_read(server, tmp_path):
    server.files["a"] = DATA
    with pytest.raises(ChecksumError, match="offers 102400 bytes, the catalogue names 7"):
        QUICK.fetch(wanted(server.url("a"), size=7), tmp_path / "p")
    assert not (tmp_path / "p").exists()


def test_nobody_listens(tmp_path):
    with pytest.raises(ModelError, match="could not be fetched") as error:
        QUICK.fetch(wanted("http://127.0.0.1:9/a"), tmp_path / "p")
    assert "\n" not in str(error.value)


def test_a_redirect_may_not_leave_https(server, tmp_path):
    server.redirects["a"] = "http://example.com/a"
    with pytest.raises(ModelError, match=r"example\.com/a: is not an https address"):
        QUICK.fetch(wanted(server.url("a")), tmp_path / "p")


def test_a_part_that_cannot_be_written(server, tmp_path):
    server.files["a"] = DATA
    with pytest.raises(ModelError, match="the model store cannot be written"):
        QUICK.fetch(wanted(server.url("a")), tmp_path / "no folder" / "p")


@pytest.mark.parametrize("url", ["https://example.com/a", "http://127.0.0.1/a", "http://[::1]:8/a"])
def test_allowed_addresses(url):
    check_address(url)


@pytest.mark.parametrize(
    "url",
    ["http://example.com/a", "ftp://127.0.0.1/a", "file:///etc/passwd", "http://127.0.0.1.x/"],
)
def test_refused_addresses(url):
    with pytest.raises(ModelError, match="not an https address"):
        check_address(url)
