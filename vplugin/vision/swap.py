"""Swapping faces in aligned crops: the interface.

A swapper sees crops only. Cutting them out, matching colour and blending the result back are the
same for all swappers and live in :mod:`~vplugin.vision.align`, :mod:`~vplugin.vision.match` and
:mod:`~vplugin.vision.blend`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from vplugin.vision.align import Template
from vplugin.vision.source import Source

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Swapped:
    """What a swapper made.

    Attributes:
        crops: (N, S, S, 3) float32 RGB in 0–1.
        masks: (N, S, S) float32 in 0–1, where the swapper has something to show; None: everywhere.
        finished: Whether light, colours and the border are final.
    """

    crops: npt.NDArray[np.float32]
    masks: npt.NDArray[np.float32] | None = None
    finished: bool = False


class Swapper(Protocol):
    """Puts the face of a source into crops of target faces."""

    @property
    def name(self) -> str:
        """For reports."""

    @property
    def template(self) -> Template:
        """How the crops must be aligned."""

    @property
    def sizes(self) -> Sequence[int]:
        """Widths of crops that it takes, ascending; the smallest that loses nothing is used."""

    @property
    def match_colour(self) -> bool:
        """Whether its crops still need the target's colour and light."""

    def prepare(self, source: Source) -> Any:
        """Do once per source what need not be done per frame; the result goes into :meth:`swap`."""

    def swap(
        self,
        crops: Array,
        points: Array,
        sources: Sequence[Any],
        tracks: Sequence[int | None],
        time: float = 0.0,
    ) -> Swapped:
        """Swap faces.

        Args:
            crops: (N, S, S, 3) float32 RGB in 0–1, S one of :attr:`sizes`.
            points: (N, 5, 2), in the crops.
            sources: N results of :meth:`prepare`.
            tracks: N persons' numbers, for swappers that keep something per person.
            time: Seconds, of the frame.
        """

    def new_shot(self) -> None:
        """Forget what was kept steady: another picture begins."""
