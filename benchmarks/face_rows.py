"""Rows of the table of house models: what was measured and what was wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.table import Table

__all__ = ["COLUMNS", "Goal", "Row", "absent", "markdown", "table"]

COLUMNS = ("model", "figure", "must reach", "reached", "house", "YuNet", "LBP cascade")
ABSENT = "not installed"
_SIGNS = {True: "≥", False: "≤"}


@dataclass(frozen=True)
class Goal:
    """What the house model must reach.

    Attributes:
        value: The bound.
        least: Whether it is the least that will do, not the most.
    """

    value: float
    least: bool = True

    def __str__(self) -> str:
        return f"{_SIGNS[self.least]} {self.value:g}"

    def reached(self, value: float) -> bool:
        """Whether a figure is within the bound; NaN never is."""
        return value >= self.value if self.least else value <= self.value


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        model: Which house model it is about.
        figure: What was measured, with its unit.
        values: Of the house model and, where they were measured too, of YuNet and the cascade;
            None: this one has no such figure; words stand for themselves.
        goal: None where the issue names none.
        digits: After the point.
    """

    model: str
    figure: str
    values: Sequence[float | str | None]
    goal: Goal | None = None
    digits: int = 3

    def cells(self) -> tuple[str, ...]:
        """The row as text, as many as :data:`COLUMNS`."""
        shown = [self._shown(value) for value in self.values]
        shown += [""] * (len(COLUMNS) - 4 - len(shown))
        return (self.model, self.figure, str(self.goal or ""), self._verdict(), *shown)

    def _shown(self, value: float | str | None) -> str:
        if value is None:
            return "–"
        return value if isinstance(value, str) else f"{value:.{self.digits}f}"

    def _verdict(self) -> str:
        house = self.values[0]
        if self.goal is None or not isinstance(house, float | int):
            return ""
        return "yes" if self.goal.reached(house) else "no"


def absent(model: str, figure: str, goal: Goal | None = None) -> Row:
    """The row of a model that is not there."""
    return Row(model, figure, (ABSENT,), goal)


def table(rows: Iterable[Row], title: str) -> Table:
    """For the terminal; green where the goal is reached, red where it is not."""
    made = Table(title=title)
    for number, column in enumerate(COLUMNS):
        made.add_column(column, justify="right" if number > 3 else "left")
    before = ""
    for row in rows:
        model, figure, goal, verdict, house, *others = row.cells()
        style = {"yes": "green", "no": "red"}.get(verdict, "")
        house = f"[{style}]{house}[/]" if style else house
        made.add_row(model if model != before else "", figure, goal, verdict, house, *others)
        before = model
    return made


def markdown(rows: Iterable[Row], title: str) -> str:
    """The same as a Markdown table under its title."""
    lines = [f"{title}\n", _line(COLUMNS), _line(["---"] * len(COLUMNS))]
    return "\n".join([*lines, *(_line(row.cells()) for row in rows), ""])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
