"""One line, with the place in the file, out of what pydantic has to say."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from reprlib import Repr
from types import MappingProxyType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from vplugin.errors import GraphError
from vplugin.graph.registry import nearest
from vplugin.graph.spec import Key, Places, error_at

__all__ = [
    "describe_unknown",
    "explain",
    "key_name",
    "known_keys",
    "models_in",
    "show",
    "unknown_key",
]

_SUBJECT = re.compile(r"^(?:Value error,|Input|Value|String|List|Dictionary|Tuple|Set|Data)\s+")
_WORDS = MappingProxyType(  # kinds of pydantic errors, for people who do not read Python
    dict.fromkeys(("dict_type", "mapping_type", "model_type"), "should be a mapping of keys")
    | dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "should be a whole number")
    | dict.fromkeys(("float_type", "float_parsing"), "should be a number")
    | dict.fromkeys(("bool_type", "bool_parsing"), "should be true or false")
    | dict.fromkeys(("list_type", "tuple_type", "set_type"), "should be a list")
    | {"string_type": "should be text", "too_short": "should have at least one entry"}
)
_MOST_CHOICES = 12


def show(value: object) -> str:
    """A value, short and on one line."""
    short = Repr()
    short.maxstring = short.maxother = short.maxlong = 60
    return short.repr(value)


def explain(
    error: ValidationError,
    model: type[BaseModel],
    data: object,
    places: Places,
    path: str,
    prefix: Key = (),
    mend: str | None = None,
) -> GraphError:
    """The first mistake (by place in the file) as an error with line and column.

    Args:
        error: From validating ``data`` with ``model``.
        model: Whose keys are known.
        data: What was validated.
        places: Where keys stand.
        path: Of the file.
        prefix: Way from the top of the file to ``data``.
        mend: Advice where the mistake itself suggests none.
    """
    details = error.errors(include_url=False)
    table: dict[Key, list[ErrorDetails]] = {}
    for detail in details:
        table.setdefault(_way(detail, data), []).append(detail)

    def urgency(way: Key) -> tuple[bool, int, int]:
        """What is missing last (a misspelt key explains it), then by place."""
        found = error_at(places, path, "", (*prefix, *way))
        return table[way][0]["type"] == "missing", found.line or 0, found.column or 0

    # Where one way leads on from another, the data fitted that branch of a union better.
    deepest = [way for way in table if not any(way == w[: len(way)] != w for w in table)]
    way = min(deepest, key=urgency)
    return _mistake(table[way], (*prefix, *way), model, places, path, mend)


def _mistake(
    details: Sequence[ErrorDetails],
    key: Key,
    model: type[BaseModel],
    places: Places,
    path: str,
    mend: str | None,
) -> GraphError:
    first = details[0]
    name = ".".join(str(part) for part in key) or "the file"
    if first["type"] == "extra_forbidden":
        return unknown_key(key, known_keys(model, first["loc"][:-1]), places, path)
    if first["type"] == "missing":
        meaning = help_for(model, first["loc"])
        mend = f"add {key[-1]!r}: {meaning}" if meaning else f"add {key[-1]!r}"
        return error_at(places, path, f"{name} is missing", key[:-1], mend=mend, at_key=True)
    at_key = first["loc"][-1:] == ("[key]",)
    reasons = dict.fromkeys(_reason(detail) for detail in details)
    what = f"{name} {' or '.join(list(reasons)[:3])}, not {show(first['input'])}"
    return error_at(places, path, what, key, at_key=at_key, mend=mend)


def unknown_key(key: Key, known: Iterable[str], places: Places, path: str) -> GraphError:
    """An error about a key that nothing knows."""
    what, mend = describe_unknown(key, known)
    return error_at(places, path, what, key, mend=mend, at_key=True)


def describe_unknown(key: Key, known: Iterable[str]) -> tuple[str, str]:
    """What is wrong with a key that nothing knows, and the nearest spelling or the choice."""
    choice = sorted(known)
    meant = nearest(str(key[-1]), choice)
    advice = f"known are {', '.join(choice[:_MOST_CHOICES])}" if choice else "remove it"
    if len(choice) > _MOST_CHOICES:
        advice += ", …"
    inside = ".".join(str(part) for part in key[:-1])
    what = f"unknown key {str(key[-1])!r}" + (f" in {inside}" if inside else "")
    return what, f"did you mean {meant!r}?" if meant else advice


def _reason(detail: ErrorDetails) -> str:
    if detail["type"] == "string_pattern_mismatch" and "A-Za-z" in detail["msg"]:
        return "should be a name: letters, digits, - and _"
    if detail["type"] in _WORDS and detail.get("ctx", {}).get("min_length", 1) == 1:
        return _WORDS[detail["type"]]
    text = _SUBJECT.sub("", detail["msg"], count=1)
    return text[:1].lower() + text[1:]


def _way(detail: ErrorDetails, data: object) -> Key:
    """The part of a location that is in the data; pydantic mixes names of types into it."""
    way: list[str | int] = []
    at: Any = data
    for part in detail["loc"]:
        if isinstance(at, Mapping) and part in at:
            way.append(part)
            at = at[part]
        elif isinstance(at, Sequence) and not isinstance(at, str) and isinstance(part, int):
            way.append(part)
            at = at[part] if part < len(at) else None
    if detail["type"] == "missing":
        way.append(detail["loc"][-1])
    return tuple(way)


def key_name(name: str, field: FieldInfo) -> str:
    """What a field is called in a file."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices) and isinstance(alias.choices[0], str):
        return alias.choices[0]
    return alias if isinstance(alias, str) else name


def known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> set[str]:
    """The keys that are known at a location."""
    here: set[type[BaseModel]] = {model}
    for part in loc:
        here = {found for cls in here for found in _step(cls, part)} or here
    return {key_name(name, field) for cls in here for name, field in cls.model_fields.items()}


def help_for(model: type[BaseModel], loc: Sequence[str | int]) -> str | None:
    """The description of the field at a location."""
    here: set[type[BaseModel]] = {model}
    for part in loc[:-1]:
        here = {found for cls in here for found in _step(cls, part)} or here
    for cls in here:
        for name, field in cls.model_fields.items():
            if key_name(name, field) == loc[-1]:
                return field.description
    return None


def _step(cls: type[BaseModel], part: str | int) -> Iterator[type[BaseModel]]:
    for name, field in cls.model_fields.items():
        if part in (name, key_name(name, field)):
            yield from models_in(field.annotation)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The pydantic models in a type: ``X | None``, ``list[X]``, ``dict[str, X]`` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from models_in(get_args(annotation)[0])
    elif origin in (Union, types.UnionType) or isinstance(origin, type):
        for argument in get_args(annotation):
            yield from models_in(argument)
