"""Captions and questions of other people's pictures, from JSON as UniF²ace-130K / -1M has it.

One record a picture: its file, a caption, and question-answer pairs, as a list, as lines, or as a
mapping from file to record. The names of the keys are settings, because releases differ in them;
pairs may also be turns of a conversation (``from``/``value`` or ``role``/``content``). Those texts
are for research only, whatever their tag says (docs/unif2ace.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from vplugin.errors import TrainError

__all__ = ["Keys", "Record", "read_records"]

_ASKS, _ANSWERS = ("human", "user", "question"), ("gpt", "assistant", "answer")


@dataclass(frozen=True)
class Keys:
    """Names of the fields, the first that a record has counts.

    Attributes:
        picture: Of the file's name.
        caption: Of the description; a list of them gives the first.
        pairs: Of the questions.
    """

    picture: tuple[str, ...] = ("image", "image_path", "file_name", "filename", "img", "id")
    caption: tuple[str, ...] = ("caption", "description", "text", "prompt")
    pairs: tuple[str, ...] = ("vqa", "VQA", "qa", "qa_pairs", "questions", "conversations")


class Record(NamedTuple):
    """What is said of one picture.

    Attributes:
        picture: Name of its file.
        caption: Its description; "" if there is none.
        pairs: Questions and answers.
    """

    picture: str
    caption: str
    pairs: tuple[tuple[str, str], ...]


def read_records(paths: Sequence[Path], keys: Keys | None = None) -> list[Record]:
    """Read files, and bring together what several of them say of one picture.

    Args:
        paths: Captions and questions may lie in different files.
        keys: Names of the fields.

    Raises:
        TrainError: A file cannot be read, or a record has no picture, or none says anything.
    """
    found: dict[str, Record] = {}
    for path in paths:
        for number, raw in enumerate(_raw(path)):
            one = _record(raw, keys or Keys(), f"{path}, record {number}")
            before = found.get(one.picture, Record(one.picture, "", ()))
            caption = before.caption or one.caption
            found[one.picture] = Record(one.picture, caption, before.pairs + one.pairs)
    records = [one for one in found.values() if one.caption or one.pairs]
    if not records:
        where = paths[0] if paths else None
        raise TrainError("holds no captions and no questions", where=where, mend="name the keys")
    return records


def _raw(path: Path) -> Iterator[Mapping[str, Any]]:
    """Records of a list, of lines, or of a mapping from file name to record or caption."""
    try:
        text = path.read_text(encoding="utf-8")
        lines = path.suffix == ".jsonl"
        data = (
            [json.loads(line) for line in text.splitlines() if line] if lines else json.loads(text)
        )
    except (OSError, ValueError) as error:
        what = str(error).splitlines()[0]
        raise TrainError(f"not JSON: {what}", where=path, mend="give .json or .jsonl") from None
    if isinstance(data, dict):
        data = [
            {"image": name, **(value if isinstance(value, dict) else {"caption": value})}
            for name, value in data.items()
        ]
    for number, one in enumerate(data):
        if not isinstance(one, dict):
            raise TrainError("is no record", where=f"{path}, record {number}", mend="see docs")
        yield one


def _record(raw: Mapping[str, Any], keys: Keys, where: str) -> Record:
    picture = _first(raw, keys.picture)
    if not picture:
        raise TrainError("names no picture", where=where, mend=f"one of {', '.join(keys.picture)}")
    caption = _first(raw, keys.caption)
    if isinstance(caption, list):
        caption = caption[0] if caption else ""
    pairs = _first(raw, keys.pairs) or []
    if {"question", "answer"} <= raw.keys():
        pairs = [*pairs, raw]
    return Record(str(picture), str(caption or ""), tuple(_pairs(pairs, where)))


def _first(raw: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((raw[name] for name in names if name in raw), None)


def _pairs(given: Any, where: str) -> Iterator[tuple[str, str]]:
    """Mappings with question and answer, lists of two, or turns one after the other."""
    asked: str | None = None
    for one in given:
        if isinstance(one, dict) and {"question", "answer"} <= one.keys():
            yield _clean(one["question"]), _clean(one["answer"])
        elif isinstance(one, dict):
            who = one.get("from", one.get("role"))
            said = _clean(one.get("value", one.get("content", "")))
            if who in _ASKS:
                asked = said
            elif who in _ANSWERS and asked is not None:
                yield asked, said
                asked = None
            elif who != "system":
                raise TrainError("has a turn of nobody", where=where, mend="human or gpt")
        elif isinstance(one, list | tuple) and len(one) == 2:
            yield _clean(one[0]), _clean(one[1])
        else:
            raise TrainError("has something else than pairs", where=where, mend="see the module")


def _clean(text: Any) -> str:
    return " ".join(str(text).replace("<image>", " ").split())
