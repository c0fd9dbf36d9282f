"""Sources that run at their own pace: cameras, network streams, and files played in real time.

A thread of its own reads and decodes, so that :meth:`LiveSource.stop` ends a waiting reader at
once, whatever the protocol; FFmpeg itself comes back at its next packet or time-out. Frames are not
dropped here: whoever reads too slowly decides, and says so by :meth:`LiveSource.dropped`.
"""

from __future__ import annotations

import time
import weakref
from collections import deque
from fractions import Fraction
from threading import Condition, Thread
from typing import Any

import av

from vplugin.errors import SourceError
from vplugin.frame import Frame
from vplugin.media.address import Address
from vplugin.media.describe import Begin, describe, start_timecode
from vplugin.media.fault import closed_by_peer, timed_out
from vplugin.media.original import AnyPacket, Original, SourceTracks
from vplugin.media.packets import PacketBag
from vplugin.media.pipe import PipeInput
from vplugin.media.reader import Reader, ReaderOptions
from vplugin.node import StreamInfo

__all__ = ["LiveSource"]

_READY = 2  # decoded frames that may wait for the reader
_MOST_PACKETS = 4096  # of sound without picture: about 40 s of two tracks of AAC
_REMEMBERED = 64  # frames handed out that may still be dropped
_JOIN = 0.5  # seconds that close() waits for FFmpeg; the thread then ends by itself


class LiveSource:
    """Reads a stream as it comes.

    Args:
        address: What to read.
        options: How to open it; ``timeout`` limits opening and every wait for data.
        paced: Release frames by the clock: for inputs that would give them as fast as they are
            read (files, ``lavfi://``).

    Opening begins at once, in the thread; :meth:`wait_open` waits for it.
    """

    def __init__(
        self, address: Address, options: ReaderOptions | None = None, *, paced: bool = False
    ) -> None:
        self._address = address
        self._options = options or ReaderOptions(low_delay=True, timeout=10.0)
        self._paced = paced
        self._file = PipeInput() if address.scheme == "pipe" else None
        self._changed = Condition()
        self._ready: deque[Frame] = deque()
        self._handed: deque[weakref.ref[Original]] = deque(maxlen=_REMEMBERED)
        self._carried: tuple[AnyPacket, ...] = ()
        self._bag = PacketBag(limit=_MOST_PACKETS)
        self._tracks: SourceTracks | None = None
        self._error: Exception | None = None
        self._is_open = self._finished = self._stopped = False
        self._end = "the sender ended the stream"
        self._facts: dict[str, Any] = {}
        self._info = StreamInfo(Fraction(1, 90000), live=True, title=address.title)
        self._dropped: dict[str, int] = {}
        self._thread = Thread(target=self._pump, name=f"source {address.title}", daemon=True)
        self._thread.start()

    def wait_open(self) -> None:
        """Wait until the stream is open, or :meth:`stop` is called.

        Raises:
            SourceError: It cannot be opened.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_open or self._finished or self._stopped)
            error = None if self._is_open or self._stopped else self._error
        if error is not None:
            self.close()
            raise error

    @property
    def info(self) -> StreamInfo:
        """What the stream is; its picture format is known only with the first frame."""
        return self._info

    @property
    def tracks(self) -> SourceTracks | None:
        """The input, once the first frame has come."""
        return self._tracks

    def read(self) -> Frame | None:
        """Wait for the next frame; None after :meth:`stop` or at the end of the stream.

        A sender that falls silent or hangs up after its first frame ends the stream, so that
        outputs are finished properly; the report says why.

        Raises:
            SourceError: No frame has come at all.
            PictureError: The pixel format cannot be handled.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._finished or self._stopped)
            if self._ready and not self._stopped:
                frame = self._ready.popleft()
                self._changed.notify_all()
                return self._hand_out(frame)
            if self._error is not None and not self._stopped:
                raise self._error
            return None

    def dropped(self, frame: Frame, reason: str) -> None:
        """A frame goes no further; its packets go with the next one that is left."""
        original = frame.original
        with self._changed:
            self._dropped[reason] = self._dropped.get(reason, 0) + 1
            if not isinstance(original, Original) or not original.packets:
                return
            packets, original.packets = original.packets, ()
            known = [ref() for ref in self._handed]
            later = known[known.index(original) + 1 :] if original in known else []
            heir = next((other for other in later if other is not None), None)
            if heir is not None:
                heir.packets = (*packets, *heir.packets)
            else:
                self._carried = (*packets, *self._carried)

    def tail(self) -> Original | None:
        """The packets after the last frame; None if no frame has come."""
        with self._changed:
            if self._tracks is None:
                return None
            waiting = tuple(p for frame in self._ready for p in frame.original.packets)
            packets = (*self._carried, *waiting, *(self._bag.take() if self._finished else ()))
            self._carried = ()
            self._ready.clear()
            return Original(None, packets, self._tracks)

    def stop(self) -> None:
        """End a waiting :meth:`read` at once; from any thread."""
        with self._changed:
            self._stopped = True
            if not self._finished:
                self._end = "stopped"
            self._changed.notify_all()
        if self._file is not None:
            self._file.stop()

    def report(self) -> dict[str, Any]:
        """Facts for the run report."""
        with self._changed:
            return {
                **self._facts,
                "live": True,
                "paced": self._paced,
                "dropped": dict(self._dropped),
                "packets_lost": self._bag.lost,
                "ended": self._end,
            }

    def close(self) -> None:
        """Free everything; safe to call twice."""
        self.stop()
        self._thread.join(_JOIN)
        if self._file is not None and not self._thread.is_alive():
            self._file.close()
            self._file = None

    def _hand_out(self, frame: Frame) -> Frame:
        original: Original = frame.original
        if self._carried:
            original.packets = (*self._carried, *original.packets)
            self._carried = ()
        self._handed.append(weakref.ref(original))
        return frame

    def _pump(self) -> None:
        """The thread: opens, reads, decodes, closes."""
        reader: Reader | None = None
        try:
            reader = Reader(self._address, self._options, self._file)
            self._opened(reader)
            self._play(reader)
        except Exception as error:  # the thread's reader must hear of anything that ends it
            self._failed(error)
        finally:
            if reader is not None:
                self._note(reader)
                reader.close()
            with self._changed:
                self._finished = True
                self._changed.notify_all()

    def _opened(self, reader: Reader) -> None:
        with self._changed:
            self._info = StreamInfo(
                Fraction(reader.video.time_base), live=True, title=self._address.title
            )
            self._is_open = True
            self._changed.notify_all()

    def _play(self, reader: Reader) -> None:
        began: tuple[float, Fraction] | None = None
        for picture in reader.pictures(self._bag):
            at = (picture.pts or 0) * Fraction(reader.video.time_base)
            if self._tracks is None:
                self._tracks = self._describe(reader, picture, at)
            if self._paced:
                began = began or (time.monotonic(), at)
                self._wait_until(began[0] + float(at - began[1]))
            frame = reader.frame(picture, self._original)
            del picture
            if not self._offer(frame):
                return
            self._note(reader)
        if not reader.delivered and not self._stopped:
            raise SourceError(
                "ended before its first picture",
                where=self._address.title,
                mend="check that it carries video; a sender should give a key frame every second",
            )

    def _describe(self, reader: Reader, picture: av.VideoFrame, at: Fraction) -> SourceTracks:
        begin = Begin(at, start_timecode(reader.container, reader.video))
        return describe(reader.container, reader.video, picture, self._address, True, begin)

    def _original(self, picture: av.VideoFrame) -> Original:
        assert self._tracks is not None
        return Original(picture, self._bag.take(), self._tracks)

    def _offer(self, frame: Frame) -> bool:
        """Give a frame to the reader, waiting for room; False when stopped."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._ready) < _READY or self._stopped)
            if self._stopped:
                return False
            self._ready.append(frame)
            self._changed.notify_all()
            return True

    def _wait_until(self, moment: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped, max(0.0, moment - time.monotonic()))

    def _note(self, reader: Reader) -> None:
        facts = reader.facts(self._tracks)
        with self._changed:
            self._facts = facts

    def _failed(self, error: Exception) -> None:
        """An error before the first frame is one; later, silence and hanging up are an end."""
        cause = error.__cause__
        with self._changed:
            if self._tracks is not None and isinstance(cause, Exception):
                if timed_out(cause):
                    self._end = f"the sender fell silent for {self._options.timeout} s"
                    return
                if closed_by_peer(cause):
                    self._end = "the sender hung up"
                    return
            self._error = error
            self._end = str(error)
