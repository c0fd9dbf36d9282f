"""The generator of SimSwap (Chen et al. 2020): identity injected by AdaIN in residual blocks.

At full width (base 64, nine blocks) the layers are those of the public 256 px generator, whose
weights :func:`public_name` finds a place for. Smaller bases make nets that train on two cores.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = [
    "Generator",
    "GeneratorSize",
    "IdentityBlock",
    "instance_normalised",
    "public_name",
]

_PUBLIC = {"first": "conv1", "first_style": "style1", "second": "conv2", "second_style": "style2"}
_EPSILON = 1e-8  # of the instance normalisation, as published


@dataclass(frozen=True)
class GeneratorSize:
    """Width and depth.

    Attributes:
        latent: Numbers that say who: 512 of an identity encoder, 640 with FixerNet's.
        base: Channels at full resolution; doubled at each halving.
        blocks: Identity blocks at the coarsest resolution.
        halvings: Three up to 256 px, four for 512 px.
        widest: Most channels of a layer; None: ``base * 8``.
        gain: Latents are multiplied by this. Public weights want 1; a net learns to heed who the
            source is many times sooner with 8, since the values of a latent of length 1 are small.
    """

    latent: int = 512
    base: int = 64
    blocks: int = 9
    halvings: int = 3
    widest: int | None = None
    gain: float = 1.0

    def widths(self) -> tuple[int, ...]:
        """Channels at each resolution, the full one first."""
        most = self.widest or self.base * 8
        return tuple(min(self.base << level, most) for level in range(self.halvings + 1))


def instance_normalised(x: Tensor) -> Tensor:
    """(N, C, H, W) with mean 0 and variance 1 in each channel of each picture, no parameters."""
    x = x - x.mean((2, 3), keepdim=True)
    return x * torch.rsqrt(x.square().mean((2, 3), keepdim=True) + _EPSILON)


class Style(nn.Module):
    """A gain and a shift of each channel, read from the latent: ``x · (1 + γ) + β``."""

    def __init__(self, latent: int, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(latent, 2 * channels)

    def forward(self, x: Tensor, latent: Tensor) -> Tensor:
        """(N, C, H, W) and (N, Z) → (N, C, H, W)."""
        gain, shift = self.linear(latent)[..., None, None].chunk(2, 1)
        out: Tensor = x * (1 + gain) + shift
        return out


class IdentityBlock(nn.Module):
    """Two convolutions, each normalised and styled, beside a short cut."""

    def __init__(self, channels: int, latent: int) -> None:
        super().__init__()
        self.first = _reflected(channels, channels, 3)
        self.first_style = Style(latent, channels)
        self.second = _reflected(channels, channels, 3)
        self.second_style = Style(latent, channels)

    def forward(self, x: Tensor, latent: Tensor) -> Tensor:
        """(N, C, H, W) and (N, Z) → (N, C, H, W)."""
        y = self.first_style(instance_normalised(self.first(x)), latent).relu()
        y = self.second_style(instance_normalised(self.second(y)), latent)
        out: Tensor = x + y
        return out


class Generator(nn.Module):
    """Target picture and latent of the source → swapped picture.

    Args:
        size: Width and depth.
    """

    def __init__(self, size: GeneratorSize | None = None) -> None:
        super().__init__()
        self.size = size or GeneratorSize()
        widths = self.size.widths()
        steps = list(itertools.pairwise(widths))
        self.stem = nn.Sequential(_reflected(3, widths[0], 7), *_normed(widths[0]))
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(fine, coarse, 3, 2, 1), *_normed(coarse))
            for fine, coarse in steps
        )
        self.blocks = nn.ModuleList(
            IdentityBlock(widths[-1], self.size.latent) for _ in range(self.size.blocks)
        )
        self.up = nn.ModuleList(
            nn.Sequential(
                nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=False),
                nn.Conv2d(coarse, fine, 3, 1, 1),
                *_normed(fine),
            )
            for fine, coarse in reversed(steps)
        )
        self.head = _reflected(widths[0], 3, 7)

    def forward(self, target: Tensor, latent: Tensor) -> Tensor:
        """Swap.

        Args:
            target: (N, 3, S, S) float RGB in -1…1, aligned; S divisible by ``2 ** halvings``.
            latent: (N, Z) float, of the source.

        Returns:
            (N, 3, S, S); not clamped, so that gradients do not vanish: clamp it when it is shown.
        """
        latent = latent * self.size.gain
        x = self.stem(target)
        for down in self.down:
            x = down(x)
        for block in self.blocks:
            x = block(x, latent)
        for up in self.up:
            x = up(x)
        picture: Tensor = self.head(x)
        return picture


def public_name(name: str, halvings: int = 3) -> str:
    """The name of one of our weights in the public SimSwap generator's state dict.

    >>> public_name("blocks.2.second_style.linear.bias")
    'BottleNeck.2.style2.linear.bias'
    """
    part, place, *rest = name.split(".")
    match part:
        case "stem":  # the padding counts as a layer of its own there
            words = ["first_layer", *(rest if place == "0" else [str(int(place) + 1), *rest])]
        case "down":
            words = [f"down{int(place) + 1}", *rest]
        case "blocks":
            words = ["BottleNeck", place, _PUBLIC[rest[0]], *rest[1:]]
        case "up":
            words = [f"up{halvings - int(place)}", *rest]
        case _:
            words = ["last_layer", place, *rest]
    return ".".join(words)


def _reflected(inside: int, outside: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(nn.ReflectionPad2d(kernel // 2), nn.Conv2d(inside, outside, kernel))


def _normed(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
