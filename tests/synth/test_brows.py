"""Brows and lashes follow the lines that the head gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.synth.heads import grown, mean_head, of
from vplugin.synth.brows import Brows, grow_all_lashes, grow_brows
from vplugin.synth.expression import Expression
from vplugin.synth.head import build_head
from vplugin.synth.parts import Floats, Segment
from vplugin.synth.person import Person

DARK = (0.03, 0.02, 0.01)


def distances(places: Floats, line: Floats) -> Floats:
    squares = ((places[:, None] - line[None]) ** 2).sum(axis=2)
    return np.asarray(np.sqrt(squares.min(axis=1)))


def test_each_brow_lies_along_its_line() -> None:
    for label, line in zip(
        (Segment.RIGHT_BROW, Segment.LEFT_BROW), mean_head().brow_lines, strict=True
    ):
        (brow,) = of(grown(), label)
        assert distances(brow.points, line).max() < 14.0
        assert np.sign(brow.points[:, 0].mean()) == np.sign(line[-1, 0])


def test_thick_brows_are_wider() -> None:
    lines = mean_head().brow_lines
    spread = [
        distances(grow_brows(Brows(thickness=wide), lines, DARK, 0.0, 1, 1.0)[0].points, lines[0])
        for wide in (0.5, 2.0)
    ]
    assert spread[0].mean() * 1.3 < spread[1].mean()


def test_lashes_start_on_the_rim_and_point_away_from_the_eye() -> None:
    head = mean_head()
    for k, label in enumerate((Segment.RIGHT_EYE, Segment.LEFT_EYE)):
        (lashes,) = of(grown(), label)
        roots, tips = lashes.points[lashes.starts[:-1]], lashes.points[lashes.starts[1:] - 1]
        rim = np.concatenate(head.lid_lines[2 * k : 2 * k + 2])
        assert distances(roots, rim).max() < 3.0
        away = ((tips - head.eyes[k]) ** 2).sum(axis=1) > ((roots - head.eyes[k]) ** 2).sum(axis=1)
        assert away.mean() > 0.95


def test_lashes_go_down_with_the_lid() -> None:
    shut = replace(Expression(), blink_left=1.0, blink_right=1.0)
    tips = []
    for expression in (Expression(), shut):
        head = build_head(Person(), expression)
        (right, _) = grow_all_lashes(Brows(), head.lid_lines, head.eyes, DARK, 1, 1.0)
        tips.append(right.points[:, 1].mean())
    assert tips[1] > tips[0] + 1.0
