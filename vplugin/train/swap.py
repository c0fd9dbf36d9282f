"""The task ``swap``: a generator that learns from vanilla pairs and cycle triplets (ReliableSwap).

One module holds generator and discriminator, and one backward pass serves both: the discriminator
is frozen while it judges for the generator, and sees the answers without their history when it
learns. What a batch is made of follows the published order (:class:`.triplets.Mixing`); the arms of
the ablation differ in ``arm`` and ``fixer`` alone and see the same pictures in the same order.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple, Self

import cv2
import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from vplugin.nets.reliableswap.discriminator import MultiScaleDiscriminator
from vplugin.nets.reliableswap.faceshifter import FaceShifter, FaceShifterSize
from vplugin.nets.reliableswap.iresnet import FIXER
from vplugin.nets.reliableswap.simswap import Generator, GeneratorSize
from vplugin.train.bank import pictures_of
from vplugin.train.encoders import open_encoders
from vplugin.train.pairs import PairSource, pair_of
from vplugin.train.photos import FolderPairs
from vplugin.train.recipe import Recipe
from vplugin.train.shards import Item, Shards, Source, open_or_render
from vplugin.train.swap_export import export_swapper
from vplugin.train.swap_losses import Kind
from vplugin.train.swap_objective import Objective, Swapping, Weights, Work
from vplugin.train.swap_view import figures, write_sheet
from vplugin.train.task import Batch, Losses, Metrics, Task
from vplugin.train.triplets import Mixing, Triplet, kind_of, triplet
from vplugin.vision.parse import FaceClass

__all__ = ["SwapRecipe", "SwapTask", "as_bytes", "as_signed"]

_IDENTITY = 512  # numbers of the identity encoder
_ENCODED = 128  # px of the pictures that encoders see
_AT_ONCE = 32
_BEFORE = (FaceClass.HAIR, FaceClass.HAT)  # what stays, however near the face it is
_FACE = (
    FaceClass.SKIN, FaceClass.LEFT_BROW, FaceClass.RIGHT_BROW, FaceClass.LEFT_EYE,
    FaceClass.RIGHT_EYE, FaceClass.GLASSES, FaceClass.LEFT_EAR, FaceClass.RIGHT_EAR, FaceClass.NOSE,
    FaceClass.INNER_MOUTH, FaceClass.UPPER_LIP, FaceClass.LOWER_LIP,
)  # fmt: skip

Picture = npt.NDArray[np.uint8]
Arm = Literal["vanilla", "naive", "cycle", "oracle"]


class SwapRecipe(Recipe):
    """Fields of this task."""

    task: Literal["swap"] = "swap"
    arm: Arm = Field(default="cycle", description="Which triplets, if any; oracle: exact truths")
    identity: Path = Field(description="Folder of an identity run")
    fixer: Path | None = Field(default=None, description="Folder of a fixer run; null: without it")
    host: Literal["simswap", "faceshifter"] = Field(default="simswap", description="Generator")
    side: Literal[64, 128, 256] = Field(default=128, description="Of the swapped picture, px")
    base: int = Field(default=24, ge=4, description="Channels of SimSwap at full resolution")
    blocks: int = Field(default=4, ge=1, description="Its identity blocks")
    gain: float = Field(default=8.0, gt=0, description="Latents are multiplied by this")
    thinner: int = Field(default=4, ge=1, description="Divides the channels of FaceShifter")
    discriminator: int = Field(default=24, ge=4, description="Channels of its first layer")
    scales: int = Field(default=2, ge=1, le=4, description="At which it judges")
    period: int = Field(default=24, ge=1, description="Batches after which the order repeats")
    triplets: int = Field(default=4, ge=0, description="Triplets among them, the last ones")
    same: int = Field(default=4, ge=0, description="Every so many-th other one: source is target")
    released: bool = Field(default=False, description="Losses as the public code computes them")
    keep: Literal["surroundings", "hair"] = Field(
        default="surroundings", description="Where answers must be the target; paper: hair"
    )
    unsteady: float = Field(
        default=0.5, ge=0, le=3, description="How much encoders see answers moved and noisy"
    )
    weights: Weights = Field(default=Weights(), description="Of the terms")
    stretch: float = Field(default=1.5, gt=0, le=3, description="How much people differ in shape")
    pairs: Path | None = Field(default=None, description="Folders of pairs, in place of a bank")
    aligned: str = Field(default="ffhq_512", description="Template those pairs are aligned to")

    @model_validator(mode="after")
    def _truths_are_rendered(self) -> Self:
        if self.pairs is not None and self.arm == "oracle":
            raise ValueError("arm oracle wants exact truths: photographs have none")
        return self


class _Row(NamedTuple):
    """One line of a batch: a triplet, what of its target stays (bool), and a photo."""

    pictures: Triplet
    kept: npt.NDArray[np.bool_]
    real: Picture


class SwapTask(Task[SwapRecipe]):
    """Learns and measures a swapper."""

    name = "swap"
    recipe_type = SwapRecipe
    best = "truth"
    train: Shards
    held_out: Shards

    def prepare(self) -> None:
        """Open the bank of pairs, and the encoders."""
        recipe, side = self.recipe, max(self.recipe.side, _ENCODED)
        source: Source = PairSource(side, stretch=recipe.stretch)
        if recipe.pairs is not None:
            source = FolderPairs(recipe.pairs, side, recipe.aligned)
        self.train = open_or_render(source, recipe.data, recipe.data.train)
        self.held_out = open_or_render(source, recipe.data, recipe.data.held_out)

    @cached_property
    def _objective(self) -> Objective:
        recipe = self.recipe
        encoders = open_encoders(recipe.identity, recipe.fixer).to(torch.device(recipe.device))
        return Objective(
            encoders,
            recipe.weights,
            triplet_run=recipe.arm != "vanilla",
            naive=recipe.arm == "naive",
            released=recipe.released,
            unsteady=recipe.unsteady,
        )

    def generator(self) -> nn.Module:
        """A fresh one of the recipe's kind and size."""
        recipe = self.recipe
        latent = _IDENTITY + (FIXER.embedding if recipe.fixer else 0)
        if recipe.host == "simswap":
            return Generator(GeneratorSize(latent, recipe.base, recipe.blocks, gain=recipe.gain))
        halvings = recipe.side.bit_length() - 2  # down to 2 px
        return FaceShifter(FaceShifterSize(latent, halvings, recipe.thinner, recipe.gain))

    def build(self) -> Swapping:
        """A fresh generator and a fresh discriminator."""
        judge = MultiScaleDiscriminator(self.recipe.scales, self.recipe.discriminator)
        return Swapping(self.generator(), judge)

    # --------------------------------------------------------------- batches

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """``target truth real kept`` at the recipe's side, ``source`` larger, and ``kind``."""
        kind = kind_of(step, self._mixing)
        rows = [self._row(kind, generator) for _ in range(self.recipe.batch)]
        side = self.recipe.side
        kept = [row.kept.astype(np.uint8) * 255 for row in rows]
        return {
            "kind": torch.tensor(int(kind)),
            "target": pictures_of([_sized(row.pictures.target, side) for row in rows]),
            "source": pictures_of([row.pictures.source for row in rows]),
            "truth": pictures_of([_sized(row.pictures.truth, side) for row in rows]),
            "real": pictures_of([_sized(row.real, side) for row in rows]),
            "kept": pictures_of([_sized(one, side)[..., None] for one in kept]),
        }

    @property
    def _mixing(self) -> Mixing:
        recipe = self.recipe
        count = 0 if recipe.arm == "vanilla" else recipe.triplets
        which: Literal["cycle", "naive"] = "naive" if recipe.arm == "naive" else "cycle"
        return Mixing(recipe.period, count, recipe.same, which)

    def _row(self, kind: Kind, generator: np.random.Generator) -> _Row:
        first, second = generator.integers(len(self.train), size=2)
        side = int(generator.integers(2))
        item = self.train[int(first)]
        if kind.triplet:
            return self._triplet(item, kind)
        target = item["ab"[side]]
        other = item if kind == Kind.SAME else self.train[int(second)]
        place = side if kind == Kind.SAME else int(generator.integers(2))
        return _Row(Triplet(target, other["ab"[place]], target), self._kept(item, side), target)

    def _triplet(self, item: Item, kind: Kind) -> _Row:
        """What the arm makes of a triplet's place in the order."""
        about_b = kind in (Kind.NAIVE_BACK, Kind.CYCLE)  # the target has the attributes of b
        side = int(about_b)
        if self.recipe.arm == "oracle":
            truth = item["truth_ba" if about_b else "truth_ab"]
            pictures = Triplet(item["ab"[side]], item["ab"[1 - side]], truth)
        else:
            pictures = triplet(pair_of(item), kind)
        return _Row(pictures, self._kept(item, side), item["ab"[side]])

    def _kept(self, item: Item, side: int) -> npt.NDArray[np.bool_]:
        """Where the target stays as it is: its hair, or all but its face and what borders it."""
        labels = item["labels"][side]
        if self.recipe.keep == "hair":
            return np.asarray(labels == FaceClass.HAIR, np.bool_)
        size = labels.shape[0] // 10 | 1  # another jaw may cover so much more, or less
        reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        near = cv2.dilate(np.isin(labels, _FACE).astype(np.uint8), reach)
        return np.asarray((near == 0) | np.isin(labels, _BEFORE), np.bool_)

    def losses(self, model: torch.nn.Module, batch: Batch) -> Losses:
        """See :class:`vplugin.train.swap_objective.Objective`."""
        assert isinstance(model, Swapping)
        names = ("target", "source", "truth", "kept", "real")
        target, source, truth, kept, real = (as_signed(batch[name]) for name in names)
        work = Work(Kind(int(batch["kind"])), target, source, truth, (kept + 1) / 2, real)
        return self._objective.losses(model, work)

    # ------------------------------------------------------------ evaluation

    def evaluate(self, model: torch.nn.Module) -> Metrics:
        """Figures on the held-out pairs (see :func:`.swap_view.figures`), and ``samples.png``."""
        assert isinstance(model, Swapping)
        encoders = self._objective.encoders
        answers = self._answers(model)
        write_sheet(self.recipe.output / "samples.png", answers)
        device = torch.device(self.recipe.device)
        return figures(answers, encoders, device)

    def _answers(self, model: Swapping) -> list[tuple[Picture, Picture, Picture, Picture]]:
        """Target, source, answer and truth of each held-out pair, as pictures.

        The truth is the exact one; of photographs, that of a cycle triplet.
        """
        shown = ("a", "b", "truth_ab") if self.recipe.pairs is None else ("ba", "ab", "b")
        side, device = self.recipe.side, torch.device(self.recipe.device)
        rows = []
        for start in range(0, len(self.held_out), _AT_ONCE):
            end = min(start + _AT_ONCE, len(self.held_out))
            items = [self.held_out[index] for index in range(start, end)]
            source = as_signed(pictures_of([item[shown[1]] for item in items])).to(device)
            targets = [_sized(item[shown[0]], side) for item in items]
            latent = self._objective.encoders.latent(source)
            made = model(as_signed(pictures_of(targets)).to(device), latent)
            answers = as_bytes(made)
            truths = [_sized(item[shown[2]], side) for item in items]
            sources = [_sized(item[shown[1]], side) for item in items]
            rows += list(zip(targets, sources, answers, truths, strict=True))
        return rows

    def export(self, model: torch.nn.Module, path: Path) -> None:
        """The inswapper contract, see :func:`vplugin.train.swap_export.export_swapper`."""
        assert isinstance(model, Swapping)
        photos = [item[name] for item in self._some_items(512) for name in ("a", "b")]
        encoders = open_encoders(self.recipe.identity, self.recipe.fixer)
        export_swapper(model.generator, encoders, photos, self.recipe.side, path)

    def _some_items(self, count: int) -> list[Item]:
        return [self.train[index] for index in range(min(count, len(self.train)))]


def _sized(picture: Picture, side: int) -> Picture:
    if picture.shape[0] == side:
        return picture
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def as_signed(pictures: Tensor) -> Tensor:
    """uint8 as float in -1…1."""
    return pictures.float() / 127.5 - 1


def as_bytes(pictures: Tensor) -> list[Picture]:
    """Back to pictures (S, S, 3) uint8."""
    levels = ((pictures.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return list(levels.permute(0, 2, 3, 1).cpu().numpy())
