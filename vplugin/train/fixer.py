"""The task ``fixer``: FixerNet (arXiv 2306.05356), which tells people apart by the lower face.

It sees 56 of the 112 pixels of ArcFace's crop: nose tip, mouth, jaw and chin. The published net is
an IResNet-50 that is trained on 93 431 real people; the recipe here is a small one of the same
family, on rendered people, and ``depths`` and ``widths`` give the published size.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field
from torch import nn

from vplugin.nets.reliableswap.iresnet import FIXER, IResNet, IResNetSize
from vplugin.train.recognise import Picture, RecogniserRecipe, RecogniserTask
from vplugin.vision.lower import lower_part

__all__ = ["FixerRecipe", "FixerTask"]

_Four = tuple[int, int, int, int]


class FixerRecipe(RecogniserRecipe):
    """Fields of this task."""

    task: Literal["fixer"] = "fixer"
    depths: _Four = Field(default=(1, 1, 1, 1), description="Blocks at each resolution")
    widths: _Four = Field(default=(32, 64, 128, 256), description="Their channels")


class FixerTask(RecogniserTask[FixerRecipe]):
    """Learns and measures :class:`vplugin.nets.reliableswap.iresnet.IResNet` on lower faces."""

    name = "fixer"
    recipe_type = FixerRecipe
    width = FIXER.embedding

    def net(self) -> IResNet:
        """A fresh net of the recipe's size."""
        size = IResNetSize(FIXER.side, FIXER.embedding, self.recipe.depths, self.recipe.widths)
        return IResNet(size)

    def last(self, net: nn.Module) -> tuple[nn.Linear, nn.BatchNorm1d]:
        """See :meth:`RecogniserTask.last`."""
        assert isinstance(net, IResNet)
        return net.embed, net.last

    def part(self, crop: Picture) -> Picture:
        """Its lower middle, (56, 56, 3)."""
        rows, columns = lower_part()
        return np.ascontiguousarray(crop[rows, columns])
