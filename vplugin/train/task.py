"""What a training task offers to the trainer: a network, batches, losses, an evaluation, an export.

The trainer (:mod:`vplugin.train.trainer`) knows loops, clocks and checkpoints; a task knows what is
learned from what. Batches are a pure function of the recipe's seed and the step, so that a run that
was interrupted and resumed ends with the same weights as one that was not. Not for the networks
themselves (:mod:`vplugin.nets.house`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Generic, TypeAlias, TypeVar

import numpy as np
import torch

from vplugin.train.recipe import Recipe

__all__ = ["Batch", "Losses", "Metrics", "Task"]

Batch: TypeAlias = dict[str, torch.Tensor]
Losses: TypeAlias = Mapping[str, torch.Tensor]
Metrics: TypeAlias = Mapping[str, float]
RecipeT = TypeVar("RecipeT", bound=Recipe)


class Task(ABC, Generic[RecipeT]):
    """One kind of network and how it is trained.

    A task is handed to loader processes by fork or pickle: keep what it holds small (open
    memory-mapped shards, not arrays), and hold no random state.

    Args:
        recipe: What was asked for, checked.

    Attributes:
        name: Its name in recipes and in ``vplugin train NAME``.
        recipe_type: The pydantic model of its recipe, a subclass of :class:`Recipe`.
        best: The metric by which the best checkpoint is kept; larger is better.
    """

    name: ClassVar[str]
    recipe_type: ClassVar[type[Recipe]]
    best: ClassVar[str]

    def __init__(self, recipe: RecipeT) -> None:
        self.recipe: RecipeT = recipe

    @abstractmethod
    def prepare(self) -> None:
        """Make what training reads and is not there yet (shards); called once, before the rest.

        Raises:
            TrainError: It cannot be made.
        """

    @abstractmethod
    def build(self) -> torch.nn.Module:
        """A fresh network; torch's generator has been seeded with the recipe's seed."""

    @abstractmethod
    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """What step ``step`` (from 0) learns from, as CPU tensors with the batch first.

        Must depend on nothing but its arguments and the shards. Pictures are best left uint8 here,
        (N, 3, H, W): they are made float on the device, in :meth:`losses`.

        Args:
            step: Number of the step.
            generator: Seeded by the recipe's seed and the step.
        """

    @abstractmethod
    def losses(self, model: torch.nn.Module, batch: Batch) -> Losses:
        """Named scalar losses, already weighted: their sum is minimised.

        Called under autocast if the recipe says bf16; cast to float before anything delicate.

        Args:
            model: The network in training mode, on the recipe's device.
            batch: As :meth:`batch` gave it, on the same device; 4-D tensors are channels-last.
        """

    @abstractmethod
    def evaluate(self, model: torch.nn.Module) -> Metrics:
        """Named figures on held-out data, deterministic.

        Args:
            model: The averaged network in evaluation mode, on the recipe's device.
        """

    @abstractmethod
    def export(self, model: torch.nn.Module, path: Path) -> None:
        """Write an ONNX file that keeps the contract promised for this task.

        Args:
            model: The network in evaluation mode, on the CPU, float32.
            path: The file to write.
        """
