"""A task so small that a run takes a second: two blobs of points, and noise that counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from vplugin.train.recipe import Recipe
from vplugin.train.task import Batch, Losses, Metrics, Task


class TinyRecipe(Recipe):
    width: int = 8
    poison: int | None = None  # from this step on, batches hold NaN


class Tiny(Task[TinyRecipe]):
    """Tells dark pictures from light ones; dropout makes the random state matter."""

    name = "tiny"
    recipe_type = TinyRecipe
    best = "right"

    def prepare(self) -> None:
        self.prepared = True

    def build(self) -> nn.Module:
        width = self.recipe.width
        return nn.Sequential(
            nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.ReLU(), nn.Dropout(0.2),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 1),
        )  # fmt: skip

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        label = generator.integers(0, 2, self.recipe.batch)
        noise = generator.normal(0, 40, (self.recipe.batch, 3, 8, 8))
        pictures = torch.from_numpy((noise + 60 + 100 * label[:, None, None, None]) / 255).float()
        if self.recipe.poison is not None and step >= self.recipe.poison:
            pictures[:] = torch.nan
        return {"pictures": pictures, "label": torch.from_numpy(label).float()}

    def losses(self, model: nn.Module, batch: Batch) -> Losses:
        logit = model(batch["pictures"])[:, 0].float()
        loss = nn.functional.binary_cross_entropy_with_logits(logit, batch["label"])
        return {"label": loss}

    def evaluate(self, model: nn.Module) -> Metrics:
        batch = self.batch(0, np.random.default_rng(99))
        right = (model(batch["pictures"])[:, 0] > 0) == (batch["label"] > 0)
        return {"right": float(right.float().mean())}

    def export(self, model: nn.Module, path: Path) -> None:
        torch.save(model.state_dict(), path)
