"""The main job: another face in a film, from file to file, judged against the exact truth.

    make demo

Runs graphs/swap.yaml on examples/media/interview.mp4 with the models that ship: nothing is
fetched. The man on the right gets Ben's face. Everybody in the film was computed, so the perfectly
swapped picture can be computed too; the table says how near the swap comes to it, how steady it is
and, where `house/identity` is installed, whom the face is like. Then the same graph runs on a real
photograph in motion (examples/media.py). What comes out is in out/demo.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import interview
import media
import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from vplugin.cli import main as vplugin
from vplugin.engine.report import RunReport
from vplugin.errors import ModelMissingError
from vplugin.models.runtime import open_session
from vplugin.models.store import resolve
from vplugin.synth.clip import read_truth
from vplugin.synth.person import Person
from vplugin.train.judge import Judgement, Measures, judge, strip
from vplugin.vision.embed import Embedder
from vplugin.vision.landmarks import Landmarker
from vplugin.vision.source import read_picture

ROOT = Path(__file__).resolve().parent.parent
OUT = Path("out/demo")
FILM = Path("examples/media/interview.mp4")
PEOPLE = Path("examples/people")
RIGHT, SOURCE = 1, "ben"  # the role that is replaced, and by whom
TITLES = {"psnr": "PSNR dB", "ssim": "SSIM", "to_source": "like Ben", "to_target": "like himself",
          "jitter": "jitter", "flicker": "flicker"}  # fmt: skip
UNITS = "like: cosine; jitter: hundredths of the eye distance; flicker: levels of 255"

Array = np.ndarray


@dataclass(frozen=True)
class Eyes:
    """Nets that look at the result; None: not installed.

    Attributes:
        embed: Picture and five points to the embedding of who it is.
        landmarks: Picture and box to 106 landmarks.
    """

    embed: Callable[[Array, Array], Array] | None = None
    landmarks: Callable[[Array, Array], Array] | None = None

    def missing(self) -> str:
        """A sentence on the figures that there are not, or nothing."""
        parts = []
        if self.embed is None:
            parts.append("whom the face is like (house/identity)")
        if self.landmarks is None:
            parts.append("jitter of landmarks (house/landmarks)")
        return f"Not measured, for want of a model: {', '.join(parts)}." if parts else ""


def main() -> int:
    """Run the demo; returns the exit status."""
    os.chdir(ROOT)  # the paths in the stock graphs start from here
    OUT.mkdir(parents=True, exist_ok=True)
    film, photograph = OUT / "swapped.mp4", OUT / "photograph.mp4"
    replaced = ("swap.select=right", "swap.model=mesh", f"vars.source={PEOPLE / SOURCE}")
    if status := swap(FILM, film, *replaced):
        return status
    console = Console()
    report = RunReport.model_validate_json(film.with_suffix(".json").read_text())
    if report.stopped:
        return stopped(console)
    with console.status("Computing what a perfect swap would be …"), ExitStack() as stack:
        eyes = open_eyes(stack)
        judgement = judged(film, eyes)
    console.print(nodes(report))
    console.print(table(judgement.rows))
    console.print(eyes.missing())
    figures = {"swap": judgement.figures(), "nodes": rates(report)}
    (OUT / "figures.json").write_text(json.dumps(figures, indent=1))
    picture = OUT / "strip.png"
    cv2.imwrite(str(picture), strip(judgement.moments)[..., ::-1])
    console.print("Now a real photograph in motion …")
    if status := swap(media.main()[0], photograph):
        return status
    for name, path in (("Film", FILM), ("Result", film), ("Report", film.with_suffix(".html")),
                       ("Strip", picture), ("Photograph", photograph),
                       ("Report", photograph.with_suffix(".html"))):  # fmt: skip
        console.print(f"{name:11}{path}")
    return 0


def stopped(console: Console) -> int:
    """Ctrl-C is for the whole demo; what older runs left would not belong to this film."""
    for name in ("figures.json", "strip.png"):
        (OUT / name).unlink(missing_ok=True)
    console.print("Stopped.")
    return 130


def swap(clip: Path, result: Path, *more: str) -> int:
    """The stock graph, and its report beside the result."""
    settings = (f"vars.input={clip}", f"vars.output={result}", *more)
    options = [word for setting in settings for word in ("--set", setting)]
    pages = ["--html", str(result.with_suffix(".html")), "--report"]
    return vplugin(["run", "graphs/swap.yaml", *options, *pages, str(result.with_suffix(".json"))])


def open_eyes(stack: ExitStack) -> Eyes:
    """The models that are there, open until the stack is left."""

    def session(name: str) -> Any:
        try:
            path = resolve(name).path
        except ModelMissingError:
            return None
        return stack.enter_context(open_session(path, runtime="onnxruntime"))

    who, where = session("house/identity"), session("house/landmarks")
    marker = Landmarker(where) if where else None
    return Eyes(
        Embedder(who).of_face if who else None,
        (lambda picture, box: marker.of_faces(picture, box[None])[0]) if marker else None,
    )


def judged(result: Path, eyes: Eyes) -> Judgement:
    """The swapped film against the exact truth."""
    return judge(
        FILM, result, read_truth(FILM.with_suffix(".json.gz")), interview.interview(), RIGHT,
        Person.from_seed(interview.PEOPLE[SOURCE]), pictures_of(SOURCE), embed=eyes.embed,
        landmarks=eyes.landmarks,
    )  # fmt: skip


def pictures_of(name: str) -> list[tuple[Array, Array]]:
    """The pictures of one of examples/people, each with the five points of the face."""
    known = yaml.safe_load((ROOT / PEOPLE / "people.yaml").read_text())["people"]
    [person] = [one for one in known if one["name"] == name]
    return [
        (read_picture(ROOT / PEOPLE / one["file"]), np.array(one["points"], np.float32))
        for one in person["pictures"]
    ]


def table(rows: Mapping[str, Measures]) -> Table:
    """The figures, for people; those that nobody measured are left out."""
    names = [f.name for f in fields(Measures)]
    shown = [n for n in names if not all(np.isnan(getattr(row, n)) for row in rows.values())]
    units = UNITS if "to_source" in shown else UNITS.partition("; ")[2]
    made = Table(title="his face, against the exact truth", caption=units)
    for column in ("", *(TITLES[name] for name in shown)):
        made.add_column(column, justify="right" if column else "left")
    for name, row in rows.items():
        values = [getattr(row, field) for field in shown]
        made.add_row(name, *map(shown_value, values))
    return made


def shown_value(value: float) -> str:
    """Two places; nothing where nothing was measured."""
    return "" if np.isnan(value) else "∞" if np.isinf(value) else f"{value:.2f}"


def rates(report: RunReport) -> dict[str, dict[str, float | None]]:
    """Frames a second of the run, and the milliseconds of a frame in each node."""
    return {
        name: {
            "rate": round(node.processed / report.seconds, 2) if report.seconds else None,
            "p50_ms": node.p50_ms,
            "p95_ms": node.p95_ms,
        }
        for name, node in report.nodes.items()
    }


def nodes(report: RunReport) -> Table:
    """The same as a table."""
    made = Table("node", title="what each node did")
    for column in ("frames a second", "p50 ms", "p95 ms"):
        made.add_column(column, justify="right")
    for name, row in rates(report).items():
        made.add_row(name, *("" if value is None else f"{value:.1f}" for value in row.values()))
    return made


if __name__ == "__main__":
    raise SystemExit(main())
