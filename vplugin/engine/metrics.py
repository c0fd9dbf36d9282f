"""Numbers about a run that take no more room the longer it runs."""

from __future__ import annotations

import math
from collections import Counter

_STEP = math.log(1.04)  # buckets 4 % apart


class Histogram:
    """Quantiles of positive numbers to within 2 %, in logarithmic buckets."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.largest = 0.0
        self._buckets: Counter[int] = Counter()

    def add(self, value: float) -> None:
        """Count one value; zero and below count as the smallest bucket."""
        self.count += 1
        self.total += value
        self.largest = max(self.largest, value)
        self._buckets[math.floor(math.log(max(value, 1e-9)) / _STEP)] += 1

    def quantile(self, share: float) -> float | None:
        """The value below which ``share`` (0–1) of the counted ones lie; None without any."""
        if not self.count:
            return None
        wanted = share * self.count
        seen = 0
        for bucket in sorted(self._buckets.copy()):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return min(math.exp((bucket + 0.5) * _STEP), self.largest)
        return self.largest
