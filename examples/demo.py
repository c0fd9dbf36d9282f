"""The main job: another face in a film, from file to file, judged against the exact truth.

    make demo

Runs graphs/swap.yaml on examples/media/interview.mp4 with the models that ship: nothing is
fetched. The man on the right gets Ben's face. Everybody in the film was computed, so the perfectly
swapped picture can be computed too; the table says how near the swap comes to it. Then the same
graph runs on a real photograph in motion (examples/media.py), with YuNet where it can be had. What
comes out is in out/demo.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import interview
import media
import numpy as np
from rich.console import Console
from rich.table import Table

from vplugin.cli import main as vplugin
from vplugin.synth.clip import read_truth
from vplugin.synth.person import Person
from vplugin.train.judge import Judgement, judge, strip

ROOT = Path(__file__).resolve().parent.parent
OUT = Path("out/demo")
FILM = Path("examples/media/interview.mp4")
RIGHT, SOURCE = 1, "ben"  # the role that is replaced, and by whom
HOUSE = "house/detector"


def main() -> int:
    """Run the demo; returns the exit status."""
    os.chdir(ROOT)  # the paths in the stock graphs start from here
    OUT.mkdir(parents=True, exist_ok=True)
    result, page, picture = OUT / "swapped.mp4", OUT / "report.html", OUT / "strip.png"
    settings = (
        f"vars.input={FILM}", f"vars.output={result}", f"vars.source=examples/people/{SOURCE}",
        "swap.select=right", f"detect.model={HOUSE}", f"swap.detector={HOUSE}",
        "swap.model=mesh",
    )  # fmt: skip
    options = [word for setting in settings for word in ("--set", setting)]
    if status := vplugin(["run", "graphs/swap.yaml", *options, "--html", str(page)]):
        return status
    console = Console()
    with console.status("Computing what a perfect swap would be …"):
        judgement = judge(
            FILM, result, read_truth(FILM.with_suffix(".json.gz")), interview.interview(),
            RIGHT, Person.from_seed(interview.PEOPLE[SOURCE]), (),
        )  # fmt: skip
    console.print(table(judgement))
    (OUT / "figures.json").write_text(json.dumps(judgement.figures(), indent=1))
    cv2.imwrite(str(picture), strip(judgement.moments)[..., ::-1])
    console.print("Now a real photograph in motion …")
    photograph, second = OUT / "photograph.mp4", OUT / "photograph.html"
    if status := swap_photograph(photograph, second):
        return status
    for name, path in (("Film", FILM), ("Result", result), ("Report", page), ("Strip", picture),
                       ("Photograph", photograph), ("Report", second)):  # fmt: skip
        console.print(f"{name:11}{path}")
    return 0


def swap_photograph(result: Path, page: Path) -> int:
    """The stock graph as it is; returns the exit status."""
    clip = media.main()[0]
    detector = "yunet"
    if vplugin(["models", "pull", detector]):
        detector = HOUSE
        print(f"{detector} finds the faces in place of yunet", flush=True)
    settings = (f"vars.input={clip}", f"vars.output={result}", f"detect.model={detector}",
                f"swap.detector={HOUSE}")  # fmt: skip
    options = [word for setting in settings for word in ("--set", setting)]
    return vplugin(["run", "graphs/swap.yaml", *options, "--html", str(page)])


def table(judgement: Judgement) -> Table:
    """The figures, for people."""
    made = Table(title="inside the face, against the exact truth")
    for column in ("", "PSNR dB", "SSIM", "flicker"):
        made.add_column(column, justify="right" if column else "left")
    for name, row in judgement.rows.items():
        shown = ("" if np.isnan(value) else f"{value:.2f}" for value in (row.psnr, row.ssim,
                                                                         row.flicker))  # fmt: skip
        made.add_row(name, *shown)
    return made


if __name__ == "__main__":
    raise SystemExit(main())
