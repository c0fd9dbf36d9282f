"""Small nodes for graphs under test; lanes import them by path."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from vplugin import Drop, Frame, Node, Params, Picture, PictureFormat, Sink, Source, StreamInfo
from vplugin.node import Artifact, Context, Port


class Invert(Node[Params]):
    """Inverts a square and notes that it was there."""

    def process(self, frame: Frame) -> Frame:
        with frame.edit((8, 8, 40, 40), node=self) as rgb:
            rgb[:] = 255 - rgb
        return frame.evolve(data={**frame.data, self.name: frame.seq})


class Twice(Node[Params]):
    """Sends every frame out twice."""

    def process(self, frame: Frame) -> Iterator[Frame]:
        yield frame
        yield frame.evolve(pts=frame.pts + 1)


class HoldsBack(Node[Params]):
    """Keeps the last frame until the stream ends."""

    stateful = True

    def process(self, frame: Frame) -> Drop:
        self._last = frame.evolve(
            picture=Picture(frame.format, tuple(p.copy() for p in frame.picture.planes))
        )
        return Drop("kept")

    def flush(self, stream: str) -> Iterable[Frame]:
        return (self._last,)


class Counts(Node[Params]):
    """Counts frames across crashes of its process; kills it once at frame 10."""

    stateful = True

    def open(self, context: Context) -> None:
        super().open(context)
        self._count = 0
        self._restored = False

    def process(self, frame: Frame) -> Frame:
        if frame.seq == 10 and not self._restored:
            os.kill(os.getpid(), 9)
        self._count += 1
        return frame.evolve(data={"count": self._count})

    def snapshot(self) -> bytes:
        return self._count.to_bytes(4, "little")

    def restore(self, state: bytes) -> None:
        self._count = int.from_bytes(state, "little")
        self._restored = True

    def report(self) -> dict[str, int]:
        return {"count": self._count}


class Takes(Node[Params]):
    """Notes what its second input held."""

    inputs = {"frame": Port(), "other": Port(optional=True)}

    def process(self, frame: Frame) -> Frame:
        other = frame.inputs.get("other")
        seen = None if other is None else [other.seq, len(other.patches)]
        return frame.evolve(data={**frame.data, "other": seen})


class LogParams(Params):
    path: str


class Log(Sink[LogParams]):
    """Writes seq and data of each frame into a file of its own."""

    def open(self, context: Context) -> None:
        super().open(context)
        self._file = open(self.params.path + ".part", "w")  # noqa: SIM115

    def artifacts(self) -> list[Artifact]:
        path = self.params.path
        return [Artifact(path + ".part", path + ".partial", path)]

    def process(self, frame: Frame) -> None:
        self._file.write(f"{frame.seq} {frame.pts} {dict(frame.data)} {frame.original}\n")
        self._file.flush()

    def skip(self, tombstone) -> None:
        self._file.write(f"{tombstone.seq} {tombstone.reason} {tombstone.original}\n")

    def flush(self, stream: str) -> tuple[()]:
        self._file.close()
        os.replace(self.params.path + ".part", self.params.path)
        return ()

    def abort(self) -> None:
        self._file.close()

    def close(self) -> None:
        self._file.close()


class BesideParams(LogParams):
    pass


class Beside(Log):
    """A log that must share its source's process."""

    with_source = True


class LeavesParams(Params):
    count: int = 5


class Leaves(Source[LeavesParams]):
    """Leaves an object beside each frame, and one after the last."""

    def open(self, context: Context) -> None:
        super().open(context)
        self._next = 0

    def info(self) -> StreamInfo:
        return StreamInfo(Fraction(1, 30), frames=self.params.count, title="leaves")

    def read(self) -> Frame | None:
        if self._next == self.params.count:
            return None
        number, self._next = self._next, self._next + 1
        picture = Picture.blank(PictureFormat("yuv420p", 64, 48))
        return Frame(picture, number, Fraction(1, 30), original=f"original-{number}")

    def tail(self) -> str:
        return "tail"


class GrowsParams(Params):
    count: int = 12


class Grows(Source[GrowsParams]):
    """Pictures that get larger in mid-stream."""

    def open(self, context: Context) -> None:
        super().open(context)
        self._next = 0

    def info(self) -> StreamInfo:
        return StreamInfo(Fraction(1, 30), title="grows")

    def read(self) -> Frame | None:
        number, self._next = self._next, self._next + 1
        if number == self.params.count:
            return None
        size = 64 if number < self.params.count // 2 else 256
        return Frame(Picture.blank(PictureFormat("yuv420p", size, size)), number, Fraction(1, 30))


class Unopenable(Node[Params]):
    def open(self, context: Context) -> None:
        raise RuntimeError("the model is not here")


class SlowToClose(Node[Params]):
    def close(self) -> None:
        time.sleep(0.2)


class StallParams(Params):
    seq: int
    seconds: float


class Stalls(Node[StallParams]):
    """Takes long for one frame."""

    def process(self, frame: Frame) -> Frame:
        if frame.seq == self.params.seq:
            time.sleep(self.params.seconds)
        return frame


class Batched(Node[Params]):
    """Notes how many frames came at once."""

    def process(self, frame: Frame) -> Frame:
        return frame.evolve(data={"batch": 1})

    def process_many(self, frames):
        time.sleep(0.01)
        return [frame.evolve(data={"batch": len(frames)}) for frame in frames]


class Paints(Node[Params]):
    """Replaces the whole picture by a new one."""

    def process(self, frame: Frame) -> Frame:
        picture = Picture(frame.format, tuple(np.full_like(p, 7) for p in frame.picture.planes))
        return frame.evolve(picture=picture, patches=())


class Broken(Sink[Params]):
    def process(self, frame: Frame) -> None:
        raise OSError("the disk is gone")


class Delays(Node[Params]):
    """Gives frames out three later, and the rest at the end."""

    stateful = True
    holds = True

    def open(self, context: Context) -> None:
        super().open(context)
        self._held: list[Frame] = []

    def process(self, frame: Frame) -> Frame | Drop:
        self._held.append(frame)
        return self._held.pop(0) if len(self._held) > 3 else Drop("held")

    def flush(self, stream: str) -> Iterable[Frame]:
        return self._held


class DelaysSilently(Delays):
    """The same, without saying so."""

    holds = False


class TellsLive(Node[Params]):
    """Notes whether it was told that the graph runs live."""

    def process(self, frame: Frame) -> Frame:
        return frame.evolve(data={"live": self.context.live})


class NoteParams(Params):
    note: str


class FailsOnce(Log):
    """A sink that fails on frame 2 the first time."""

    def process(self, frame: Frame) -> None:
        if frame.seq == 2 and not getattr(self, "_failed", False):
            self._failed = True
            raise OSError("not now")
        super().process(frame)


class DiesInFlush(Node[NoteParams]):
    """Each replica kills its process in its first flush."""

    def flush(self, stream: str) -> Iterable[Frame]:
        note = f"{self.params.note}-{self.context.replica}"
        if not os.path.exists(note):
            open(note, "w").close()
            os.kill(os.getpid(), 9)
        return ()


class FailsInFlush(Node[Params]):
    def flush(self, stream: str) -> Iterable[Frame]:
        raise RuntimeError("nothing left to flush")


class Exits(Node[NoteParams]):
    """Calls sys.exit where it is told to."""

    def open(self, context: Context) -> None:
        super().open(context)
        if self.params.note == "open":
            raise SystemExit("out of open")

    def process(self, frame: Frame) -> Frame:
        raise SystemExit("out of process")


class Silent(Source[NoteParams]):
    """A live source that never has a picture; notes that it was closed."""

    def open(self, context: Context) -> None:
        super().open(context)
        self._stopped = threading.Event()

    def info(self) -> StreamInfo:
        return StreamInfo(Fraction(1, 30), live=True)

    def read(self) -> None:
        self._stopped.wait()

    def stop(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        open(self.params.note, "w").close()


class Raises(Silent):
    """A file that cannot be read after some frames."""

    def info(self) -> StreamInfo:
        return StreamInfo(Fraction(1, 30))

    def read(self) -> None:
        raise OSError("the cable is out")


class Level(Node[NoteParams]):
    """Passes its parameter on, and kills its process once, at frame 20."""

    def process(self, frame: Frame) -> Frame:
        note = "level-died"
        if frame.seq == 20 and not os.path.exists(note):
            open(note, "w").close()
            os.kill(os.getpid(), 9)
        time.sleep(0.005)
        return frame.evolve(data={"level": self.params.note})


class CannotFinish(Log):
    """A sink that cannot finish its file."""

    def flush(self, stream: str) -> tuple[()]:
        raise OSError("the disk is full")
