"""Regions of YUV pictures to RGB and back, matrix and range honoured in both directions.

Only regions are ever converted; there is no full-frame RGB copy in this package. Equations: ITU-T
H.273 §8.3; chroma is interpolated linearly on the way to RGB and averaged on the way back.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.errors import PictureError
from vplugin.picture import ColourTags, PictureFormat, Plane

Array: TypeAlias = npt.NDArray[Any]
RgbFormat: TypeAlias = Literal["rgb24", "bgr24", "rgb48", "rgbf32", "gray"]

# Kr, Kb by H.273 matrix number.
_COEFFICIENTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}
_FULL_SCALE = {"rgb24": 255.0, "bgr24": 255.0, "rgb48": 65535.0, "rgbf32": 1.0, "gray": 255.0}
_DTYPES = {
    "rgb24": np.uint8,
    "bgr24": np.uint8,
    "rgb48": np.uint16,
    "rgbf32": np.float32,
    "gray": np.uint8,
}


def effective_matrix(colour: ColourTags, height: int) -> int:
    """The H.273 matrix to use: the tag's; untagged, BT.709 from 720 lines on and BT.601 below."""
    if colour.matrix in _COEFFICIENTS:
        return colour.matrix
    return 1 if height >= 720 else 6


@lru_cache(maxsize=64)
def _yuv_to_rgb(matrix: int, full_range: bool, depth: int) -> npt.NDArray[np.float64]:
    """(3, 4) affine map from code values (Y, U, V) to R'G'B' in 0–1."""
    kr, kb = _COEFFICIENTS[matrix]
    kg = 1 - kr - kb
    unit = 1 << (depth - 8)
    if full_range:
        luma_offset, luma_scale, chroma_scale = 0.0, (1 << depth) - 1.0, (1 << depth) - 1.0
    else:
        luma_offset, luma_scale, chroma_scale = 16.0 * unit, 219.0 * unit, 224.0 * unit
    rows = np.array(
        [
            [1, 0, 2 * (1 - kr)],
            [1, -2 * kb * (1 - kb) / kg, -2 * kr * (1 - kr) / kg],
            [1, 2 * (1 - kb), 0],
        ]
    ) / np.array([luma_scale, chroma_scale, chroma_scale])
    offset = -rows @ np.array([luma_offset, 128.0 * unit, 128.0 * unit])
    return np.hstack([rows, offset[:, None]])


@lru_cache(maxsize=64)
def _rgb_to_yuv(matrix: int, full_range: bool, depth: int) -> npt.NDArray[np.float64]:
    """(3, 4) affine map from R'G'B' in 0–1 to code values (Y, U, V): the inverse of the other."""
    forward = _yuv_to_rgb(matrix, full_range, depth)
    inverse = np.linalg.inv(forward[:, :3])
    return np.hstack([inverse, (-inverse @ forward[:, 3])[:, None]])


def _maps(format: PictureFormat, height: int) -> tuple[int, bool, int]:
    full = format.colour.full_range or format.pixel.startswith("yuvj")
    return effective_matrix(format.colour, height), full, format.layout.depth


def _component(planes: tuple[Plane, ...], format: PictureFormat, name: str) -> Array:
    """One component as an (h, w) array of code values, padding removed; a view where possible."""
    for layout, plane in zip(format.layout.planes, planes, strict=True):
        if name in layout.components:
            values = plane if plane.ndim == 2 else plane[..., layout.components.index(name)]
            padding = format.layout.padding
            shifted: Array = np.right_shift(values, padding) if padding else values
            return shifted
    raise PictureError(f"pixel format {format.pixel!r} has no component {name!r}")


def _stack_components(planes: tuple[Plane, ...], format: PictureFormat, names: str) -> Array:
    """The named components at full resolution, (h, w, 3), code values; chroma linear."""
    size = (format.width, format.height)
    parts = []
    for name in names:
        part = np.ascontiguousarray(_component(planes, format, name))
        if part.shape != size[::-1]:
            part = cv2.resize(part, size, interpolation=cv2.INTER_LINEAR)
        parts.append(part)
    return np.asarray(cv2.merge(parts))


def _quantise(values: Array, rgb_format: RgbFormat) -> Array:
    """Float values in 0–1 to the number type of ``rgb_format``."""
    if rgb_format == "rgbf32":
        return np.asarray(np.clip(values, 0.0, 1.0, dtype=np.float32))
    full = _FULL_SCALE[rgb_format]
    return np.rint(np.clip(values * full, 0, full)).astype(_DTYPES[rgb_format])


def empty_rgb(rgb_format: RgbFormat, width: int, height: int) -> Array:
    """Black, in the number type and shape of a format."""
    shape = (height, width) if rgb_format == "gray" else (height, width, 3)
    return np.zeros(shape, _DTYPES[rgb_format])


def to_rgb(
    planes: tuple[Plane, ...],
    format: PictureFormat,
    rgb_format: RgbFormat = "rgb24",
    *,
    picture_height: int | None = None,
) -> Array:
    """Convert planes to RGB.

    Args:
        planes: Shapes as ``format.plane_shapes``.
        format: Of these planes (for a region: :meth:`PictureFormat.cropped`).
        rgb_format: ``rgb24``/``bgr24`` (H, W, 3) uint8; ``rgb48`` (H, W, 3) uint16, full scale;
            ``rgbf32`` (H, W, 3) float32 in 0–1; ``gray`` (H, W) uint8, the luma at full range.
        picture_height: Height of the whole picture, which decides an untagged matrix.

    Returns:
        A new, writable, contiguous array.
    """
    if rgb_format not in _FULL_SCALE:
        raise PictureError(f"unknown format {rgb_format!r}", mend=f"use {', '.join(_FULL_SCALE)}")
    if format.layout.is_rgb:
        values = _stack_components(planes, format, "rgb")
        affine = np.hstack([np.eye(3) / ((1 << format.layout.depth) - 1.0), np.zeros((3, 1))])
    elif format.pixel.startswith("gray"):
        luma = np.ascontiguousarray(_component(planes, format, "y"))
        neutral = np.full_like(luma, 1 << (format.layout.depth - 1))
        values = cv2.merge([luma, neutral, neutral])
        affine = _yuv_to_rgb(*_maps(format, picture_height or format.height))
    else:
        values = _stack_components(planes, format, "yuv")
        affine = _yuv_to_rgb(*_maps(format, picture_height or format.height))
    if rgb_format == "gray":
        affine = (
            np.array([[0.2126, 0.7152, 0.0722]])
            if format.layout.is_rgb
            else np.array([[1 / 3, 1 / 3, 1 / 3]])
        ) @ affine
        values = values if format.layout.is_rgb else _neutral_chroma(values, format)
    if rgb_format == "bgr24":
        affine = affine[::-1]
    if format.layout.depth == 8 and rgb_format in ("rgb24", "bgr24", "gray"):
        return np.ascontiguousarray(cv2.transform(values, affine * 255.0))
    return np.ascontiguousarray(
        _quantise(cv2.transform(values.astype(np.float32), affine), rgb_format)
    )


def _neutral_chroma(values: Array, format: PictureFormat) -> Array:
    values[..., 1:] = 1 << (format.layout.depth - 1)
    return values


def paste_rgb(
    planes: tuple[Plane, ...],
    format: PictureFormat,
    rgb: Array,
    changed: npt.NDArray[np.bool_],
    rgb_format: RgbFormat = "rgb24",
    *,
    picture_height: int | None = None,
) -> tuple[Plane, ...]:
    """Convert RGB into a copy of ``planes``, only where ``changed`` is true.

    A sample keeps its exact value where none of the pixels it stands for changed; a chroma sample
    that stands for changed and unchanged pixels is the mean of the new and the old values.

    Args:
        planes: The region's present planes; not written to.
        format: Of the region.
        rgb: (H, W, 3), as :func:`to_rgb` gives it, or (H, W) for ``gray``.
        changed: (H, W).
        rgb_format: Number type and channel order of ``rgb``.
        picture_height: As in :func:`to_rgb`.
    """
    if rgb.shape[:2] != (format.height, format.width) or changed.shape != rgb.shape[:2]:
        raise PictureError(
            f"an edit of shape {rgb.shape} does not fit a region of {format.width}x{format.height}"
        )
    values = rgb.astype(np.float32)
    if rgb_format == "gray":
        values = np.repeat(values[..., None], 3, axis=2)
    if rgb_format == "bgr24":
        values = values[..., ::-1]
    values = np.ascontiguousarray(values)
    scale = 1.0 / _FULL_SCALE[rgb_format]
    depth = format.layout.depth
    if format.layout.is_rgb:
        affine = np.hstack([np.eye(3) * ((1 << depth) - 1.0), np.zeros((3, 1))])
        names = "rgb"
    else:
        affine = _rgb_to_yuv(*_maps(format, picture_height or format.height)).copy()
        names = "yuv"
    affine = affine * np.array([scale, scale, scale, 1.0])
    codes = cv2.transform(values, affine)
    new = {name: codes[..., index] for index, name in enumerate(names)}
    return tuple(
        _paste_plane(
            plane,
            layout.components,
            (layout.shift_x, layout.shift_y),
            new,
            changed,
            depth,
            format.layout.padding,
        )
        for layout, plane in zip(format.layout.planes, planes, strict=True)
    )


def _paste_plane(
    plane: Plane,
    components: tuple[str, ...],
    shift: tuple[int, int],
    new: dict[str, Array],
    changed: npt.NDArray[np.bool_],
    depth: int,
    padding: int,
) -> Plane:
    """One plane with the changed samples replaced."""
    result = plane.copy()
    share = _block_mean(changed.astype(np.float32), shift)
    touched = share > 0
    for index, name in enumerate(components):
        if name not in new:
            continue
        target = result if result.ndim == 2 else result[..., index]
        old = (target >> padding).astype(np.float32)
        mean = _block_mean(np.where(changed, new[name], 0.0).astype(np.float32), shift)
        mixed = mean + (1.0 - share) * old
        codes = np.clip(np.rint(mixed), 0, (1 << depth) - 1).astype(target.dtype)
        target[touched] = np.left_shift(codes, padding)[touched]
    return result


def _block_mean(values: Array, shift: tuple[int, int]) -> Array:
    """Mean over blocks of 2**shift pixels; a block cut by the border counts what is there."""
    step_x, step_y = 1 << shift[0], 1 << shift[1]
    if step_x == step_y == 1:
        return values
    height, width = values.shape
    pad_y, pad_x = -height % step_y, -width % step_x
    if pad_y or pad_x:
        values = cv2.copyMakeBorder(values, 0, pad_y, 0, pad_x, cv2.BORDER_REPLICATE)
    size = (values.shape[1] // step_x, values.shape[0] // step_y)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))
