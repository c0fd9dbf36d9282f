"""The samples of several pictures while they are drawn, and the pixels that they make."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vplugin.synth.compose import _BRIGHTEST
from vplugin.synth.device.batch import Batch
from vplugin.synth.device.surface import Surface


class Planes(NamedTuple):
    """All samples, laid one after the other: picture, row, column; changed as things are drawn.

    Attributes:
        colour: (N, 3) float32 linear.
        depth: (N,) float32 mm, inf where nothing is.
        segment: (N,) uint8.
        subject: (N,) uint8.
        cover: (N,) float32, how much is not backdrop.
    """

    colour: Tensor
    depth: Tensor
    segment: Tensor
    subject: Tensor
    cover: Tensor


class Resolved(NamedTuple):
    """Pictures of pixels, B of them.

    Attributes:
        colour: (B, H, W, 3) float32 linear.
        depth: (B, H, W) float32 mm.
        segments: (B, H, W) uint8.
        subjects: (B, H, W) uint8.
        alpha: (B, H, W) uint8.
    """

    colour: Tensor
    depth: Tensor
    segments: Tensor
    subjects: Tensor
    alpha: Tensor


def started(batch: Batch, surface: Surface, colour: Tensor) -> Planes:
    """Backdrops, and before them the samples of the surface in this colour (N, 3)."""
    doubled = batch.backdrops.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    colours = doubled.reshape(-1, 3)
    none = colours.new_zeros(len(colours))
    labels = none.to(torch.uint8)
    planes = Planes(colours, none + torch.inf, labels, labels.clone(), none)
    planes.colour[surface.at] = colour
    planes.depth[surface.at] = surface.z
    planes.segment[surface.at] = surface.label.to(torch.uint8)
    planes.subject[surface.at] = surface.subject.to(torch.uint8)
    planes.cover[surface.at] = 1.0
    return planes


def resolved(planes: Planes, shape: tuple[int, int, int]) -> Resolved:
    """2 x 2 samples to a pixel, as :func:`vplugin.synth.compose.resolve`.

    Args:
        planes: All samples.
        shape: Pictures, height and width in samples.
    """
    count, height, width = shape
    whole = (count, height // 2, width // 2)

    def quads(plane: Tensor) -> Tensor:
        rest = plane.shape[1:]
        split = plane.view(count, whole[1], 2, whole[2], 2, *rest).transpose(2, 3)
        return split.reshape(-1, 4, *rest)

    depth, segment = quads(planes.depth), quads(planes.segment)
    votes = (segment[:, :, None] == segment[:, None]).sum(dim=2)
    # What most samples show; of equals the nearest.
    most = votes == votes.amax(dim=1, keepdim=True)
    chosen = torch.where(most, depth.clamp_max(1e30), torch.inf).argmin(dim=1, keepdim=True)
    covered = quads(planes.cover).sum(dim=1)
    return Resolved(
        quads(planes.colour).clamp_max(_BRIGHTEST).mean(dim=1).view(*whole, 3),
        depth.amin(dim=1).view(whole),
        segment.gather(1, chosen).view(whole),
        quads(planes.subject).gather(1, chosen).view(whole),
        (covered * 63.75 + 0.5).clamp(0.0, 255.0).to(torch.uint8).view(whole),
    )
