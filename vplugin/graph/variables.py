"""``$name`` and ``${NAME:-default}`` in graph files.

What is put in is never looked at again, so nothing that comes from the environment or the command
line is evaluated. ``$$`` is a dollar sign.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from vplugin.errors import GraphError
from vplugin.graph.registry import nearest
from vplugin.graph.tree import Item, walk

__all__ = ["interpolate", "mentioned"]

_DOLLAR = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<name>[A-Za-z_]\w*)|\{(?P<inner>[^{}]*)\}|(?P<stray>\{))", re.ASCII
)
_INNER = re.compile(r"(?P<name>[A-Za-z_]\w*)(?::-(?P<default>.*))?", re.ASCII | re.DOTALL)
_LONGEST = 100_000  # characters and values put in, so that a file cannot multiply itself


def interpolate(tree: Item, path: str, env: Mapping[str, str]) -> Item:
    """The tree with its variables put in.

    ``$name`` is a key of ``vars``; ``${NAME}`` is one of ``vars``, else of the environment;
    ``${NAME:-default}`` takes the default where it is neither or is empty. A value that is one
    variable and nothing else keeps the variable's type. ``vars`` may use those above them.

    Raises:
        GraphError: A name is not known.
    """
    if not isinstance(tree.value, dict):
        return tree
    resolver = _Resolver(path, env)
    top = dict(tree.value)
    given = top.get("vars")
    if given is not None and isinstance(given.value, dict):
        top["vars"] = replace(given, value=resolver.declare(given.value))
    for key, item in top.items():
        if key != "vars":
            top[key] = resolver.resolve(item)
    return replace(tree, value=top)


def mentioned(tree: Item) -> frozenset[str]:
    """Names of the variables that a file's texts speak of, defined or not."""
    texts = [
        item.value for _, item in walk(tree) if isinstance(item.value, str) and not item.literal
    ]
    matches = [match for text in texts for match in _DOLLAR.finditer(text)]
    inner = [_INNER.fullmatch(match["inner"]) for match in matches if match["inner"]]
    names = [match["name"] for match in (*matches, *inner) if match is not None]
    return frozenset(name for name in names if name)


class _Resolver:
    def __init__(self, path: str, env: Mapping[str, str]) -> None:
        self._path = path
        self._env = env
        self._vars: dict[str, Item] = {}
        self._spent = 0

    def declare(self, items: Mapping[str, Item]) -> dict[str, Item]:
        for name, item in items.items():
            self._vars[name] = self.resolve(item)
        return dict(self._vars)

    def resolve(self, item: Item) -> Item:
        if item.literal:
            return item
        if isinstance(item.value, dict):
            return replace(item, value={k: self.resolve(v) for k, v in item.value.items()})
        if isinstance(item.value, list):
            return replace(item, value=[self.resolve(child) for child in item.value])
        if isinstance(item.value, str) and "$" in item.value:
            return self._resolve_text(item, item.value)
        return item

    def _resolve_text(self, item: Item, text: str) -> Item:
        whole = _DOLLAR.fullmatch(text)
        variable = self._variable(whole) if whole else None
        if variable is not None:
            self._spend(item, sum(1 for _ in walk(variable)))
            return replace(item, value=variable.value)
        value = _DOLLAR.sub(lambda match: self._text(match, item), text)
        self._spend(item, len(value))
        return replace(item, value=value)

    def _variable(self, match: re.Match[str]) -> Item | None:
        """The variable that a match names and nothing else, if it is one of ``vars``."""
        return self._vars.get(match["name"] or match["inner"] or "")

    def _text(self, match: re.Match[str], item: Item) -> str:
        if match["escaped"]:
            return "$"
        if match["name"]:
            return self._from_vars(match["name"], item)
        inner = _INNER.fullmatch(match["inner"]) if match["inner"] is not None else None
        if inner is None:
            raise self._wrong(
                item, f"{item.value!r} has a ${{ that cannot be understood", "write ${NAME} or $$"
            )
        name, default = inner["name"], inner["default"]
        text = self._env.get(name, "")
        if name in self._vars:
            text = self._from_vars(name, item)
        elif name not in self._env and default is None:
            advice = f"set it, or write ${{{name}:-default}}"
            raise self._wrong(item, f"neither vars nor the environment has {name}", advice)
        return text or default or ""

    def _from_vars(self, name: str, item: Item) -> str:
        if name not in self._vars:
            meant = nearest(name, self._vars)
            advice = f"did you mean ${meant}?" if meant else "write $$ for a dollar sign"
            raise self._wrong(item, f"vars has no {name!r} (above this line)", advice)
        value = self._vars[name].value
        if value is None or isinstance(value, list | dict):
            raise self._wrong(item, f"${name} is not text or a number", "use it as a whole value")
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _spend(self, item: Item, amount: int) -> None:
        self._spent += amount
        if self._spent > _LONGEST:
            raise self._wrong(item, "vars make the graph too large", "use fewer of them")

    def _wrong(self, item: Item, what: str, mend: str) -> GraphError:
        place = item.place
        where = place.where or self._path
        return GraphError(what, where=where, line=place.line, column=place.column, mend=mend)
