"""Mixture of experts for single tokens: several small feed-forward nets instead of one.

Each group (rows that answer, rows that draw) has experts of its own: the task chooses the group,
nothing is learned there. Within a group some experts always speak and a router chooses among the
others for each token (DeepSeekMoE's form; the paper's figures show one shared and eight routed, of
which four speak).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, linear

__all__ = ["FeedForward", "TokenExperts", "TokenSettings", "balance_of", "upcycle"]


@dataclass(frozen=True)
class TokenSettings:
    """Which experts there are.

    Attributes:
        hidden: Width of each.
        shared: That always speak, in each group.
        routed: Among which is chosen; 0 leaves only the separation by task.
        chosen: How many of them speak for a token.
        groups: 2: experts of their own for each task; 1: the same for both.
    """

    hidden: int
    shared: int = 1
    routed: int = 8
    chosen: int = 4
    groups: int = 2

    def __post_init__(self) -> None:
        if not 0 <= self.chosen <= self.routed or self.shared + self.chosen < 1:
            raise ValueError("no expert would speak, or more than there are")


class FeedForward(nn.Module):
    """The dense layer that experts take the place of.

    Args:
        width: Of the stream.
        hidden: Of the layer.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.rise, self.fall = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """(…, width) → the same."""
        out: Tensor = self.fall(gelu(self.rise(x), approximate="tanh"))
        return out


class TokenExperts(nn.Module):
    """The experts of one group: y = Σ shared(x) + Σ over the chosen of gate · expert(x).

    Gates are the router's softmax over all routed experts and are not made to sum to 1 again. All
    experts stand side by side in two dense layers and those not chosen are multiplied by nought:
    exact, and for small experts faster than gathering (the notes' section 9.6).

    Args:
        width: Of the stream.
        settings: Which experts.
    """

    def __init__(self, width: int, settings: TokenSettings) -> None:
        super().__init__()
        self.settings = settings
        count = settings.shared + settings.routed
        self.rise = nn.Linear(width, count * settings.hidden)
        self.fall = nn.Linear(count * settings.hidden, width, bias=False)
        self.bias = nn.Parameter(torch.zeros(count, width))
        self.router = nn.Linear(width, settings.routed, bias=False) if settings.routed else None

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Ask the experts.

        Args:
            x: (N, L, width).

        Returns:
            The same shape; the balance loss, a scalar; and (routed,) which share of the tokens
            each routed expert spoke for (it sums to 1).
        """
        gates, balance, load = self._gates(x)
        hidden = gelu(self.rise(x), approximate="tanh")
        hidden = torch.unflatten(hidden, -1, (gates.shape[-1], -1))
        mixed = (hidden * gates[..., None].to(hidden.dtype)).flatten(-2)
        return self.fall(mixed) + (gates @ self.bias.float()).to(mixed.dtype), balance, load

    def _gates(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(N, L, experts) float32, the shared ones first."""
        always = x.new_ones(*x.shape[:-1], self.settings.shared, dtype=torch.float32)
        if self.router is None:
            return always, always.new_zeros(()), always.new_zeros(0)
        with torch.autocast(x.device.type, enabled=False):  # bf16 would tie the experts' scores
            wanted = linear(x.float(), self.router.weight.float()).softmax(-1)
        best = wanted.topk(self.settings.chosen, -1).indices
        chosen = torch.zeros_like(wanted).scatter(-1, best, 1.0)
        balance, load = balance_of(wanted.flatten(0, -2), chosen.flatten(0, -2))
        return torch.cat([always, wanted * chosen], -1), balance, load


def balance_of(wanted: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Σ f·P: 1 where all experts are asked alike, more the more they are not.

    f is the share of tokens that an expert speaks for, times experts over choices (the notes' 3.1);
    P its mean gate. f has no gradient.

    Args:
        wanted: (T, E) gates, each row sums to 1.
        chosen: (T, E) 1 or 0.

    Returns:
        The loss, a scalar, and (E,) the shares of all choices.
    """
    share = chosen.mean(0) / chosen.sum(1).mean().clamp_min(1.0)
    return (share * chosen.shape[1] * wanted.mean(0)).sum(), share.detach()


def upcycle(dense: FeedForward, experts: TokenExperts) -> None:
    """Let experts begin as a dense layer that was trained.

    The dense layer is cut into as many slices as speak at once; shared experts take the first ones,
    the routed ones take the others in turn, their output times the number of routed experts, since
    an undecided router's gates are one over that. With the router at nought, as it is set here, the
    experts *are* the dense layer; the first steps of training break the tie.

    Raises:
        ValueError: The hidden widths do not fit.
    """
    kept, width = experts.settings, dense.rise.in_features
    slices = kept.shared + kept.chosen
    if slices * kept.hidden != dense.rise.out_features:
        raise ValueError(f"{slices} slices of {kept.hidden} are not {dense.rise.out_features}")
    order = list(range(kept.shared))
    order += [kept.shared + number % kept.chosen for number in range(kept.routed)]
    rise, at = torch.unflatten(dense.rise.weight, 0, (slices, -1)), torch.tensor(order)
    fall = torch.unflatten(dense.fall.weight, 1, (slices, -1))[:, at].clone()
    fall[:, kept.shared :] *= kept.routed
    with torch.no_grad():
        experts.rise.weight.copy_(rise[at].reshape(-1, width))
        experts.rise.bias.copy_(torch.unflatten(dense.rise.bias, 0, (slices, -1))[at].flatten())
        experts.fall.weight.copy_(fall.flatten(1))
        experts.bias.zero_()
        experts.bias[: kept.shared] = dense.fall.bias / max(1, kept.shared)
        if not kept.shared:  # gates of an undecided router times the number of routed experts
            experts.bias.copy_(dense.fall.bias * kept.routed / kept.chosen)
        if experts.router is not None:
            experts.router.weight.zero_()
