"""Every parameter that people, faces and scenes are drawn from, as one list and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from vplugin.synth.backdrop import Backdrop
from vplugin.synth.camera import Camera
from vplugin.synth.expression import Expression
from vplugin.synth.light import Light
from vplugin.synth.parameters import Group, Parameter
from vplugin.synth.person import Person
from vplugin.synth.pose import Pose
from vplugin.synth.voice import Voice

__all__ = ["groups", "table"]


def groups() -> Iterator[tuple[str, type[Group]]]:
    """Name and class of each group: those of a person first, then what a scene adds."""
    person = Person.from_seed(0)
    for item in fields(Person):
        group = getattr(person, item.name)
        if isinstance(group, Group):
            yield item.name, type(group)
    for kind in (Expression, Pose, Light, Camera, Backdrop, Voice):
        yield kind.__name__.lower(), kind


def table() -> str:
    """All of them in Markdown, a table for each group."""
    return "\n".join(_page(name, kind) for name, kind in groups())


def _page(name: str, kind: type[Group]) -> str:
    head = [
        f"### {name}",
        "",
        "| parameter | unit | from | to | prior | |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(_row(parameter) for parameter in kind.parameters()), ""])


def _row(p: Parameter) -> str:
    if p.words:
        total = sum(p.weights)
        pairs = zip(p.words, p.weights, strict=True)
        prior = ", ".join(f"{word} {100 * weight / total:.0f} %" for word, weight in pairs)
        return f"| {p.name} | word | | | {prior} | {p.sentence} |"
    prior = f"{p.mean:g} ± {p.spread:g}" if p.spread else f"{p.mean:g}"
    return f"| {p.name} | {p.unit} | {p.low:g} | {p.high:g} | {prior} | {p.sentence} |"
