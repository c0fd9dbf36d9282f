"""Discriminators: PatchGAN at several scales (Isola et al. 2017; Wang et al. 2018).

:class:`ProjectedDiscriminator` judges frozen features instead of pixels (Sauer et al. 2021): any
net that gives maps at several strides will do, such as the house landmark net's trunk.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Protocol

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

__all__ = ["Features", "MultiScaleDiscriminator", "PatchDiscriminator", "ProjectedDiscriminator"]

_LEAK = 0.2


class Features(Protocol):
    """A net that gives maps of a picture, fine ones first."""

    def __call__(self, pictures: Tensor) -> Sequence[Tensor]:
        """(N, 3, S, S) → maps (N, C, h, w)."""


class PatchDiscriminator(nn.Module):
    """One scale: how real each patch is, with the maps on the way.

    Args:
        base: Channels of the first layer.
        layers: Halvings.
    """

    def __init__(self, base: int = 64, layers: int = 3) -> None:
        super().__init__()
        widths = [base * min(1 << level, 8) for level in range(layers + 1)]
        first = nn.Sequential(nn.Conv2d(3, base, 4, 2, 1), nn.LeakyReLU(_LEAK))
        inner = [
            _normed(a, b, 2 if level < layers - 1 else 1)
            for level, (a, b) in enumerate(itertools.pairwise(widths))
        ]
        self.layers = nn.ModuleList([first, *inner, nn.Conv2d(widths[-1], 1, 4, 1, 1)])

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """(N, 3, S, S) in -1…1 → maps, the last (N, 1, h, w): larger means more real."""
        maps, x = [], pictures
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        return maps


class MultiScaleDiscriminator(nn.Module):
    """Several of them, each on the picture halved once more.

    Args:
        scales: How many.
        base: Channels of their first layers.
        layers: Halvings of each.
    """

    def __init__(self, scales: int = 3, base: int = 64, layers: int = 3) -> None:
        super().__init__()
        self.scales = nn.ModuleList(PatchDiscriminator(base, layers) for _ in range(scales))

    def forward(self, pictures: Tensor) -> list[list[Tensor]]:
        """(N, 3, S, S) in -1…1 → of each scale the maps; the last of each is the verdict."""
        found = []
        for scale in self.scales:
            found.append(scale(pictures))
            pictures = avg_pool2d(pictures, 3, 2, 1, count_include_pad=False)
        return found


class ProjectedDiscriminator(nn.Module):
    """Verdicts on the maps of a frozen net.

    Args:
        features: Frozen here: its parameters get no gradient, its input does.
        widths: Channels of its maps.
        hidden: Channels of the heads.
    """

    def __init__(self, features: nn.Module, widths: Sequence[int], hidden: int = 64) -> None:
        super().__init__()
        self.features = features.eval().requires_grad_(False)
        self.heads = nn.ModuleList(
            nn.Sequential(_normed(width, hidden, 1, 3), nn.Conv2d(hidden, 1, 3, 1, 1))
            for width in widths
        )

    def train(self, mode: bool = True) -> ProjectedDiscriminator:
        """As any module, but the frozen net stays in evaluation mode."""
        super().train(mode)
        self.features.eval()
        return self

    def forward(self, pictures: Tensor) -> list[list[Tensor]]:
        """(N, 3, S, S) in -1…1 → of each map one verdict (N, 1, h, w)."""
        maps = self.features(pictures)
        return [[head(one)] for head, one in zip(self.heads, maps, strict=True)]


def _normed(inside: int, outside: int, stride: int, kernel: int = 4) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride, 1, bias=False),
        nn.BatchNorm2d(outside),
        nn.LeakyReLU(_LEAK),
    )
