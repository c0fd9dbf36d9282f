"""Losses and metrics over the steps, as a table (CSV) and a picture (PNG)."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

__all__ = ["Curves"]

_EVERY = 10  # steps of which one row is kept, as their mean


class Curves:
    """What has been seen so far.

    Args:
        rows: Of an earlier part of the run: ``{"step": 10, "loss/total": 1.5}``.

    Attributes:
        rows: All rows; losses are means over ten steps.
    """

    def __init__(self, rows: list[dict[str, float]] | None = None) -> None:
        self.rows: list[dict[str, float]] = rows or []
        self._recent: list[Mapping[str, float]] = []

    @property
    def last_evaluation(self) -> int | None:
        """The step of the newest metrics."""
        steps = [row["step"] for row in self.rows if any(k.startswith("metric/") for k in row)]
        return int(steps[-1]) if steps else None

    def add_losses(self, step: int, losses: Mapping[str, float]) -> None:
        """The losses of a step (none where it was skipped)."""
        if losses:
            self._recent.append(losses)
        if step % _EVERY == 0 and self._recent:
            names = self._recent[-1].keys()
            means = {
                f"loss/{name}": float(np.mean([one[name] for one in self._recent if name in one]))
                for name in names
            }
            self.rows.append({"step": float(step)} | means)
            self._recent.clear()

    def add_metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """The figures of an evaluation."""
        self.rows.append({"step": float(step)} | {f"metric/{k}": v for k, v in metrics.items()})

    def write(self, folder: Path) -> None:
        """Write ``curves.csv`` and ``curves.png``."""
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        if not names:
            return
        part = folder / f".curves.csv.{os.getpid()}"
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(self.rows)
        os.replace(part, folder / "curves.csv")
        ok, data = cv2.imencode(".png", draw(self.rows))
        if ok:
            (folder / "curves.png").write_bytes(data.tobytes())


def draw(rows: list[dict[str, float]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """All curves, one small panel each: (H, W, 3) uint8 BGR."""
    names = list(dict.fromkeys(name for row in rows for name in row if name != "step"))
    panels = [_panel(name, [(r["step"], r[name]) for r in rows if name in r]) for name in names]
    columns = min(3, max(1, len(panels)))
    blank = np.full((180, 320, 3), 255, np.uint8)
    panels += [blank] * (-len(panels) % columns)
    lines = [np.hstack(panels[i : i + columns]) for i in range(0, len(panels), columns)]
    return np.vstack(lines) if lines else blank


def _panel(name: str, points: list[tuple[float, float]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """One curve with its range and newest value."""
    panel = np.full((180, 320, 3), 255, np.uint8)
    x, y = np.array(points, np.float64).T
    y = np.nan_to_num(y)
    low, high = float(y.min()), float(y.max())
    across = 10 + 300 * (x - x[0]) / max(1.0, x[-1] - x[0])
    down = 160 - 120 * (y - low) / max(1e-12, high - low)
    line = np.stack([across, down], 1).round().astype(np.int32)
    cv2.polylines(panel, [line], False, (160, 90, 20), 1, cv2.LINE_AA)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(panel, f"{name}  {y[-1]:.4g}", (10, 18), font, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    span = f"{low:.4g} to {high:.4g}, step {x[-1]:.0f}"
    cv2.putText(panel, span, (10, 175), font, 0.35, (90, 90, 90), 1, cv2.LINE_AA)
    return panel
