"""The tokenizer of Show-o's scale: MAGVIT-v2's shape, 256 px, 8192 codes, stride 16, frozen.

95.5 M parameters, so that ``showlab/magvitv2`` fits through the names of
:mod:`vplugin.nets.unif2ace.showo`; only to read and draw with, there is no loss for it here.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import interpolate, pad, scaled_dot_product_attention, silu

from vplugin.nets.unif2ace.quantise import Signs

__all__ = ["Magvit", "MagvitSize"]


@dataclass(frozen=True)
class MagvitSize:
    """Width and depth, level by level from full resolution.

    Attributes:
        encoder: Channels.
        encoder_blocks: Residual blocks.
        decoder: Channels.
        decoder_blocks: Residual blocks.
        groups: Of the group normalisation.
        bits: Of a code.
    """

    encoder: tuple[int, ...] = (128, 256, 256, 512, 512)
    encoder_blocks: tuple[int, ...] = (4, 3, 4, 3, 4)
    decoder: tuple[int, ...] = (128, 128, 256, 256, 512)
    decoder_blocks: tuple[int, ...] = (4, 4, 3, 4, 3)
    groups: int = 32
    bits: int = 13


class _Block(nn.Module):
    """Norm, SiLU, convolution, twice, beside a shortcut."""

    def __init__(self, inside: int, outside: int, groups: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([_norm(inside, groups), _norm(outside, groups)])
        self.convolutions = nn.ModuleList(
            [nn.Conv2d(inside, outside, 3, 1, 1), nn.Conv2d(outside, outside, 3, 1, 1)]
        )
        self.shortcut = nn.Identity() if inside == outside else nn.Conv2d(inside, outside, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            y = convolution(silu(norm(y)))
        out: Tensor = self.shortcut(x) + y
        return out


class _Glance(nn.Module):
    """One-headed attention over all places."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        self.norm = _norm(width, groups)
        self.query, self.key, self.value, self.out = (nn.Conv2d(width, width, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        parts = (one(y).flatten(2).transpose(1, 2) for one in (self.query, self.key, self.value))
        seen = scaled_dot_product_attention(*parts).transpose(1, 2).reshape(x.shape)
        out: Tensor = x + self.out(seen)
        return out


class _Level(nn.Module):
    """Blocks of one resolution, and the convolution of the step to the next."""

    def __init__(self, inside: int, outside: int, blocks: int, groups: int, step: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(_Block(inside if n == 0 else outside, outside, groups) for n in range(blocks))
        )
        # Shrinking has its padding on the right and below only, so that 256 px become 128.
        self.step = nn.Conv2d(outside, outside, 3, 2 if step < 0 else 1, int(step > 0))
        self.factor = step
        if step == 0:
            self.step = None  # type: ignore[assignment]

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(x)
        if self.factor < 0:
            x = self.step(pad(x, (0, 1, 0, 1)))
        elif self.factor > 0:
            x = self.step(interpolate(x, scale_factor=2.0, mode="nearest"))
        return x


class _Middle(nn.Sequential):
    def __init__(self, width: int, groups: int) -> None:
        super().__init__(
            _Block(width, width, groups), _Glance(width, groups), _Block(width, width, groups)
        )


class _Encoder(nn.Module):
    def __init__(self, size: MagvitSize) -> None:
        super().__init__()
        widths, last = size.encoder, len(size.encoder) - 1
        self.first = nn.Conv2d(3, widths[0], 3, 1, 1)
        before = (widths[0], *widths)
        self.levels = nn.ModuleList(
            _Level(before[n], widths[n], size.encoder_blocks[n], size.groups, -int(n < last))
            for n in range(len(widths))
        )
        self.middle = _Middle(widths[-1], size.groups)
        self.norm = _norm(widths[-1], size.groups)
        self.last = nn.Conv2d(widths[-1], size.bits, 3, 1, 1)
        self.mixed = nn.Conv2d(size.bits, size.bits, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for level in self.levels:
            x = level(x)
        out: Tensor = self.mixed(self.last(silu(self.norm(self.middle(x)))))
        return out


class _Decoder(nn.Module):
    def __init__(self, size: MagvitSize) -> None:
        super().__init__()
        widths = size.decoder
        self.mixed = nn.Conv2d(size.bits, size.bits, 1)
        self.first = nn.Conv2d(size.bits, widths[-1], 3, 1, 1)
        self.middle = _Middle(widths[-1], size.groups)
        before = (*widths[1:], widths[-1])
        # Level 0 is that of full resolution here too, and comes last.
        self.levels = nn.ModuleList(
            _Level(before[n], widths[n], size.decoder_blocks[n], size.groups, int(n > 0))
            for n in range(len(widths))
        )
        self.norm = _norm(widths[0], size.groups)
        self.last = nn.Conv2d(widths[0], 3, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.middle(self.first(self.mixed(x)))
        for level in reversed(self.levels):
            x = level(x)
        out: Tensor = self.last(silu(self.norm(x)))
        return out


class Magvit(nn.Module):
    """Picture ↔ codes.

    Args:
        size: Width and depth.
    """

    def __init__(self, size: MagvitSize | None = None) -> None:
        super().__init__()
        self.size = size or MagvitSize()
        self.quantiser = Signs(self.size.bits)
        self.encoder = _Encoder(self.size)
        self.decoder = _Decoder(self.size)

    @property
    def codes(self) -> int:
        """How many different codes there are."""
        return self.quantiser.codes

    def encode(self, pictures: Tensor) -> Tensor:
        """Codes of pictures (N, 3, S, S) float RGB in -1…1: (N, (S / 16)²) int64, rows first."""
        return self.quantiser.indices(self.quantiser(self.encoder(pictures)))

    def decode(self, codes: Tensor) -> Tensor:
        """Pictures of codes (N, T), T a square: (N, 3, 16·√T, 16·√T) float32, about -1…1."""
        values = self.quantiser.values(codes, round(codes.shape[1] ** 0.5))
        pictures: Tensor = self.decoder(values)
        return pictures


def _norm(width: int, groups: int) -> nn.GroupNorm:
    return nn.GroupNorm(groups, width, eps=1e-6)
