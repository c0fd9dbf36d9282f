"""YAML as a tree that knows where each of its parts stands.

PyYAML gives the marks; this module adds what a configuration file needs and YAML does not forbid:
text keys, no duplicates, no tags, no endless aliases, a sensible size. Everything that is wrong
becomes one :class:`GraphError` with line and column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import yaml

from vplugin.errors import GraphError
from vplugin.graph.spec import Key, Place

__all__ = ["LARGEST", "Item", "Scalar", "plain", "read_tree", "walk"]

LARGEST = 1 << 18  # characters; a graph of a thousand nodes has half of that
_MOST_ITEMS = 50_000  # after aliases are followed
_DEEPEST = 40

Scalar: TypeAlias = str | int | float | bool | None

_TAG = "tag:yaml.org,2002:"
_PLAIN = frozenset(_TAG + name for name in ("null", "bool", "int", "float", "str"))
_NUMBERS = frozenset((_TAG + "int", _TAG + "float"))
_AS_WRITTEN = frozenset(_TAG + name for name in ("timestamp", "value", "merge"))
_ADVICE = (  # what PyYAML says → what to do
    ("${", "put quotes around text that contains ${…}"),
    ("'\\t'", "indent with spaces, not with tabs"),
    ("'@'", "put quotes around the text"),
    ("'`'", "put quotes around the text"),
    ("'%'", "put quotes around the text"),
    ("mapping values are not allowed", "put quotes around text that contains `: `"),
    ("undefined alias", "put quotes around text that begins with *"),
    ("expected ',' or '}'", "a { is not closed, or a comma is missing"),
    ("expected ',' or ']'", "a [ is not closed, or a comma is missing"),
    ("single document", "keep one graph per file"),
)


@dataclass(frozen=True)
class Item:
    """A value of the file.

    Attributes:
        value: A scalar, a list of items, or a dict of them.
        place: Where it stands.
        literal: Whether ``$`` in it is just a character.
    """

    value: Scalar | list[Item] | dict[str, Item]
    place: Place
    literal: bool = False


def read_tree(text: str, path: str, *, option: bool = False) -> Item | None:
    """The tree of one YAML document, or None if it is empty.

    Args:
        text: YAML.
        path: For error texts.
        option: It comes from the command line: its parts have no line, ``$`` is no variable.

    Raises:
        GraphError: It is not YAML, or more than a configuration file may be.
    """
    if len(text) > LARGEST:
        raise GraphError(
            f"has more than {LARGEST} characters", where=path, mend="this is not a graph file"
        )
    try:
        _refuse_depth(text, path)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, path) from None
    except yaml.reader.ReaderError as error:
        raise _unreadable(error, text, path) from None
    return None if node is None else _Builder(path, option).build(node, None, 0)


def plain(item: Item) -> Any:
    """The same as ordinary dicts, lists and scalars."""
    if isinstance(item.value, dict):
        return {key: plain(child) for key, child in item.value.items()}
    if isinstance(item.value, list):
        return [plain(child) for child in item.value]
    return item.value


def walk(item: Item, key: Key = ()) -> Iterator[tuple[Key, Item]]:
    """All items with the way to each."""
    yield key, item
    if isinstance(item.value, dict):
        for name, child in item.value.items():
            yield from walk(child, (*key, name))
    elif isinstance(item.value, list):
        for index, child in enumerate(item.value):
            yield from walk(child, (*key, index))


class _Builder:
    """Turns PyYAML's nodes into items, counting them."""

    def __init__(self, path: str, option: bool) -> None:
        self._path = path
        self._option = option
        self._count = 0
        self._scalars = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, key: yaml.Node | None, depth: int) -> Item:
        self._count += 1
        if self._count > _MOST_ITEMS:
            raise self._wrong(node, f"has more than {_MOST_ITEMS} values", "use fewer aliases")
        if depth > _DEEPEST:
            raise self._wrong(node, f"is nested more than {_DEEPEST} deep", "make it flatter")
        place = Place(where=self._path) if self._option else _place(node, key)
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return Item(self._mapping(node, depth), place, self._option)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            items = [self.build(child, None, depth + 1) for child in node.value]
            return Item(items, place, self._option)
        return Item(self._scalar(node), place, self._option)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Item]:
        items: dict[str, Item] = {}
        for key, value in node.value:
            name = self._scalar(key) if isinstance(key, yaml.ScalarNode) else None
            if not isinstance(name, str):
                advice = "write it in quotes" if isinstance(key, yaml.ScalarNode) else None
                raise self._wrong(key, "has a key that is not text", advice)
            if name in items:
                line = items[name].place.key_line
                raise self._wrong(
                    key, f"the key {name!r} is already in line {line}", "keep one of the two"
                )
            items[name] = self.build(value, key, depth + 1)
        return items

    def _scalar(self, node: yaml.Node) -> Scalar:
        if not isinstance(node, yaml.ScalarNode) or node.tag not in _PLAIN | _AS_WRITTEN:
            raise self._wrong(node, f"the tag {node.tag!r} means nothing here", "remove it")
        base_60 = node.tag in _NUMBERS and ":" in node.value  # YAML 1.1's idea of 10:00:10:00
        if node.tag in _AS_WRITTEN or base_60:
            return str(node.value)
        try:
            value: Scalar = self._scalars.construct_object(node)
        except (ValueError, KeyError, IndexError, yaml.YAMLError):
            shown = node.value[:40]
            raise self._wrong(node, f"{shown!r} is not a number", "put quotes around it") from None
        return value

    def _wrong(self, node: yaml.Node, what: str, mend: str | None) -> GraphError:
        mark = node.start_mark
        return GraphError(
            what, where=self._path, line=mark.line + 1, column=mark.column + 1, mend=mend
        )


def _place(node: yaml.Node, key: yaml.Node | None) -> Place:
    start = node.start_mark
    place = Place(start.line + 1, start.column + 1)
    if key is None:
        return place
    return replace(place, key_line=key.start_mark.line + 1, key_column=key.start_mark.column + 1)


def _refuse_depth(text: str, path: str) -> None:
    """Composing recurses, parsing does not: look at the depth first."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST and (mark := event.start_mark) is not None:
            raise GraphError(
                f"is nested more than {_DEEPEST} deep",
                where=path,
                line=mark.line + 1,
                column=mark.column + 1,
                mend="make it flatter",
            )


def _syntax(error: yaml.MarkedYAMLError, path: str) -> GraphError:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "it cannot be read"
    said = f"{error.context} {problem} {'${' if _has_variable(mark) else ''}"
    advice = next((mend for sign, mend in _ADVICE if sign in said), None)
    return GraphError(
        f"is not YAML: {problem}",
        where=path,
        line=None if mark is None else mark.line + 1,
        column=None if mark is None else mark.column + 1,
        mend=advice or "see the lines above this place",
    )


def _has_variable(mark: yaml.Mark | None) -> bool:
    """Whether ``${`` stands right where reading stopped: braces mean something else to YAML."""
    if mark is None or mark.buffer is None or mark.pointer is None:
        return False
    return mark.buffer[max(0, mark.pointer - 1) : mark.pointer + 1] == "${"


def _unreadable(error: yaml.reader.ReaderError, text: str, path: str) -> GraphError:
    before = text[: error.position]
    code = error.character if isinstance(error.character, int) else ord(error.character)
    return GraphError(
        f"has the character U+{code:04X}, which text files do not have",
        where=path,
        line=before.count("\n") + 1,
        column=len(before) - before.rfind("\n"),
        mend="is this a YAML file, in UTF-8?",
    )
