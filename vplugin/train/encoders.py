"""The frozen nets that say who a face is while a swapper learns: identity, and the lower face.

They are read from the folders of their own runs (``net.pt`` and ``recipe.yaml``) and take the
crops of swappers (``arcface_128``), of which they see their part without resampling at 128 px.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize

from vplugin.errors import TrainError
from vplugin.nets.house.identity import IdentityNet
from vplugin.nets.reliableswap.iresnet import fused, identity_crop, lower_crop
from vplugin.train.checkpoint import load, put_weights
from vplugin.train.fixer import FixerRecipe, FixerTask
from vplugin.train.recipe import read

__all__ = ["Encoders", "Told", "open_encoders"]

_SIDE = 128  # px, at which crops hold those of the encoders exactly


class Told(NamedTuple):
    """Who some source pictures show: identity (N, 512), and lower face (N, 128) or None."""

    identity: Tensor
    lower: Tensor | None

    @property
    def latent(self) -> Tensor:
        """Both as the vector that a generator takes, (N, 512) or (N, 640)."""
        return self.identity if self.lower is None else fused(self.identity, self.lower)


class Encoders:
    """Identity encoder and FixerNet, in evaluation mode, their weights fixed.

    Gradients pass through them to pictures. Pictures are (N, 3, S, S) float RGB in -1…1, aligned to
    ``arcface_128``; S is 128 or a multiple, or less, which is enlarged first.

    Args:
        identity: ArcFace's 112 px → a vector of any length.
        fixer: The lower 56 px of it → a vector of length 1; None: there is none.
    """

    def __init__(self, identity: IdentityNet, fixer: nn.Module | None = None) -> None:
        self._identity = identity.eval().requires_grad_(False)
        self._fixer = None if fixer is None else fixer.eval().requires_grad_(False)

    def to(self, device: torch.device) -> Encoders:
        """The same on another device."""
        for net in (self._identity, self._fixer):
            if net is not None:
                net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self

    @property
    def has_fixer(self) -> bool:
        """Whether there is a FixerNet."""
        return self._fixer is not None

    def identity(self, pictures: Tensor) -> Tensor:
        """(N, 512) of length 1."""
        return normalize(self._identity(_crop(pictures)).float())

    def lower(self, pictures: Tensor) -> Tensor:
        """(N, 128) of length 1, of the lower face."""
        assert self._fixer is not None
        found: Tensor = self._fixer(lower_crop(_crop(pictures)))
        return normalize(found.float())

    def told(self, pictures: Tensor) -> Told:
        """What a generator is told of source pictures; nothing is learned through it."""
        with torch.no_grad():
            who = self.identity(pictures)
            return Told(who, None if self._fixer is None else self.lower(pictures))

    def latent(self, pictures: Tensor) -> Tensor:
        """The same as one vector: identity, and the lower face beside it."""
        return self.told(pictures).latent

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Maps of the identity encoder at strides 4, 8 and 16."""
        found: list[Tensor] = self._identity.trunk(_crop(pictures))[:3]
        return found


def open_encoders(identity: Path, fixer: Path | None) -> Encoders:
    """Read them from the folders of their runs.

    Args:
        identity: Folder that ``vplugin train identity`` wrote.
        fixer: Folder that ``vplugin train fixer`` wrote, or None.

    Raises:
        TrainError: A folder holds no such run.
    """
    one = IdentityNet()
    _fill(one, identity, "identity")
    if fixer is None:
        return Encoders(one)
    recipe = read(fixer / "recipe.yaml", FixerRecipe)
    other = FixerTask(recipe).net()
    _fill(other, fixer, "fixer")
    return Encoders(one, other)


def _fill(net: nn.Module, folder: Path, task: str) -> None:
    """Put the weights of a finished run into a fresh net."""
    path = folder / "net.pt"
    if not path.is_file():
        raise TrainError("is no finished run", where=folder, mend=f"vplugin train {task}")
    put_weights(net, load(path)["weights"], path)


def _crop(pictures: Tensor) -> Tensor:
    side = pictures.shape[-1]
    if side < _SIDE:
        pictures = interpolate(pictures, size=(_SIDE, _SIDE), mode="bilinear", align_corners=False)
    return identity_crop(pictures)
