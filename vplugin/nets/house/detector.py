"""The house face detector: a small network in the form and contract of SCRFD.

Plain 3x3 convolutions with residual blocks (on CPUs these run nearer to the peak than depthwise
ones, in training too), a feature pyramid with a way up and a way down, one small head per level
with its own scale for the distances. Strides 8, 16, 32, two anchors a cell, five points. The form
follows Guo et al., "Sample and Computation Redistribution for Efficient Face Detection" (2021):
much of the computation lies at stride 4 and 8, where small faces are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["ANCHORS", "STRIDES", "Detector", "DetectorShape", "Found"]

STRIDES = (8, 16, 32)
ANCHORS = 2  # per cell; the contract's number
_SIZES = ((2.0, 4.0), (4.0, 8.0), (8.0, 16.0))  # of a fresh network's boxes, in strides, per level


@dataclass(frozen=True)
class DetectorShape:
    """Width and depth.

    Attributes:
        widths: Channels at strides 2, 4, 8, 16, 32.
        blocks: Residual blocks at strides 4, 8, 16, 32.
        neck: Channels of the pyramid.
        head: Convolutions in each head.
    """

    widths: tuple[int, int, int, int, int] = (16, 24, 48, 80, 128)
    blocks: tuple[int, int, int, int] = (1, 1, 2, 1)
    neck: int = 48
    head: int = 1


class Found(NamedTuple):
    """What the network says about every anchor; rows run over cells, then anchors.

    Attributes:
        scores: Three of (N, rows, 1), logits; sigmoids in an exported file.
        sides: Three of (N, rows, 4), distances from the cell's corner to left, top, right and
            bottom of the box, in strides.
        points: Three of (N, rows, 10), offsets x, y of the five points, in strides.
    """

    scores: tuple[Tensor, ...]
    sides: tuple[Tensor, ...]
    points: tuple[Tensor, ...]


class _Conv(nn.Sequential):
    """Convolution, norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class _Block(nn.Module):
    """Two convolutions beside a short cut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _Conv(width, width)
        self.second = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(self.second(self.first(x)))
        out: Tensor = self.act(x + y)
        return out


class _Backbone(nn.Module):
    """Picture → features at strides 8, 16, 32."""

    def __init__(self, shape: DetectorShape) -> None:
        super().__init__()
        widths = shape.widths
        self.stem = _Conv(3, widths[0], 3, 2)
        self.stages = nn.ModuleList(
            nn.Sequential(_Conv(w, wider, 3, 2), *(_Block(wider) for _ in range(count)))
            for w, wider, count in zip(widths, widths[1:], shape.blocks, strict=False)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        x, features = self.stem(x), []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features[1:]


class _Neck(nn.Module):
    """Features of all levels, each told by the coarser and by the finer ones."""

    def __init__(self, widths: tuple[int, ...], neck: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(_Conv(width, neck, 1) for width in widths)
        self.down = nn.ModuleList(_Conv(neck, neck, 3, 2) for _ in widths[1:])
        self.up = nn.Upsample(scale_factor=2.0, mode="nearest")

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        levels = [lateral(x) for lateral, x in zip(self.lateral, features, strict=True)]
        for i in (1, 0):
            levels[i] = levels[i] + self.up(levels[i + 1])
        for i, down in enumerate(self.down):
            levels[i + 1] = levels[i + 1] + down(levels[i])
        return levels


class _Head(nn.Module):
    """Scores, sides and points of one level."""

    def __init__(self, neck: int, depth: int, sizes: tuple[float, ...]) -> None:
        super().__init__()
        self.tower = nn.Sequential(*(_Conv(neck, neck) for _ in range(depth)))
        self.score = nn.Conv2d(neck, ANCHORS, 3, 1, 1)
        self.side = nn.Conv2d(neck, 4 * ANCHORS, 3, 1, 1)
        self.point = nn.Conv2d(neck, 10 * ANCHORS, 3, 1, 1)
        self.scale = nn.Parameter(torch.ones(1))
        for one in (self.score, self.side, self.point):
            nn.init.normal_(one.weight, std=0.01)
        self.score.bias = _bias([-4.6] * ANCHORS)  # 1 % of the anchors, as in focal loss
        self.side.bias = _bias([size / 2 for size in sizes for _ in range(4)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.tower(x)
        sides = torch.relu(self.side(x) * self.scale)
        return _rows(self.score(x), 1), _rows(sides, 4), _rows(self.point(x), 10)


class Detector(nn.Module):
    """Pictures → what is found at every anchor.

    Takes (N, 3, H, W) float RGB, (x - 127.5) / 128, H and W multiples of 32.
    """

    def __init__(self, shape: DetectorShape | None = None) -> None:
        super().__init__()
        shape = shape or DetectorShape()
        self.backbone = _Backbone(shape)
        self.neck = _Neck(shape.widths[2:], shape.neck)
        self.heads = nn.ModuleList(_Head(shape.neck, shape.head, sizes) for sizes in _SIZES)

    def forward(self, pictures: Tensor) -> Found:
        levels = self.neck(self.backbone(pictures))
        found = [head(level) for head, level in zip(self.heads, levels, strict=True)]
        scores, sides, points = zip(*found, strict=True)
        return Found(scores, sides, points)


def _bias(values: list[float]) -> nn.Parameter:
    return nn.Parameter(torch.tensor(values))


def _rows(maps: Tensor, values: int) -> Tensor:
    """(N, anchors * values, H, W) → (N, H * W * anchors, values)."""
    return maps.permute(0, 2, 3, 1).reshape(maps.shape[0], -1, values)
