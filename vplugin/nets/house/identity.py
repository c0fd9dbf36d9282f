"""Who a face is: 512 numbers from an aligned 112 px crop, in ArcFace's contract.

The trunk of the landmark net, whose features know the geometry of a face at the very scale of these
crops, then linear layers over all places of its last two maps rather than their means. The output
is raw; its direction means the person.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vplugin.nets.house.trunk import Trunk, TrunkSize

__all__ = ["EMBEDDING", "SIDE", "IdentityNet"]

EMBEDDING = 512
SIDE = 112
_MIDDLE, _COARSE = 48, 80  # channels read of the maps of 7 × 7 and 4 × 4


class IdentityNet(nn.Module):
    """The net.

    Args:
        size: Of the trunk.
    """

    def __init__(self, size: TrunkSize | None = None) -> None:
        super().__init__()
        self.trunk = Trunk(size)
        widths = self.trunk.size.widths
        self.middle = _narrowed(widths[2], _MIDDLE)
        self.coarse = _narrowed(widths[3], _COARSE)
        self.embed = nn.Linear(_MIDDLE * 7 * 7 + _COARSE * 4 * 4, EMBEDDING, bias=False)
        # Features are positive: without this all embeddings would share one direction.
        self.centre = nn.BatchNorm1d(EMBEDDING, affine=False)

    def forward(self, crops: Tensor) -> Tensor:
        """Raw embeddings.

        Args:
            crops: (N, 3, 112, 112) float RGB, (x - 127.5) / 127.5, aligned to ``arcface_112``.

        Returns:
            (N, 512) float32.
        """
        _, _, middle, coarse = self.trunk(crops)
        read = [self.middle(middle).flatten(1), self.coarse(coarse).flatten(1)]
        embedding: Tensor = self.centre(self.embed(torch.cat(read, 1)).float())
        return embedding


def _narrowed(inside: int, outside: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )
