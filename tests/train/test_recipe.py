from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vplugin.errors import TrainError
from vplugin.train.recipe import MAY_CHANGE, Data, Recipe, differences, read
from vplugin.train.tasks import NAMES, recipe_path, stock_recipe, stock_recipes, task_type


def written(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_recipe_is_read_and_changed(tmp_path: Path) -> None:
    path = written(tmp_path, "task: t\nsteps: 5\ndata: {size: 64}\n")
    recipe = read(path, Recipe, {"data.workers": 3, "batch": 7, "optimiser.rate": 0.01})
    assert (recipe.steps, recipe.batch, recipe.data.size, recipe.data.workers) == (5, 7, 64, 3)
    assert recipe.optimiser.rate == 0.01
    assert read(path, Recipe).batch == 32


@pytest.mark.parametrize(
    ("text", "changes", "match"),
    [
        ("task: t\n", {}, "give either steps or minutes"),
        ("task: t\nsteps: 1\nminutes: 1\n", {}, "give either steps or minutes"),
        ("steps: 1\n", {}, "task: Field required"),
        ("task: t\nsteps: 0\n", {}, "steps: .*greater than or equal to 1"),
        (
            "task: t\nsteps: 1\nbatches: 3\n",
            {},
            "recipe.yaml: unknown key 'batches' — did you mean 'batch'",
        ),
        ("task: t\nsteps: 1\ndevice: gpu\n", {}, "device: .*'cpu' or 'cuda'"),
        ("task: t\nsteps: 1\n", {"data.train": [5, 5]}, "train must be two seeds"),
        ("task: t\nsteps: 1\n", {"data.held_out": [3000, 5000]}, "share seeds"),
        ("task: t\nsteps: 1\n", {"steps.x": 1}, "steps has no keys"),
        ("task: t\nsteps: 1\n", {"data.sise": 5}, "^--set data.sise=5: .*'sise' in data — did you"),
        ("task: t\nsteps: 1\n", {"batch": 0}, "^--set batch=0: batch: Input should be greater"),
        ("task: t\nsteps: 1\nbatch: 0\n", {"seed": 3}, r"recipe.yaml: batch: Input"),
        ("task: [\n", {}, "not YAML"),
        ("- 1\n", {}, "not a mapping"),
    ],
)
def test_a_wrong_recipe_says_what_is_wrong(
    tmp_path: Path, text: str, changes: dict[str, Any], match: str
) -> None:
    with pytest.raises(TrainError, match=match):
        read(written(tmp_path, text), Recipe, changes)


@pytest.mark.parametrize(
    ("changes", "steps", "minutes"),
    [({"steps": 3}, 3, None), ({"minutes": 2.5}, None, 2.5), ({"batch": 2}, 9, None)],
)
def test_a_length_replaces_the_other(
    tmp_path: Path, changes: dict[str, Any], steps: int | None, minutes: float | None
) -> None:
    recipe = read(written(tmp_path, "task: t\nsteps: 9\n"), Recipe, changes)
    assert (recipe.steps, recipe.minutes) == (steps, minutes)
    with pytest.raises(TrainError, match="give either steps or minutes"):
        read(written(tmp_path, "task: t\nsteps: 9\n"), Recipe, {"steps": 1, "minutes": 1})


def test_the_error_names_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "task: t\n")
    with pytest.raises(TrainError, match=f"^{path}: "):
        read(path, Recipe)
    with pytest.raises(TrainError, match="cannot be read"):
        read(tmp_path / "none.yaml", Recipe)


def test_differences_are_by_dotted_key() -> None:
    old = Recipe(task="t", steps=1, data=Data(size=64))
    new = Recipe(task="t", minutes=2, data=Data(size=64, train=(0, 9)))
    assert differences(old, old) == {}
    assert differences(old, new) == {
        "steps": (1, None),
        "minutes": (None, 2.0),
        "data.train": ([0, 4000], [0, 9]),
    }


def test_what_may_change_are_keys() -> None:
    keys = {*Recipe.model_fields, *(f"data.{name}" for name in Data.model_fields)}
    assert keys >= MAY_CHANGE
    assert not MAY_CHANGE & {"batch", "seed", "bf16", "start", "data.train", "data.size"}


def test_every_task_has_a_stock_recipe() -> None:
    assert set(NAMES) <= set(stock_recipes())


@pytest.mark.parametrize("name", stock_recipes())
def test_stock_recipes_are_right_and_learn_from_disjoint_seeds(name: str) -> None:
    kind = task_type(name.partition("-")[0])
    recipe = read(stock_recipe(name), kind.recipe_type)
    assert recipe.task == name.partition("-")[0] == kind.name
    assert recipe.data.train[1] <= recipe.data.held_out[0]


def test_names_are_tasks_and_files_are_files(tmp_path: Path) -> None:
    assert recipe_path("detector") == stock_recipe("detector")
    assert recipe_path("mine.yaml") == Path("mine.yaml")
    with pytest.raises(TrainError, match="no recipe 'dettector' — choose from detector"):
        recipe_path("dettector")
    with pytest.raises(TrainError, match="no task 'walking'"):
        task_type("walking")
