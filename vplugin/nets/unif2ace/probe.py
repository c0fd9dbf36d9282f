"""A small classifier of a face's attributes: judges what was drawn, and answers where words do not.

Each attribute has its values and one more, "not to be seen". Not part of the model that describes:
what draws must not judge itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vplugin.nets.house.trunk import Trunk, TrunkSize, convolution

__all__ = ["AttributeProbe"]


class AttributeProbe(nn.Module):
    """The net.

    Args:
        values: How many values each attribute has, "not to be seen" included.
        size: Of the trunk.
    """

    def __init__(self, values: Sequence[int], size: TrunkSize | None = None) -> None:
        super().__init__()
        self.values = tuple(values)
        self.trunk = Trunk(size)
        widths = self.trunk.size.widths
        self.fine = convolution(widths[1], 64)
        self.grid = nn.AdaptiveAvgPool2d(4)  # where something is tells what it is
        self.mixed = nn.Sequential(nn.Linear(16 * (64 + widths[2]) + widths[3], 192), nn.ReLU())
        self.answers = nn.Linear(192, sum(self.values))

    def features(self, pictures: Tensor) -> Tensor:
        """(N, 192) what the answers are made of, for distances of sets of pictures.

        Args:
            pictures: (N, 3, S, S) float RGB in -1…1, S divisible by 32.
        """
        _, fine, middle, coarse = self.trunk(pictures)
        parts = [self.grid(self.fine(fine)).flatten(1), self.grid(middle).flatten(1)]
        found: Tensor = self.mixed(torch.cat([*parts, coarse.mean((2, 3))], 1))
        return found.float()

    def raw(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Logits of each attribute's values: (N, values) each."""
        answers = self.answers(self.features(pictures)).float()
        return torch.split(answers, list(self.values), 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Chances, attribute after attribute: (N, sum of the values) float32."""
        return torch.cat([logits.softmax(1) for logits in self.raw(pictures)], 1)
