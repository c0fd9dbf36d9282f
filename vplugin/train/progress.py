"""What a person sees of a run: a bar with rate and time left, or lines where nobody watches."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from vplugin.train.recipe import Recipe

__all__ = ["Report"]

_QUIET = 30.0  # seconds between lines where the output is no terminal


class Report:
    """Progress of one run; a context manager.

    Args:
        console: Where to.
        recipe: Of the run.
        first: The step it starts at.
    """

    def __init__(self, console: Console, recipe: Recipe, first: int) -> None:
        self._console = console
        self._size = recipe.batch
        self._first = first
        self._began = self._said = time.monotonic()
        columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task(recipe.task, total=1.0)

    def advance(self, step: int, done: float, losses: Mapping[str, float]) -> None:
        """A step was made."""
        now = time.monotonic()
        rate = (step - self._first) / max(1e-9, now - self._began)
        loss = f"loss {losses['total']:.4f}" if losses else "skipped"
        text = f"step {step}  {loss}  {rate:.2f} steps/s  {rate * self._size:.0f} pictures/s"
        self._bar.update(self._task, completed=min(1.0, done), description=text)
        if not self._console.is_terminal and now - self._said > _QUIET:
            self._said = now
            parts = " ".join(f"{name} {value:.3f}" for name, value in losses.items())
            self._console.print(f"{done:6.1%} {text} ({parts})", highlight=False, soft_wrap=True)

    def evaluated(self, step: int, metrics: Mapping[str, float]) -> None:
        """An evaluation was made."""
        figures = "  ".join(f"{name} {value:.4f}" for name, value in metrics.items())
        self._console.print(f"step {step}: {figures}", highlight=False, soft_wrap=True)

    def __enter__(self) -> Report:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
