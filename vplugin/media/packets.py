"""Timestamps and packets on their way past the decoder.

:class:`Timeline` joins a clock that jumps back, :class:`Stamps` gives every frame a pts that is
later than the one before, :class:`PacketBag` collects what is not decoded until the next frame
takes it along.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av

from vplugin.media.original import AnyPacket

__all__ = ["PacketBag", "Stamps", "Timeline"]

_JUMP = Fraction(1)  # seconds back that no reordering explains


@dataclass
class Timeline:
    """One continuous time for an input whose timestamps start again (a joined or restarted stream).

    Only steps back are joined; gaps forward are the material's own.

    Attributes:
        joins: How often the time started again.
    """

    joins: int = 0
    _common: Fraction = Fraction(0)
    _eras: dict[int, int] = field(default_factory=dict)
    _shifts: dict[int, Fraction] = field(default_factory=dict)
    _ends: dict[int, Fraction] = field(default_factory=dict)
    _seen: dict[int, Fraction] = field(default_factory=dict)

    def join(self, packet: AnyPacket, track: int) -> None:
        """Move a packet's timestamps onto the common time."""
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is None:
            return
        base = packet.time_base
        raw = stamp * base
        if track in self._seen and raw < self._seen[track] - _JUMP:
            self._start_again(track, raw)
        self._seen[track] = raw
        shift = round(self._shifts.get(track, self._common) / base)
        self._shifts.setdefault(track, self._common)
        self._eras.setdefault(track, self.joins)
        if shift:
            packet.pts = None if packet.pts is None else packet.pts + shift
            packet.dts = None if packet.dts is None else packet.dts + shift
        length = packet.duration or 0
        self._ends[track] = (stamp + shift + length) * base

    def _start_again(self, track: int, raw: Fraction) -> None:
        """The first track that jumps sets the new shift, the others take it when they jump.

        It begins after everything that came before, so that no track's time runs backwards.
        """
        if self._eras[track] == self.joins:
            self._common = max(self._ends.values()) - raw
            self.joins += 1
        self._eras[track] = self.joins
        self._shifts[track] = max(self._common, self._ends[track] - raw)


@dataclass
class Stamps:
    """Strictly increasing pts for decoded frames.

    Attributes:
        guess: Length of a frame in pts units, where neither frame nor packet says.
        repaired: Frames whose pts was missing or not later than the one before.
    """

    guess: int = 1
    repaired: int = 0
    _last: int | None = None

    def stamp(self, frame: av.VideoFrame) -> int:
        """The frame's pts, repaired where needed; also set on the frame itself.

        A missing pts is one frame after the last. One that is not later than the last goes half a
        frame after it, so that the next good one still fits.
        """
        length, last = frame.duration or self.guess, self._last
        pts = frame.pts
        if pts is None or (last is not None and pts <= last):
            self.repaired += 1
            step = max(1, length if pts is None else length // 2)
            pts = frame.dts if pts is None else pts
            if pts is None or (last is not None and pts <= last):
                pts = 0 if last is None else last + step
            frame.pts = pts
        self._last = pts
        return pts


class PacketBag:
    """Packets of the other tracks since the last frame, in the order of the input.

    Args:
        start: Seconds; packets that end before are dropped, subtitles that reach over it are cut.
        end: Seconds; packets that begin at it or later are dropped.
        limit: Most packets to keep, the oldest go first; None keeps all (a file must lose none).

    Attributes:
        lost: Packets thrown away because of ``limit``.
    """

    def __init__(
        self,
        start: Fraction | None = None,
        end: Fraction | None = None,
        limit: int | None = None,
    ) -> None:
        self.start = start
        self.end = end
        self.lost = 0
        self._limit = limit
        self._packets: deque[tuple[AnyPacket, str, int]] = deque()
        self._past: set[int] = set()

    def add(self, packet: AnyPacket, kind: str, track: int) -> None:
        """Keep a packet if it lies within the wanted span."""
        if packet.size == 0 and packet.pts is None:
            return
        if not self._wanted(packet, kind, track):
            return
        self._packets.append((packet, kind, track))
        if self._limit is not None and len(self._packets) > self._limit:
            self._packets.popleft()
            self.lost += 1

    def begin(self, start: Fraction) -> None:
        """Set :attr:`start`, also for what is collected already."""
        self.start = start
        kept = [entry for entry in self._packets if self._wanted(*entry)]
        self._packets = deque(kept)

    def clear(self) -> None:
        """Forget everything."""
        self._packets.clear()
        self._past.clear()

    def take(self) -> tuple[AnyPacket, ...]:
        """All packets collected so far."""
        packets = tuple(packet for packet, _, _ in self._packets)
        self._packets.clear()
        return packets

    def finished(self, tracks: Iterable[int]) -> bool:
        """Whether every one of these tracks has come to ``end``."""
        return self._past.issuperset(tracks)

    def _wanted(self, packet: AnyPacket, kind: str, track: int) -> bool:
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None or (self.start is None and self.end is None):
            return True
        begin: Any = stamp * packet.time_base
        if self.end is not None and begin >= self.end:
            self._past.add(track)
            return False
        if self.start is None or begin >= self.start:
            return True
        if (stamp + (packet.duration or 0)) * packet.time_base <= self.start:
            return False
        if kind == "subtitle":
            self._cut(packet, stamp)
        return True

    def _cut(self, packet: AnyPacket, stamp: int) -> None:
        """Let a subtitle that is already on screen begin at ``start``."""
        assert self.start is not None
        late = -(-self.start // packet.time_base) - stamp
        packet.pts = packet.dts = stamp + int(late)
        packet.duration = max(0, (packet.duration or 0) - int(late))
