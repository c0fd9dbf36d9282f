"""What the vision code expects of a loaded model: names, shapes and types, and a way to run it.

The sessions of :mod:`vplugin.models.runtime` are of this shape; vision code takes any other object
that is, so that it can be used and tested without the model store. Not for opening model files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy.typing as npt

__all__ = ["Session", "TensorInfo"]


class TensorInfo(Protocol):
    """One input or output of a model."""

    @property
    def name(self) -> str:
        """Its name in the model file."""

    @property
    def shape(self) -> Sequence[int | str | None]:
        """Sizes of its axes; a name or None stands for one that is free."""

    @property
    def dtype(self) -> str:
        """What it holds, by numpy's name: ``float32``, ``float16`` …"""


class Session(Protocol):
    """A model that is ready to run."""

    @property
    def inputs(self) -> Sequence[TensorInfo]:
        """In the order of the model file."""

    @property
    def outputs(self) -> Sequence[TensorInfo]:
        """In the order of the model file."""

    def run(self, inputs: Mapping[str, npt.NDArray[Any]], /) -> Sequence[npt.NDArray[Any]]:
        """Run on arrays by input name; returns all outputs in order."""
