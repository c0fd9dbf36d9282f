"""A sender of live video for tests: numbered pictures and a tone, by the clock, to any address.

Each frame carries its number (:func:`vplugin.testing.clips.number_of`) and leaves at its time, so a
test knows what was sent, and when. It is a process of its own: PyAV holds the interpreter's lock
while an output connects, so a sender and a receiver in one process would wait for each other.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any

import av

from vplugin.media.picture_io import from_picture
from vplugin.picture import PictureFormat
from vplugin.testing.clips import numbered_picture, tone

__all__ = ["Publisher", "Sending", "free_port"]

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


@dataclass(frozen=True)
class Sending:
    """What to send.

    Attributes:
        uri: Where to; it is tried again until somebody listens.
        format: FFmpeg muxer (``mpegts``, ``flv``).
        frames: How many; None goes on until stopped.
        rate: Frames per second, by the clock.
        size: Columns and rows.
        sound: Whether to send a tone.
        options: Of the muxer and protocol.
    """

    uri: str
    format: str = "mpegts"
    frames: int | None = None
    rate: int = 25
    size: tuple[int, int] = (64, 48)
    sound: bool = True
    options: dict[str, str] = field(default_factory=dict)


class Publisher:
    """Sends H.264 and AAC from another process, from ``with`` to the end of the block.

    Args:
        sending: What and where to.

    Attributes:
        times: ``time.monotonic()`` at which each frame was sent; known when the sending has ended.
        error: What ended it, if not the end of its frames or :meth:`stop`.
    """

    def __init__(self, sending: Sending) -> None:
        self.times: list[float] = []
        self.error: str | None = None
        self._sending = sending
        self._process: subprocess.Popen[bytes] | None = None
        self._result = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _end

    @property
    def sent(self) -> int:
        """Frames sent; known when the sending has ended."""
        return len(self.times)

    def __enter__(self) -> Publisher:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "vplugin.testing.publish", json.dumps(asdict(self._sending))],
            stdin=subprocess.PIPE,
            stdout=self._result,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the sending and wait for it; safe to call twice."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()  # what the process waits for
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:  # it still tries to connect
            self._process.kill()
            self._process.wait()
        self._end()

    def join(self, timeout: float) -> None:
        """Wait for the last frame.

        Raises:
            subprocess.TimeoutExpired: It did not come in time.
        """
        assert self._process is not None
        self._process.wait(timeout)
        self.stop()

    def _end(self) -> None:
        self._process = None
        self._result.seek(0)
        lines = self._result.read().splitlines()
        self._result.close()
        if lines:
            result = json.loads(lines[-1])
            self.times, self.error = result["times"], result["error"]


def _stopped(seconds: float) -> bool:
    """Wait; whether the parent has closed our standard input."""
    return bool(select.select([sys.stdin], [], [], max(0.0, seconds))[0])


def _connect(sending: Sending) -> Any:
    give_up = time.monotonic() + _LONGEST
    while True:
        output = av.open(sending.uri, "w", format=sending.format, options=sending.options)
        try:
            _add_streams(output, sending)
            output.start_encoding()
            return output
        except (av.FFmpegError, OSError):
            if _stopped(0.05) or time.monotonic() > give_up:
                raise


def _add_streams(output: Any, sending: Sending) -> None:
    options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(sending.rate)}
    video = output.add_stream("libx264", rate=sending.rate, options=options)
    video.width, video.height = sending.size
    video.pix_fmt = "yuv420p"
    video.codec_context.time_base = Fraction(1, sending.rate)
    if sending.sound:
        output.add_stream("aac", rate=48000)


def _send(output: Any, sending: Sending, times: list[float]) -> None:
    format = PictureFormat("yuv420p", *sending.size)
    video, began = output.streams.video[0], time.monotonic()
    sound = output.streams.audio[0] if sending.sound else None
    wave = tone(sound.codec_context, Fraction(86400)) if sound else iter(())
    heard = Fraction(0)
    while sending.frames is None or len(times) < sending.frames:
        number = len(times)
        if _stopped(began + number / sending.rate - time.monotonic()):
            return
        while sound and heard < Fraction(number + 1, sending.rate):
            piece = next(wave)
            output.mux(sound.encode(piece))
            heard += Fraction(piece.samples, piece.sample_rate)
        frame = from_picture(numbered_picture(format, number % 65536))
        frame.pts, frame.time_base = number, Fraction(1, sending.rate)
        output.mux(video.encode(frame))
        times.append(time.monotonic())


def _main() -> None:
    """The sender's process: what to send as JSON on the command line, the result on stdout."""
    asked = json.loads(sys.argv[1])
    sending = Sending(**{**asked, "size": tuple(asked["size"])})
    times: list[float] = []
    error = None
    try:
        with _connect(sending) as output:
            _send(output, sending, times)
    except (av.FFmpegError, OSError) as problem:
        error = str(problem)
    sys.stdout.write("\n" + json.dumps({"times": times, "error": error}))


if __name__ == "__main__":
    _main()
