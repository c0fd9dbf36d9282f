from __future__ import annotations

import json
from pathlib import Path

import pytest

from vplugin.errors import TrainError
from vplugin.train.description.published import Keys, Record, read_records

PAIR = ("Is he smiling?", "Yes.")
TURNS = [
    {"from": "human", "value": "<image>\nIs he smiling?"},
    {"from": "gpt", "value": "Yes."},
]
FORMS = {
    "list": [{"image": "a.jpg", "caption": "A man.", "vqa": [
        {"question": PAIR[0], "answer": PAIR[1]}]}],
    "turns": [{"image_path": "a.jpg", "description": ["A man.", "x"], "conversations": TURNS}],
    "roles": [{"id": "a.jpg", "text": "A man.", "qa": [
        {"role": "system", "content": "s"}, {"role": "user", "content": PAIR[0]},
        {"role": "assistant", "content": PAIR[1]}]}],
    "mapping": {"a.jpg": {"caption": "A man.", "qa_pairs": [list(PAIR)]}},
    "apart": [{"image": "a.jpg", "caption": "A man."},
              {"image": "a.jpg", "question": PAIR[0], "answer": PAIR[1]}],
}  # fmt: skip


def written(path: Path, data: object) -> Path:
    path.write_text(json.dumps(data))
    return path


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str, tmp_path: Path) -> None:
    path = written(tmp_path / "one.json", FORMS[form])
    assert read_records([path]) == [Record("a.jpg", "A man.", (PAIR,))]


def test_captions_and_questions_of_different_files_come_together(tmp_path: Path) -> None:
    captions = written(tmp_path / "captions.json", {"a.jpg": "A man.", "b.jpg": "A woman."})
    lines = tmp_path / "vqa.jsonl"
    row = {"image": "a.jpg", "question": PAIR[0], "answer": PAIR[1]}
    lines.write_text("\n".join(json.dumps(row) for _ in range(2)) + "\n")
    records = read_records([captions, lines])
    assert [one.picture for one in records] == ["a.jpg", "b.jpg"]
    assert records[0] == Record("a.jpg", "A man.", (PAIR, PAIR))
    assert records[1].pairs == ()


def test_other_keys(tmp_path: Path) -> None:
    path = written(tmp_path / "one.json", [{"bild": "a.jpg", "satz": "A man."}])
    keys = Keys(picture=("bild",), caption=("satz",))
    assert read_records([path], keys)[0].caption == "A man."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([{"caption": "A man."}], "record 0: names no picture"),
        ([{"image": "a.jpg"}], "no captions and no questions"),
        (["a.jpg"], "record 0: is no record"),
        ([{"image": "a", "qa": [7]}], "something else than pairs"),
        ([{"image": "a", "qa": [{"from": "cat", "value": "meow"}]}], "a turn of nobody"),
    ],
)
def test_what_is_wrong_is_said(data: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=said):
        read_records([written(tmp_path / "one.json", data)])


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    for name in ("bad.json", "missing.json"):
        with pytest.raises(TrainError, match=name):
            read_records([tmp_path / name])
