"""How a face's box moves: a Kalman filter whose noise is measured in face sizes and whose time is
in seconds, so that it behaves the same at any resolution and any frame rate, also a varying one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["BoxMotion"]

Floats: TypeAlias = npt.NDArray[np.float64]

# Each for centre x, centre y, log width, log height; lengths in face sizes √(w·h), times in s.
_MEASURED = np.array([0.04, 0.04, 0.06, 0.06])  # deviation of a detection
_UNREST = np.array([3.0, 3.0, 1.0, 1.0])  # speed gained at random in one second
_FIRST_SPEED = np.array([2.0, 2.0, 0.5, 0.5])  # deviation of the speed of a face just seen
_OCTAVE = (np.log(2.0), np.log(2.0))
_MEMORY = np.array([1.5, 1.5, 0.3, 0.3])  # seconds over which a speed is kept


@dataclass(frozen=True, eq=False)
class BoxMotion:
    """Where a box is, how fast it moves and how sure that is, at one time.

    Constant velocity that fades slowly, on centre and log size. The four coordinates do not
    influence each other, so each is a filter of two states in closed form.

    Attributes:
        time: Seconds.
        place: (4,) centre x, centre y in pixels, log width, log height.
        speed: (4,) its derivatives per second.
        spread: (3, 4) variance of place, covariance, variance of speed.
    """

    time: float
    place: Floats
    speed: Floats
    spread: Floats

    @classmethod
    def start(cls, box: npt.NDArray[Any], time: float) -> BoxMotion:
        """At rest at a box (x0, y0, x1, y1)."""
        place = _place(box)
        unit = _unit(place)
        deviations = [(_MEASURED * unit) ** 2, np.zeros(4), (_FIRST_SPEED * unit) ** 2]
        return cls(time, place, np.zeros(4), np.stack(deviations))

    @property
    def box(self) -> Floats:
        """(4,) x0, y0, x1, y1."""
        half = np.exp(self.place[2:]) / 2
        return np.concatenate([self.place[:2] - half, self.place[:2] + half])

    @property
    def size(self) -> float:
        """√(width · height) in pixels."""
        return float(np.exp(self.place[2:].mean()))

    def predict(self, time: float) -> BoxMotion:
        """At a later time."""
        step = time - self.time
        kept = np.exp(-step / _MEMORY)
        reach = _MEMORY * (1 - kept)
        unrest = (_UNREST * _unit(self.place)) ** 2
        place, both, speed = self.spread
        spread = [
            place + 2 * reach * both + reach**2 * speed + unrest * step**3 / 3,
            kept * (both + reach * speed) + unrest * step**2 / 2,
            kept**2 * speed + unrest * step,
        ]
        moved = self.place + reach * self.speed
        return BoxMotion(time, moved, kept * self.speed, np.stack(spread))

    def correct(self, box: npt.NDArray[Any]) -> BoxMotion:
        """After a detection at the same time."""
        miss = _place(box) - self.place
        place, both, speed = self.spread
        total = place + self._noise()
        gain, speed_gain = place / total, both / total
        spread = [(1 - gain) * place, (1 - gain) * both, speed - speed_gain * both]
        return BoxMotion(
            self.time,
            self.place + gain * miss,
            self.speed + speed_gain * miss,
            np.stack(spread),
        )

    def surprise(self, boxes: npt.NDArray[Any]) -> tuple[Floats, float]:
        """How badly detections at the same time fit.

        Args:
            boxes: (N, 4).

        Returns:
            (N,) squared Mahalanobis distances; and the log volume of the uncertainty in face sizes,
            which makes distances of different faces comparable (their sum is −2 log likelihood).
        """
        total = self.spread[0] + self._noise()
        misses = _place(boxes) - self.place
        volume = float(np.log(total / _unit(self.place) ** 2).sum())
        return np.asarray((misses**2 / total).sum(axis=-1)), volume

    def leap(self, boxes: npt.NDArray[Any]) -> Floats:
        """(N,) how far boxes (N, 4) are from this one in face sizes; a size twice as large is 1."""
        moved = (_place(boxes) - self.place) / (_unit(self.place) * np.array([1, 1, *_OCTAVE]))
        return np.asarray(np.abs(moved).max(axis=-1))

    def _noise(self) -> Floats:
        return np.asarray((_MEASURED * _unit(self.place)) ** 2)

    def state(self) -> list[Any]:
        """In msgpack types, exact."""
        arrays = (self.place, self.speed, self.spread)
        return [self.time, *(array.ravel().tolist() for array in arrays)]

    @classmethod
    def of_state(cls, state: list[Any]) -> BoxMotion:
        """What :meth:`state` gave."""
        time, place, speed, spread = state
        return cls(time, np.array(place), np.array(speed), np.array(spread).reshape(3, 4))


def _place(boxes: npt.NDArray[Any]) -> Floats:
    """Centre and log size of boxes (..., 4)."""
    wide = boxes.astype(np.float64)
    low, high = wide[..., :2], wide[..., 2:]
    sides = np.log(np.maximum(high - low, 1.0))
    return np.concatenate([(low + high) / 2, sides], axis=-1)


def _unit(place: Floats) -> Floats:
    """(4,) what one face size is in each coordinate: pixels for the centre, 1 for a log size."""
    size = float(np.exp(place[2:].mean()))
    return np.array([size, size, 1.0, 1.0])
