"""The task ``identity``: embeddings of whole faces whose direction means the person."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from torch import nn

from vplugin.errors import TrainError
from vplugin.nets.house.identity import EMBEDDING, IdentityNet
from vplugin.train.bank import load_trunk
from vplugin.train.recognise import Picture, RecogniserRecipe, RecogniserTask

__all__ = ["IdentityRecipe", "IdentityTask"]


class IdentityRecipe(RecogniserRecipe):
    """Fields of this task."""

    task: Literal["identity"] = "identity"
    trunk: Path | None = Field(default=None, description="best.pt of a landmark run to begin from")


class IdentityTask(RecogniserTask[IdentityRecipe]):
    """Learns and measures :class:`vplugin.nets.house.identity.IdentityNet`."""

    name = "identity"
    recipe_type = IdentityRecipe
    width = EMBEDDING

    def prepare(self) -> None:
        """See :meth:`RecogniserTask.prepare`; the trunk is looked for before anything is rendered.

        Raises:
            TrainError: The recipe names a trunk that is not there.
        """
        trunk = self.recipe.trunk
        if trunk is not None and not trunk.is_file():
            raise TrainError(
                "there is no such trunk",
                where=trunk,
                mend="train landmarks first, or begin without: --set trunk=null",
            )
        super().prepare()

    def net(self) -> IdentityNet:
        """A fresh net, on the trunk that the recipe names."""
        net = IdentityNet()
        load_trunk(self.recipe.trunk, net)
        return net

    def last(self, net: nn.Module) -> tuple[nn.Linear, nn.BatchNorm1d]:
        """See :meth:`RecogniserTask.last`."""
        assert isinstance(net, IdentityNet)
        return net.embed, net.centre

    def part(self, crop: Picture) -> Picture:
        """All of it."""
        return crop
