"""Intervals and tests: a paired bootstrap over groups of cases, and McNemar's test for retrieval.

Cases of one group (two swaps between the same two people, frames of one video) are not independent,
so that groups are resampled and not cases. All rows and measures share the resampled groups: a
difference between two rows is then a paired one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

__all__ = ["Bootstrap", "Interval", "mcnemar"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

_LEVEL = 0.95
_FEWEST = 5  # groups; fewer cannot tell how much they differ
_AT_ONCE = 4_000_000  # weights that are held at a time


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval; NaN where there is none, as of fewer than five groups.

    Attributes:
        mean: Of all cases that have a figure.
        low: 2.5th percentile of the resampled means.
        high: 97.5th percentile.
        n: Cases that have a figure.
    """

    mean: float
    low: float
    high: float
    n: int


class Bootstrap:
    """Resampled means of many columns of figures at once.

    Args:
        groups: (N,) to which group each case belongs.
        draws: How often groups are resampled.
        seed: Of the resampling.
    """

    def __init__(self, groups: Array, draws: int = 10_000, seed: int = 7) -> None:
        _, self._group = np.unique(np.asarray(groups), return_inverse=True)
        self._count = int(self._group.max(initial=-1)) + 1
        self._draws, self._seed = draws, seed

    def intervals(self, columns: Array) -> list[Interval]:
        """Of each column.

        Args:
            columns: (N, M); NaN is no figure.
        """
        wide = np.asarray(columns, np.float64)
        known = np.isfinite(wide)
        sums, counts = self._grouped(np.where(known, wide, 0.0)), self._grouped(known)
        total, n = sums.sum(0), known.sum(0)
        means = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
        low, high = np.full((2, len(n)), np.nan)
        if self._count >= _FEWEST and n.any():
            tails = (1 - _LEVEL) / 2, (1 + _LEVEL) / 2
            drawn = self._resampled(sums[:, n > 0], counts[:, n > 0])
            low[n > 0], high[n > 0] = np.nanquantile(drawn, tails, axis=0)
        rows = zip(means, low, high, n, strict=True)
        return [Interval(float(m), float(a), float(b), int(c)) for m, a, b, c in rows]

    def _grouped(self, columns: Array) -> Floats:
        """(G, M) sums over the cases of each group."""
        out = np.zeros((self._count, columns.shape[1]))
        np.add.at(out, self._group, columns)
        return out

    def _resampled(self, sums: Floats, counts: Floats) -> Floats:
        """(draws, M) means of resampled groups; the same groups at every call."""
        generator = np.random.default_rng(self._seed)
        share = np.full(self._count, 1.0 / self._count)
        step = max(1, _AT_ONCE // self._count)
        parts = []
        for first in range(0, self._draws, step):
            size = min(step, self._draws - first)
            weights = generator.multinomial(self._count, share, size).astype(np.float64)
            below = weights @ counts
            filled = np.full(below.shape, np.nan)
            parts.append(np.divide(weights @ sums, below, out=filled, where=below > 0))
        return np.concatenate(parts)


def mcnemar(ours: Array, theirs: Array) -> float:
    """Exact McNemar test (two-sided) of two rows of right and wrong: the chance of such a split.

    Args:
        ours: (N,) 1 right, 0 wrong; NaN is left out.
        theirs: (N,) of the same cases.
    """
    both = np.isfinite(ours) & np.isfinite(theirs)
    one, two = np.asarray(ours)[both] > 0.5, np.asarray(theirs)[both] > 0.5
    only_one, only_two = int(np.sum(one & ~two)), int(np.sum(two & ~one))
    if only_one + only_two == 0:
        return 1.0
    return float(binomtest(only_one, only_one + only_two).pvalue)
