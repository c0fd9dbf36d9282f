"""Which pictures of the source a face is made of, without flicker.

By pose first, then by expression; a choice is kept until another fits clearly better, and a change
is a short dissolve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.vision.landmarks import five_points
from vplugin.vision.mesh_model import Fit
from vplugin.vision.mesh_view import MeshView, State

__all__ = ["Chooser", "plausible", "presence"]

Array = npt.NDArray[Any]
Places = npt.NDArray[np.float64]

_STICKY = 0.2  # by which another picture must fit better; about 7° of yaw
_DISSOLVE = 0.12  # seconds
_PAUSE = 1.0  # seconds unseen after which a choice is made anew
_MIRRORED = 0.1  # a face is not symmetric: the picture itself is preferred
_REMEMBERED = 256  # persons
_ASTRAY = (0.25, 0.45)  # eye distances between landmarks and the detector's points
_UNLIKE = (4.0, 8.0)  # mm that the face model cannot explain; 1 to 3.3 is usual
_FADE = (38.0, 58.0)  # degrees between the yaws from which, and at which all, the target shows


def presence(view: MeshView, fit: Fit) -> float:
    """0–1, how much of a face made of this picture may show: 0 where it looks elsewhere."""
    return 1.0 - _ease(abs(view.fit.yaw - fit.yaw), *_FADE)


def plausible(fit: Fit, marks: Places, points: Array) -> float:
    """0–1, how far landmarks are to be believed: a wrong face in one frame is worse than none.

    Args:
        fit: Of the landmarks.
        marks: (106, 2).
        points: (5, 2) of the same face, from the detector.
    """
    eyes = max(float(np.hypot(*(points[1] - points[0]))), 1e-6)
    off = float(np.hypot(*(five_points(marks) - points).T).mean()) / eyes
    unlike = float(np.sqrt((fit.residual**2).sum(axis=1).mean()))
    return (1.0 - _ease(off, *_ASTRAY)) * (1.0 - _ease(unlike, *_UNLIKE))


def _ease(value: float, low: float, high: float) -> float:
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


def misfit(view: MeshView, fit: Fit, state: State) -> float:
    """How badly a picture fits a target; 0 is perfect, 1 about 35° of yaw."""
    turned = abs(view.fit.yaw - fit.yaw) / 35.0 + abs(view.fit.pitch - fit.pitch) / 50.0
    mouth = min(abs(view.state.mouth - state.mouth), 0.5)
    lids = sum(abs(a - b) for a, b in zip(view.state.eyes, state.eyes, strict=True))
    mood = math.sqrt(float(((view.fit.expression - fit.expression) ** 2).mean()))
    coarse = max(0.0, math.log2(max(fit.scale / max(view.fit.scale, 1e-6), 1e-6)))
    found = turned + 0.5 * mouth + 0.5 * min(lids, 0.6) + 0.1 * mood + 0.25 * coarse
    found += view.flaws
    return found + (_MIRRORED if view.mirrored else 0.0)


@dataclass
class _Choice:
    views: Sequence[MeshView]
    now: int
    before: int
    share: float  # of ``now``
    time: float


class Chooser:
    """Chooses for each person, and remembers."""

    def __init__(self) -> None:
        self._known: dict[int, _Choice] = {}

    def choose(
        self, views: Sequence[MeshView], fit: Fit, state: State, track: int | None, time: float
    ) -> tuple[tuple[MeshView, float], ...]:
        """One picture, or two while one dissolves into another, with their shares.

        Args:
            views: Of the source.
            fit: The target.
            state: What the target does.
            track: The person, or None: nothing is remembered.
            time: Seconds.
        """
        costs = [misfit(view, fit, state) for view in views]
        best = min(range(len(views)), key=costs.__getitem__)
        if track is None:
            return ((views[best], 1.0),)
        known = self._known.get(track)
        if known is None or known.views is not views or not 0 <= time - known.time <= _PAUSE:
            known = _Choice(views, best, best, 1.0, time)
            self._remember(track, known)
        step = time - known.time
        known.time = time
        known.share = min(1.0, known.share + step / _DISSOLVE)
        if known.share >= 1.0 and costs[known.now] - costs[best] > _STICKY:
            known.before, known.now, known.share = known.now, best, 0.0
        if known.share >= 1.0 or known.before == known.now:
            return ((views[known.now], 1.0),)
        return ((views[known.now], known.share), (views[known.before], 1.0 - known.share))

    def clear(self) -> None:
        """Forget all: a new shot."""
        self._known.clear()

    def _remember(self, track: int, choice: _Choice) -> None:
        self._known.pop(track, None)
        self._known[track] = choice
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
