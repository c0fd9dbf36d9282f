"""How much a recogniser sees of the lower face: what FixerNet is for, checked before it is used.

    python -m benchmarks.lower_face [--people 150] [--recogniser NAME] [--fixer FILE]

ReliableSwap (arXiv 2306.05356) says that recognisers under-weight the lower face. Here each person
is drawn three times from the front: as they are, with the lower face of somebody else (jaw, chin,
mouth, flesh of the cheeks), and with the upper face of somebody else (forehead, brows, eyes,
cheekbones). A recogniser that under-weights the lower face answers less to the first change than to
the second. How much the pictures changed stands beside: what is not to be seen cannot be answered.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import numpy.typing as npt
import typer
from rich.table import Table

from benchmarks.common import console, machine
from vplugin.models.runtime import open_session
from vplugin.models.session import Session
from vplugin.models.store import resolve
from vplugin.synth.parameters import Group
from vplugin.synth.person import Person
from vplugin.synth.render import render
from vplugin.synth.scene import Scene
from vplugin.train.augment import warped
from vplugin.train.contest.parameters import LOWER, UPPER
from vplugin.train.contest.statistics import Bootstrap, Interval
from vplugin.train.plain import plain_scene
from vplugin.vision.align import similarity, template
from vplugin.vision.lower import lower_part

Array = npt.NDArray[Any]
FIRST = 2_500_000  # number of the first person; nobody learned from these
STRETCH = 1.5
DRAWN, SIDE = 160, 112  # px of a picture, and of ArcFace's crop


def main(
    people: Annotated[int, typer.Option(min=10, help="How many are drawn, thrice each.")] = 150,
    recogniser: Annotated[str, typer.Option(help="An ArcFace model.")] = "house/identity",
    fixer: Annotated[Path | None, typer.Option(help="A FixerNet, to stand beside.")] = None,
) -> None:
    """Draw the people, ask the models, print the table."""
    with console.status("Drawing …"):
        crops = np.stack([drawn(FIRST + 2 * number) for number in range(people)])
    changes = {"recogniser": answers(crops, str(resolve(recogniser).path))}
    if fixer is not None:
        changes["FixerNet"] = answers(crops[:, :, *lower_part()], str(fixer))
    pixels = np.abs(crops[:, 1:].astype(np.float32) - crops[:, :1]).mean((2, 3, 4))
    changes["pixels, levels"] = pixels
    console.print(table(changes, people))


def drawn(number: int) -> Array:
    """ArcFace's crops of one person: as is, another lower face, another upper face: (3, …)."""
    scene, other = plain_scene(number, STRETCH), Person.from_seed(number + 1).stretched(STRETCH)
    person = scene.subjects[0].person
    mixed = [person, *(with_part(person, other, part) for part in (LOWER, UPPER))]
    return np.stack([crop_of(scene, one) for one in mixed])


def with_part(person: Person, other: Person, part: tuple[str, ...]) -> Person:
    """The person with those of the other's parameters whose ``group.name`` begins so."""
    taken: dict[str, Any] = {}
    for item in fields(person):
        group = getattr(person, item.name)
        if isinstance(group, Group):
            names = [p.name for p in group.parameters() if f"{item.name}.{p.name}".startswith(part)]
            values = {name: getattr(getattr(other, item.name), name) for name in names}
            taken[item.name] = replace(group, **values)
    return replace(person, **taken)


def crop_of(scene: Scene, person: Person) -> Array:
    """ArcFace's crop (112, 112, 3) of the scene with this person in it."""
    drawing = render(replace(scene, subjects=(replace(scene.subjects[0], person=person),)), DRAWN)
    matrix = similarity(drawing.faces[0].points - 0.5, template("arcface_112").at(SIDE))
    return np.asarray(warped(drawing.rgb, matrix, SIDE, border=cv2.BORDER_REPLICATE))


def answers(crops: Array, path: str) -> npt.NDArray[np.float32]:
    """1 - cosine to the first crop: (N, 2) of (N, 3, S, S, 3)."""
    with open_session(path, runtime="onnxruntime") as session:
        found = np.stack([embedded(session, three) for three in crops])
    return np.asarray(1 - (found[:, 1:] * found[:, :1]).sum(-1), np.float32)


def embedded(session: Session, crops: Array) -> npt.NDArray[np.float32]:
    """Embeddings of length 1, (N, E)."""
    blob = ((crops.astype(np.float32) - 127.5) / 127.5).transpose(0, 3, 1, 2)
    rows = session.run({session.inputs[0].name: np.ascontiguousarray(blob)})[0]
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@dataclass(frozen=True)
class Line:
    """What one model answers to the change of the lower and of the upper face."""

    lower: Interval
    upper: Interval
    ratio: Interval

    def cells(self) -> tuple[str, ...]:
        """For the table."""
        return tuple(f"{x.mean:.3f} [{x.low:.3f}, {x.high:.3f}]" for x in self.both())

    def both(self) -> tuple[Interval, Interval, Interval]:
        """The three figures."""
        return self.lower, self.upper, self.ratio


def line(change: Array) -> Line:
    """Means over people; the ratio is of each person's two answers, on a log scale."""
    lower, upper = change.T
    logs = np.log(np.maximum(lower, 1e-6)) - np.log(np.maximum(upper, 1e-6))
    columns = np.stack([lower, upper, logs], 1)
    low, high, ratio = Bootstrap(np.arange(len(change))).intervals(columns)
    mean, *ends = np.exp([ratio.mean, ratio.low, ratio.high]).tolist()
    back = Interval(mean, ends[0], ends[1], ratio.n)
    return Line(low, high, back)


def table(changes: dict[str, Array], people: int) -> Table:
    """One line a model."""
    title = f"Another lower face, another upper face: {people} people, {machine()}"
    out = Table("1 - cosine by", "lower", "upper", "lower / upper (geometric mean)", title=title)
    for name, change in changes.items():
        out.add_row(name, *line(change).cells())
    return out


if __name__ == "__main__":
    typer.run(main)
