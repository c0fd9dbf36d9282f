"""Cutting aligned crops out of a frame and laying changed ones back, region by region.

Only what a crop shows is converted to RGB, warped and blended; where the mask is 0 nothing changes.
A :class:`Compositor` does the pixel work: :class:`HostCompositor` with OpenCV on the CPU,
:class:`vplugin.vision.device.DeviceCompositor` in batches on a GPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.colour import RgbFormat
from vplugin.frame import Frame
from vplugin.picture import Rect
from vplugin.vision.align import Border, apply, crop_rect, invert, shifted, warp
from vplugin.vision.mask import support

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

_UNIT = np.float32(1.0 / 255.0)


@dataclass(frozen=True, eq=False)
class Region:
    """The part of a frame that one crop shows.

    Attributes:
        rect: Where it lies in the frame.
        rgb: (height, width, 3) uint8, or float32 in 0–1 for pictures of more than 8 bits.
        matrix: (2, 3), region → crop.
        size: Width and height of the crop.
    """

    rect: Rect
    rgb: Array
    matrix: npt.NDArray[np.float64]
    size: int


@dataclass(frozen=True, eq=False)
class Edit:
    """What shall be pasted: the arguments of :meth:`vplugin.frame.Frame.paste`.

    Attributes:
        rect: Within the frame.
        rgb: (height, width, 3), number type of the region.
        changed: (height, width) bool, true where the mask is above 0.
    """

    rect: Rect
    rgb: Array
    changed: npt.NDArray[np.bool_]


class Compositor(Protocol):
    """The pixel work around a swapper."""

    def crops(self, regions: Sequence[Region], *, border: Border = "replicate") -> Floats:
        """Aligned crops of regions of one size: (N, S, S, 3) float32 RGB in 0–1."""

    def paste(
        self, regions: Sequence[Region], faces: Floats, masks: Sequence[Floats]
    ) -> list[Edit]:
        """Blend crops back into their regions.

        Args:
            regions: N, as they were cut out.
            faces: (N, S, S, 3) float32 RGB in 0–1.
            masks: N masks in 0–1, each (S, S) in the crop, or (height, width) in the region.

        Returns:
            One edit for each region whose mask is not 0 throughout.
        """


def working_format(frame: Frame) -> RgbFormat:
    """RGB of 8 bits for 8-bit pictures, float for deeper ones, so that no bit is lost."""
    return "rgb24" if frame.format.layout.depth <= 8 else "rgbf32"


def take(frame: Frame, matrix: Array, size: int) -> Region | None:
    """Read the region that a crop shows, earlier patches included.

    Args:
        frame: To read from.
        matrix: (2, 3), frame → crop.
        size: Width and height of the crop.

    Returns:
        None where the crop lies outside the picture.
    """
    rect = crop_rect(matrix, size, frame.format.bounds)
    if rect.empty:
        return None
    return Region(rect, frame.read(rect, working_format(frame)), shifted(matrix, rect), size)


def composite(under: Array, over: Array, alpha: Array) -> Array:
    """``over`` on ``under``; a pixel of alpha 0 keeps its value exactly.

    Args:
        under: (H, W, 3) uint8, or float32 in 0–1.
        over: The same shape and type.
        alpha: (H, W), uint8 in 0–255 for uint8 pictures, float32 in 0–1 for float ones.
    """
    wide = cv2.merge([alpha, alpha, alpha])
    if under.dtype == np.uint8:
        top = cv2.multiply(over, wide, scale=1.0 / 255.0)
        return np.asarray(cv2.add(top, cv2.multiply(under, 255 - wide, scale=1.0 / 255.0)))
    return np.asarray(np.where(wide > 0, under + (over - under) * wide, under))


def touched(region: Region, mask: Floats) -> Rect:
    """The part of a region, in its own coordinates, that a mask in the crop can reach."""
    inside = support(mask)
    if inside.empty:
        return inside
    corners = np.array(
        [
            [x, y]
            for x in (inside.x - 1.0, float(inside.right))
            for y in (inside.y - 1.0, float(inside.bottom))
        ]
    )
    places = apply(invert(region.matrix), corners)
    (left, top), (right, bottom) = places.min(axis=0), places.max(axis=0)
    whole = Rect(0, 0, region.rect.width, region.rect.height)
    return Rect.around((left, top, right + 1.0, bottom + 1.0)).intersect(whole)


class HostCompositor:
    """Pixel work on the CPU."""

    def crops(self, regions: Sequence[Region], *, border: Border = "replicate") -> Floats:
        """See :meth:`Compositor.crops`."""
        cut = [warp(r.rgb, r.matrix, (r.size, r.size), border=border) for r in regions]
        stack = np.stack(cut)
        return stack * _UNIT if stack.dtype == np.uint8 else stack.astype(np.float32, copy=False)

    def paste(
        self, regions: Sequence[Region], faces: Floats, masks: Sequence[Floats]
    ) -> list[Edit]:
        """See :meth:`Compositor.paste`."""
        edits = [
            self._paste(region, face, mask)
            for region, face, mask in zip(regions, faces, masks, strict=True)
        ]
        return [edit for edit in edits if edit is not None]

    def _paste(self, region: Region, face: Floats, mask: Floats) -> Edit | None:
        in_crop = mask.shape == face.shape[:2]
        part = touched(region, mask) if in_crop else support(mask)
        if part.empty:
            return None
        number = _to_bytes if region.rgb.dtype == np.uint8 else np.ascontiguousarray
        # Colour and mask take the same way back: one warp of four channels.
        layer: Array = number(cv2.merge([face, mask]) if in_crop else face)
        layer = warp(layer, invert(shifted(region.matrix, part)), (part.width, part.height))
        over = np.ascontiguousarray(layer[..., :3])
        alpha = np.ascontiguousarray(layer[..., 3]) if in_crop else number(mask[part.slices])
        under = np.ascontiguousarray(region.rgb[part.slices])
        rect = part._replace(x=region.rect.x + part.x, y=region.rect.y + part.y)
        return Edit(rect, composite(under, over, alpha), alpha > 0)


def _to_bytes(values: Array) -> Array:
    """0–1 to 0–255, rounded."""
    return np.asarray(cv2.convertScaleAbs(np.ascontiguousarray(values), alpha=255.0))
