"""A small net that strengthens the lower face of any swapper's result, told by FixerNet how.

It sees the mouth, jaw and chin of a swapped crop and the source's lower-face embedding, and gives a
residual with a mask. It begins as the identity, and never touches the rim of what it sees, so that
nothing has to be blended afterwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from vplugin.nets.reliableswap.simswap import IdentityBlock
from vplugin.vision.lower import REGION

__all__ = ["Refiner", "RefinerSize"]

_RIM = 0.2  # share of the region's side over which the mask rises from nought


@dataclass(frozen=True)
class RefinerSize:
    """Width and depth.

    Attributes:
        latent: Numbers of the lower-face embedding.
        base: Channels at full resolution.
        blocks: Blocks that the embedding steers, at a quarter of it.
    """

    latent: int = 128
    base: int = 12
    blocks: int = 3


class Refiner(nn.Module):
    """Swapped picture and the source's lower-face embedding → picture with another lower face.

    Args:
        size: Width and depth.
    """

    def __init__(self, size: RefinerSize | None = None) -> None:
        super().__init__()
        self.size = size or RefinerSize()
        base = self.size.base
        self.down = nn.ModuleList(
            [
                nn.Sequential(nn.Conv2d(3, base, 3, 1, 1), nn.ReLU()),
                nn.Sequential(nn.Conv2d(base, 2 * base, 3, 2, 1), nn.ReLU()),
                nn.Sequential(nn.Conv2d(2 * base, 4 * base, 3, 2, 1), nn.ReLU()),
            ]
        )
        self.blocks = nn.ModuleList(
            IdentityBlock(4 * base, self.size.latent) for _ in range(self.size.blocks)
        )
        self.up = nn.ModuleList([_up(4 * base, 2 * base), _up(2 * base, base)])
        self.head = nn.Conv2d(base, 4, 3, 1, 1)
        for weight in self.head.parameters():
            nn.init.zeros_(weight)

    def forward(self, swapped: Tensor, lower: Tensor) -> Tensor:
        """Refine.

        Args:
            swapped: (N, 3, S, S) float RGB in -1…1, aligned to ``arcface_128``; S divisible by 128.
            lower: (N, latent) float of the source's lower face, length 1.

        Returns:
            (N, 3, S, S), outside of :data:`REGION` the input itself.
        """
        residual, mask = self.change(swapped, lower)
        return swapped + residual * mask

    def change(self, swapped: Tensor, lower: Tensor) -> tuple[Tensor, Tensor]:
        """What is added and how much of it: (N, 3, S, S) and (N, 1, S, S) in 0…1."""
        side = int(swapped.shape[-1])
        top, bottom, left, right = (round(share * side) for share in REGION)
        x = swapped[..., top:bottom, left:right]
        skips = []
        for down in self.down:
            x = down(x)
            skips.append(x)
        for block in self.blocks:
            x = block(x, lower)
        for up, skip in zip(self.up, skips[-2::-1], strict=True):
            x = up(x) + skip
        said = self.head(x)
        mask = torch.sigmoid(said[:, 3:]) * _window(int(x.shape[-2]), int(x.shape[-1]), x)
        around = (left, side - right, top, side - bottom)
        return pad(torch.tanh(said[:, :3]), around), pad(mask, around)


def _up(inside: int, outside: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=False),
        nn.Conv2d(inside, outside, 3, 1, 1),
        nn.ReLU(),
    )


def _window(height: int, width: int, like: Tensor) -> Tensor:
    """(height, width) 1 in the middle, nought at left, right and top; the chin goes to the edge."""
    across = torch.minimum(torch.arange(width), torch.arange(width - 1, -1, -1)) / (width * _RIM)
    down = torch.arange(height) / (height * _RIM)
    rise = [0.5 - 0.5 * torch.cos(math.pi * ramp.clamp(0, 1)) for ramp in (down, across)]
    return (rise[0][:, None] * rise[1][None]).to(like)
