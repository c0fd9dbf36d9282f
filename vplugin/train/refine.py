"""The task ``refine``: a small net that mends the lower face of any swapper's result.

It learns from cycle triplets too: what it is given is synthetic (a photo as a weak swapper would
leave it, told by the lower face of a proxy of the same person), what it should give is the photo.
The loss counts a pixel by how far input and truth are apart, so that copying the input is no way
out, and the lower face must be the truth's to FixerNet.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from vplugin.nets.reliableswap.iresnet import FIXER
from vplugin.nets.reliableswap.refine import Refiner, RefinerSize
from vplugin.train.bank import pictures_of
from vplugin.train.encoders import Encoders, open_encoders
from vplugin.train.export import export_onnx
from vplugin.train.pairs import PairSource
from vplugin.train.recipe import Recipe
from vplugin.train.shards import Item, Shards, open_or_render
from vplugin.train.swap import Picture, as_bytes, as_signed
from vplugin.train.swap_losses import embedding_loss
from vplugin.train.swap_view import write_sheet
from vplugin.train.task import Batch, Losses, Metrics, Task
from vplugin.vision.lower import REGION

__all__ = ["RefineRecipe", "RefineTask"]

_SIDE = 128
_AT_ONCE = 64
_EVEN = 0.1  # weight of a pixel where input and truth are alike


class RefineRecipe(Recipe):
    """Fields of this task."""

    task: Literal["refine"] = "refine"
    identity: Path = Field(description="Folder of an identity run")
    fixer: Path = Field(description="Folder of a fixer run")
    base: int = Field(default=12, ge=4, description="Channels at full resolution")
    blocks: int = Field(default=3, ge=1, description="Blocks that the lower face steers")
    own: float = Field(default=0.5, ge=0, le=1, description="Share told by the photo, not a proxy")
    kept: float = Field(default=0.2, ge=0, le=1, description="Share whose input is right already")
    pixels: float = Field(default=5.0, ge=0, description="Weight of L1 to the truth")
    lower: float = Field(default=1.0, ge=0, description="Weight of 1 - cosine to its lower face")
    features: float = Field(default=0.5, ge=0, description="Weight of L1 between encoder maps")
    stretch: float = Field(default=1.5, gt=0, le=3, description="How much people differ in shape")


class RefineTask(Task[RefineRecipe]):
    """Learns and measures :class:`vplugin.nets.reliableswap.refine.Refiner`."""

    name = "refine"
    recipe_type = RefineRecipe
    best = "gain"
    train: Shards
    held_out: Shards

    def prepare(self) -> None:
        """Open the bank of pairs."""
        source = PairSource(_SIDE, stretch=self.recipe.stretch)
        self.train = open_or_render(source, self.recipe.data, self.recipe.data.train)
        self.held_out = open_or_render(source, self.recipe.data, self.recipe.data.held_out)

    @cached_property
    def _encoders(self) -> Encoders:
        found = open_encoders(self.recipe.identity, self.recipe.fixer)
        return found.to(torch.device(self.recipe.device))

    def build(self) -> Refiner:
        """A fresh net, which changes nothing."""
        return Refiner(RefinerSize(FIXER.embedding, self.recipe.base, self.recipe.blocks))

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """``given``, ``told`` (whose lower face is wanted), ``truth``: (N, 3, 128, 128) uint8."""
        del step
        rows = [self._row(generator) for _ in range(self.recipe.batch)]
        given, told, truth = (pictures_of(list(column)) for column in zip(*rows, strict=True))
        return {"given": given, "told": told, "truth": truth}

    def _row(self, generator: np.random.Generator) -> tuple[Picture, Picture, Picture]:
        item: Item = self.train[int(generator.integers(len(self.train)))]
        # Of a, the proxy that has its identity is C_ba, and the other way round.
        photo, proxy = (("a", "ba"), ("b", "ab"))[int(generator.integers(2))]
        given = photo if generator.random() < self.recipe.kept else f"weak_{photo}"
        told = photo if generator.random() < self.recipe.own else proxy
        return item[given], item[told], item[photo]

    def losses(self, model: torch.nn.Module, batch: Batch) -> Losses:
        """``pixels``, ``lower`` and ``features``."""
        given, told, truth = (as_signed(batch[name]) for name in ("given", "told", "truth"))
        encoders, recipe = self._encoders, self.recipe
        with torch.no_grad():
            lower = encoders.lower(told)
            wanted, maps = encoders.lower(truth), encoders.features(truth)
        made = model(given, lower).float()
        pairs = zip(encoders.features(made), maps, strict=True)
        features = torch.stack([(a - b).abs().mean() for a, b in pairs]).sum()
        return {
            "pixels": recipe.pixels * weighted_error(made, truth, given),
            "lower": recipe.lower * embedding_loss(encoders.lower(made), wanted),
            "features": recipe.features * features,
        }

    def evaluate(self, model: torch.nn.Module) -> Metrics:
        """On held-out weak swaps, told by the photo of the same person in another scene.

        ``before`` and ``after``: cosine of the lower face to the truth's; ``psnr_before`` and
        ``psnr_after``: in the region that the net sees; ``spared``: PSNR where the input was right;
        ``gain``: what the cosine won.
        """
        weak, truth, told = (self._column(name) for name in ("weak_b", "b", "ab"))
        made, spared = self._refined(model, weak, told), self._refined(model, truth, told)
        lower = [self._lower(pictures) for pictures in (weak, made, truth)]
        before, after = (float((one * lower[2]).sum(1).mean()) for one in lower[:2])
        shown = zip(*(as_bytes(t) for t in (weak, told, made, truth)), strict=True)
        write_sheet(self.recipe.output / "samples.png", list(shown))
        return {
            "gain": after - before,
            "before": before,
            "after": after,
            "psnr_before": _psnr(weak, truth),
            "psnr_after": _psnr(made, truth),
            "spared": _psnr(spared, truth),
        }

    def _column(self, name: str) -> Tensor:
        rows = [self.held_out[index][name] for index in range(len(self.held_out))]
        return as_signed(pictures_of(rows)).to(self.recipe.device)

    def _refined(self, model: torch.nn.Module, given: Tensor, told: Tensor) -> Tensor:
        parts = zip(_parts(given), _parts(told), strict=True)
        return torch.cat([model(one, self._encoders.lower(other)) for one, other in parts])

    def _lower(self, pictures: Tensor) -> Tensor:
        return torch.cat([self._encoders.lower(part) for part in _parts(pictures)])

    def export(self, model: torch.nn.Module, path: Path) -> None:
        """``swapped`` (N, 3, 128, 128) RGB in -1…1 and ``lower`` (N, 128) → ``refined``."""
        example = torch.zeros(1, 3, _SIDE, _SIDE), torch.ones(1, FIXER.embedding)
        names = ["swapped", "lower"]
        export_onnx(model, example, path, inputs=names, outputs=["refined"])


def _parts(pictures: Tensor) -> list[Tensor]:
    return [pictures[start : start + _AT_ONCE] for start in range(0, len(pictures), _AT_ONCE)]


def weighted_error(made: Tensor, truth: Tensor, given: Tensor) -> Tensor:
    """L1 to the truth, each pixel by how far input and truth are apart; the mean weight is 1."""
    apart = (truth - given).abs().mean(1, keepdim=True)
    weight = _EVEN + apart / apart.mean((2, 3), keepdim=True).clamp(min=1e-3)
    return ((made - truth).abs() * weight).mean()


def _psnr(made: Tensor, truth: Tensor) -> float:
    """dB in what the net sees, of pictures in -1…1."""
    top, bottom, left, right = (round(share * _SIDE) for share in REGION)
    error = (made - truth)[..., top:bottom, left:right].square().mean()
    return float(10 * torch.log10(4 / error.clamp(min=1e-9)))
