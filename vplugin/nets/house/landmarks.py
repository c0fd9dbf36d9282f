"""106 face landmarks from a crop of 1.5 times the face box: soft-argmax with a dense correction.

A heat map of stride 8 for each point says where it is (integral regression, Sun et al. 2018); a
linear layer on the pooled deep features adds what a heat map cannot say: points beyond the crop and
the pull of soft-argmax towards the middle. Contract: insightface's ``2d106det``.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from vplugin.nets.house.trunk import Trunk, TrunkSize, convolution

__all__ = ["SCALE", "LandmarkNet", "Landmarks", "scaled"]

POINTS = 106
SCALE = (
    128  # px that the trunk sees, whatever the crop: one scale to learn, less than half the cost
)


class Landmarks(NamedTuple):
    """What the net says about a batch.

    Attributes:
        points: (N, 106, 2) float32, x and y; -1 and 1 are the outer edges of the crop.
        heat: (N, 106, h, w) float32 logits of where each point is, stride 8.
    """

    points: Tensor
    heat: Tensor


class LandmarkNet(nn.Module):
    """The net.

    Args:
        size: Of the trunk.
    """

    def __init__(self, size: TrunkSize | None = None) -> None:
        super().__init__()
        self.trunk = Trunk(size)
        widths = self.trunk.size.widths
        self.across = nn.ModuleList(nn.Conv2d(widths[index], widths[1], 1) for index in (1, 2, 3))
        self.merge = convolution(widths[1], widths[1])
        self.heat = nn.Conv2d(widths[1], POINTS, 1)
        self.correction = nn.Linear(widths[3], 2 * POINTS)
        nn.init.zeros_(self.correction.weight)
        nn.init.zeros_(self.correction.bias)

    def detailed(self, pictures: Tensor) -> Landmarks:
        """Points and heat maps.

        Args:
            pictures: (N, 3, S, S) float RGB 0–255, brought to 128 px if they are not.
        """
        _, fine, middle, coarse = self.trunk(scaled((pictures - 127.5) * (1.0 / 128.0)))
        up = self.across[2](coarse)
        up = self.across[1](middle) + interpolate(up, scale_factor=2.0, mode="nearest")
        up = self.across[0](fine) + interpolate(up, scale_factor=2.0, mode="nearest")
        heat = self.heat(self.merge(relu(up))).float()
        correction = 0.1 * self.correction(coarse.mean(dim=(2, 3))).float()  # learns slowly
        return Landmarks(_expectation(heat) + correction.reshape(-1, POINTS, 2), heat)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 212) float: x and y of each point in turn.

        As the contract has it, -1 is the *centre* of the first pixel, hence the shift.
        """
        return self.detailed(pictures).points.flatten(1) - 1.0 / int(pictures.shape[-1])


def scaled(pictures: Tensor) -> Tensor:
    """Pictures (N, 3, S, S) at the side that the shared trunk has learnt at."""
    if int(pictures.shape[-1]) == SCALE:
        return pictures
    return interpolate(pictures, size=(SCALE, SCALE), mode="bilinear", align_corners=False)


def _expectation(heat: Tensor) -> Tensor:
    """Mean place (N, K, 2) of the softmax of each map (N, K, h, w)."""
    height, width = int(heat.shape[2]), int(heat.shape[3])  # fixed numbers in an exported file
    share = torch.softmax(heat.flatten(2), dim=2)
    xs = (torch.arange(width, device=heat.device) * 2.0 + 1.0) / width - 1.0
    ys = (torch.arange(height, device=heat.device) * 2.0 + 1.0) / height - 1.0
    places = torch.stack(
        [xs.expand(height, width).flatten(), ys[:, None].expand(height, width).flatten()], dim=1
    )
    return share @ places
