"""Nodes for live graphs under test; lanes import them by path."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path

from vplugin import Frame, Node, Params, Sink
from vplugin.frame import Tombstone
from vplugin.node import Context
from vplugin.testing.clips import number_of


class SlowParams(Params):
    seconds: float = 0.04  #: spent on each frame


class Slow(Node[SlowParams]):
    """Takes its time."""

    def process(self, frame: Frame) -> Frame:
        time.sleep(self.params.seconds)
        return frame


class LogParams(Params):
    path: str  #: of the file to write, a line of JSON a frame


class Log(Sink[LogParams]):
    """Notes each frame's number, time and sound, and when it came."""

    with_source = True

    def open(self, context: Context) -> None:
        super().open(context)
        self._file = Path(self.params.path).open("w")  # noqa: SIM115 - closed by flush

    def process(self, frame: Frame) -> None:
        self._note(number_of(frame.picture), frame.pts, frame.original)

    def skip(self, tombstone: Tombstone) -> None:
        if tombstone.original is not None:
            self._note(None, None, tombstone.original)

    def flush(self, stream: str) -> Iterable[Frame]:
        self._file.close()
        return ()

    def _note(self, number, pts, original) -> None:
        sound = [packet.dts for packet in original.packets]
        line = {"number": number, "pts": pts, "at": time.monotonic(), "sound": sound}
        self._file.write(json.dumps(line) + "\n")
