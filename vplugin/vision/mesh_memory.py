"""What a mesh swap keeps of each person between frames, so that nothing jitters or flickers."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.vision.mesh_view import Seen
from vplugin.vision.smooth import OneEuro, SmoothOptions

__all__ = ["Memories", "Memory"]

Floats = npt.NDArray[np.float32]

_OPTIONS = SmoothOptions(cutoff=1.5, slope=5.0)
_UNIT = 0.22  # eye distance in an aligned crop of width 1
_PAUSE = 1.0  # seconds unseen after which all begins anew
_FACE = 0.6  # weight of the newest frame in what counts as face
_SETTLE = 0.056  # seconds over which the target's own eyes come and go
_FADE = 0.4  # seconds over which the new face itself comes and goes
_REMEMBERED = 256  # persons


@dataclass
class Memory:
    """Of one person, at one time; lengths are shares of the aligned crop's width.

    Attributes:
        time: Seconds.
        step: Seconds since the frame before; 0 where there is none.
        marks: Filter of the landmarks.
        face: Smoothed :attr:`Seen.face`.
        eyes: How much of the target's own eyes showed.
        shown: How much of the new face showed.
    """

    time: float
    step: float = 0.0
    marks: OneEuro | None = None
    face: Floats | None = None
    eyes: tuple[float, float] | None = None
    shown: float | None = None

    def steady(self, seen: Seen, size: int) -> Seen:
        """What was seen, smoothed in time; ``size`` is the width of the crop."""
        unit = seen.landmarks / size
        if self.marks is None or self.step <= 0:
            self.marks = OneEuro.start(unit, self.time)
        else:
            self.marks = self.marks.after(unit, self.time, _UNIT, _OPTIONS)
        face = seen.face
        if self.face is not None and self.face.shape == face.shape and self.step > 0:
            face = np.asarray(cv2.addWeighted(face, _FACE, self.face, 1.0 - _FACE, 0.0))
        self.face = face
        return Seen(self.marks.value * size, face, seen.trust, seen.lids, seen.mouth)

    def settled(self, eyes: tuple[float, float]) -> tuple[float, float]:
        """Shares of the target's own eyes, without leaps."""
        if self.eyes is not None and self.step > 0:
            share = min(1.0, self.step / _SETTLE)
            (a, b), (c, d) = self.eyes, eyes
            eyes = a + share * (c - a), b + share * (d - b)
        self.eyes = eyes
        return eyes

    def faded(self, share: float) -> float:
        """How much of the new face shows: it comes and goes slowly, or it would flicker."""
        if self.shown is not None and self.step > 0:
            share = self.shown + min(1.0, self.step / _FADE) * (share - self.shown)
        self.shown = share
        return share


class Memories:
    """Of all persons."""

    def __init__(self) -> None:
        self._known: dict[int, Memory] = {}

    def of(self, track: int | None, time: float) -> Memory:
        """The memory of a person, moved on to this time; an empty one for None."""
        if track is None:
            return Memory(time)
        known = self._known.pop(track, None)
        if known is None or not 0.0 < time - known.time <= _PAUSE:
            known = Memory(time)
        known.step, known.time = (time - known.time, time)
        self._known[track] = known
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return known

    def clear(self) -> None:
        """Forget all: a new shot."""
        self._known.clear()
