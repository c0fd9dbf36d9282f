"""The transformer of UniF²ace: words and picture codes in one stream, Show-o's with experts.

Without experts and with parallel blocks it *is* Show-o (Phi-1.5 with normed queries and keys); the
paper's figure has its parts one after the other instead, and so has the house model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from vplugin.nets.unif2ace.attention import Attention, Past, Turns, turns
from vplugin.nets.unif2ace.experts import FeedForward, TokenExperts, TokenSettings
from vplugin.nets.unif2ace.sequence_experts import (
    Resampler,
    SequenceExperts,
    SequenceSettings,
    Surroundings,
)
from vplugin.nets.unif2ace.sequences import Layout, Sequences

__all__ = ["HOUSE", "SHOWO", "SHOWO_LAYOUT", "Output", "Routes", "TransformerSize", "Unif2ace"]


@dataclass(frozen=True)
class TransformerSize:
    """Width and depth.

    Attributes:
        layers: Blocks.
        width: Of the stream.
        heads: Of the attention.
        hidden: Of the dense feed-forward layer.
        turned: Share of a head's channels that places turn.
        theta: Of the rotary positions.
        epsilon: Of the norms.
        parallel: Attention and feed-forward read the same normed stream, as in Phi; else one after
            the other.
    """

    layers: int = 6
    width: int = 256
    heads: int = 4
    hidden: int = 1024
    turned: float = 1.0
    theta: float = 10000.0
    epsilon: float = 1e-5
    parallel: bool = False


#: About 5 M parameters with the house vocabulary; trains on two cores.
HOUSE = TransformerSize()
#: Show-o: 24 layers of Phi-1.5, 1.448 G parameters with its layout.
SHOWO = TransformerSize(24, 2048, 32, 8192, turned=0.5, parallel=True)
#: Show-o's vocabulary: Phi-1.5's tokenizer, ten specials, MAGVIT-v2's codes and the mask.
SHOWO_LAYOUT = Layout(words=50295, codes=8192, begin=50256, end=50256)


class Routes(NamedTuple):
    """Who spoke in a layer.

    Attributes:
        balance: The token experts' balance loss, a scalar.
        token: (E,) share of the choices that fell on each routed token expert.
        picture: (N, K) weights of the sequence-level experts.
    """

    balance: Tensor
    token: Tensor
    picture: Tensor


class Output(NamedTuple):
    """What comes out.

    Attributes:
        stream: (N, L, width) after the last norm, for :meth:`Unif2ace.logits`.
        past: Keys and values of each layer, for what follows.
        routes: Of each layer.
    """

    stream: Tensor
    past: tuple[Past, ...]
    routes: tuple[Routes, ...]

    @property
    def balance(self) -> Tensor:
        """Mean balance loss of the layers."""
        return torch.stack([route.balance for route in self.routes]).mean()


class _Block(nn.Module):
    """Attention, feed-forward or token experts, sequence-level experts."""

    def __init__(
        self,
        size: TransformerSize,
        depth: int,
        token: TokenSettings | None,
        sequence: SequenceSettings | None,
    ) -> None:
        super().__init__()
        self.parallel = size.parallel
        self.norm = nn.LayerNorm(size.width, size.epsilon)
        self.attention = Attention(size.width, size.heads, size.epsilon)
        self.second_norm = (
            nn.Identity() if size.parallel else nn.LayerNorm(size.width, size.epsilon)
        )
        self.feed: nn.Module = FeedForward(size.width, size.hidden)
        if token is not None:
            self.feed = nn.ModuleList(TokenExperts(size.width, token) for _ in range(token.groups))
        self.sequence = None
        if sequence is not None:
            self.sequence = SequenceExperts(size.width, sequence, depth, size.epsilon)

    def forward(
        self, x: Tensor, allowed: Tensor, by: Turns, past: Past | None, around: Surroundings
    ) -> tuple[Tensor, Past, Routes]:
        normed = self.norm(x)
        seen, present = self.attention(normed, allowed, by, past)
        if not self.parallel:
            x = x + seen
        said, balance, load = self._fed(normed if self.parallel else self.second_norm(x), around)
        x = x + said + (seen if self.parallel else 0)
        weights = x.new_zeros(len(x), 0)
        if self.sequence is not None:
            x, weights = self.sequence(x, around)
        return x, present, Routes(balance, load, weights)

    def _fed(self, x: Tensor, around: Surroundings) -> tuple[Tensor, Tensor, Tensor]:
        if not isinstance(self.feed, nn.ModuleList):
            return self.feed(x), x.new_zeros(()), x.new_zeros(0)
        said: tuple[Tensor, Tensor, Tensor] = self.feed[int(around.task) % len(self.feed)](x)
        return said


class Unif2ace(nn.Module):
    """The model.

    Args:
        layout: What the tokens mean.
        size: Width and depth.
        token: Experts for single tokens; None: dense layers.
        sequence: Experts for whole pictures; None: none.
    """

    def __init__(
        self,
        layout: Layout,
        size: TransformerSize = HOUSE,
        *,
        token: TokenSettings | None = None,
        sequence: SequenceSettings | None = None,
    ) -> None:
        super().__init__()
        self.layout, self.size = layout, size
        self.embed = nn.Embedding(layout.size, size.width)
        self.resamplers = nn.ModuleDict(
            {
                name: Resampler(channels, sequence)
                for name, channels in (sequence.encoders.items() if sequence else ())
                if sequence is not None
            }
        )
        self.blocks = nn.ModuleList(
            _Block(size, depth, token, sequence) for depth in range(size.layers)
        )
        self.norm = nn.LayerNorm(size.width, size.epsilon)
        self.head = nn.Linear(size.width, layout.size)
        self.apply(_begin)

    def forward(
        self,
        rows: Sequences,
        *,
        features: Mapping[str, Tensor] | None = None,
        ratio: Tensor | None = None,
    ) -> Output:
        """Read whole rows.

        Args:
            rows: Of one task.
            features: (N, T, channels) of each encoder, for the sequence-level experts of rows that
                answer.
            ratio: (N,) share of masked codes, for those of rows that draw.

        Returns:
            The stream; :meth:`logits` makes words of it.
        """
        resampled = {name: self.resamplers[name](x) for name, x in (features or {}).items()}
        around = Surroundings(rows.task, rows.image, resampled, ratio)
        return self.read(rows.tokens, rows.allowed, rows.places, around)

    def read(
        self,
        tokens: Tensor,
        allowed: Tensor,
        places: Tensor,
        around: Surroundings,
        past: Sequence[Past] | None = None,
    ) -> Output:
        """Read some tokens, after others that were read before.

        Args:
            tokens: (N, L) int64.
            allowed: (N, L, P + L) bool, P the length of the past.
            places: (N or 1, L) where they stand.
            around: Task, picture (its place among these tokens), features, ratio.
            past: Of each layer.
        """
        x = self.embed(tokens)
        turned = int(self.size.turned * self.size.width // self.size.heads)
        by = turns(places, turned, self.size.theta)
        presents, routes = [], []
        for depth, block in enumerate(self.blocks):
            before = past[depth] if past is not None else None
            x, present, route = block(x, allowed[:, None], by, before, around)
            presents.append(present)
            routes.append(route)
        return Output(self.norm(x), tuple(presents), tuple(routes))

    def logits(self, stream: Tensor, columns: slice = slice(None)) -> Tensor:
        """Scores of the next word, or of masked codes.

        Args:
            stream: (…, width) places of :class:`Output.stream`.
            columns: Of which tokens; ``layout.code_columns`` for codes.

        Returns:
            (…, columns) float32.
        """
        return linear(stream, self.head.weight[columns], self.head.bias[columns]).float()

    def code_logits(self, rows: Sequences, output: Output) -> Tensor:
        """Scores of the codes at the picture's places: (N, T, codes) float32."""
        assert rows.image is not None
        return self.logits(output.stream[:, rows.image], self.layout.code_columns)


def _begin(module: nn.Module) -> None:
    """GPT's beginning: small normal weights, no biases."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
