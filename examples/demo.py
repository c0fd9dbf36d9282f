"""The main job: another face in a film, from file to file, judged against the exact truth.

    make demo

Runs graphs/swap.yaml on examples/media/interview.mp4 with the models that ship: nothing is
fetched. The man on the right gets Ben's face. Everybody in the film was computed, so the perfectly
swapped picture can be computed too; the table says how near the swap comes to it. What comes out
is in out/demo.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
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


def main(arguments: Sequence[str] = ()) -> int:
    """Run the demo; ``arguments`` are more settings for the graph. Returns the exit status."""
    os.chdir(ROOT)  # the paths in the stock graphs start from here
    OUT.mkdir(parents=True, exist_ok=True)
    result, page, picture = OUT / "swapped.mp4", OUT / "report.html", OUT / "strip.png"
    settings = (
        f"vars.input={FILM}", f"vars.output={result}", f"vars.source=examples/people/{SOURCE}",
        "swap.select=right", f"detect.model={HOUSE}", f"swap.detector={HOUSE}",
        "swap.model=mesh", *arguments,
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
    with console.status("Making the clips that the other stock graphs run on …"):
        media.main()
    for name, path in (("Input", FILM), ("Result", result), ("Report", page), ("Strip", picture)):
        console.print(f"{name:8}{path}")
    return 0


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
