"""The tasks by name, and the recipes that ship with them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from vplugin.errors import TrainError
from vplugin.train.recipe import Recipe, read, read_mapping
from vplugin.train.task import Task

__all__ = ["NAMES", "recipe_path", "stock_recipe", "stock_recipes", "task_of", "task_type"]

NAMES = (
    "detector", "landmarks", "identity", "fixer", "parser", "attributes", "swap", "refine",
    "tokenizer", "probe", "describe",
)  # fmt: skip
_RECIPES = Path(__file__).with_name("recipes")


def task_type(name: str) -> type[Task[Any]]:
    """The class of a task; its module is loaded now.

    Raises:
        TrainError: There is no such task.
    """
    if name not in NAMES:
        raise TrainError(f"there is no task '{name}'", mend=f"choose from {', '.join(NAMES)}")
    module = importlib.import_module(f"vplugin.train.{name}")
    kind: type[Task[Any]] = getattr(module, f"{name.capitalize()}Task")
    return kind


def stock_recipes() -> list[str]:
    """Names of the recipes that ship: tasks, and tasks at another scale (``swap-gpu``)."""
    names = [path.stem for path in _RECIPES.glob("*.yaml")]
    return sorted(names, key=lambda name: (NAMES.index(name.partition("-")[0]), name))


def stock_recipe(name: str) -> Path:
    """A recipe that ships; by the name of a task that which its model was trained with.

    Raises:
        TrainError: There is no such recipe.
    """
    names = stock_recipes()
    if name not in names:
        raise TrainError(f"there is no recipe '{name}'", mend=f"choose from {', '.join(names)}")
    return _RECIPES / f"{name}.yaml"


def recipe_path(name: str) -> Path:
    """A recipe file by its path, or a stock recipe by its name."""
    return Path(name) if name.endswith((".yaml", ".yml")) else stock_recipe(name)


def task_of(path: Path, changes: dict[str, Any] | None = None) -> Task[Any]:
    """The task of a recipe file.

    Args:
        path: The file.
        changes: Values by dotted key that replace those of the file.

    Raises:
        TrainError: The recipe is not right, or names no task.
    """
    name = read_mapping(path).get("task")
    if not isinstance(name, str):
        raise TrainError("says no task", where=path, mend=f"task: {NAMES[0]}")
    kind = task_type(name)
    recipe: Recipe = read(path, kind.recipe_type, changes)
    return kind(recipe)
