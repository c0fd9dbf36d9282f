"""The house models against what they must reach, and the detector against its peers.

    python -m benchmarks.faces [--scenes 100] [--people 60] [--markdown table.md]

The detector stands beside YuNet and scikit-image's LBP cascade on the same pictures: rendered
scenes whose seeds nothing was trained or chosen by, and eight real faces that installed packages
carry. Landmarks, identity, parser and attributes are judged on rendered people with such seeds, by
the code that evaluates them in training. What is not installed has a row that says so; YuNet is
taken from the store, or from the folder that VPLUGIN_MODEL_MIRROR names. Pictures are rendered once
and kept.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.common import console, machine
from benchmarks.face_detectors import SceneSource, detector_rows
from benchmarks.face_models import model_rows
from benchmarks.face_rows import Row, markdown, table
from vplugin.train.faces import FaceSource
from vplugin.train.portraits import PortraitSource
from vplugin.train.shards import Shards, Source, render, version_of

CACHE = Path("out/benchmarks")
SCENES, PEOPLE = 9_500_000, 2_400_000  # first seeds; training and its evaluations are far below
VARIANTS = 4  # pictures of each person
STRETCH = 1.5  # of the people that identity is judged on: they differ as much as real ones
HIDDEN = 0.2  # share of their faces; more hands, masks and dark glasses than that are left out


def rendered(source: Source, seeds: tuple[int, int], cache: Path, workers: int) -> Shards:
    """The pictures of these seeds; what this renderer has drawn before is read."""
    folder = cache / f"{source.name}-{version_of(source)}"
    with console.status(f"Rendering {source.name} …") as status:
        return render(
            folder, source, seeds, workers=workers,
            progress=lambda done, total: status.update(f"Rendering {source.name} {done}/{total} …"),
        )  # fmt: skip


def main(
    scenes: Annotated[int, typer.Option(min=1, help="Pictures for the detectors.")] = 100,
    people: Annotated[int, typer.Option(min=2, help="People for the rest, 4 pictures each.")] = 60,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", help="Write the table there as well.")
    ] = None,
    cache: Annotated[Path, typer.Option(help="Where rendered pictures are kept.")] = CACHE,
    workers: Annotated[int, typer.Option(min=1, help="Processes that render.")] = 2,
    runtime: Annotated[str, typer.Option(help="What runs the models.")] = "onnxruntime",
) -> None:
    """Measure what is installed and print the table."""
    begun = time.perf_counter()
    pictures = rendered(SceneSource(), (SCENES, SCENES + scenes), cache, workers)
    seeds, whom = [(PEOPLE * VARIANTS, (PEOPLE + n * people) * VARIANTS) for n in (1, 2)]
    faces = rendered(FaceSource(256, VARIANTS), seeds, cache, workers)
    portraits = rendered(PortraitSource(160, VARIANTS, STRETCH, HIDDEN), whom, cache, workers)
    rows: list[Row] = []
    with console.status("Measuring …"):
        rows += detector_rows(pictures, runtime)
        rows += model_rows(faces, portraits, runtime)
    title = f"House models, measured on {machine()}"
    console.print(table(rows, title))
    console.print(f"{time.perf_counter() - begun:.0f} s, {runtime}")
    if markdown_file is not None:
        markdown_file.write_text(markdown(rows, title), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
