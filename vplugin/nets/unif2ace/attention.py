"""Attention of the transformer: turned by place, normed by head, with a cache of what was read."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

__all__ = ["Attention", "Past", "Turns", "turns"]

Past: TypeAlias = tuple[Tensor, Tensor]  # keys and values, (N, heads, L, head) each


class Turns(NamedTuple):
    """Cosines and sines of the places: (N, 1, L, R) each."""

    cosines: Tensor
    sines: Tensor


def turns(places: Tensor, channels: int, theta: float) -> Turns:
    """Rotary positions (Su et al. 2021), the pairs a half apart as Phi has them.

    Args:
        places: (N, L) whole numbers.
        channels: Of a head that are turned; even.
        theta: Of the slowest turn.
    """
    steps = torch.arange(0, channels, 2, device=places.device, dtype=torch.float32)
    angles = places[:, None, :, None].float() * theta ** (-steps / channels)
    both = torch.cat([angles, angles], -1)
    return Turns(both.cos(), both.sin())


def _turned(x: Tensor, by: Turns) -> Tensor:
    """Turn the first channels of each head, leave the rest."""
    channels = by.cosines.shape[-1]
    moved, rest = x[..., :channels], x[..., channels:]
    first, second = moved.chunk(2, -1)
    across = torch.cat([-second, first], -1)
    moved = moved * by.cosines.to(x.dtype) + across * by.sines.to(x.dtype)
    return torch.cat([moved, rest], -1)


class Attention(nn.Module):
    """Many-headed attention.

    Args:
        width: Of the stream.
        heads: How many.
        epsilon: Of the norms of queries and keys.
    """

    def __init__(self, width: int, heads: int, epsilon: float) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.query_norm = nn.LayerNorm(width // heads, epsilon)
        self.key_norm = nn.LayerNorm(width // heads, epsilon)

    def forward(
        self, x: Tensor, allowed: Tensor, by: Turns, past: Past | None
    ) -> tuple[Tensor, Past]:
        """Look.

        Args:
            x: (N, L, width).
            allowed: (N, 1, L, P + L) bool, P what the past holds.
            by: Turns of the L places.
            past: Keys and values of what was read before.

        Returns:
            (N, L, width), and the past with these places.
        """
        query = _turned(self.query_norm(self._split(self.query(x))), by)
        key = _turned(self.key_norm(self._split(self.key(x))), by)
        value = self._split(self.value(x))
        query, key = query.to(value.dtype), key.to(value.dtype)
        if past is not None:
            key, value = torch.cat([past[0], key], 2), torch.cat([past[1], value], 2)
        seen = scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        return self.out(seen.transpose(1, 2).flatten(2)), (key, value)

    def _split(self, x: Tensor) -> Tensor:
        return torch.unflatten(x, 2, (self.heads, -1)).transpose(1, 2)
