"""What differs between people, and not between pictures of one: the last step of a recogniser.

After training, embeddings still hold what pictures of one person differ by. A linear map keeps each
principal direction of the people's means as much as it can be trusted: ``sqrt(b / (b + c·w))`` for
its variance ``b`` between people and the mean variance ``w`` within (the root of a Wiener filter,
so that the embedding's own length stays out of it). The map is folded into the last layer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

__all__ = ["Between", "between_people", "fold"]

Floats = npt.NDArray[np.float64]

_CAUTION = 3.0  # c: chosen once, on held-out people; 1 to 10 give nearly the same


class Between:
    """The map ``e → matrix · (e - mean)``.

    Attributes:
        mean: (E,) of the embeddings.
        matrix: (E, E).
    """

    def __init__(self, mean: Floats, matrix: Floats) -> None:
        self.mean, self.matrix = mean, matrix


def between_people(
    embeddings: npt.NDArray[np.floating], people: npt.NDArray[np.integer]
) -> Between:
    """The map for these embeddings.

    Args:
        embeddings: (N, E), of at least two people, several of most of them.
        people: (N,) whose each is.
    """
    rows = embeddings.astype(np.float64)
    mean = rows.mean(0)
    _, whose, count = np.unique(people, return_inverse=True, return_counts=True)
    middles = np.zeros((len(count), rows.shape[1]))
    np.add.at(middles, whose, rows)
    middles /= count[:, None]
    within = float(((rows - middles[whose]) ** 2).sum() / max(len(rows) - len(count), 1))
    within /= rows.shape[1]  # mean variance of a direction
    scatter = np.cov(middles.T) - within / count.mean() * np.eye(rows.shape[1])
    variance, directions = np.linalg.eigh(scatter)
    variance = np.maximum(variance, 0)
    trust = np.sqrt(variance / (variance + _CAUTION * within + 1e-12))
    return Between(mean, trust[:, None] * directions.T)


@torch.no_grad()
def fold(linear: nn.Linear, norm: nn.BatchNorm1d, between: Between) -> None:
    """Put the map into the last layers of a net, which then gives mapped embeddings.

    Args:
        linear: The last linear layer; changed.
        norm: The normalisation after it, in evaluation mode; made to do nothing but shift.
        between: The map of what ``norm`` gives.
    """
    assert norm.running_mean is not None
    assert norm.running_var is not None
    matrix = torch.from_numpy(between.matrix)
    gain = (norm.running_var.double() + norm.eps).rsqrt()
    shift = -norm.running_mean.double() * gain
    if norm.affine:
        gain, shift = gain * norm.weight.double(), shift * norm.weight.double() + norm.bias.double()
    if linear.bias is not None:
        shift = shift + gain * linear.bias.double()
        linear.bias.zero_()
    linear.weight.copy_(_as(matrix @ (gain[:, None] * linear.weight.double()), linear.weight))
    offset = matrix @ (shift - torch.from_numpy(between.mean))
    norm.running_mean.copy_(_as(-offset, norm.running_mean))
    norm.running_var.fill_(1 - norm.eps)
    if norm.affine:
        norm.weight.fill_(1)
        norm.bias.zero_()


def _as(values: Tensor, like: Tensor) -> Tensor:
    return values.to(like.dtype)
