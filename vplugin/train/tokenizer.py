"""The task ``tokenizer``: pictures of faces as 16 × 16 codes, and back, from rendered people only.

What describing and drawing learn from is decided here: what the codes lose, nobody can say. So the
loss looks at edges as much as at colours, and the evaluation counts the codes that are used.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from vplugin.errors import TrainError
from vplugin.nets.unif2ace.tokenizer import ImageTokenizer, TokenizerSize
from vplugin.train.bank import pictures_of
from vplugin.train.checkpoint import load_weights
from vplugin.train.description.source import DescribeSource
from vplugin.train.export import export_onnx, tidy
from vplugin.train.recipe import Recipe, read
from vplugin.train.shards import Shards, open_or_render
from vplugin.train.swap import as_bytes, as_signed
from vplugin.train.task import Batch, Losses, Metrics, Task

__all__ = ["TokenizerRecipe", "TokenizerTask", "edges", "open_tokenizer"]

_STRIDES = {64: (2, 2), 96: (3, 2), 128: (2, 2, 2)}
_AT_ONCE = 32
_SHOWN = 8


class TokenizerRecipe(Recipe):
    """Fields of this task."""

    task: Literal["tokenizer"] = "tokenizer"
    side: Literal[64, 96, 128] = Field(default=96, description="Of a picture, px")
    base: int = Field(default=32, ge=4, description="Channels at full resolution")
    blocks: int = Field(default=2, ge=1, description="Residual blocks at each resolution")
    levels: tuple[int, ...] = Field(default=(8, 5, 5, 5), description="Of the quantiser")
    edges: float = Field(default=1.0, ge=0, description="Weight of edges beside colours")
    stretch: float = Field(default=1.2, gt=0, le=3, description="How much people differ in shape")

    @property
    def size(self) -> TokenizerSize:
        """Of the network."""
        return TokenizerSize(
            _STRIDES[self.side], base=self.base, blocks=self.blocks, levels=self.levels
        )

    @property
    def source(self) -> DescribeSource:
        """Of the bank."""
        return DescribeSource(self.side, self.stretch)


class TokenizerTask(Task[TokenizerRecipe]):
    """Learns and measures a tokenizer."""

    name = "tokenizer"
    recipe_type = TokenizerRecipe
    best = "psnr"
    train: Shards
    held_out: Shards

    def prepare(self) -> None:
        """Open the bank; what is missing is rendered first."""
        recipe = self.recipe
        self.train = open_or_render(recipe.source, recipe.data, recipe.data.train)
        self.held_out = open_or_render(recipe.source, recipe.data, recipe.data.held_out)

    def build(self) -> ImageTokenizer:
        """A fresh one."""
        return ImageTokenizer(self.recipe.size)

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """``pictures`` (N, 3, side, side) uint8, half of them mirrored."""
        rows = []
        for index in generator.integers(len(self.train), size=self.recipe.batch):
            picture = self.train[int(index)]["image"]
            rows.append(picture[:, ::-1] if generator.random() < 0.5 else picture)
        return {"pictures": pictures_of(rows)}

    def losses(self, model: nn.Module, batch: Batch) -> Losses:
        """Mean differences of colours and of edges."""
        pictures = as_signed(batch["pictures"])
        made = model(pictures)
        losses = {"colour": l1_loss(made, pictures)}
        if self.recipe.edges:
            losses["edges"] = self.recipe.edges * l1_loss(edges(made), edges(pictures))
        return losses

    def evaluate(self, model: nn.Module) -> Metrics:
        """``psnr`` in dB of the held-out pictures, ``codes`` used of those there are; a sheet."""
        assert isinstance(model, ImageTokenizer)
        device = next(model.parameters()).device
        errors, used, rows = [], torch.zeros(model.codes, dtype=torch.bool), []
        for start in range(0, len(self.held_out), _AT_ONCE):
            end = min(start + _AT_ONCE, len(self.held_out))
            shown = pictures_of([self.held_out[index]["image"] for index in range(start, end)])
            pictures = as_signed(shown).to(device)
            codes = model.encode(pictures)
            made = model.decode(codes).clamp(-1, 1)
            used[codes.flatten().cpu()] = True
            errors += (made - pictures).square().mean((1, 2, 3)).tolist()
            rows += [*zip(as_bytes(pictures), as_bytes(made), strict=True)]
        _write_sheet(self.recipe.output / "samples.png", rows[:_SHOWN])
        psnr = 10 * np.log10(4 / np.maximum(errors, 1e-12))
        return {"psnr": float(psnr.mean()), "codes": float(used.float().mean())}

    def export(self, model: nn.Module, path: Path) -> None:
        """Pictures (N, 3, side, side) in -1…1 → what is left of them behind the codes."""
        side = self.recipe.side
        example = torch.zeros(1, 3, side, side)
        export_onnx(model, example, path, inputs=["picture"], outputs=["through_codes"])
        tidy(path)


def open_tokenizer(folder: Path) -> tuple[ImageTokenizer, TokenizerRecipe]:
    """The tokenizer that a run left, in evaluation mode, and its recipe.

    Args:
        folder: Of the run.

    Raises:
        TrainError: There is no finished run.
    """
    path = folder / "recipe.yaml"
    if not path.exists():
        raise TrainError("no run of a tokenizer", where=folder, mend="vplugin train tokenizer")
    recipe = read(path, TokenizerRecipe)
    model = ImageTokenizer(recipe.size)
    load_weights(folder / "best.pt", model)
    return model.eval().requires_grad_(False), recipe


def edges(pictures: Tensor) -> Tensor:
    """Differences of neighbours, to the right and below: (N, 6, H − 1, W − 1)."""
    right = pictures[..., :-1, 1:] - pictures[..., :-1, :-1]
    below = pictures[..., 1:, :-1] - pictures[..., :-1, :-1]
    return torch.cat([right, below], 1)


def _write_sheet(path: Path, rows: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Pictures above, what the codes keep of them below."""
    sheet = np.concatenate([np.concatenate(list(row), 0) for row in rows], 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), sheet[..., ::-1])
