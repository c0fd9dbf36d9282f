from __future__ import annotations

import csv
import io
from itertools import count
from pathlib import Path

import cv2
import pytest
import torch
from rich.console import Console
from torch import nn

from tests.train.tiny import Tiny, TinyRecipe
from vplugin.errors import TrainError
from vplugin.train.recipe import read
from vplugin.train.task import Batch, Losses
from vplugin.train.trainer import Outcome, Trainer


def recipe(folder: Path, **changes: object) -> TinyRecipe:
    given = {"task": "tiny", "steps": 24, "batch": 16, "loaders": 0, "evaluate_every": 10}
    return TinyRecipe.model_validate(given | {"save_every": 8, "output": folder} | changes)


def train(made: TinyRecipe, *, resume: bool = False, until: int | None = None) -> Outcome:
    return Trainer(Tiny(made), Console(file=io.StringIO())).run(resume=resume, until=until)


def weights(folder: Path, name: str = "checkpoint.pt") -> dict[str, torch.Tensor]:
    return torch.load(folder / name, weights_only=True)["weights"]


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_a_run_learns_and_leaves_its_files(tmp_path: Path) -> None:
    rate = {"rate": 0.01, "warmup": 5, "average": 0.9}
    outcome = train(recipe(tmp_path, steps=60, optimiser=rate))
    assert outcome.steps == 60
    assert outcome.metrics["right"] > 0.9
    assert outcome.model == tmp_path / "model.onnx"
    assert same(torch.load(tmp_path / "model.onnx"), weights(tmp_path, "best.pt"))
    rows = list(csv.DictReader((tmp_path / "curves.csv").open()))
    losses = [float(row["loss/label"]) for row in rows if row["loss/label"]]
    assert losses[-1] < losses[0] / 1.3
    assert [row["step"] for row in rows if row["metric/right"]] == ["10.0", "20.0", "30.0", "40.0",
                                                                     "50.0", "60.0"]  # fmt: skip
    assert cv2.imread(str(tmp_path / "curves.png")).shape[2] == 3
    assert not list(tmp_path.glob(".*"))  # no part of a file is left


@pytest.mark.parametrize("bf16", [False, True])
def test_same_recipe_same_weights(tmp_path: Path, bf16: bool) -> None:
    for name in "ab":
        train(recipe(tmp_path / name, bf16=bf16))
    train(recipe(tmp_path / "c", bf16=bf16, seed=2))
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not same(weights(tmp_path / "a"), weights(tmp_path / "c"))


@pytest.mark.parametrize("stop", [1, 8, 11])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, stop: int) -> None:
    train(recipe(tmp_path / "whole"))
    halted = train(recipe(tmp_path / "halves"), until=stop)
    assert (halted.steps, halted.model) == (stop, None)
    outcome = train(recipe(tmp_path / "halves"), resume=True)
    assert outcome.steps == 24
    for name in ("checkpoint.pt", "best.pt"):
        assert same(weights(tmp_path / "whole", name), weights(tmp_path / "halves", name))


def test_loader_processes_give_the_same_batches(tmp_path: Path) -> None:
    train(recipe(tmp_path / "none", steps=6))
    train(recipe(tmp_path / "two", steps=6, loaders=2))
    assert same(weights(tmp_path / "none"), weights(tmp_path / "two"))


def test_a_run_of_minutes_ends(tmp_path: Path) -> None:
    outcome = train(recipe(tmp_path, steps=None, minutes=0.01))
    assert outcome.steps >= 1
    assert 0.01 <= outcome.minutes < 1


def test_weights_can_start_from_a_checkpoint(tmp_path: Path) -> None:
    train(recipe(tmp_path / "first"))
    start = tmp_path / "first" / "checkpoint.pt"
    train(recipe(tmp_path / "second", start=start), until=0)
    assert same(weights(tmp_path / "second"), weights(tmp_path / "first"))


def test_nan_steps_are_skipped_then_given_up(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="no finite loss for 20 steps, at step 24"):
        train(recipe(tmp_path, steps=60, poison=5))
    held = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert held["step"] == 24  # with batches of NaN behind it
    for name in ("model", "weights"):
        assert all(torch.isfinite(value).all() for value in held[name].values())


def test_what_an_error_ends_goes_on_from_its_last_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(recipe(tmp_path / "whole", steps=9))
    losses, calls = Tiny.losses, count()

    def failing(task: Tiny, model: nn.Module, batch: Batch) -> Losses:
        if next(calls) == 7:
            raise RuntimeError("the machine ran out of memory")
        return losses(task, model, batch)

    monkeypatch.setattr(Tiny, "losses", failing)
    with pytest.raises(RuntimeError, match="out of memory"):
        train(recipe(tmp_path / "broken", steps=9, save_every=100))
    assert torch.load(tmp_path / "broken" / "checkpoint.pt", weights_only=True)["step"] == 7
    assert train(recipe(tmp_path / "broken", steps=9, save_every=100), resume=True).steps == 9
    assert whole.steps == 9
    assert same(weights(tmp_path / "broken"), weights(tmp_path / "whole"))


def test_a_folder_with_a_run_is_not_overwritten(tmp_path: Path) -> None:
    train(recipe(tmp_path, steps=2))
    with pytest.raises(TrainError, match="holds a run already"):
        train(recipe(tmp_path, steps=2))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"batch": 8}, r"batch 16 would become 8 — go on with --set batch=16, or begin"),
        (
            {"width": 9, "seed": 2},
            r"seed 1 would become 2, width 8 would become 9",
        ),
        ({"data": {"train": (0, 9)}}, r"data.train \[0,4000\] would become \[0,9\]"),
    ],
)
def test_a_run_is_not_resumed_with_another_recipe(
    tmp_path: Path, changes: dict[str, object], says: str
) -> None:
    train(recipe(tmp_path), until=2)
    before = (tmp_path / "recipe.yaml").read_bytes()
    with pytest.raises(TrainError, match=rf"recipe.yaml: this run began otherwise: {says}"):
        train(recipe(tmp_path, **changes), resume=True)
    assert (tmp_path / "recipe.yaml").read_bytes() == before


def test_what_may_change_is_taken_and_written_down(tmp_path: Path) -> None:
    train(recipe(tmp_path), until=2)
    longer = recipe(tmp_path, steps=3, loaders=1, save_every=1, data={"workers": 1})
    assert train(longer, resume=True).steps == 3
    assert read(tmp_path / "recipe.yaml", TinyRecipe) == longer


def test_a_start_is_read_only_where_a_run_begins(tmp_path: Path) -> None:
    train(recipe(tmp_path / "first"), until=1)
    start = tmp_path / "first" / "checkpoint.pt"
    train(recipe(tmp_path / "second", start=start), until=1)
    start.unlink()
    assert train(recipe(tmp_path / "second", start=start), resume=True).steps == 24


def test_what_fails_before_the_first_step_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="no such checkpoint"):
        train(recipe(tmp_path / "deep" / "run", start=tmp_path / "none.pt"))
    assert list(tmp_path.iterdir()) == []
    train(recipe(tmp_path), until=2)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    before["checkpoint.pt"] = b"damaged"
    (tmp_path / "checkpoint.pt").write_bytes(b"damaged")
    with pytest.raises(TrainError, match="not a checkpoint"):
        train(recipe(tmp_path, steps=30), resume=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("content", "match"),
    [(b"", "not a checkpoint"), (b"rubbish", "not a checkpoint"), (None, "no such checkpoint")],
)
def test_a_damaged_start_is_refused(tmp_path: Path, content: bytes | None, match: str) -> None:
    start = tmp_path / "start.pt"
    if content is not None:
        start.write_bytes(content)
    with pytest.raises(TrainError, match=match):
        train(recipe(tmp_path / "run", start=start))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    train(recipe(tmp_path / "narrow", steps=1))
    start = tmp_path / "narrow" / "checkpoint.pt"
    with pytest.raises(TrainError, match="of another network"):
        train(recipe(tmp_path / "wide", width=9, start=start))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="no CUDA device"):
        train(recipe(tmp_path, device="cuda"))


def test_an_output_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(TrainError, match=r"file.*cannot be written"):
            train(recipe(place))
