"""IResNet (Duta et al. 2020, as ArcFace uses it): tells people apart, by all of a face or half.

FixerNet is the same net on the lower face: a 56 px crop of ArcFace's 112 px crop, 128 numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from vplugin.vision.lower import lower_part

__all__ = ["FIXER", "IResNet", "IResNetSize", "fused", "identity_crop", "lower_crop"]


@dataclass(frozen=True)
class IResNetSize:
    """Width, depth and what goes in and out.

    Attributes:
        side: Of the crop, px.
        embedding: Numbers that come out.
        depths: Blocks at each of the four resolutions: (3, 4, 14, 3) is IResNet-50.
        widths: Their channels.
    """

    side: int = 112
    embedding: int = 512
    depths: tuple[int, int, int, int] = (3, 4, 14, 3)
    widths: tuple[int, int, int, int] = (64, 128, 256, 512)

    def last_side(self) -> int:
        """Side of the last map."""
        side = self.side
        for _ in self.widths:
            side = (side + 1) // 2
        return side


#: FixerNet as published: IResNet-50 on 56 px, 128 numbers, 31.8 M parameters.
FIXER = IResNetSize(side=56, embedding=128)


class _Block(nn.Module):
    """Norm, convolution, norm, PReLU, convolution (which may halve), norm, beside a short cut."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(inside),
            nn.Conv2d(inside, outside, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outside),
            nn.PReLU(outside),
            nn.Conv2d(outside, outside, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outside),
        )
        self.short = nn.Sequential()
        if stride != 1 or inside != outside:
            self.short = nn.Sequential(
                nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside)
            )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.body(x) + self.short(x)
        return out


class IResNet(nn.Module):
    """Aligned crop → embedding of length 1.

    Args:
        size: Width, depth, crop and embedding.
    """

    def __init__(self, size: IResNetSize | None = None) -> None:
        super().__init__()
        self.size = size or IResNetSize()
        widths, side = self.size.widths, self.size.last_side()
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 3, 1, 1, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.PReLU(widths[0]),
        )
        stages, before = [], widths[0]
        for width, depth in zip(widths, self.size.depths, strict=True):
            rest = [_Block(width, width, 1) for _ in range(depth - 1)]
            stages.append(nn.Sequential(_Block(before, width, 2), *rest))
            before = width
        self.stages = nn.Sequential(*stages)
        self.norm = nn.BatchNorm2d(before)
        self.embed = nn.Linear(before * side * side, self.size.embedding)
        self.last = nn.BatchNorm1d(self.size.embedding)
        self.last.weight.requires_grad_(False)  # its spread is the margin loss's to set

    def raw(self, crops: Tensor) -> Tensor:
        """The embedding before its length is made 1: (N, embedding)."""
        x = self.norm(self.stages(self.stem(crops)))
        out: Tensor = self.last(self.embed(x.flatten(1)).float())
        return out

    def forward(self, crops: Tensor) -> Tensor:
        """Embed.

        Args:
            crops: (N, 3, side, side) float RGB in -1…1.

        Returns:
            (N, embedding) float32 of length 1.
        """
        return normalize(self.raw(crops))


def identity_crop(pictures: Tensor) -> Tensor:
    """ArcFace's crop out of swap crops: nothing is resampled at 128 px, averages at its multiples.

    Args:
        pictures: (N, 3, S, S), aligned to ``arcface_128``; S a multiple of 128.

    Returns:
        (N, 3, 112, 112).
    """
    scale = pictures.shape[-1] // 128
    crop = pictures[..., : 112 * scale, 8 * scale : 120 * scale]
    return crop if scale == 1 else nn.functional.avg_pool2d(crop, scale)


def lower_crop(crops: Tensor) -> Tensor:
    """What FixerNet sees of ArcFace's crops (N, 3, 112, 112): (N, 3, 56, 56)."""
    return crops[(..., *lower_part())]


def fused(identity: Tensor, lower: Tensor) -> Tensor:
    """Both embeddings side by side, the lower face's length weighed by its number of values.

    The published code concatenates a vector of length 1 with one whose values have variance 1, so
    that the latter drowns the former; here each *value* of either has the same variance.

    Args:
        identity: (N, I), length 1.
        lower: (N, L), length 1.

    Returns:
        (N, I + L).
    """
    share = (lower.shape[1] / identity.shape[1]) ** 0.5
    return torch.cat([identity, lower * share], 1)
