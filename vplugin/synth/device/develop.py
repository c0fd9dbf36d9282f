"""From linear light to bytes, as `vplugin.synth.compose`: expose, tone, encode."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vplugin.synth.camera import Camera
from vplugin.synth.compose import _encoding
from vplugin.synth.device.noise import table


def _settings(camera: Camera) -> list[float]:
    """Gains of red, green and blue, saturation, contrast over 1, how dark the corners are."""
    gain = 0.60 * 2.0**camera.exposure
    colours = (0.30 * camera.warmth, 0.15 * camera.tint, -0.35 * camera.warmth)
    rest = (camera.saturation, camera.contrast - 1.0, 0.6 * camera.vignette)
    return [*(gain * (1.0 + colour) for colour in colours), *rest]


def _film(v: Tensor) -> Tensor:
    return v * (2.51 * v + 0.12) / (v * (2.43 * v + 0.68) + 0.17)


def _falling(height: int, width: int, corner: Tensor) -> Tensor:
    """(B, H, W) what is left of the light away from the middle."""
    y = torch.arange(height, device=corner.device) + 0.5 - 0.5 * height
    x = torch.arange(width, device=corner.device) + 0.5 - 0.5 * width
    d = (x * x + (y * y)[:, None]) * (4.0 / (width * width + height * height))
    return 1.0 - corner[:, None, None] * d * (2.0 - d)


def developed(pictures: Tensor, cameras: Sequence[Camera]) -> Tensor:
    """(B, H, W, 3) uint8 sRGB of pictures (B, H, W, 3) of linear light, each by its camera."""
    settings = table([_settings(camera) for camera in cameras], pictures)
    gains, saturation, contrast = settings[:, :3], settings[:, 3], settings[:, 4]
    fall = _falling(pictures.shape[1], pictures.shape[2], settings[:, 5])
    exposed = pictures * gains[:, None, None] * fall[..., None]
    grey = (exposed * table((0.2126, 0.7152, 0.0722), exposed)).sum(dim=-1, keepdim=True)
    # Curves by channel alone would make dark skin orange; by luminance alone, light grey.
    shared = _film(grey.clamp_min(0.0)) / grey.clamp_min(1e-6)
    v = (grey + (exposed - grey) * saturation[:, None, None, None]).clamp_min(0.0)
    v = (0.55 * v * shared + 0.45 * _film(v)).clamp_max(1.0)
    curve = table(_encoding(), v)
    coded = curve[(v.sqrt() * (len(curve) - 1.0) + 0.5).long()]
    bent = contrast[:, None, None, None] * (coded - 0.45) * coded * (1.0 - coded) * 4.0
    return ((coded + bent) * 255.0 + 0.5).clamp(0.0, 255.0).to(torch.uint8)
