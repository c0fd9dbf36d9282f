from __future__ import annotations

import os
from pathlib import Path

import pytest

from vplugin.errors import SinkError
from vplugin.media.output_folder import make_folder, remove_empty, whole_folder


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def fill(folder: Path) -> None:
    (folder / "ada").mkdir()
    (folder / "ada" / "front.jpg").write_text("new")
    (folder / "people.yaml").write_text("new")


def give_up(final: Path, error: type[BaseException]) -> None:
    with whole_folder(final) as folder:
        fill(folder)
        raise error


def test_files_get_their_place_at_the_end(tmp_path):
    final = tmp_path / "deep" / "cast"
    with whole_folder(final) as folder:
        fill(folder)
        assert [path for path in final.iterdir() if not path.name.startswith(".")] == []
    assert tree(final) == ["ada", "ada/front.jpg", "people.yaml"]


def test_what_is_there_already_stays(tmp_path):
    (tmp_path / "ben").mkdir()
    (tmp_path / "ben" / "front.jpg").write_text("old")
    (tmp_path / "people.yaml").write_text("old")
    with whole_folder(tmp_path) as folder:
        fill(folder)
        assert (tmp_path / "people.yaml").read_text() == "old"
    assert tree(tmp_path) == ["ada", "ada/front.jpg", "ben", "ben/front.jpg", "people.yaml"]
    assert (tmp_path / "people.yaml").read_text() == "new"


@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_nothing_is_left_of_what_was_given_up(tmp_path, there, error):
    final = tmp_path / "deep" / "cast"
    if there:
        final.mkdir(parents=True)
    before = tree(tmp_path)
    with pytest.raises(error):
        give_up(final, error)
    assert tree(tmp_path) == before


def test_a_place_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match=r"file/cast: a part of the path is a file"):
        with whole_folder(tmp_path / "file" / "cast"):
            raise AssertionError
    with pytest.raises(SinkError, match="other: said by the block"), whole_folder(tmp_path / "n"):
        raise SinkError("said by the block", where="other")
    assert os.listdir(tmp_path) == ["file"]


def test_only_what_was_made_and_is_empty_is_removed(tmp_path):
    (tmp_path / "old").mkdir()
    made = make_folder(tmp_path / "old" / "one" / "two")
    assert made == (tmp_path / "old" / "one" / "two", tmp_path / "old" / "one")
    assert make_folder(tmp_path / "old" / "one") == ()
    (tmp_path / "old" / "one" / "note").touch()
    remove_empty(made)
    assert tree(tmp_path) == ["old", "old/one", "old/one/note"]
