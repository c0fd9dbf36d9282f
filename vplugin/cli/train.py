"""``vplugin train``: train one of the house models, from rendered people only."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import typer
import yaml
from rich.console import Console

from vplugin.cli import INTERRUPTED
from vplugin.errors import TrainError
from vplugin.train.recipe import Recipe
from vplugin.train.tasks import recipe_path, task_of
from vplugin.train.trainer import Outcome, Trainer

__all__ = ["train_model"]


def train_model(name: str, settings: Sequence[str], *, resume: bool, show: bool) -> int:
    """Train by a recipe; the exit status.

    Args:
        name: A task, for its stock recipe, or a recipe file.
        settings: ``key=value`` that replace values of the recipe.
        resume: Go on with the run in the recipe's output folder.
        show: Only print the recipe as it would be used.

    Raises:
        TrainError: The recipe is not right, or the run cannot be made.
    """
    task = task_of(recipe_path(name), dict(_setting(text) for text in settings))
    recipe: Recipe = task.recipe
    if show:
        typer.echo(yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False), nl=False)
        return 0
    console = Console()
    with _terminate_as_interrupt():
        outcome = Trainer(task, console).run(resume=resume)
    _say(console, outcome, recipe.output, _again(name, settings))
    return 0 if outcome.model is not None else INTERRUPTED


def _again(name: str, settings: Sequence[str]) -> str:
    """What to type to go on with a run."""
    changes = [word for text in settings for word in ("--set", text)]
    return shlex.join(["vplugin", "train", name, *changes, "--resume"])


def _setting(text: str) -> tuple[str, Any]:
    """``data.size=128`` as key and value, the value read as YAML."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise TrainError(f"'{text}' sets nothing", mend="write --set KEY=VALUE")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError:
        raise TrainError(f"'{value}' cannot be read as a value", where=key) from None


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """A polite end of the process saves a checkpoint, as Ctrl-C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(console: Console, outcome: Outcome, folder: Path, again: str) -> None:
    """How the run ended."""
    if not outcome.began:
        said = f"stopped before the first step; {folder} is as it was before"
        console.print(said, highlight=False, soft_wrap=True)
        return
    what = f"{outcome.steps} steps in {outcome.minutes:.1f} minutes"
    if outcome.model is None:
        said = f"stopped after {what}; go on with: {again}"
        console.print(said, highlight=False, soft_wrap=True)
        return
    figures = ", ".join(f"{name} {value:.4g}" for name, value in outcome.metrics.items())
    console.print(f"{outcome.model}: {what}; {figures}", highlight=False, soft_wrap=True)
    console.print(f"curves: {folder / 'curves.png'}", highlight=False, soft_wrap=True)
