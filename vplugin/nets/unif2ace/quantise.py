"""Quantisers without a learned codebook: the values of a few channels, rounded, are the code.

A map of a few channels becomes one whole number a place. There is nothing to collapse, no codebook
loss and no nearest neighbour: finite scalar quantisation for our tokenizer, signs for MAGVIT-v2's.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["FiniteScalar", "Quantiser", "Signs"]


class Quantiser(nn.Module, ABC):
    """Rounds the channels of a map; numbers a place by what its channels became.

    Args:
        levels: How many values each channel may have.
    """

    places: Tensor  # (C,) what a step of a channel is worth in the index

    def __init__(self, levels: Sequence[int], worth: Sequence[int]) -> None:
        super().__init__()
        self.levels = tuple(levels)
        self.register_buffer("places", torch.tensor(list(worth)), persistent=False)

    @property
    def channels(self) -> int:
        """Of the map."""
        return len(self.levels)

    @property
    def codes(self) -> int:
        """How many different indices there are."""
        return math.prod(self.levels)

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """Round, with the gradient of not rounding.

        Args:
            features: (N, C, H, W) any floats.

        Returns:
            (N, C, H, W) in -1…1.
        """

    def indices(self, values: Tensor) -> Tensor:
        """Codes of rounded values (N, C, H, W): (N, H·W) int64, rows first."""
        steps = self._steps(values.detach().float()).flatten(2)
        return (steps * self.places[:, None]).sum(1)

    def values(self, indices: Tensor, side: int) -> Tensor:
        """Rounded values of codes.

        Args:
            indices: (N, side · side) whole numbers below :attr:`codes`.
            side: Of the map.

        Returns:
            (N, C, side, side) float32 in -1…1.
        """
        levels = torch.tensor(self.levels, device=indices.device)
        steps = indices[:, None] // self.places[:, None] % levels[:, None]
        return torch.unflatten(self._of_steps(steps.float()), 2, (side, side))

    @abstractmethod
    def _steps(self, values: Tensor) -> Tensor:
        """Which level each channel has: whole numbers from 0."""

    @abstractmethod
    def _of_steps(self, steps: Tensor) -> Tensor:
        """Values of levels (N, C, …)."""


class FiniteScalar(Quantiser):
    """FSQ (Mentzer et al. 2023, section 3.1): a bounded channel is rounded to one of its levels.

    Args:
        levels: Of each channel; (8, 5, 5, 5) gives 1000 codes.
    """

    def __init__(self, levels: Sequence[int] = (8, 5, 5, 5)) -> None:
        super().__init__(levels, [math.prod(levels[:channel]) for channel in range(len(levels))])

    def forward(self, features: Tensor) -> Tensor:
        """See :meth:`Quantiser.forward`."""
        levels = torch.tensor(self.levels, device=features.device)[:, None, None]
        reach = (levels - 1) * (0.5 * (1 + 1e-3))  # a little more, so that the ends are reached
        even = 0.5 * (levels % 2 == 0)
        bounded = torch.tanh(features.float() + torch.atanh(even / reach)) * reach - even
        rounded = bounded + (bounded.round() - bounded).detach()
        return rounded / (levels // 2)

    def _steps(self, values: Tensor) -> Tensor:
        half = torch.tensor(self.levels, device=values.device)[:, None, None] // 2
        return (values * half + half).round().long()

    def _of_steps(self, steps: Tensor) -> Tensor:
        half = torch.tensor(self.levels, device=steps.device)[:, None] // 2
        return (steps - half) / half


class Signs(Quantiser):
    """Look-up-free quantisation (MAGVIT-v2, Yu et al. 2023): the signs of the channels.

    The first channel is the highest bit, as in Show-o.

    Args:
        channels: 13 give 8192 codes.
    """

    def __init__(self, channels: int = 13) -> None:
        super().__init__([2] * channels, [2**bit for bit in reversed(range(channels))])

    def forward(self, features: Tensor) -> Tensor:
        """See :meth:`Quantiser.forward`; nought counts as minus."""
        signs = (features > 0).to(features.dtype) * 2 - 1
        return features + (signs - features).detach()

    def _steps(self, values: Tensor) -> Tensor:
        return (values > 0).long()

    def _of_steps(self, steps: Tensor) -> Tensor:
        return steps * 2 - 1
