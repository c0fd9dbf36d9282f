"""FaceShifter's first stage, AEI-Net (Li et al. 2019): attributes of the target at every scale.

An encoder and decoder with skips reads the attributes; a generator starts from the identity and
takes them in, scale by scale, through AAD layers that decide place by place which of the two
counts. The published form has eight scales at 256 px; at 128 px its bottleneck would be a single
pixel and break, so there one halving is left out: six, and seven scales.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from vplugin.nets.reliableswap.simswap import instance_normalised

__all__ = ["AttributeEncoder", "FaceShifter", "FaceShifterSize"]

_LEAK = 0.1
_ENCODED = (32, 64, 128, 256, 512, 1024, 1024)  # channels after each halving, as published


@dataclass(frozen=True)
class FaceShifterSize:
    """Width and depth.

    Attributes:
        latent: Numbers that say who.
        halvings: Seven for 256 px, six for 128 px.
        divisor: All channels are divided by this.
        gain: Latents are multiplied by this, see :class:`.simswap.GeneratorSize`.
    """

    latent: int = 512
    halvings: int = 7
    divisor: int = 1
    gain: float = 1.0

    def encoded(self) -> tuple[int, ...]:
        """Channels after each halving."""
        return tuple(width // self.divisor for width in _ENCODED[: self.halvings])

    def attributes(self) -> tuple[int, ...]:
        """Channels of the attribute maps, the coarsest first: ``halvings + 1`` of them."""
        widths = self.encoded()
        merged = [2 * width for width in widths[-2::-1]]  # a decoded half and its skip
        return (widths[-1], *merged, merged[-1])

    def generated(self) -> tuple[int, ...]:
        """Channels that each block of the generator gives; the last gives the picture."""
        widths = [min(1024, 64 << level) // self.divisor for level in range(self.halvings)]
        return (*widths[::-1], 3)


class AttributeEncoder(nn.Module):
    """Target picture → attribute maps, coarsest first.

    Args:
        size: Width and depth.
    """

    def __init__(self, size: FaceShifterSize) -> None:
        super().__init__()
        widths = (3, *size.encoded())
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 4, 2, 1, bias=False), *_normed(b))
            for a, b in itertools.pairwise(widths)
        )
        inputs = size.attributes()[:-2]
        outputs = size.encoded()[-2::-1]
        self.up = nn.ModuleList(
            nn.Sequential(nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), *_normed(b))
            for a, b in zip(inputs, outputs, strict=True)
        )

    def forward(self, target: Tensor) -> list[Tensor]:
        """Read the attributes.

        Args:
            target: (N, 3, S, S) float RGB in -1…1, S divisible by ``2 ** halvings``.

        Returns:
            ``halvings + 1`` maps from S / 2^halvings to S px.
        """
        features = [target]
        for down in self.down:
            features.append(down(features[-1]))
        maps = [features[-1]]
        for up, skip in zip(self.up, features[-2:0:-1], strict=True):
            maps.append(torch.cat([up(maps[-1]), skip], 1))
        return [*maps, interpolate(maps[-1], scale_factor=2.0, mode="bilinear")]


class AadLayer(nn.Module):
    """Adaptive attentional denormalisation: attributes and identity, mixed by a mask."""

    def __init__(self, channels: int, attributes: int, latent: int) -> None:
        super().__init__()
        self.attribute = nn.Conv2d(attributes, 2 * channels, 1)
        self.identity = nn.Linear(latent, 2 * channels)
        self.mask = nn.Conv2d(channels, 1, 1)

    def forward(self, x: Tensor, attributes: Tensor, latent: Tensor) -> Tensor:
        """(N, C, H, W), (N, A, H, W), (N, Z) → (N, C, H, W)."""
        x = instance_normalised(x)
        gain, shift = self.attribute(attributes).chunk(2, 1)
        of_attributes = x * gain + shift
        gain, shift = self.identity(latent)[..., None, None].chunk(2, 1)
        of_identity = x * gain + shift
        mixed: Tensor = torch.lerp(of_attributes, of_identity, self.mask(x).sigmoid())
        return mixed


class AadBlock(nn.Module):
    """Two AAD layers with convolutions, and a short cut of one where the width changes."""

    def __init__(self, inside: int, outside: int, attributes: int, latent: int) -> None:
        super().__init__()
        steps = [(inside, inside), (inside, outside)]
        if inside != outside:
            steps.append((inside, outside))
        self.layers = nn.ModuleList(AadLayer(a, attributes, latent) for a, _ in steps)
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3, 1, 1, bias=False) for a, b in steps)

    def forward(self, x: Tensor, attributes: Tensor, latent: Tensor) -> Tensor:
        """(N, I, H, W) → (N, O, H, W)."""
        y = self._step(1, self._step(0, x, attributes, latent), attributes, latent)
        return y + (self._step(2, x, attributes, latent) if len(self.layers) == 3 else x)

    def _step(self, index: int, x: Tensor, attributes: Tensor, latent: Tensor) -> Tensor:
        out: Tensor = self.convolutions[index](self.layers[index](x, attributes, latent).relu())
        return out


class FaceShifter(nn.Module):
    """Target picture and latent of the source → swapped picture.

    Args:
        size: Width and depth.
    """

    def __init__(self, size: FaceShifterSize | None = None) -> None:
        super().__init__()
        self.size = size or FaceShifterSize()
        outputs, maps = self.size.generated(), self.size.attributes()
        self.encoder = AttributeEncoder(self.size)
        self.seed = nn.ConvTranspose2d(self.size.latent, outputs[0], 2, bias=False)
        self.blocks = nn.ModuleList(
            AadBlock(a, b, c, self.size.latent)
            for a, b, c in zip((outputs[0], *outputs), outputs, maps, strict=False)
        )

    def forward(self, target: Tensor, latent: Tensor) -> Tensor:
        """Swap.

        Args:
            target: (N, 3, S, S) float RGB in -1…1, aligned; S is ``2 ** (halvings + 1)``.
            latent: (N, Z) float, of the source.

        Returns:
            (N, 3, S, S) in -1…1.
        """
        return self.generate(self.encoder(target), latent)

    def generate(self, attributes: list[Tensor], latent: Tensor) -> Tensor:
        """The picture of given attribute maps (see :class:`AttributeEncoder`) and identity."""
        latent = latent * self.size.gain
        x = self.seed(latent[..., None, None])
        for block, one in zip(self.blocks, attributes, strict=True):
            if x.shape[-1] != one.shape[-1]:
                x = interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)
            x = block(x, one, latent)
        return torch.tanh(x)


def _normed(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(channels), nn.LeakyReLU(_LEAK, inplace=True)
