"""Frames to messages and back: the only place that knows how a frame lies on the wire."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import msgpack
import numpy as np

from vplugin.engine.arena import Memory, Writer
from vplugin.engine.wire import FrameMessage, Slot
from vplugin.errors import ArenaError, WireError
from vplugin.frame import Face, Frame, Patch
from vplugin.picture import ColourTags, Picture, PictureFormat, Plane, Rect

_ARRAY, _FRACTION, _TUPLE = 1, 2, 3

MAX_BODY = 1 << 20  # bytes of faces, attributes and data that may travel with a frame

Place = tuple[Slot, int]


def _default(value: Any) -> Any:
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        flat = np.ascontiguousarray(value)
        return msgpack.ExtType(_ARRAY, msgpack.packb((flat.dtype.str, flat.shape, flat.tobytes())))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Fraction):
        return msgpack.ExtType(_FRACTION, msgpack.packb((value.numerator, value.denominator)))
    raise WireError(
        f"a {type(value).__name__} cannot travel with a frame",
        mend="use numbers, strings, bytes, lists, dictionaries and numpy arrays",
    )


def _extension(code: int, data: bytes) -> Any:
    if code == _ARRAY:
        dtype, shape, content = msgpack.unpackb(data)
        return np.frombuffer(content, np.dtype(dtype)).reshape(shape)
    if code == _FRACTION:
        return Fraction(*msgpack.unpackb(data))
    raise WireError(f"unknown extension {code} in a frame")


class MappedPicture(Picture):
    """A picture that lies in the arena; its planes are mapped when somebody looks at them."""

    _load: Callable[[], tuple[Plane, ...]]

    def __init__(self, format: PictureFormat, load: Callable[[], tuple[Plane, ...]]) -> None:
        object.__setattr__(self, "format", format)
        object.__setattr__(self, "_load", load)

    @cached_property
    def planes(self) -> tuple[Plane, ...]:
        """As :attr:`Picture.planes`."""
        planes = self._load()
        return Picture(self.format, planes).planes


class FrameCodec:
    """Packs and unpacks the frames of one job.

    It remembers where the pictures and patches it unpacked lie, so that what a node passes on
    unchanged is not copied again.

    Args:
        memory: The lane's side of the arena.
        keep: Copy the pixels of every frame, for a node that holds frames back.
    """

    def __init__(self, memory: Memory, *, keep: bool = False) -> None:
        self._memory = memory
        self._keep = keep
        self._places: dict[int, tuple[Any, Place]] = {}
        self._lent: dict[int, weakref.ref[Any]] = {}

    def forget(self) -> None:
        """A new job begins."""
        self._places.clear()
        if len(self._lent) > 64:
            self._lent = {key: ref for key, ref in self._lent.items() if ref() is not None}

    def unpack(self, message: FrameMessage, stream: str, seq: int) -> Frame:
        """A message as a frame; its pixels stay where they are, read-only."""
        form, picture_at, faces, patches, data, cut, duration = msgpack.unpackb(
            message.body, ext_hook=_extension, strict_map_key=False
        )
        format = _format(*form)
        slots = message.slots
        place = (slots[picture_at[0]], picture_at[1])
        picture: Picture = MappedPicture(format, lambda: self._memory.read(*place, format))
        if self._keep:
            picture = Picture(format, _copies(picture.planes))
        self._remember(picture, place)
        return Frame(
            picture=picture,
            pts=message.pts,
            time_base=_fraction(*message.time_base),
            stream=stream,
            seq=seq,
            faces=tuple(Face(*face) for face in faces),
            patches=tuple(self._patch(format, slots, patch) for patch in patches),
            data=data,
            cut=cut,
            duration=duration,
        )

    def _patch(self, format: PictureFormat, slots: tuple[Slot, ...], packed: Any) -> Patch:
        corners, node, track, index, position = packed
        rect = Rect(*corners)
        place = (slots[index], position)
        planes = self._memory.read(*place, format.cropped(rect))
        patch = Patch(rect, _copies(planes) if self._keep else planes, node, track)
        self._remember(patch, place)
        return patch

    def _remember(self, owner: Picture | Patch, place: Place) -> None:
        self._places[id(owner)] = (owner, place)
        if not self._keep:
            self._lent[id(owner)] = weakref.ref(owner)

    def pack(self, frame: Frame, writer: Writer) -> FrameMessage:
        """A frame as a message; new pictures and patches are written into the arena."""
        format = frame.picture.format
        slot, position = self._place(frame.picture, format, writer)
        slots = [slot]
        patches = []
        for patch in bounded(frame).patches if frame.patches else ():
            slot, at = self._place(patch, format.cropped(patch.rect), writer)
            if slot not in slots:
                slots.append(slot)
            patches.append((patch.rect, patch.node, patch.track, slots.index(slot), at))
        faces = [
            (f.box, f.score, f.points, f.landmarks, f.track, f.embedding, dict(f.attributes))
            for f in frame.faces
        ]
        body: bytes = msgpack.packb(
            (_form(format), (0, position), faces, patches, dict(frame.data), frame.cut,
             frame.duration),
            default=_default,
        )  # fmt: skip
        if len(body) > MAX_BODY:
            raise WireError(
                f"what is known about a frame takes {len(body)} bytes, {MAX_BODY} are possible",
                mend="keep large arrays out of Frame.data and Face.attributes",
            )
        base = (frame.time_base.numerator, frame.time_base.denominator)
        return FrameMessage(frame.pts, base, tuple(slots), body)

    def _place(self, owner: Picture | Patch, format: PictureFormat, writer: Writer) -> Place:
        """Where a picture or patch lies; a new one is written first."""
        known = self._places.get(id(owner))
        if known is not None and known[0] is owner:
            return known[1]
        lent = self._lent.get(id(owner))
        if lent is not None and lent() is owner:
            raise ArenaError(
                "a frame was kept beyond its own turn; its pixels are another frame's by now",
                mend="write `holds = True` in the node's class",
            )
        place = writer.put(format, owner.planes)
        self._places[id(owner)] = (owner, place)
        return place


def _copies(planes: tuple[Plane, ...]) -> tuple[Plane, ...]:
    copies = tuple(plane.copy() for plane in planes)
    for plane in copies:
        plane.flags.writeable = False
    return copies


def bounded(frame: Frame) -> Frame:
    """The frame with its patches merged into one where together they outweigh the picture."""
    if sum(patch.nbytes for patch in frame.patches) <= frame.format.nbytes:
        return frame
    left = min(patch.rect.x for patch in frame.patches)
    top = min(patch.rect.y for patch in frame.patches)
    right = max(patch.rect.right for patch in frame.patches)
    bottom = max(patch.rect.bottom for patch in frame.patches)
    rect = frame.format.align(Rect(left, top, right - left, bottom - top))
    names = "+".join(dict.fromkeys(patch.node for patch in frame.patches))
    return frame.evolve(patches=(Patch(rect, frame.planes(rect), names),))


_fraction = lru_cache(maxsize=64)(Fraction)  # a stream has one time base, or a few


@lru_cache(maxsize=64)
def _form(format: PictureFormat) -> tuple[Any, ...]:
    tags = format.colour
    colour = (tags.matrix, tags.full_range, tags.primaries, tags.transfer)
    return (format.pixel, format.width, format.height, format.rotation, format.interlaced,
            *format.sample_aspect, *colour)  # fmt: skip


@lru_cache(maxsize=64)
def _format(
    pixel: str, width: int, height: int, rotation: int, interlaced: bool, *rest: Any
) -> PictureFormat:
    """One object for all frames of a format, so that its layout is worked out once."""
    aspect, colour = rest[:2], ColourTags(*rest[2:])
    return PictureFormat(pixel, width, height, colour, aspect, rotation, interlaced)
