"""The house image tokenizer: an aligned face as 16 × 16 codes, and codes as a face again.

A plain convolutional autoencoder around finite scalar quantisation, small enough for two cores. The
tokenizer of the paper's scale is :mod:`vplugin.nets.unif2ace.magvit`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, nn

from vplugin.nets.house.trunk import Residual, convolution
from vplugin.nets.unif2ace.quantise import FiniteScalar

__all__ = ["ImageTokenizer", "TokenizerSize"]


@dataclass(frozen=True)
class TokenizerSize:
    """Width, depth and what goes in and out.

    Attributes:
        strides: By which the map shrinks, in order: (2, 2) for 64 px and 16 × 16 codes, (3, 2) for
            96 px, (2, 2, 2) for 128 px.
        grid: Codes along a side.
        base: Channels at full resolution; twice as many after the first stride, four times after.
        blocks: Residual blocks at each resolution.
        levels: Of the quantiser.
    """

    strides: tuple[int, ...] = (2, 2)
    grid: int = 16
    base: int = 32
    blocks: int = 2
    levels: tuple[int, ...] = (8, 5, 5, 5)

    @property
    def side(self) -> int:
        """Of a picture, px."""
        return self.grid * math.prod(self.strides)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels at each resolution, the full one first."""
        return tuple(self.base * min(4, 2**level) for level in range(len(self.strides) + 1))


class ImageTokenizer(nn.Module):
    """Picture ↔ codes.

    Args:
        size: Width, depth and strides.
    """

    def __init__(self, size: TokenizerSize | None = None) -> None:
        super().__init__()
        self.size = size or TokenizerSize()
        self.quantiser = FiniteScalar(self.size.levels)
        widths, channels = self.size.widths, self.quantiser.channels
        shrink: list[nn.Module] = [convolution(3, widths[0])]
        for level, stride in enumerate(self.size.strides):
            shrink += self._blocks(widths[level])
            shrink.append(nn.Conv2d(widths[level], widths[level + 1], stride, stride))
        self.encoder = nn.Sequential(
            *shrink, *self._blocks(widths[-1]), nn.Conv2d(widths[-1], channels, 1)
        )
        grow: list[nn.Module] = [convolution(channels, widths[-1]), *self._blocks(widths[-1])]
        for level, stride in reversed(list(enumerate(self.size.strides))):
            grow += [nn.Upsample(scale_factor=float(stride), mode="nearest")]
            grow += [convolution(widths[level + 1], widths[level]), *self._blocks(widths[level])]
        self.decoder = nn.Sequential(*grow, nn.Conv2d(widths[0], 3, 3, padding=1))

    def _blocks(self, width: int) -> list[nn.Module]:
        return [Residual(width) for _ in range(self.size.blocks)]

    @property
    def codes(self) -> int:
        """How many different codes there are."""
        return self.quantiser.codes

    def encode(self, pictures: Tensor) -> Tensor:
        """Codes of pictures.

        Args:
            pictures: (N, 3, side, side) float RGB in -1…1.

        Returns:
            (N, grid²) int64, rows first.
        """
        return self.quantiser.indices(self.quantiser(self.encoder(pictures)))

    def decode(self, codes: Tensor) -> Tensor:
        """Pictures of codes (N, grid²): (N, 3, side, side) float32, about -1…1."""
        values = self.quantiser.values(codes, self.size.grid)
        pictures: Tensor = self.decoder(values.to(next(self.decoder.parameters()).dtype))
        return pictures.float()

    def forward(self, pictures: Tensor) -> Tensor:
        """The same pictures through the codes, differentiable: what training compares."""
        pictures = self.decoder(self.quantiser(self.encoder(pictures)))
        return pictures.float()

    def features(self, pictures: Tensor) -> Tensor:
        """What the encoder knew before it had to round: (N, grid², widths[-1]) float32.

        An image encoder of no labels, for the sequence-level experts.
        """
        found: Tensor = self.encoder[:-1](pictures)
        return found.flatten(2).transpose(1, 2).float()
