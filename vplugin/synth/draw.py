"""Random numbers that are the same on every machine: SplitMix64, then exact arithmetic only.

NumPy's generators would do for the integers, but its normal deviates go through the C library's
``log`` and ``exp``, which differ in the last bit from one machine to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def _mixed(word: int) -> int:
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _MASK
    return word ^ (word >> 31)


class Draw:
    """A stream of random numbers with a name; streams of different names are independent.

    Taking :meth:`of` for everything that has a name of its own keeps old draws as they were when
    something new is drawn beside them.

    Args:
        seed: Any integer.
        name: Path of the stream, for :meth:`of`.
    """

    def __init__(self, seed: int, name: str = "") -> None:
        self.seed = seed
        self.name = name
        digest = blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
        self._state = int.from_bytes(digest, "little")

    def of(self, name: str | int) -> Draw:
        """The stream ``name`` below this one, always at its start."""
        return Draw(self.seed, f"{self.name}/{name}")

    def bits(self) -> int:
        """The next 64 bits."""
        self._state = (self._state + _GOLDEN) & _MASK
        return _mixed(self._state)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A number in [low, high)."""
        return low + (high - low) * ((self.bits() >> 11) * 2.0**-53)

    def normal(self, mean: float = 0.0, spread: float = 1.0) -> float:
        """About a normal deviate: the sum of twelve uniform ones, never beyond six spreads."""
        return mean + spread * (sum(self.uniform() for _ in range(12)) - 6.0)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def integer(self, low: int, high: int) -> int:
        """A whole number in [low, high)."""
        return low + int(self.uniform() * (high - low))

    def choice(self, items: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """One of the items; ``weights`` need not sum to 1."""
        if weights is None:
            return items[self.integer(0, len(items))]
        left = self.uniform() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            left -= weight
            if left < 0:
                return item
        return items[-1]

    def array(self, *shape: int) -> npt.NDArray[np.float64]:
        """Uniform numbers in [0, 1) of this shape."""
        count = int(np.prod(shape, dtype=np.int64)) if shape else 1
        with np.errstate(over="ignore"):
            steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
            word = steps + np.uint64(self._state)
            word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            word = word ^ (word >> np.uint64(31))
        self._state = (self._state + count * _GOLDEN) & _MASK
        return np.asarray((word >> np.uint64(11)) * 2.0**-53, np.float64).reshape(shape)

    def normals(self, *shape: int) -> npt.NDArray[np.float64]:
        """As :meth:`normal`, mean 0 and spread 1, of this shape."""
        given = self.array(12, *shape)
        total: npt.NDArray[np.float64] = np.zeros(shape)
        for part in given:
            total = total + part
        return total - 6.0
