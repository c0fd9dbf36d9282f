"""Drawing a mesh: for each pixel of a crop, where in other pictures the same place of the face is.

The map is piecewise affine over triangles that keep their order in depth. It is drawn at half the
size of the crop and enlarged: between landmarks it is smooth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.vision.mesh_model import FaceModel

__all__ = ["Surface", "draw", "pyramid", "read", "sampled"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

_SHIFT = 4  # bits after the point of the corners that OpenCV draws
_SMALLEST = 48  # width from which a picture is not shrunk further
_TOO_FINE = 1.45  # source pixels per crop pixel from which the next smaller picture is read


@dataclass(frozen=True, eq=False)
class Surface:
    """Which place of the mesh each pixel shows.

    Attributes:
        size: Width and height.
        rows: (n,) pixels that show the mesh, by number in the flattened picture.
        corners: (n, 3) vertices of the triangle that each shows.
        shares: (n, 3) float32, barycentric.
        regions: (size, size) uint8 as :attr:`FaceModel.regions`, 255 where there is no mesh.
    """

    size: int
    rows: npt.NDArray[np.int64]
    corners: npt.NDArray[np.int32]
    shares: Floats
    regions: npt.NDArray[np.uint8]

    def carry(self, values: Array, beyond: float = 0.0) -> Floats:
        """Values (V, C) of the vertices over the picture: (size, size, C), ``beyond`` off it."""
        table = np.asarray(values, np.float32)
        result = np.zeros((self.size * self.size, table.shape[1]), np.float32)
        if beyond:
            result[:] = beyond
        found = table[self.corners[:, 0]] * self.shares[:, :1]
        found += table[self.corners[:, 1]] * self.shares[:, 1:2]
        found += table[self.corners[:, 2]] * self.shares[:, 2:]
        result[self.rows] = found
        return result.reshape(self.size, self.size, -1)


def draw(model: FaceModel, vertices: Array, size: int, scale: float) -> Surface:
    """Draw the mesh, far triangles first; those seen from behind are left out.

    Args:
        model: Gives the triangles.
        vertices: (V, 3) in pixels of the crop; z is depth.
        size: Width and height of what is drawn.
        scale: Drawn pixels per pixel of the crop.
    """
    flat = ((np.asarray(vertices[:, :2], np.float64) + 0.5) * scale - 0.5).astype(np.float32)
    a, b, c = (flat[model.triangles[:, k]] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    depth = vertices[model.triangles, 2].mean(axis=1)
    order = np.argsort(-depth)
    order = order[area[order] > 1e-3]
    label = np.full((size, size), -1, np.int32)
    corners = np.rint(flat[model.triangles] * (1 << _SHIFT)).astype(np.int32)
    for number in order:
        cv2.fillConvexPoly(label, corners[number], int(number), cv2.LINE_8, _SHIFT)
    rows = np.flatnonzero(label >= 0)
    seen = label.ravel()[rows]
    y, x = np.divmod(rows.astype(np.float32), np.float32(size))
    inverse = 1.0 / np.where(np.abs(area) > 1e-3, area, 1.0)
    dx, dy = x - a[seen, 0], y - a[seen, 1]
    (bx, by), (cx, cy) = (b - a).T, (c - a).T
    second = (dx * cy[seen] - dy * cx[seen]) * inverse[seen]
    third = (dy * bx[seen] - dx * by[seen]) * inverse[seen]
    shares = np.stack([1.0 - second - third, second, third], axis=1).astype(np.float32)
    regions = np.full(size * size, 255, np.uint8)
    regions[rows] = model.regions[seen]
    return Surface(size, rows, model.triangles[seen], shares, regions.reshape(size, size))


def pyramid(image: Array) -> tuple[Array, ...]:
    """The picture, and ever halved copies of it by the mean of what each pixel covers."""
    levels = [np.ascontiguousarray(image)]
    while min(levels[-1].shape[:2]) >= 2 * _SMALLEST:
        height, width = levels[-1].shape[:2]
        size = (width // 2, height // 2)
        levels.append(
            np.asarray(
                cv2.resize(
                    levels[-1][: size[1] * 2, : size[0] * 2], size, interpolation=cv2.INTER_AREA
                )
            )
        )
    return tuple(levels)


def sampled(levels: tuple[Array, ...], places: Floats, density: float) -> Array:
    """Read a picture at places, without aliasing.

    Args:
        levels: As :func:`pyramid` made them.
        places: (S, S, 2) float32 pixels of the first level.
        density: Pixels of the first level per pixel read.

    Returns:
        (S, S[, C]) of the picture's type; 0 outside.
    """
    level, factor = 0, 1.0
    while density / factor > _TOO_FINE and level + 1 < len(levels):
        level, factor = level + 1, factor * 2.0
    # Halving moves centres: pixel p of a level covers the first one's about p·f + (f − 1)/2.
    at = places if level == 0 else (places + np.float32(0.5)) / np.float32(factor) - np.float32(0.5)
    flags = cv2.INTER_CUBIC if density / factor < 0.8 else cv2.INTER_LINEAR
    return read(levels[level], at, flags)


def read(image: Array, places: Array, flags: int = cv2.INTER_LINEAR) -> Array:
    """Interpolate an image at places (h, w, 2) float32; 0 outside."""
    nothing: Any = None  # no second map: the first has both coordinates
    return np.asarray(cv2.remap(image, places, nothing, flags, borderMode=cv2.BORDER_CONSTANT))
