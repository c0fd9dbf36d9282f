"""A picture of what a contest's figures are about: rows of cases, a column for each contestant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.train.contest.cases import Rgb
from vplugin.train.contest.contestants import UNCHANGED
from vplugin.train.contest.table import Sample

__all__ = ["sheet"]

_GAP = 4
_HEAD = 34  # px, for two lines of a name
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SCALE = 0.42


def sheet(samples: Sequence[Sample]) -> Rgb:
    """Source, target, each contestant's answer and the truth, a row for each case.

    Args:
        samples: At least one; all with the same rows.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    names = [name for name in samples[0].answers if name != UNCHANGED]
    heads = [_head(text, len(samples[0].source)) for text in ("source", "target", *names)]
    rows = [
        _row([one.source, one.target, *(one.answers[name] for name in names)]) for one in samples
    ]
    return np.vstack([_row(heads), *_spaced(rows)]).astype(np.uint8)


def _row(cells: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    gap = np.full((len(cells[0]), _GAP, 3), 255, np.uint8)
    return np.hstack([part for cell in cells for part in (cell, gap)][:-1])


def _spaced(rows: Sequence[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    gap = np.full((_GAP, rows[0].shape[1], 3), 255, np.uint8)
    return [part for row in rows for part in (row, gap)][:-1]


def _head(text: str, width: int) -> Rgb:
    """A column's name, in two lines where it has to be."""
    head = np.full((_HEAD, width, 3), 255, np.uint8)
    for index, line in enumerate(_lines(text, width)):
        place = (2, 14 + 14 * index)
        cv2.putText(head, line, place, _FONT, _SCALE, (0, 0, 0), 1, cv2.LINE_AA)
    return head


def _lines(text: str, width: int) -> list[str]:
    """At most two lines that fit; the middle of what is too long is left out."""
    most = max(4, int(width / 7.5))
    text = text.encode("ascii", "replace").decode()
    if len(text) > 2 * most:
        text = f"{text[: most - 2]}..{text[-most:]}"
    return [text[:most], text[most:]] if len(text) > most else [text]
