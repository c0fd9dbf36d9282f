"""The picture that goes to the encoder: the decoder's own frame with the patches laid on it.

Everything a frame carries besides samples (captions, field order, colour tags, timestamps) is kept,
because no frame is ever rebuilt from arrays where the decoder's is at hand. The decoder's object
itself is not written to: two outputs may share it, and other nodes may still look at it. A second
reference to its memory is taken instead (FFmpeg copies the samples when the first patch is laid).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.reformatter import Interpolation, VideoReformatter

from vplugin.frame import Frame, Patch, lay_patch
from vplugin.media.original import Original
from vplugin.media.picture_io import from_picture, plain
from vplugin.picture import PictureFormat, Plane

__all__ = ["Canvas", "original_frame", "writable_planes"]

_CAREFUL = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)


def original_frame(frame: Frame) -> av.VideoFrame | None:
    """The decoder's frame behind a frame, if it came along and still shows the same picture."""
    original = frame.original
    if not isinstance(original, Original) or original.frame is None:
        return None
    decoded = original.frame
    same_size = (decoded.width, decoded.height) == (frame.format.width, frame.format.height)
    return decoded if same_size else None


def writable_planes(frame: av.VideoFrame, format: PictureFormat) -> tuple[Plane, ...]:
    """Views of a frame's samples, for writing; not valid longer than the frame.

    Args:
        frame: One that :meth:`av.VideoFrame.make_writable` was called on.
        format: Of the same size and pixel format.
    """
    size = format.layout.dtype.itemsize
    views: list[Any] = []
    for plane, shape in zip(frame.planes, format.plane_shapes, strict=True):
        memory: Any = plane  # a writable buffer, which its type does not say
        inner = (shape[2] * size,) if len(shape) == 3 else ()
        views.append(
            np.ndarray(shape, format.layout.dtype, memory, 0, (plane.line_size, *inner, size))
        )
    return tuple(views)


class Canvas:
    """Makes encoder frames; keeps its filter graph and scaler between them. One per thread.

    Args:
        pixel: Pixel format that the encoder takes.
    """

    def __init__(self, pixel: str) -> None:
        self.pixel = pixel
        self._reformatter = VideoReformatter()
        self._twins: tuple[tuple[object, ...], FilterContext, FilterContext] | None = None
        self._graph: Graph | None = None

    def paint(self, frame: Frame) -> av.VideoFrame:
        """A frame to encode: own timestamps, shared or own samples, patches applied."""
        decoded = original_frame(frame)
        if decoded is not None:
            sheet = self._twin(decoded, frame.format.sample_aspect)
        else:
            sheet = from_picture(frame.picture)
            sheet.time_base = frame.time_base
        if sheet.format.name != frame.format.pixel:
            sheet = plain(sheet)
        if frame.patches:
            _lay(sheet, frame.format, frame.patches)
        sheet = self.convert(sheet)
        sheet.pict_type = 0  # else the encoder would repeat the source's I, P and B
        return sheet

    def _twin(self, frame: av.VideoFrame, aspect: tuple[int, int]) -> av.VideoFrame:
        """Another frame object on the same samples: a filter graph that does nothing."""
        base = frame.time_base or Fraction(1, 1000)
        key = (frame.width, frame.height, frame.format.name, base, aspect)
        if self._twins is None or self._twins[0] != key:
            graph = Graph()
            source = graph.add(
                "buffer",
                video_size=f"{frame.width}x{frame.height}",
                pix_fmt=frame.format.name,
                time_base=str(base),
                pixel_aspect=f"{aspect[0]}/{aspect[1]}",
            )
            drain = graph.add("buffersink")
            source.link_to(drain)
            graph.configure()
            self._graph, self._twins = graph, (key, source, drain)
        _, source, drain = self._twins
        source.push(frame)
        twin: av.VideoFrame = drain.pull()  # type: ignore[assignment]
        return twin

    def convert(self, sheet: av.VideoFrame) -> av.VideoFrame:
        """In the encoder's pixel format, matrix and range kept."""
        if sheet.format.name == self.pixel:
            return sheet
        full = 2 if sheet.format.name.startswith("yuvj") else sheet.color_range
        converted = self._reformatter.reformat(
            sheet,
            format=self.pixel,
            interpolation=_CAREFUL,
            src_color_range=full,
            dst_color_range=full,
            threads=1,
        )
        converted.colorspace, converted.color_range = sheet.colorspace, full
        return converted


def _lay(sheet: av.VideoFrame, format: PictureFormat, patches: Sequence[Patch]) -> None:
    sheet.make_writable()
    planes = writable_planes(sheet, format)
    for patch in patches:
        lay_patch(planes, format.bounds, format, patch)
