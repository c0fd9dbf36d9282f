"""A sender of live video for tests: numbered pictures and a tone, by the clock, to any address.

Each frame carries its number (:func:`vplugin.testing.clips.number_of`) and leaves at its time, so a
test knows what was sent, and when.
"""

from __future__ import annotations

import socket
import time
from fractions import Fraction
from threading import Event, Thread
from typing import Any

import av

from vplugin.media.picture_io import from_picture
from vplugin.picture import PictureFormat
from vplugin.testing.clips import numbered_picture, tone

__all__ = ["Publisher", "free_port"]

_LONGEST = 10.0  # seconds to wait for somebody who listens


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port from 19000 on that nobody uses on this machine right now."""
    for port in range(19000, 20000):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port between 19000 and 19999 is free")


class Publisher:
    """Sends H.264 and AAC from a thread, from ``with`` to the end of the block or of its frames.

    Args:
        uri: Where to; it is tried again until somebody listens.
        format: FFmpeg muxer (``mpegts``, ``flv``).
        frames: How many; None goes on until stopped.
        rate: Frames per second, by the clock.
        size: Columns and rows.
        sound: Whether to send a tone.
        options: Of the muxer and protocol.

    Attributes:
        sent: Frames handed to the network so far.
        times: ``time.monotonic()`` at which each frame was.
        error: What ended it, if not the end of its frames.
    """

    def __init__(
        self,
        uri: str,
        format: str = "mpegts",
        *,
        frames: int | None = None,
        rate: int = 25,
        size: tuple[int, int] = (64, 48),
        sound: bool = True,
        options: dict[str, str] | None = None,
    ) -> None:
        self.sent = 0
        self.times: list[float] = []
        self.error: Exception | None = None
        self._uri = uri
        self._format = format
        self._frames = frames
        self._rate = rate
        self._size = size
        self._sound = sound
        self._options = options or {}
        self._stop = Event()
        self._thread = Thread(target=self._run, name=f"publisher {uri}", daemon=True)

    def __enter__(self) -> Publisher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the sending and wait for it."""
        self._stop.set()
        self._thread.join()

    def join(self, timeout: float) -> bool:
        """Wait for the last frame; whether it was sent in time."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with self._connect() as output:
                self._send(output)
        except (av.FFmpegError, OSError) as error:
            self.error = error

    def _connect(self) -> Any:
        give_up = time.monotonic() + _LONGEST
        while True:
            output = av.open(self._uri, "w", format=self._format, options=self._options)
            try:
                self._add_streams(output)
                output.start_encoding()
                return output
            except (av.FFmpegError, OSError):
                if self._stop.wait(0.05) or time.monotonic() > give_up:
                    raise

    def _add_streams(self, output: Any) -> None:
        options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(self._rate)}
        video = output.add_stream("libx264", rate=self._rate, options=options)
        video.width, video.height = self._size
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = Fraction(1, self._rate)
        if self._sound:
            output.add_stream("aac", rate=48000)

    def _send(self, output: Any) -> None:
        format = PictureFormat("yuv420p", *self._size)
        video, began = output.streams.video[0], time.monotonic()
        sound = output.streams.audio[0] if self._sound else None
        wave = tone(sound.codec_context, Fraction(86400)) if sound else iter(())
        number, heard = 0, Fraction(0)
        while self._frames is None or number < self._frames:
            if self._stop.wait(max(0.0, began + number / self._rate - time.monotonic())):
                return
            frame = from_picture(numbered_picture(format, number % 65536))
            frame.pts, frame.time_base = number, Fraction(1, self._rate)
            output.mux(video.encode(frame))
            number += 1
            self.sent = number
            self.times.append(time.monotonic())
            while sound and heard < number * Fraction(1, self._rate):
                piece = next(wave)
                output.mux(sound.encode(piece))
                heard += Fraction(piece.samples, piece.sample_rate)
