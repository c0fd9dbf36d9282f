"""What flows through a graph: frames, the faces in them, the patches that edits are, tombstones.

A frame's picture is never altered. A node that changes pixels adds a :class:`Patch`; reading a
region shows the picture with its patches, and only the encoder applies them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.colour import RgbFormat, empty_rgb, paste_rgb, to_rgb
from vplugin.errors import PictureError
from vplugin.picture import Box, Picture, PictureFormat, Plane, Rect

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Face:
    """One face in one frame. Data only: a node that learns more makes a new one (:meth:`evolve`).

    Attributes:
        box: (4,) float32, x0, y0, x1, y1 in pixels of the decoded picture.
        score: Detector confidence in 0–1.
        points: (5, 2) float32 or None: left eye, right eye, nose tip, left and right mouth corner,
            left as seen in the picture, pixel-centre coordinates.
        landmarks: (N, 2) float32 or None: dense landmarks (106 or 68).
        track: Stable number of the person in this stream, or None before tracking.
        embedding: (512,) float32, L2-normalised, or None.
        attributes: Whatever else nodes found out: numbers, strings, lists of them.
    """

    box: npt.NDArray[np.float32]
    score: float = 1.0
    points: npt.NDArray[np.float32] | None = None
    landmarks: npt.NDArray[np.float32] | None = None
    track: int | None = None
    embedding: npt.NDArray[np.float32] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rect(self) -> Rect:
        """The box as whole pixels."""
        return Rect.around(self.box)

    @property
    def area(self) -> float:
        """Square pixels of the box."""
        return float(max(0.0, self.box[2] - self.box[0]) * max(0.0, self.box[3] - self.box[1]))

    @property
    def eye_distance(self) -> float:
        """Pixels between the eyes; a third of the box width where the points are unknown."""
        if self.points is None:
            return float(self.box[2] - self.box[0]) / 3.0
        return float(np.linalg.norm(self.points[1] - self.points[0]))

    def evolve(self, **changes: Any) -> Face:
        """A copy with some fields replaced."""
        return replace(self, **changes)


@dataclass(frozen=True, eq=False)
class Patch:
    """An altered region of a picture, in the picture's own pixel format.

    Attributes:
        rect: Where it lies; whole chroma samples.
        planes: As :meth:`Picture.crop` shapes them, read-only.
        node: Name of the node that made it.
        track: The person it belongs to, if known.
    """

    rect: Rect
    planes: tuple[Plane, ...]
    node: str
    track: int | None = None

    @property
    def nbytes(self) -> int:
        """Size of the planes."""
        return sum(plane.nbytes for plane in self.planes)


@dataclass(frozen=True)
class Tombstone:
    """Stands for a frame that will not come, so that order and joins are settled.

    Attributes:
        stream: The source node's name.
        seq: Number of the frame in its stream.
        reason: Why: ``late``, ``skipped``, ``failed``, ``eos``, or a node's own word.
        original: As :attr:`Frame.original`.
    """

    stream: str
    seq: int
    reason: str
    original: Any = None


@dataclass(frozen=True)
class Drop:
    """Returned by ``Node.process`` in place of a frame that shall not go on."""

    reason: str


@dataclass(eq=False)
class Frame:
    """One picture of a stream at an exact time, with what is known and changed about it.

    Attributes:
        stream: Name of the source node.
        seq: 0, 1, 2 … without gaps within the stream; given at admission.
        pts: Presentation time in units of ``time_base``; exact, never computed from a rate.
        time_base: Seconds per unit.
        picture: As decoded. Read-only.
        faces: In no particular order; a track number identifies a person, not an index.
        patches: Edits in the order they were made; later ones lie on top.
        data: Results of other kinds, by node name (numbers, strings, bytes, lists, dicts).
        inputs: The newest frame of each further input port of a ``latest`` join, or the frame of
            the same seq of an ``exact`` one; a missing key means that nothing has come yet.
        original: What the source left for a sink in the same process (the decoder's own frame
            object and its packets). Never crosses a process.
        cut: Whether a new shot begins here.
        duration: In units of ``time_base``, or None where unknown.
    """

    picture: Picture
    pts: int
    time_base: Fraction
    stream: str = ""
    seq: int = -1
    faces: tuple[Face, ...] = ()
    patches: tuple[Patch, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Frame] = field(default_factory=dict)
    original: Any = None
    cut: bool = False
    duration: int | None = None

    @property
    def time(self) -> Fraction:
        """Presentation time in seconds, exact."""
        return self.pts * self.time_base

    @property
    def format(self) -> PictureFormat:
        """The picture's format."""
        return self.picture.format

    def evolve(self, **changes: Any) -> Frame:
        """A shallow copy with some fields replaced; the picture is shared."""
        return replace(self, **changes)

    def planes(self, rect: Rect) -> tuple[Plane, ...]:
        """The region ``rect`` (aligned) in the picture's own format with all patches applied.

        A read-only view of the picture where no patch touches it, else a copy.
        """
        touching = [patch for patch in self.patches if not patch.rect.intersect(rect).empty]
        region = self.picture.crop(rect)
        if not touching:
            return region
        copies = tuple(plane.copy() for plane in region)
        for patch in touching:
            lay_patch(copies, rect, self.format, patch)
        return copies

    def read(self, rect: Rect | Box, format: RgbFormat = "rgb24") -> Array:
        """A region as RGB, patches included.

        Args:
            rect: A :class:`Rect`, or a box (x0, y0, x1, y1); cut to the picture.
            format: ``rgb24`` or ``bgr24`` (H, W, 3) uint8, ``rgb48`` uint16, ``rgbf32`` float32 in
                0–1, ``gray`` (H, W) uint8.

        Returns:
            A new array, yours to change.
        """
        wanted = _as_rect(rect).intersect(self.format.bounds)
        if wanted.empty:
            return empty_rgb(format, wanted.width, wanted.height)
        aligned = self.format.align(wanted)
        whole = to_rgb(
            self.planes(aligned),
            self.format.cropped(aligned),
            format,
            picture_height=self.format.height,
        )
        return np.ascontiguousarray(whole[_inside(wanted, aligned)])

    @contextmanager
    def edit(
        self,
        rect: Rect | Box,
        *,
        node: object | str,
        track: int | None = None,
        format: RgbFormat = "rgb24",
    ) -> Iterator[Array]:
        """Lend a region as RGB; what was changed in it becomes a patch when the block is left.

        Pixels that were not changed keep their exact value. Nothing is added when the block is
        left by an error or changes nothing.

        Args:
            rect: As in :meth:`read`.
            node: The editing node (``self``), or its name.
            track: The person the edit belongs to.
            format: As in :meth:`read`; use ``rgb48`` or ``rgbf32`` to keep more than 8 bits.
        """
        wanted = _as_rect(rect).intersect(self.format.bounds)
        before = self.read(wanted, format)
        after = before.copy()
        yield after
        differs = after != before
        changed = differs.any(axis=2) if differs.ndim == 3 else differs
        if changed.any():
            self.paste(wanted, after, changed, node=node, track=track, format=format)

    def paste(
        self,
        rect: Rect,
        rgb: Array,
        changed: npt.NDArray[np.bool_],
        *,
        node: object | str,
        track: int | None = None,
        format: RgbFormat = "rgb24",
    ) -> None:
        """Add a patch from RGB; samples outside ``changed`` keep their exact value.

        Args:
            rect: Within the picture.
            rgb: (height, width, 3) in ``format``.
            changed: (height, width), true where the patch counts.
            node: As in :meth:`edit`.
            track: As in :meth:`edit`.
            format: Of ``rgb``.
        """
        if rect != rect.intersect(self.format.bounds):
            raise PictureError(f"{rect} does not lie within {self.format.bounds}")
        aligned = self.format.align(rect)
        if aligned != rect:
            rgb, changed = _grow(rgb, changed, rect, aligned)
        planes = paste_rgb(
            self.planes(aligned),
            self.format.cropped(aligned),
            rgb,
            changed,
            format,
            picture_height=self.format.height,
        )
        for plane in planes:
            plane.flags.writeable = False
        name = node if isinstance(node, str) else str(getattr(node, "name", type(node).__name__))
        self.patches = (*self.patches, Patch(aligned, planes, name, track))


def lay_patch(
    target: Sequence[Plane], target_rect: Rect, format: PictureFormat, patch: Patch
) -> None:
    """Copy the common part of a patch into writable planes that show ``target_rect`` (aligned)."""
    common = patch.rect.intersect(target_rect)
    if common.empty:
        return
    for layout, plane, new in zip(format.layout.planes, target, patch.planes, strict=True):
        shift = (layout.shift_x, layout.shift_y)
        area, at = common.shrink(*shift), target_rect.shrink(*shift)
        source = patch.rect.shrink(*shift)
        plane[_inside(area, at)] = new[_inside(area, source)]


def _inside(inner: Rect, outer: Rect) -> tuple[slice, slice]:
    """Slices of ``inner`` in an array that shows ``outer``."""
    return inner._replace(x=inner.x - outer.x, y=inner.y - outer.y).slices


def _as_rect(value: Rect | Box) -> Rect:
    return value if isinstance(value, Rect) else Rect.around(value)


def _grow(
    rgb: Array, changed: npt.NDArray[np.bool_], rect: Rect, aligned: Rect
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Pad an edit to whole chroma samples; the padding counts as unchanged."""
    at = _inside(rect, aligned)
    whole = np.zeros((aligned.height, aligned.width, *rgb.shape[2:]), rgb.dtype)
    mask = np.zeros((aligned.height, aligned.width), np.bool_)
    whole[at], mask[at] = rgb, changed
    return whole, mask
