"""What a recogniser is to tell of a person: the principal components of plain portraits.

Eigenfaces (Turk and Pentland 1991) of what :mod:`vplugin.train.plain` drew, colour and relief
alike: the directions in which people are seen to differ, the greatest first. A name is learned
slowly, one person at a time; this is learned from everybody at once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from vplugin.train.shards import Shards

__all__ = ["Goals", "Picture"]

Picture = npt.NDArray[np.uint8]
Part = Callable[[Picture], Picture]

_FLAT = 64  # levels of relief from the middle that still count; the rest is backdrop
_FITTED = 4000  # people that the components are found by
_ROUNDS = 4  # of the subspace iteration


class Goals:
    """Components of plain portraits.

    Args:
        bank: Of :class:`vplugin.train.plain.PlainSource`.
        part: What the recogniser sees of ArcFace's crop (112, 112, C).
        count: How many components.

    Attributes:
        weights: (K,) of the components in a loss, mean 1: as they are seen to differ.
    """

    def __init__(self, bank: Shards, part: Part, count: int) -> None:
        rows = _rows(bank, part, np.arange(min(len(bank), _FITTED)))
        self._mean = rows.mean(0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(47)
            middle = torch.from_numpy(rows - self._mean)
            _, sizes, basis = torch.svd_lowrank(middle, q=min(count, *rows.shape), niter=_ROUNDS)
        spread = sizes.numpy() / len(rows) ** 0.5
        self._basis = basis.numpy() / np.maximum(spread, 1e-6)
        self.weights = (spread / spread.mean()).astype(np.float32)

    def of(self, bank: Shards, part: Part) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Numbers of a bank's people (N,), and their components (N, K), each of variance 1."""
        parts = []
        for start in range(0, len(bank), 1024):
            some = np.arange(start, min(start + 1024, len(bank)))
            parts.append((_rows(bank, part, some) - self._mean) @ self._basis)
        return np.asarray(bank.column("person"), np.int64), np.concatenate(parts)


def _rows(bank: Shards, part: Part, places: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """(N, F): colours, then relief, both in units of 40 levels, about what each varies by."""
    colours, reliefs = [], []
    for place in places:
        item = bank[int(place)]
        seen = np.dstack([item["image"], item["relief"]]).repeat(2, 0).repeat(2, 1)
        half = part(seen[:112, 8:120])[::2, ::2].astype(np.float32)
        colours.append(half[..., :3].ravel())
        reliefs.append(np.clip(half[..., 3] - 127.5, -_FLAT, _FLAT).ravel())
    return np.hstack([np.stack(colours) / 40.0, np.stack(reliefs) / 40.0])
