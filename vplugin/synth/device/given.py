"""The numbers that a paint reads, looked up for each place: rows of one table for many subjects."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Given(NamedTuple):
    """Parameters of paints, and whose each place is.

    Attributes:
        numbers: (S, K) float32.
        whole: (S, K) int64, the same: seeds are too large for floats of 32 bits.
        row: (N,) int64, the row of each place.
    """

    numbers: Tensor
    whole: Tensor
    row: Tensor

    def at(self, column: int) -> Tensor:
        """(N,) float32 of one column."""
        return self.numbers[self.row, column]

    def seed(self, column: int) -> Tensor:
        """(N,) int64 of one column."""
        return self.whole[self.row, column]

    def several(self, columns: Tensor) -> Tensor:
        """(N,) float32, another column for each place."""
        return self.numbers[self.row, columns]

    def of(self, places: Tensor) -> Given:
        """For some of the places: a mask (N,) or their numbers."""
        return Given(self.numbers, self.whole, self.row[places])
