"""The claims of ReliableSwap, tested: six arms that differ in nothing but what the claims name.

    python -m benchmarks.arms train --identity out/train/identity --fixer out/train/fixer
    python -m benchmarks.arms judge --identity-evaluator ID.onnx --lower-evaluator LOWER.onnx

All arms go on from one vanilla run, with the same recipe, steps, batches in the same order, and
each of several seeds: A0 vanilla, A1 with naive triplets, A2 with cycle triplets, A3 with FixerNet,
A4 with both (ReliableSwap, arXiv 2306.05356), A5 with exact truths. They are judged by embedders of
other people and another seed, on people that nobody learned from. A run that is there is not made
again; one that was interrupted goes on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

from benchmarks.arms_table import compared, documented, report
from benchmarks.common import console, machine
from vplugin.cli.judging import Opener
from vplugin.train import checkpoint
from vplugin.train.bank import pictures_of
from vplugin.train.contest import CaseSource, Function, RenderedSuite, evaluate, house, weightless
from vplugin.train.contest import write_report as write_contest
from vplugin.train.contest.cases import Rgb
from vplugin.train.contest.evaluators import Judges
from vplugin.train.encoders import open_encoders
from vplugin.train.recipe import Data, read
from vplugin.train.shards import open_or_render
from vplugin.train.swap import SwapRecipe, SwapTask, as_bytes, as_signed
from vplugin.train.tasks import recipe_path
from vplugin.train.trainer import Trainer

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Train the arms, judge them.")

RECIPE = "swap-arms"
WARM, FOLDER = "warm", Path("out/train/arms")
SIDE = 128  # of the crops that are judged, px


@dataclass(frozen=True)
class Arm:
    """What an arm has.

    Attributes:
        name: In tables.
        kind: Of its triplets, see :class:`vplugin.train.swap.SwapRecipe`.
        fixer: Whether it is told of the lower face.
    """

    name: str
    kind: str
    fixer: bool


ARMS = (
    Arm("A0", "vanilla", fixer=False),
    Arm("A1", "naive", fixer=False),
    Arm("A2", "cycle", fixer=False),
    Arm("A3", "vanilla", fixer=True),
    Arm("A4", "cycle", fixer=True),
    Arm("A5", "oracle", fixer=False),
)

Identity = Annotated[Path, typer.Option(help="Folder of an identity run.")]
Fixer = Annotated[Path, typer.Option(help="Folder of a fixer run.")]
Out = Annotated[Path, typer.Option(help="Folder of the arms' runs.")]
Seeds = Annotated[str, typer.Option(help="Of the arms, with commas between.")]
Names = Annotated[str, typer.Option(help="Which arms, with commas between.")]
Store = Annotated[Path | None, typer.Option(help="Folder of rendered pictures; none: the cache.")]


@app.command()
def train(
    identity: Identity = Path("out/train/identity"),
    fixer: Fixer = Path("out/train/fixer"),
    out: Out = FOLDER,
    seeds: Seeds = "5,6",
    arms: Names = "A0,A1,A2,A3,A4,A5",
    steps: Annotated[int, typer.Option(min=1, help="Of each arm.")] = 2000,
    warm_steps: Annotated[int, typer.Option(min=1, help="Of the run all go on from.")] = 6000,
    data: Store = None,
) -> None:
    """Train what is not there yet, arm after arm."""
    common: dict[str, Any] = {"identity": str(identity), "steps": steps}
    if data is not None:
        common |= {"data.folder": str(data), "data.any_version": True}
    warm = common | {"arm": "vanilla", "fixer": None, "steps": warm_steps}
    trained(warm | {"output": str(out / WARM)})
    for seed in seeds.split(","):
        for arm in chosen(arms):
            own = common | {"arm": arm.kind, "seed": int(seed), "fixer": None}
            start = weights_of(out / WARM)
            if arm.fixer:
                own["fixer"] = str(fixer)
                start = widened(recipe_of(own), start, out / "warm-fixer.pt")
            place = out / f"{arm.name}-{seed}"
            trained(own | {"start": str(start), "output": str(place)})


def chosen(names: str) -> list[Arm]:
    """The arms of these names, in their order."""
    known = {arm.name: arm for arm in ARMS}
    unknown = next((name for name in names.split(",") if name not in known), None)
    if unknown is not None:
        raise typer.BadParameter(f"no arm {unknown!r}: choose from {', '.join(known)}")
    return [known[name] for name in names.split(",")]


def recipe_of(changes: dict[str, Any]) -> SwapRecipe:
    """The recipe of the arms, with these changes."""
    return read(recipe_path(RECIPE), SwapRecipe, changes)


def trained(changes: dict[str, Any]) -> None:
    """Run a recipe to its end, unless it has been."""
    recipe = recipe_of(changes)
    if (recipe.output / "model.onnx").is_file():
        return
    console.rule(str(recipe.output))
    Trainer(SwapTask(recipe), console).run(resume=True)


def weights_of(run: Path) -> Path:
    """The last averaged weights of a run, not the best: all arms have made as many steps."""
    return run / "checkpoint.pt"


def widened(recipe: SwapRecipe, start: Path, path: Path) -> Path:
    """The start's weights for a latent of 640, whose new numbers do nothing at first."""
    weights = checkpoint.load(start)["weights"]
    with torch.device("meta"):
        goal = SwapTask(recipe).build().state_dict()
    checkpoint.save(path, {"weights": {k: padded(v, goal[k].shape) for k, v in weights.items()}})
    return path


def padded(weight: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """A weight with noughts behind it in each dimension, up to a shape."""
    out = torch.zeros(tuple(shape), dtype=weight.dtype)
    out[tuple(slice(size) for size in weight.shape)] = weight
    return out


# ------------------------------------------------------------------------------- judging


@app.command()
def judge(
    identity_evaluator: Annotated[Path, typer.Option(help="Recogniser of other people, ONNX.")],
    lower_evaluator: Annotated[Path, typer.Option(help="The same for lower faces.")],
    identity: Identity = Path("out/train/identity"),
    fixer: Fixer = Path("out/train/fixer"),
    out: Out = FOLDER,
    seeds: Seeds = "5,6",
    arms: Names = "A0,A1,A2,A3,A4,A5",
    pairs: Annotated[int, typer.Option(min=10, help="Seeds of the suite, two swaps each.")] = 200,
    to: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("out/arms"),
    docs: Annotated[Path | None, typer.Option(help="JSON that holds every figure.")] = None,
    data: Store = None,
) -> None:
    """Judge all runs side by side, and the claims by them."""
    runs = {
        f"{arm.name} {seed}": out / f"{arm.name}-{seed}"
        for arm in chosen(arms)
        for seed in seeds.split(",")
    }
    stills = open_or_render(CaseSource(SIDE), Data(folder=data, any_version=True), (0, pairs))
    with ExitStack() as stack:
        seen = stack.enter_context(house())
        judges = Judges(str(identity_evaluator), str(lower_evaluator))
        evaluators = Opener(stack, "onnxruntime", "cpu").evaluators(judges, seen.reader)
        nets = [swapper(name, run, identity, fixer) for name, run in runs.items()]
        rows = [*weightless(seen.sight), *nets]
        with console.status("Judging …") as status:
            table = evaluate(
                RenderedSuite(SIDE, stills), rows, evaluators,
                progress=lambda _, done, total: status.update(f"Judging {done}/{total} …"),
            )  # fmt: skip
    write_contest(table, to)
    found = compared(table)
    console.print(report(found, f"Arms, {pairs} seeds, {machine()}"))
    (to / "arms.md").write_text(documented(found), encoding="utf-8")
    if docs is not None:
        docs.write_text(json.dumps(found.plain(), indent=1) + "\n", encoding="utf-8")


def swapper(name: str, run: Path, identity: Path, fixer: Path) -> Function:
    """A finished run as a contestant."""
    recipe = read(run / "recipe.yaml", SwapRecipe)
    model = SwapTask(recipe).build()
    checkpoint.load_weights(weights_of(run), model)
    model.eval()
    encoders = open_encoders(identity, fixer if recipe.fixer is not None else None)

    @torch.inference_mode()
    def swapped(targets: Rgb, sources: Rgb) -> Rgb:
        small = torch.nn.functional.adaptive_avg_pool2d(
            as_signed(pictures_of(list(targets))), recipe.side
        )
        made = model(small, encoders.latent(as_signed(pictures_of(list(sources)))))
        return np.stack(as_bytes(made))

    return Function(name, swapped, SIDE)


if __name__ == "__main__":
    app()
