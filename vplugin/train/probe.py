"""The task ``probe``: which attributes a picture shows, as it is and as the tokenizer leaves it.

It judges what a model draws: it learned from original and from reconstructed pictures in equal
parts, so that it does not take the tokenizer's blur for a fault of the drawing, and its accuracy on
reconstructions is the ceiling that drawings are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from vplugin.errors import TrainError
from vplugin.nets.unif2ace.probe import AttributeProbe
from vplugin.nets.unif2ace.tokenizer import ImageTokenizer
from vplugin.train.bank import pictures_of
from vplugin.train.checkpoint import load_weights
from vplugin.train.description.facts import facts_of
from vplugin.train.description.grammar import ATTRIBUTES, UNSEEN, Facts
from vplugin.train.description.source import seen_of
from vplugin.train.export import export_onnx, tidy
from vplugin.train.recipe import Recipe
from vplugin.train.shards import Shards, open_or_render
from vplugin.train.swap import as_signed
from vplugin.train.task import Batch, Losses, Metrics, Task
from vplugin.train.tokenizer import open_tokenizer

__all__ = ["VALUES", "ProbeRecipe", "ProbeTask", "goal_of", "new_probe", "open_probe", "values_of"]

#: Values of each attribute, in the order of the probe's columns; the last one is not to be seen.
VALUES: Mapping[str, tuple[str, ...]] = {
    name: (*attribute.values, UNSEEN) for name, attribute in ATTRIBUTES.items()
}
_UNKNOWN = -100
_AT_ONCE = 64


class ProbeRecipe(Recipe):
    """Fields of this task."""

    task: Literal["probe"] = "probe"
    tokenizer: Path = Field(description="Folder of a tokenizer run")


class ProbeTask(Task[ProbeRecipe]):
    """Learns and measures a probe."""

    name = "probe"
    recipe_type = ProbeRecipe
    best = "ceiling"
    train: Shards
    held_out: Shards

    def prepare(self) -> None:
        """Open the tokenizer's bank; what is missing is rendered first."""
        source = open_tokenizer(self.recipe.tokenizer)[1].source
        self.train = open_or_render(source, self.recipe.data, self.recipe.data.train)
        self.held_out = open_or_render(source, self.recipe.data, self.recipe.data.held_out)

    @cached_property
    def tokenizer(self) -> ImageTokenizer:
        """Of the recipe's run, frozen."""
        return open_tokenizer(self.recipe.tokenizer)[0].to(self.recipe.device)

    def build(self) -> AttributeProbe:
        """A fresh one."""
        return new_probe()

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """``pictures`` uint8 and ``goal`` (N, attributes), which value or -100."""
        del step
        some = [
            self.train[int(i)] for i in generator.integers(len(self.train), size=self.recipe.batch)
        ]
        goal = np.stack([goal_of(facts_of(seen_of(item))) for item in some])
        return {
            "pictures": pictures_of([item["image"] for item in some]),
            "goal": torch.from_numpy(goal),
        }

    def losses(self, model: nn.Module, batch: Batch) -> Losses:
        """Cross entropy of the attributes, half of the batch as the tokenizer leaves it."""
        assert isinstance(model, AttributeProbe)
        pictures, half = as_signed(batch["pictures"]), len(batch["pictures"]) // 2
        with torch.no_grad():
            through = self.tokenizer(pictures[:half]).clamp(-1, 1)
        raw = model.raw(torch.cat([through.to(pictures.dtype), pictures[half:]]))
        each = [
            cross_entropy(logits, batch["goal"][:, column], ignore_index=_UNKNOWN, reduction="sum")
            for column, logits in enumerate(raw)
        ]
        known = (batch["goal"] != _UNKNOWN).sum().clamp_min(1)
        return {"attributes": torch.stack(each).sum() / known}

    def evaluate(self, model: nn.Module) -> Metrics:
        """``originals`` and ``ceiling`` (reconstructions): share of the known values that is right.

        ``ceiling_NAME`` is that of one attribute.
        """
        assert isinstance(model, AttributeProbe)
        items = [self.held_out[index] for index in range(len(self.held_out))]
        goal = np.stack([goal_of(facts_of(seen_of(item))) for item in items])
        pictures = as_signed(pictures_of([item["image"] for item in items]))
        device = next(model.parameters()).device
        found: dict[str, list[npt.NDArray[np.int64]]] = {"originals": [], "ceiling": []}
        for start in range(0, len(pictures), _AT_ONCE):
            shown = pictures[start : start + _AT_ONCE].to(device)
            found["originals"].append(_best(model, shown))
            found["ceiling"].append(_best(model, self.tokenizer(shown).clamp(-1, 1)))
        known = goal != _UNKNOWN
        right = {name: np.concatenate(rows) == goal for name, rows in found.items()}
        figures = {name: float(one[known].mean()) for name, one in right.items()}
        for column, name in enumerate(VALUES):
            if known[:, column].any():
                figures[f"ceiling_{name}"] = float(
                    right["ceiling"][known[:, column], column].mean()
                )
        return figures

    def export(self, model: nn.Module, path: Path) -> None:
        """``picture`` (N, 3, S, S) in -1…1 → ``chances`` (N, values), in the order of VALUES."""
        side = self.tokenizer.size.side
        example = torch.zeros(1, 3, side, side)
        export_onnx(model, example, path, inputs=["picture"], outputs=["chances"])
        tidy(path)


def new_probe() -> AttributeProbe:
    """A fresh probe of the grammar's attributes."""
    return AttributeProbe([len(values) for values in VALUES.values()])


def open_probe(folder: Path) -> AttributeProbe:
    """The probe that a run left, in evaluation mode.

    Raises:
        TrainError: There is no such run.
    """
    if not (folder / "best.pt").exists():
        raise TrainError("no run of a probe", where=folder, mend="vplugin train probe")
    model = new_probe()
    load_weights(folder / "best.pt", model)
    return model.eval().requires_grad_(False)


def goal_of(facts: Facts) -> npt.NDArray[np.int64]:
    """Number of each attribute's value; -100 for what lies between two."""
    return np.array(
        [
            values.index(facts[name].value) if name in facts else _UNKNOWN
            for name, values in VALUES.items()
        ]
    )


def values_of(model: AttributeProbe, pictures: Tensor) -> list[dict[str, str]]:
    """The likeliest value of each attribute, of pictures (N, 3, S, S) in -1…1."""
    return [
        {name: values[at] for (name, values), at in zip(VALUES.items(), row, strict=True)}
        for row in _best(model, pictures).tolist()
    ]


def _best(model: AttributeProbe, pictures: Tensor) -> npt.NDArray[np.int64]:
    raw = model.raw(pictures)
    return torch.stack([logits.argmax(1) for logits in raw], 1).cpu().numpy()
