"""Batches made ahead of the trainer, in other processes, in the order of the steps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, cast

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from vplugin.train.task import Batch, Task

__all__ = ["batches", "generator_of"]

_AHEAD = 3  # batches that each loader may be ahead


def generator_of(seed: int, step: int) -> np.random.Generator:
    """The generator of one step of one run."""
    return np.random.default_rng((seed, step))


class _Steps(Dataset[Batch]):
    """Step number → batch."""

    def __init__(self, task: Task[Any]) -> None:
        self._task = task

    def __getitem__(self, step: int) -> Batch:
        return self._task.batch(step, generator_of(self._task.recipe.seed, step))


class _From:
    """The steps from one on; long beyond any run."""

    def __init__(self, first: int) -> None:
        self._first = first

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._first, 1 << 40))


def batches(task: Task[Any], first: int) -> Iterator[Batch]:
    """The batches of the steps from ``first`` on, without end; the same for any ``loaders``."""
    count = task.recipe.loaders
    loader = DataLoader(
        _Steps(task),
        batch_size=None,
        sampler=cast(Any, _From(first)),
        num_workers=count,
        prefetch_factor=_AHEAD if count else None,
        worker_init_fn=_one_thread,
        generator=torch.Generator(),  # else torch's own would move, and a resumed run differ
    )
    yield from loader


def _one_thread(worker: int) -> None:
    del worker  # torch has already seen to its own threads
    cv2.setNumThreads(0)
    os.setsid()  # Ctrl-C in a terminal is for the trainer: it saves, then ends its loaders
