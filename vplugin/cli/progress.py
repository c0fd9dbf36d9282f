"""The line that moves while a graph runs."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from vplugin.engine.report import RunStatus

__all__ = ["RunProgress", "describe_status"]

_WINDOW = 25  # statuses, five a second: the rate is that of the last five seconds


class RunProgress:
    """Shows a run's status; nothing where ``console`` is no terminal."""

    def __init__(self, console: Console) -> None:
        self._rates: deque[tuple[float, int]] = deque(maxlen=_WINDOW)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[facts]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=None, facts="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, status: RunStatus) -> None:
        """Show a status."""
        self._rates.append((status.seconds, status.finished))
        self._progress.update(
            self._task,
            description=status.state,
            completed=status.finished,
            total=None if status.live else status.expected,
            facts=describe_status(status, self._rate()),
        )

    def _rate(self) -> float:
        """Frames per second, lately."""
        (begin, first), (end, last) = self._rates[0], self._rates[-1]
        return (last - first) / (end - begin) if end > begin else 0.0


def describe_status(status: RunStatus, rate: float) -> str:
    """A status in words: what counts is the rate and the end of a file, the delay of a camera."""
    total = f"/{status.expected}" if status.expected is not None and not status.live else ""
    parts = [f"{status.finished}{total} frames", f"{rate:.1f} fps"]
    if status.live and status.latency_ms is not None:
        parts.append(f"{status.latency_ms:.0f} ms late")
    if status.live or status.dropped:
        parts.append(f"{status.dropped} dropped")
    return ", ".join(parts)
