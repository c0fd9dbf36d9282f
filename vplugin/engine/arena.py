"""The picture arena: one memfd, cut into slots that are granted, counted and reused.

:class:`ArenaBook` is the conductor's side: the only writer of generations and counts, no numpy.
:class:`SharedMemory` is a lane's side: it maps slots, read-only for inputs. :class:`LocalMemory`
stands in where all nodes share one process: a slot then holds the objects themselves.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from vplugin.engine.wire import Slot
from vplugin.errors import ArenaError

if TYPE_CHECKING:
    from vplugin.picture import PictureFormat, Plane

HEADER = 64  # bytes before a slot's data: the generation (u32), the rest is padding
REGION = 256 << 20  # slots do not cross multiples of this, so that one mapping serves many slots
_PAGE = mmap.ALLOCATIONGRANULARITY


class ArenaBook:
    """Who holds which slot.

    Args:
        shared: Whether slots are real memory; else they are mere numbers.
        limit: Bytes that all slots together may take, or None.
    """

    def __init__(self, *, shared: bool, limit: int | None = None) -> None:
        self.shared = shared
        self.limit = limit
        self.fd = os.memfd_create("vplugin-arena") if shared else -1
        self.end = 0
        self._sizes: dict[int, int] = {}
        self._generations: dict[int, int] = {}
        self._counts: dict[int, int] = {}
        self._free: dict[int, list[int]] = {}
        self._regions: dict[int, mmap.mmap] = {}

    def grant(self, nbytes: int) -> Slot:
        """A slot of at least ``nbytes``, counted once for the caller.

        Raises:
            ArenaError: The memory limit is reached.
        """
        size = self._size_class(nbytes)
        free = self._free.setdefault(size, [])
        offset = free.pop() if free else self._make(size)
        generation = self._generations[offset] = (self._generations[offset] + 1) & 0xFFFFFFFF
        self._counts[offset] = 1
        if self.shared:
            struct.pack_into("<I", self._regions[offset // REGION], offset % REGION, generation)
        return Slot(offset, size, generation)

    def retain(self, slot: Slot) -> None:
        """Count one more holder."""
        self._check(slot)
        self._counts[slot.offset] += 1

    def release(self, slot: Slot) -> None:
        """Count one holder less; the last one frees the slot."""
        self._check(slot)
        count = self._counts[slot.offset] = self._counts[slot.offset] - 1
        if count == 0:
            self._free[self._sizes[slot.offset]].append(slot.offset)

    @property
    def used(self) -> int:
        """Slots that are held by anyone."""
        return sum(1 for count in self._counts.values() if count)

    @property
    def nbytes(self) -> int:
        """Bytes of all slots."""
        return sum(self._sizes.values())

    def close(self) -> None:
        """Give the memory back to the system once the last process has left."""
        for region in self._regions.values():
            region.close()
        self._regions.clear()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _check(self, slot: Slot) -> None:
        if self._generations.get(slot.offset) != slot.generation or not self._counts[slot.offset]:
            raise ArenaError(f"slot at {slot.offset} was used after it was given back")

    def _size_class(self, nbytes: int) -> int:
        """Whole pages including the header, so that a few sizes serve all patches of a stream."""
        return -(-(max(nbytes, 1) + HEADER) // _PAGE) * _PAGE - HEADER if self.shared else 0

    def _make(self, size: int) -> int:
        total = size + HEADER
        if self.limit is not None and self.shared and self.nbytes + total > self.limit:
            raise ArenaError(
                f"{self.nbytes + total} bytes of pictures in flight are over limits.memory "
                f"({self.limit})",
                mend="raise limits.memory, or lower limits.max_in_flight",
            )
        offset = self.end
        if self.shared:
            offset = self._reserve(total)
        self.end = offset + (total if self.shared else 1)
        self._sizes[offset] = size
        self._generations[offset] = 0
        return offset

    def _reserve(self, total: int) -> int:
        """Real memory for one more slot; page by page, so nothing is paid for what is not used."""
        if total > REGION:
            raise ArenaError(f"a picture of {total} bytes is too large; {REGION} are possible")
        offset = self.end
        if offset // REGION != (offset + total - 1) // REGION:
            offset = (offset // REGION + 1) * REGION
        index = offset // REGION
        if index not in self._regions:
            os.ftruncate(self.fd, (index + 1) * REGION)
            self._regions[index] = mmap.mmap(self.fd, REGION, offset=index * REGION)
        try:
            os.posix_fallocate(self.fd, offset, total)
        except OSError as error:
            raise ArenaError(
                f"no memory for another picture of {total} bytes: {error.strerror}",
                mend="lower limits.max_in_flight, or give the machine more memory",
            ) from error
        return offset


class Memory(Protocol):
    """A lane's side of the arena."""

    def room(self, slot: Slot, position: int) -> int:
        """Bytes left in the slot after ``position``."""

    def write(
        self, slot: Slot, position: int, format: PictureFormat, planes: tuple[Plane, ...]
    ) -> int:
        """Put planes into a granted slot; returns the position after them."""

    def read(self, slot: Slot, position: int, format: PictureFormat) -> tuple[Plane, ...]:
        """Read-only planes that lie in a slot."""


class SharedMemory:
    """Maps the arena region by region on first use; mappings last as long as the process.

    Args:
        fd: The arena.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._writable: dict[int, memoryview] = {}
        self._readable: dict[int, memoryview] = {}

    def room(self, slot: Slot, position: int) -> int:
        """See :class:`Memory`."""
        return slot.size - position

    def write(
        self, slot: Slot, position: int, format: PictureFormat, planes: tuple[Plane, ...]
    ) -> int:
        """See :class:`Memory`."""
        memory = self._data(self._writable, slot, mmap.PROT_READ | mmap.PROT_WRITE)
        for target, plane in zip(format.planes_in(memory[position:]), planes, strict=True):
            target[...] = plane
        return -(-(position + format.nbytes) // HEADER) * HEADER

    def read(self, slot: Slot, position: int, format: PictureFormat) -> tuple[Plane, ...]:
        """See :class:`Memory`."""
        return format.planes_in(self._data(self._readable, slot, mmap.PROT_READ)[position:])

    def _data(self, regions: dict[int, memoryview], slot: Slot, protection: int) -> memoryview:
        """The bytes of a slot, if it is still the one that was granted."""
        index, start = divmod(slot.offset, REGION)
        region = regions.get(index)
        if region is None:
            mapped = mmap.mmap(self._fd, REGION, prot=protection, offset=index * REGION)
            region = regions[index] = memoryview(mapped)
        if struct.unpack_from("<I", region, start)[0] != slot.generation:
            raise ArenaError(f"slot at {slot.offset} holds another frame by now")
        return region[start + HEADER : start + HEADER + slot.size]


class LocalMemory:
    """Slots that hold the planes themselves: no copy where no process border is crossed.

    Args:
        copy: Copy them all the same, because a sink may overwrite the decoder's memory while
            another branch still reads it.
    """

    def __init__(self, *, copy: bool = False) -> None:
        self._copy = copy
        self._objects: dict[int, tuple[int, list[tuple[Plane, ...]]]] = {}

    def room(self, slot: Slot, position: int) -> int:
        """See :class:`Memory`."""
        return 1 << 62

    def write(
        self, slot: Slot, position: int, format: PictureFormat, planes: tuple[Plane, ...]
    ) -> int:
        """See :class:`Memory`."""
        generation, objects = self._objects.get(slot.offset, (-1, []))
        if generation != slot.generation:
            objects = []
            self._objects[slot.offset] = (slot.generation, objects)
        objects.append(tuple(plane.copy() for plane in planes) if self._copy else planes)
        return len(objects)

    def read(self, slot: Slot, position: int, format: PictureFormat) -> tuple[Plane, ...]:
        """See :class:`Memory`."""
        generation, objects = self._objects.get(slot.offset, (-1, []))
        if generation != slot.generation:
            raise ArenaError(f"slot {slot.offset} holds another frame by now")
        return objects[position]


class Writer:
    """Fills the slots granted to one job, asking for more where they do not suffice.

    Args:
        memory: The lane's memory.
        grants: What the job was given.
        more: Asks the conductor for a slot of at least so many bytes; blocks.
    """

    def __init__(
        self, memory: Memory, grants: tuple[Slot, ...], more: Callable[[int], Slot]
    ) -> None:
        self._memory = memory
        self._spare = list(grants)
        self._more = more
        self._slot: Slot | None = None
        self._position = 0

    def put(self, format: PictureFormat, planes: tuple[Plane, ...]) -> tuple[Slot, int]:
        """Store planes; returns the slot and the position in it."""
        if self._slot is None or self._memory.room(self._slot, self._position) < format.nbytes:
            self._slot, self._position = self._next(format.nbytes), 0
        at = self._position
        self._position = self._memory.write(self._slot, at, format, planes)
        return self._slot, at

    def _next(self, nbytes: int) -> Slot:
        for index, slot in enumerate(self._spare):
            if self._memory.room(slot, 0) >= nbytes:
                return self._spare.pop(index)
        return self._more(nbytes)
