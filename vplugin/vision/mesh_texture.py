"""The source's pixels in their new place, of one picture, of two that dissolve, or of one with what
it does not show filled in from another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.vision.mesh_mask import smoothstep
from vplugin.vision.mesh_view import MeshView
from vplugin.vision.mesh_warp import Surface, sampled

__all__ = ["Box", "Texture", "doubled", "textured"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Box = tuple[slice, slice]

_FACING = (0.12, 0.42)  # cosines below which a picture of the source shows too little of a place
_WORTH = 0.02  # share of the mesh that is to be filled in, from which it is worth while
_UNIT = np.float32(1 / 255)


def doubled(field: Array) -> Floats:
    """A smooth field (h, w[, C]) at twice its size."""
    size = (2 * field.shape[1], 2 * field.shape[0])
    return np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_LINEAR), np.float32)


@dataclass(frozen=True, eq=False)
class _Layer:
    """One picture of the source carried over a crop of half the size.

    Attributes:
        view: The picture.
        places: (h, h, 2) where in the picture each pixel is.
        density: Pixels of the picture per pixel of the whole crop.
        small: (h, h, 3) float32 RGB in 0–1.
        shown: (h, h) how well the picture shows the place.
        face: (h, h) chance that it shows the face there and nothing before it.
        share: (h, h) or a number, of the texture.
    """

    view: MeshView
    places: Floats
    density: float
    small: Floats
    shown: Floats
    face: Floats
    share: Floats | float

    def read(self, box: Box) -> Floats:
        """A part (rows, columns of the half-size crop) at full size: float32 RGB in 0–1."""
        rgba = sampled(self.view.levels, doubled(self.places[box]), self.density)
        return np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB) * _UNIT)


@dataclass(frozen=True, eq=False)
class Texture:
    """A new face before it is lit.

    Attributes:
        small: (h, h, 3) float32 RGB in 0–1, at half the size of the crop.
        face: (h, h) chance that it shows the source's face, seen well enough.
    """

    layers: tuple[_Layer, ...]
    small: Floats
    face: Floats

    def read(self, box: Box) -> Floats:
        """A part (rows, columns of the half-size crop) at full size: float32 RGB in 0–1."""
        parts = [layer.read(box) for layer in self.layers]
        if len(parts) == 1:
            return parts[0]
        shares = [
            layer.share if isinstance(layer.share, float) else doubled(layer.share[box])[..., None]
            for layer in self.layers
        ]
        return np.asarray(
            sum(part * share for part, share in zip(parts, shares, strict=True)), np.float32
        )


def textured(surface: Surface, chosen: Sequence[tuple[MeshView, float]], scale: float) -> Texture:
    """Carry the source over.

    Args:
        surface: The new face's mesh, drawn at half the size of the crop.
        chosen: One picture, or two, with their shares.
        scale: Pixels of the whole crop per mm of the face.
    """
    layers = [_layer(surface, view, scale, share) for view, share in chosen]
    face = _sum([layer.face * layer.shown for layer in layers], [one.share for one in layers])
    hidden = np.float32(1.0) - _sum([one.shown for one in layers], [one.share for one in layers])
    filler = chosen[0][0].filler
    there = surface.regions < 255
    if filler is not None and float((hidden * there).sum()) > _WORTH * float(there.sum()):
        other = _layer(surface, filler, scale, 1.0)
        helps = hidden * other.shown
        face += helps * other.face
        layers = [_with(one, one.share * (np.float32(1.0) - helps)) for one in layers]
        layers.append(_with(other, helps))
    if len(layers) == 1:
        return Texture((layers[0],), layers[0].small, face)
    small = _sum([one.small for one in layers], [one.share for one in layers])
    return Texture(tuple(layers), small, face)


def _layer(surface: Surface, view: MeshView, scale: float, share: float) -> _Layer:
    facing = smoothstep(view.normals, *_FACING)
    carried = surface.carry(np.column_stack([view.vertices[:, :2], facing]), -8.0)
    places = np.ascontiguousarray(carried[..., :2])
    density = view.fit.scale / scale
    rgba = sampled(view.levels, places, 2.0 * density)
    small = np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB) * _UNIT)
    shown = np.clip(carried[..., 2], 0.0, 1.0)
    return _Layer(view, places, density, small, shown, rgba[..., 3] * _UNIT, float(share))


def _with(layer: _Layer, share: Floats) -> _Layer:
    return _Layer(
        layer.view, layer.places, layer.density, layer.small, layer.shown, layer.face, share
    )


def _sum(images: Sequence[Floats], shares: Sequence[Floats | float]) -> Floats:
    total = np.zeros_like(images[0])
    for image, share in zip(images, shares, strict=True):
        wide = share[..., None] if isinstance(share, np.ndarray) and image.ndim == 3 else share
        total += image * wide
    return total
