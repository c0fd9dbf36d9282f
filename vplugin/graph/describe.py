"""What there is to know about a kind of node: its ports, and its parameters with their help.

Help is a field's ``description``, or the ``#:`` comment on its line (or the lines above it), which
is read from the source of the class.
"""

from __future__ import annotations

import ast
import enum
import inspect
import io
import itertools
import re
import textwrap
import tokenize
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from vplugin.graph.explain import key_name, models_in
from vplugin.graph.quantities import (
    format_backoff,
    format_duration,
    format_size,
    parse_backoff,
    parse_duration,
    parse_size,
)
from vplugin.node import Node, NodeKind, Port, Sink, Source

__all__ = ["NodeFacts", "ParamFacts", "describe", "summary"]

_DEEPEST = 4
_SECTION = re.compile(r"[A-Z][a-z]+( [a-z]+)?:\n")  # Google style: "Example:", "Class attributes:"


class _Quantity(NamedTuple):
    """A kind of value that is written with a unit."""

    name: str
    parse: Callable[[object], Any]
    format: Callable[[Any], str]


_QUANTITIES = (
    _Quantity("duration", parse_duration, format_duration),
    _Quantity("size", parse_size, format_size),
    _Quantity("duration..duration", parse_backoff, format_backoff),
)


@dataclass(frozen=True)
class ParamFacts:
    """One parameter, as people set it.

    Attributes:
        name: Dotted where it lies inside another; ``[]`` marks the entries of a list.
        type: Readable: ``int``, ``text``, ``a | b``.
        default: As YAML, or empty where it must be given.
        bounds: ``0 ≤ x ≤ 1``, or empty.
        help: One sentence, or empty.
        required: Whether it must be given.
    """

    name: str
    type: str
    default: str
    bounds: str
    help: str
    required: bool


@dataclass(frozen=True)
class NodeFacts:
    """All about one kind of node."""

    name: str
    package: str
    role: Literal["source", "node", "sink"]
    text: str
    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    params: tuple[ParamFacts, ...]
    stateful: bool


def describe(kind: NodeKind) -> NodeFacts:
    """Look at a node's class."""
    cls = kind.cls
    return NodeFacts(
        name=kind.name,
        package=kind.package,
        role="source" if issubclass(cls, Source) else "sink" if issubclass(cls, Sink) else "node",
        text=_own_text(cls),
        inputs=dict(cls.inputs),
        outputs=dict(cls.outputs),
        params=tuple(_params(cls.Params, "", _DEEPEST)),
        stateful=cls.stateful,
    )


def _role(cls: type[Node[Any]]) -> Literal["source", "node", "sink"]:
    if issubclass(cls, Source):
        return "source"
    return "sink" if issubclass(cls, Sink) else "node"


def summary(kind: NodeKind) -> str:
    """The first paragraph of a node's docstring."""
    return _own_text(kind.cls).partition("\n\n")[0]


def _own_text(cls: type[Node[Any]]) -> str:
    """The prose of a docstring, a line per paragraph: no examples, no lists of attributes."""
    paragraphs = inspect.cleandoc(cls.__dict__.get("__doc__") or "").split("\n\n")
    prose = itertools.takewhile(lambda text: not _SECTION.match(text), paragraphs)
    return "\n\n".join(" ".join(text.replace("``", "`").split()) for text in prose)


def _params(model: type[BaseModel], prefix: str, depth: int) -> Iterator[ParamFacts]:
    comments = _comments(model)
    for name, field in model.model_fields.items():
        key = prefix + key_name(name, field)
        yield ParamFacts(
            name=key,
            type=next((q.name for q in _quantities(field)), _type_text(field.annotation)),
            default=_default_text(field),
            bounds=_bounds(field),
            help=" ".join((field.description or comments.get(name, "")).split()),
            required=field.is_required(),
        )
        many = "[]" if _is_list(field.annotation) else ""
        for inner in models_in(field.annotation) if depth else ():
            yield from _params(inner, f"{key}{many}.", depth - 1)


def _is_list(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType, Annotated):
        return any(_is_list(argument) for argument in get_args(annotation))
    return origin in (list, tuple)


def _type_text(annotation: Any) -> str:
    """A type in the words of the graph file."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_text(arguments[0])
    if origin is Literal:
        return " | ".join(str(choice) for choice in arguments)
    if origin in (Union, types.UnionType):
        known = [_type_text(argument) for argument in arguments if argument is not type(None)]
        return " | ".join(dict.fromkeys(known))
    if origin in (list, tuple):
        inner = [_type_text(argument) for argument in arguments if argument is not Ellipsis]
        return f"list of {', '.join(inner)}" if inner else "list"
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return " | ".join(str(member.value) for member in annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "mapping"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "mapping"
    words = {str: "text", int: "int", float: "number", bool: "true | false", Any: "anything"}
    return words.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _default_text(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    if field.default_factory_takes_validated_data:
        return "depends on the others"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return ""  # its own parameters follow, each with its default
    if value is None:
        return "none"
    for quantity in _quantities(field):
        return quantity.format(quantity.parse(value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value.value if isinstance(value, enum.Enum) else value)


def _quantities(field: FieldInfo) -> Iterator[_Quantity]:
    """The unit that a field is written in, if any."""
    for rule in _constraints(field):
        yield from (quantity for quantity in _QUANTITIES if _func(rule) is quantity.parse)


def _func(rule: object) -> object:
    return rule.func if isinstance(rule, BeforeValidator) else None


def _constraints(field: FieldInfo) -> Iterator[Any]:
    """What bounds a field, also inside ``X | None``."""
    yield from field.metadata

    def inside(annotation: Any) -> Iterator[Any]:
        if get_origin(annotation) is Annotated:
            for item in get_args(annotation)[1:]:
                yield from item.metadata if isinstance(item, FieldInfo) else (item,)
        if get_origin(annotation) in (Union, types.UnionType, Annotated):
            for argument in get_args(annotation):
                yield from inside(argument)

    yield from inside(field.annotation)


def _bounds(field: FieldInfo) -> str:
    low = high = ""
    others: list[str] = []
    for rule in _constraints(field):
        if isinstance(rule, annotated_types.Ge):
            low = f"{rule.ge} ≤ "
        elif isinstance(rule, annotated_types.Gt):
            low = f"{rule.gt} < "
        elif isinstance(rule, annotated_types.Le):
            high = f" ≤ {rule.le}"
        elif isinstance(rule, annotated_types.Lt):
            high = f" < {rule.lt}"
        elif isinstance(rule, annotated_types.MultipleOf):
            others.append(f"multiple of {rule.multiple_of}")
        elif isinstance(rule, annotated_types.MinLen):
            others.append(f"length ≥ {rule.min_length}")
        elif isinstance(rule, annotated_types.MaxLen):
            others.append(f"length ≤ {rule.max_length}")
        elif pattern := getattr(rule, "pattern", None):
            others.append(f"like {pattern}")
    numbers = [f"{low}x{high}"] if low or high else []
    return ", ".join(numbers + others)


def _comments(model: type[BaseModel]) -> dict[str, str]:
    """``#:`` comments by field, those of a subclass over those of its bases."""
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if cls is BaseModel or not issubclass(cls, BaseModel):
            continue
        try:
            source = textwrap.dedent(inspect.getsource(cls))
        except (OSError, TypeError):  # made at run time, or installed without its source
            continue
        found.update(_comments_in(source))
    return found


def _comments_in(source: str) -> dict[str, str]:
    """``#:`` comments by field in the source of one class."""
    try:
        (body,) = ast.parse(source).body
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (SyntaxError, ValueError, tokenize.TokenError):
        return {}
    comments = {
        token.start[0]: (token.string[2:].strip(), token.line.strip().startswith("#"))
        for token in tokens
        if token.type == tokenize.COMMENT and token.string.startswith("#:")
    }
    found: dict[str, str] = {}
    for statement in body.body if isinstance(body, ast.ClassDef) else ():
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
            beside = [comments[line][0] for line in lines if line in comments]
            found[statement.target.id] = " ".join(beside or _above(comments, statement.lineno))
    return found


def _above(comments: Mapping[int, tuple[str, bool]], line: int) -> list[str]:
    """The comment lines that end right above a line."""
    above: list[str] = []
    while (comment := comments.get(line - len(above) - 1)) is not None and comment[1]:
        above.insert(0, comment[0])
    return above
