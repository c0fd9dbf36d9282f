"""A contest's table as files: Markdown, CSV, JSON, the raw figures, and a picture of samples.

    report.md       for people
    metrics.csv     a line for each row and measure
    metrics.json    row → measure → {mean, low, high, n}, and the difference from the reference row
    figures.npz     the figure of every single case, to compare runs pair by pair
    samples.png     what it looks like

All of them appear when all are written; those of an earlier report are replaced.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vplugin.errors import SinkError
from vplugin.media.output_folder import whole_folder
from vplugin.train.contest.metrics import SECTIONS, Metric
from vplugin.train.contest.sheet import sheet
from vplugin.train.contest.statistics import Interval
from vplugin.train.contest.table import Cell, Table

__all__ = ["check_folder", "markdown", "metrics_of", "write_report"]

REPORT, CSV, JSON = "report.md", "metrics.csv", "metrics.json"
FIGURES, SAMPLES = "figures.npz", "samples.png"
_ARROWS = {"higher": " ↑", "lower": " ↓", "neither": ""}


def check_folder(folder: Path) -> None:
    """See that a report may be written there, before anything is judged.

    Raises:
        SinkError: It is a file, or a folder of something else.
    """
    if folder.exists() and not folder.is_dir():
        raise SinkError("is a file", where=folder, mend="name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / JSON).is_file():
        raise SinkError("holds other files", where=folder, mend="name a new folder")


def write_report(table: Table, folder: Path) -> None:
    """Write all files.

    Raises:
        SinkError: The folder is of something else, or cannot be written.
    """
    check_folder(folder)
    with whole_folder(folder) as part:
        for name, data in _files(table):
            (part / name).write_bytes(data)


def _files(table: Table) -> Iterator[tuple[str, bytes]]:
    yield REPORT, markdown(table).encode()
    yield CSV, _csv(table).encode()
    yield JSON, (json.dumps(metrics_of(table), indent=1) + "\n").encode()
    yield FIGURES, _figures(table)
    if table.samples:
        ready, data = cv2.imencode(".png", sheet(table.samples)[..., ::-1])
        assert ready
        yield SAMPLES, data.tobytes()


def markdown(table: Table) -> str:
    """For people: a table a section, figures with their intervals."""
    lines = [f"# Swaps judged: {table.suite}", "", *(f"- {note}" for note in table.notes)]
    lines.append(
        f"- Δ is the difference from *{table.reference}*, case by case; **bold** where its interval"
        " is clear of zero."
    )
    for section, said in SECTIONS.items():
        metrics = [metric for metric in table.metrics if metric.section == section]
        if metrics:
            lines += ["", f"## {section}", "", said, "", *_grid(table, metrics)]
    tests = list(_tests(table))
    if tests:
        lines += ["", "## Retrieval, McNemar's test", "", *tests]
    if table.samples:
        lines += ["", "## Samples", "", f"![Samples]({SAMPLES})"]
    return "\n".join(lines) + "\n"


def _grid(table: Table, metrics: list[Metric]) -> Iterator[str]:
    yield "| | " + " | ".join(f"{m.label}{_ARROWS[m.better]}" for m in metrics) + " |"
    yield "|---|" + "---|" * len(metrics)
    for row, cells in table.rows.items():
        shown = (
            _shown(metric, cells[metric.name], len(table.figures.groups)) for metric in metrics
        )
        yield f"| {row.replace('|', '/')} | " + " | ".join(shown) + " |"


def _shown(metric: Metric, cell: Cell, cases: int) -> str:
    """``0.512 [0.48, 0.54] Δ +0.10``, and n where it is not the number of cases."""
    value, off = cell.value, cell.difference
    text = metric.shown(value.mean)
    if math.isfinite(value.low) and value.low != value.high:
        text += f" [{metric.shown(value.low)}, {metric.shown(value.high)}]"
    if off is not None and math.isfinite(off.mean):
        sign = "+" if off.mean >= 0 else ""
        change = f"Δ {sign}{metric.shown(off.mean)}"
        text += f" **{change}**" if off.low > 0 or off.high < 0 else f" {change}"
    return text if value.n == cases else f"{text} (n = {value.n})"


def _tests(table: Table) -> Iterator[str]:
    for row, cells in table.rows.items():
        for metric in table.metrics:
            cell = cells[metric.name]
            if cell.mcnemar is not None:
                chance = "p < 0.0001" if cell.mcnemar < 1e-4 else f"p = {cell.mcnemar:.4f}"
                against = f"{row} against {table.reference}"
                yield f"- {metric.label}, {against}: {chance}, n = {cell.value.n}"


def metrics_of(table: Table) -> dict[str, dict[str, Any]]:
    """Row → measure → figures, as JSON can hold them: null where there is none."""
    return {
        row: {name: _plain(cell) for name, cell in cells.items()}
        for row, cells in table.rows.items()
    }


def _plain(cell: Cell) -> dict[str, Any]:
    plain = _interval(cell.value)
    if cell.difference is not None:
        plain["difference"] = _interval(cell.difference)
    if cell.mcnemar is not None:
        plain["mcnemar"] = cell.mcnemar
    return plain


def _interval(interval: Interval) -> dict[str, Any]:
    values = {"mean": interval.mean, "low": interval.low, "high": interval.high}
    return {
        name: round(value, 6) if math.isfinite(value) else None for name, value in values.items()
    } | {"n": interval.n}


def _csv(table: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    three = ("mean", "low", "high")
    writer.writerow(["row", "metric", *three, "n", *(f"difference_{x}" for x in three), "mcnemar"])
    for row, cells in metrics_of(table).items():
        for name, cell in cells.items():
            off = cell.get("difference", {})
            found = [*(cell[x] for x in three), cell["n"], *(off.get(x) for x in three)]
            writer.writerow([row, name, *found, cell.get("mcnemar")])
    return text.getvalue()


def _figures(table: Table) -> bytes:
    """``row/measure`` → (N,), and ``groups``; of clips ``row/measure`` → (C,)."""
    arrays: dict[str, Any] = {"groups": table.figures.groups}
    for rows in (table.figures.stills, table.figures.moving):
        for row, columns in rows.items():
            arrays |= {
                f"{row.replace('/', '_')}/{name}": values for name, values in columns.items()
            }
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)
    return data.getvalue()
