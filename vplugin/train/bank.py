"""What the tasks that learn from the bank of faces have in common: opening it, drawing from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
import torch
from pydantic import Field, model_validator

from vplugin.errors import TrainError
from vplugin.train.augment import Matrix
from vplugin.train.checkpoint import load, put_weights
from vplugin.train.cut import Cut, cut, mirrored
from vplugin.train.faces import Face, FaceSource, read_face
from vplugin.train.recipe import Recipe
from vplugin.train.shards import Shards, open_or_render
from vplugin.train.task import Task

__all__ = ["FaceRecipe", "FaceTask", "PeopleRecipe", "load_trunk", "pictures_of"]


class PeopleRecipe(Recipe):
    """Fields of tasks whose bank has several pictures of each person."""

    variants: int = Field(default=4, ge=1, description="Pictures of each person in the bank")

    @model_validator(mode="after")
    def _nobody_twice(self) -> Self:
        """No person, not only no picture, is both learned from and held out."""
        ranges = [
            (first // self.variants, (end - 1) // self.variants)
            for first, end in (self.data.train, self.data.held_out)
        ]
        (a, b), (c, d) = ranges
        if a <= d and c <= b:
            raise ValueError("data.train and data.held_out share a person: use whole persons")
        return self


class FaceRecipe(PeopleRecipe):
    """Fields that the tasks share."""

    behind: float = Field(default=0.4, ge=0, le=1, description="Share before another backdrop")


RecipeT = TypeVar("RecipeT", bound=FaceRecipe)


class FaceTask(Task[RecipeT]):
    """A task that learns from :class:`vplugin.train.faces.FaceSource`."""

    train: Shards
    held_out: Shards

    def prepare(self) -> None:
        """Open the bank; what is missing is rendered first."""
        source = FaceSource(self.recipe.data.size, self.recipe.variants)
        self.train = open_or_render(source, self.recipe.data, self.recipe.data.train)
        self.held_out = open_or_render(source, self.recipe.data, self.recipe.data.held_out)

    def some_face(self, generator: np.random.Generator) -> Face:
        """Any training face, mirrored or not."""
        face = read_face(self.train[int(generator.integers(len(self.train)))])
        return mirrored(face) if generator.random() < 0.5 else face

    def some_cut(
        self, face: Face, matrix: Matrix, side: int, generator: np.random.Generator
    ) -> Cut:
        """A crop of a training face, now and then before another picture."""
        other = None
        if generator.random() < self.recipe.behind:
            other = self.train[int(generator.integers(len(self.train)))]["image"]
        return cut(face, matrix, side, generator, other)

    def held_out_faces(self) -> Iterator[tuple[Face, np.random.Generator]]:
        """Each held-out face, with a generator of its own that is always the same."""
        for index in range(len(self.held_out)):
            yield read_face(self.held_out[index]), np.random.default_rng((41, index))


def pictures_of(rows: list[np.ndarray]) -> torch.Tensor:
    """Crops (S, S, 3) as one tensor (N, 3, S, S), uint8."""
    return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).contiguous()


def load_trunk(path: Path | None, net: torch.nn.Module) -> None:
    """Give a net the trunk of another one that was trained.

    Args:
        path: Its ``best.pt``; None leaves the net as it is.
        net: Has a ``trunk`` of the same size.

    Raises:
        TrainError: The file holds no such trunk.
    """
    if path is None:
        return
    weights = load(path)["weights"]
    held = {name: value for name, value in weights.items() if name.startswith("trunk.")}
    missing = [name for name in net.state_dict() if name.startswith("trunk.") and name not in held]
    if missing or not held:
        raise TrainError("holds no trunk of this size", where=path, mend="train landmarks first")
    put_weights(net, net.state_dict() | held, path)
