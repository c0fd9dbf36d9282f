"""The tasks by name, and the recipes that ship with them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from vplugin.errors import TrainError
from vplugin.train.recipe import Recipe, read, read_mapping
from vplugin.train.task import Task

__all__ = ["NAMES", "recipe_path", "stock_recipe", "task_of", "task_type"]

NAMES = ("detector", "landmarks", "identity", "fixer", "parser", "attributes", "swap", "refine")
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


def stock_recipe(name: str) -> Path:
    """The recipe that the shipped model of a task was trained with.

    Raises:
        TrainError: There is no such task.
    """
    path = _RECIPES / f"{name}.yaml"
    if name not in NAMES or not path.is_file():
        raise TrainError(f"there is no recipe '{name}'", mend=f"choose from {', '.join(NAMES)}")
    return path


def recipe_path(name: str) -> Path:
    """A recipe file by its path, or the stock recipe of a task."""
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
