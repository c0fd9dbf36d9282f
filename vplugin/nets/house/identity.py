"""Who a face is: 512 numbers from an aligned 112 px crop, in ArcFace's contract.

A residual net of the IResNet kind (Deng et al. 2019) made small: PReLU, strided transitions, and a
linear layer over all places of the last map rather than their mean. The output is raw; its
direction means the person.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["IdentityNet", "IdentitySize"]

EMBEDDING = 512
SIDE = 112


@dataclass(frozen=True)
class IdentitySize:
    """Size of the net.

    Attributes:
        stem: Channels at 56 px.
        widths: Channels at 28, 14 and 7 px.
        depths: Residual blocks at 28, 14 and 7 px.
        last: Channels that the linear layer reads.
    """

    stem: int = 24
    widths: tuple[int, int, int] = (56, 112, 208)
    depths: tuple[int, int, int] = (1, 2, 1)
    last: int = 64


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.PReLU(channels),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )
        norm = self.body[-1]
        assert isinstance(norm, nn.BatchNorm2d)
        nn.init.zeros_(norm.weight)  # each block begins as the identity

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


def _down(inside: int, outside: int, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, 2, kernel // 2, bias=False),
        nn.BatchNorm2d(outside),
        nn.PReLU(outside),
    )


class IdentityNet(nn.Module):
    """The net.

    Args:
        size: How wide and deep.
    """

    def __init__(self, size: IdentitySize | None = None) -> None:
        super().__init__()
        self.size = size or IdentitySize()
        layers: list[nn.Module] = [_down(3, self.size.stem, 5)]
        inside = self.size.stem
        for outside, depth in zip(self.size.widths, self.size.depths, strict=True):
            layers += [_down(inside, outside), *(_Block(outside) for _ in range(depth))]
            inside = outside
        layers.append(nn.Conv2d(inside, self.size.last, 1, bias=False))
        layers.append(nn.BatchNorm2d(self.size.last))
        self.body = nn.Sequential(*layers)
        self.embed = nn.Linear(self.size.last * (SIDE // 16) ** 2, EMBEDDING)

    def forward(self, crops: Tensor) -> Tensor:
        """Raw embeddings.

        Args:
            crops: (N, 3, 112, 112) float RGB, (x - 127.5) / 127.5, aligned to ``arcface_112``.

        Returns:
            (N, 512) float32.
        """
        embedding: Tensor = self.embed(torch.flatten(self.body(crops), 1))
        return embedding.float()
