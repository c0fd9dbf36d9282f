"""The pixel work around a swapper in batches on a GPU, with torch.

Worth it where the crops are needed on the device anyway; a region must first be uploaded, and on
the CPU OpenCV is faster (``benchmarks/warp.py``). Works on any torch device, so that it is tested
without a GPU. Apart from :mod:`vplugin.vision.blend` so that torch is imported only where used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as functional
from torch import Tensor

from vplugin.vision.align import Border, compose, invert, scale_of, shifted
from vplugin.vision.blend import Edit, Region, touched
from vplugin.vision.mask import support

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

_PADDING = {"replicate": "border", "black": "zeros"}


def warp_batch(
    images: Tensor, matrices: Array, size: tuple[int, int], border: Border = "replicate"
) -> Tensor:
    """Resample images through affine maps: :func:`vplugin.vision.align.warp` for a batch.

    Args:
        images: (N, C, H, W) float.
        matrices: (N, 2, 3), image → output, pixel-centre coordinates. Shrinking by more than two
            aliases; shrink by blocks first (:func:`shrunk_batch`).
        size: (width, height) of the outputs.
        border: What lies outside an image.

    Returns:
        (N, C, height, width).
    """
    height, width = images.shape[-2:]
    # To torch's coordinates, −1 at the left edge and 1 at the right edge, in double precision.
    to_pixels = np.array([[size[0] / 2, 0, (size[0] - 1) / 2], [0, size[1] / 2, (size[1] - 1) / 2]])
    to_unit = np.array([[2 / width, 0, 1 / width - 1], [0, 2 / height, 1 / height - 1]])
    theta = compose(to_unit, compose(invert(matrices), to_pixels))
    grid = functional.affine_grid(
        torch.from_numpy(theta).to(images.device, images.dtype),
        [len(images), images.shape[1], size[1], size[0]],
        align_corners=False,
    )
    return functional.grid_sample(
        images, grid, mode="bilinear", padding_mode=_PADDING[border], align_corners=False
    )


def shrunk_batch(image: Tensor, matrix: Array) -> tuple[Tensor, Array]:
    """An image (1, C, H, W) shrunk by whole blocks to where linear interpolation suffices."""
    factor = min(math.floor(1.0 / max(scale_of(matrix), 1e-6)), *image.shape[-2:])
    if factor < 2:
        return image, matrix
    pad_y, pad_x = -image.shape[-2] % factor, -image.shape[-1] % factor
    padded = functional.pad(image, (0, pad_x, 0, pad_y), mode="replicate")
    centre = (factor - 1) / 2.0
    grow = np.array([[factor, 0.0, centre], [0.0, factor, centre]])
    return functional.avg_pool2d(padded, factor), compose(matrix, grow)


class DeviceCompositor:
    """A :class:`vplugin.vision.blend.Compositor` on a torch device.

    Args:
        device: ``cuda:0`` …
    """

    def __init__(self, device: str) -> None:
        self._device = torch.device(device)

    def crops(self, regions: Sequence[Region], *, border: Border = "replicate") -> Floats:
        """See :meth:`vplugin.vision.blend.Compositor.crops`."""
        ready = [shrunk_batch(self._upload(r.rgb), r.matrix) for r in regions]
        size = regions[0].size
        matrices = np.stack([matrix for _, matrix in ready])
        if border == "black":
            # Padding to a common size would move the border; regions go one by one.
            parts = [
                warp_batch(image, matrix[None], (size, size), border) for image, matrix in ready
            ]
            crops = torch.cat(parts)
        else:
            crops = warp_batch(_stacked([image for image, _ in ready]), matrices, (size, size))
        return _download(crops)

    def paste(
        self, regions: Sequence[Region], faces: Floats, masks: Sequence[Floats]
    ) -> list[Edit]:
        """See :meth:`vplugin.vision.blend.Compositor.paste`."""
        edits = []
        for region, face, mask in zip(regions, faces, masks, strict=True):
            in_crop = mask.shape == face.shape[:2]
            part = touched(region, mask) if in_crop else support(mask)
            if part.empty:
                continue
            layer = self._upload(np.dstack([face, mask]) if in_crop else face)
            back = invert(shifted(region.matrix, part))
            layer, back = shrunk_batch(layer, back)
            over = warp_batch(layer, back[None], (part.width, part.height))
            alpha = over[:, 3:] if in_crop else self._upload(mask[part.slices][..., None])
            under = self._upload(region.rgb[part.slices])
            mixed = torch.where(alpha > 0, torch.lerp(under, over[:, :3], alpha), under)
            rect = part._replace(x=region.rect.x + part.x, y=region.rect.y + part.y)
            changed = (alpha[0, 0] > 0).cpu().numpy()
            edits.append(Edit(rect, _as_type(mixed, region.rgb.dtype), changed))
        return edits

    def _upload(self, image: Array) -> Tensor:
        """(H, W, C) uint8 or float32 to (1, C, H, W) float32 in 0–1."""
        tensor = torch.from_numpy(np.ascontiguousarray(image)).to(self._device)
        tensor = tensor.permute(2, 0, 1)[None].contiguous()
        return tensor.float() / 255.0 if tensor.dtype == torch.uint8 else tensor.float()


def _stacked(images: Sequence[Tensor]) -> Tensor:
    """Images (1, C, h, w) of several sizes as one batch, their last row and column repeated."""
    height = max(image.shape[-2] for image in images)
    width = max(image.shape[-1] for image in images)
    return torch.cat(
        [
            functional.pad(
                image, (0, width - image.shape[-1], 0, height - image.shape[-2]), mode="replicate"
            )
            for image in images
        ]
    )


def _download(images: Tensor) -> Floats:
    return np.ascontiguousarray(images.permute(0, 2, 3, 1).cpu().numpy(), np.float32)


def _as_type(image: Tensor, dtype: np.dtype[Any]) -> Array:
    if dtype == np.uint8:
        image = (image * 255.0).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(image[0].permute(1, 2, 0).cpu().numpy())
