"""Pixel formats, rectangles and planes: what a decoded picture is made of.

Formats carry FFmpeg's names. Only the memory layout lives here; colour conversion is in
:mod:`vplugin.colour`. No video library is imported, so every process can afford this module.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from vplugin.errors import PictureError

Plane: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]  # (H, W) or (H, W, components)
Box: TypeAlias = Sequence[float] | npt.NDArray[np.floating[Any]]  # x0, y0, x1, y1 in pixels

ROW_ALIGNMENT = 64  # bytes; what FFmpeg's SIMD code likes


class Rect(NamedTuple):
    """A rectangle of whole pixels: left, top, width, height."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def around(cls, box: Box) -> Rect:
        """The smallest rectangle that covers a box (x0, y0, x1, y1) given in pixels."""
        left, top, right, bottom = (float(value) for value in box)
        if not all(math.isfinite(value) for value in (left, top, right, bottom)):
            raise PictureError(f"a box must be finite numbers, not {tuple(box)}")
        x, y = math.floor(left), math.floor(top)
        return cls(x, y, max(0, math.ceil(right) - x), max(0, math.ceil(bottom) - y))

    @property
    def right(self) -> int:
        """First column to the right of the rectangle."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below the rectangle."""
        return self.y + self.height

    @property
    def empty(self) -> bool:
        """Whether it covers no pixel."""
        return self.width <= 0 or self.height <= 0

    def intersect(self, other: Rect) -> Rect:
        """The common part; empty (0, 0) in size where there is none."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Rect(x, y, max(0, right - x), max(0, bottom - y))

    def align(self, shift_x: int, shift_y: int, width: int, height: int) -> Rect:
        """Grown to whole chroma samples (2**shift pixels) and cut to a width x height picture."""
        step_x, step_y = 1 << shift_x, 1 << shift_y
        inside = self.intersect(Rect(0, 0, width, height))
        if inside.empty:
            return Rect(inside.x, inside.y, 0, 0)
        x, y = inside.x // step_x * step_x, inside.y // step_y * step_y
        right = min(width, -(-inside.right // step_x) * step_x)
        bottom = min(height, -(-inside.bottom // step_y) * step_y)
        return Rect(x, y, right - x, bottom - y)

    def shrink(self, shift_x: int, shift_y: int) -> Rect:
        """The samples of a plane subsampled by 2**shift that this aligned rectangle covers."""
        x, y = self.x >> shift_x, self.y >> shift_y
        return Rect(x, y, -(-self.right >> shift_x) - x, -(-self.bottom >> shift_y) - y)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices, for indexing an (H, W) array."""
        return slice(self.y, self.bottom), slice(self.x, self.right)


@dataclass(frozen=True)
class PlaneLayout:
    """One plane of a pixel format.

    Attributes:
        components: What is interleaved in it, by name: ``("y",)``, ``("u", "v")`` …
        shift_x: Columns are subsampled by 2**shift_x.
        shift_y: Rows are subsampled by 2**shift_y.
    """

    components: tuple[str, ...]
    shift_x: int = 0
    shift_y: int = 0


@dataclass(frozen=True)
class PixelLayout:
    """How one FFmpeg pixel format lies in memory.

    Attributes:
        planes: In FFmpeg's order.
        depth: Bits that carry the value.
        padding: Zero bits below the value (6 in p010, whose ten bits are the upper ones).
    """

    planes: tuple[PlaneLayout, ...]
    depth: int = 8
    padding: int = 0

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8 up to 8 bits, little-endian uint16 above."""
        return np.dtype(np.uint8) if self.depth <= 8 else np.dtype("<u2")

    @property
    def chroma_shift(self) -> tuple[int, int]:
        """The coarsest subsampling among the planes: (shift_x, shift_y)."""
        return max(p.shift_x for p in self.planes), max(p.shift_y for p in self.planes)

    @property
    def is_rgb(self) -> bool:
        """Whether its components are red, green and blue."""
        return any("r" in plane.components for plane in self.planes)


def _layouts() -> Mapping[str, PixelLayout]:
    """The supported formats, from the few regularities that FFmpeg's names follow."""
    luma, alpha = PlaneLayout(("y",)), PlaneLayout(("a",))
    table: dict[str, PixelLayout] = {"gray": PixelLayout((luma,))}
    sampling = {
        "420": (1, 1),
        "422": (1, 0),
        "444": (0, 0),
        "440": (0, 1),
        "411": (2, 0),
        "410": (2, 2),
    }
    depths = {"9le": 9, "10le": 10, "12le": 12, "14le": 14, "16le": 16}
    for name, (sx, sy) in sampling.items():
        planar = (luma, PlaneLayout(("u",), sx, sy), PlaneLayout(("v",), sx, sy))
        table[f"yuv{name}p"] = table[f"yuvj{name}p"] = PixelLayout(planar)
        table[f"yuva{name}p"] = PixelLayout((*planar, alpha))
        for suffix, depth in depths.items():
            table[f"yuv{name}p{suffix}"] = PixelLayout(planar, depth)
            table[f"yuva{name}p{suffix}"] = PixelLayout((*planar, alpha), depth)
    for suffix, depth in depths.items():
        table[f"gray{suffix}"] = PixelLayout((luma,), depth)
        table[f"gbrp{suffix}"] = PixelLayout(tuple(PlaneLayout((c,)) for c in "gbr"), depth)
    table["gbrp"] = PixelLayout(tuple(PlaneLayout((c,)) for c in "gbr"))
    table["nv12"] = PixelLayout((luma, PlaneLayout(("u", "v"), 1, 1)))
    table["nv21"] = PixelLayout((luma, PlaneLayout(("v", "u"), 1, 1)))
    table["nv16"] = PixelLayout((luma, PlaneLayout(("u", "v"), 1, 0)))
    table["p010le"] = PixelLayout((luma, PlaneLayout(("u", "v"), 1, 1)), 10, 6)
    table["p210le"] = PixelLayout((luma, PlaneLayout(("u", "v"), 1, 0)), 10, 6)
    for order in ("rgb24", "bgr24"):
        table[order] = PixelLayout((PlaneLayout(tuple(order[:3])),))
    for order in ("rgba", "bgra", "argb", "abgr"):
        table[order] = PixelLayout((PlaneLayout(tuple(order)),))
    return MappingProxyType(table)


LAYOUTS: Mapping[str, PixelLayout] = _layouts()


@dataclass(frozen=True)
class ColourTags:
    """The four tags of a video signal, by ITU-T H.273 number (2 is "unspecified").

    Attributes:
        matrix: Matrix coefficients (1 BT.709, 5/6 BT.601, 9 BT.2020 non-constant …).
        full_range: True for 0–255 luma ("pc"), False for 16–235 ("tv").
        primaries: Colour primaries.
        transfer: Transfer characteristics (1 BT.709, 16 PQ, 18 HLG …).
    """

    matrix: int = 2
    full_range: bool = False
    primaries: int = 2
    transfer: int = 2


@dataclass(frozen=True)
class PictureFormat:
    """Everything needed to interpret a block of memory as a picture.

    Attributes:
        pixel: FFmpeg pixel format name, one of :data:`LAYOUTS`.
        width: Columns of the first plane.
        height: Rows of the first plane.
        colour: Colour tags as decoded.
        sample_aspect: Width over height of one pixel, as (numerator, denominator).
        rotation: Degrees counter-clockwise that a player turns the picture by (0, 90, 180, 270).
        interlaced: Whether the rows come from two fields.
    """

    pixel: str
    width: int
    height: int
    colour: ColourTags = ColourTags()
    sample_aspect: tuple[int, int] = (1, 1)
    rotation: int = 0
    interlaced: bool = False

    def __post_init__(self) -> None:
        if self.pixel not in LAYOUTS:
            raise PictureError(
                f"pixel format {self.pixel!r} is not supported",
                mend="convert it to yuv420p, nv12, yuv422p10le, p010le or another planar format",
            )
        if self.width < 1 or self.height < 1:
            raise PictureError(f"a picture of {self.width}x{self.height} pixels has no pixel")

    @property
    def layout(self) -> PixelLayout:
        """How the pixel format lies in memory."""
        return LAYOUTS[self.pixel]

    @property
    def bounds(self) -> Rect:
        """The whole picture."""
        return Rect(0, 0, self.width, self.height)

    def align(self, rect: Rect) -> Rect:
        """``rect`` grown to whole chroma samples and cut to the picture."""
        return rect.align(*self.layout.chroma_shift, self.width, self.height)

    def cropped(self, rect: Rect) -> PictureFormat:
        """The format of the aligned region ``rect`` of this picture."""
        return replace(self, width=rect.width, height=rect.height)

    @cached_property
    def plane_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Array shape of each plane: (rows, columns) or (rows, columns, components)."""
        shapes: list[tuple[int, ...]] = []
        for plane in self.layout.planes:
            area = self.bounds.shrink(plane.shift_x, plane.shift_y)
            shape = (area.height, area.width)
            many = len(plane.components)
            shapes.append(shape if many == 1 else (*shape, many))
        return tuple(shapes)

    @cached_property
    def _rows(self) -> tuple[tuple[int, int], ...]:
        """(offset, row stride) in bytes of each plane in one block of memory."""
        places, offset = [], 0
        for shape in self.plane_shapes:
            used = math.prod(shape[1:]) * self.layout.dtype.itemsize
            stride = -(-used // ROW_ALIGNMENT) * ROW_ALIGNMENT
            places.append((offset, stride))
            offset += stride * shape[0]
        return (*places, (offset, 0))

    @property
    def nbytes(self) -> int:
        """Size of the picture in one block of memory, rows aligned to 64 bytes."""
        return self._rows[-1][0]

    def planes_in(self, memory: memoryview) -> tuple[Plane, ...]:
        """Views of the planes in a block of at least :attr:`nbytes` bytes; no copy.

        The views are writable exactly when ``memory`` is.
        """
        if memory.nbytes < self.nbytes:
            raise PictureError(f"{memory.nbytes} bytes cannot hold a picture of {self.nbytes}")
        dtype, planes = self.layout.dtype, []
        for shape, (offset, stride) in zip(self.plane_shapes, self._rows, strict=False):
            strides = (stride, *(() if len(shape) == 2 else (shape[2] * dtype.itemsize,)))
            planes.append(np.ndarray(shape, dtype, memory, offset, (*strides, dtype.itemsize)))
        return tuple(planes)


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture: a format and its planes, which nobody may write to.

    Attributes:
        format: What the planes mean.
        planes: One array a plane, shapes as :attr:`PictureFormat.plane_shapes`, read-only.
    """

    format: PictureFormat
    planes: tuple[Plane, ...]

    def __post_init__(self) -> None:
        shapes = tuple(plane.shape for plane in self.planes)
        if shapes != self.format.plane_shapes:
            raise PictureError(
                f"planes of shape {shapes} are not a {self.format.pixel} picture of "
                f"{self.format.width}x{self.format.height}"
            )
        if any(plane.flags.writeable for plane in self.planes):
            frozen = tuple(plane.view() for plane in self.planes)
            for plane in frozen:
                plane.flags.writeable = False
            object.__setattr__(self, "planes", frozen)

    @classmethod
    def blank(cls, format: PictureFormat) -> Picture:
        """A black picture, for tests and slates."""
        neutral = 1 << (format.layout.depth - 1)
        black = 0 if format.colour.full_range else 16 << (format.layout.depth - 8)
        values = {"y": black, "u": neutral, "v": neutral, "a": (1 << format.layout.depth) - 1}
        planes = tuple(
            np.broadcast_to(
                np.array(
                    [values.get(c, 0) << format.layout.padding for c in plane.components]
                    if len(plane.components) > 1
                    else values.get(plane.components[0], 0) << format.layout.padding,
                    format.layout.dtype,
                ),
                shape,
            ).copy()
            for plane, shape in zip(format.layout.planes, format.plane_shapes, strict=True)
        )
        return cls(format, planes)

    def crop(self, rect: Rect) -> tuple[Plane, ...]:
        """Read-only views of the region ``rect``, aligned by :meth:`PictureFormat.align`."""
        return tuple(
            plane[rect.shrink(layout.shift_x, layout.shift_y).slices]
            for layout, plane in zip(self.format.layout.planes, self.planes, strict=True)
        )
