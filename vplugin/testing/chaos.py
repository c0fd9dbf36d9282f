"""Things that go wrong on purpose: nodes that die, hang, fail or dawdle, and a killer of processes.

A node that shall do so only once leaves a file as a note to its next incarnation, because its
memory dies with it.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import Field

from vplugin.frame import Drop, Frame
from vplugin.node import Node, Params, Result

__all__ = ["Dawdle", "Dropper", "Failing", "Hang", "Killer", "Suicide"]


class At(Params):
    """When something goes wrong."""

    seqs: frozenset[int] = Field(frozenset(), description="Numbers of the frames concerned.")
    once: Path | None = Field(
        None, description="Folder for notes; with it each frame goes wrong only the first time."
    )
    times: int = Field(1, ge=1, description="With `once`: how often each frame goes wrong.")

    def now(self, frame: Frame) -> bool:
        """Whether this frame, this time."""
        if frame.seq not in self.seqs:
            return False
        return self.once is None or any(
            _note(self.once / f"{frame.stream}-{frame.seq}-{turn}") for turn in range(self.times)
        )


class Suicide(Node[At]):
    """Kills its own process by SIGKILL: a segmentation fault, the kernel's out-of-memory killer."""

    def process(self, frame: Frame) -> Frame:
        if self.params.now(frame):
            os.kill(os.getpid(), signal.SIGKILL)
        return frame


class Hang(Node[At]):
    """Never comes back from a frame: a dead driver, a lost network share."""

    def process(self, frame: Frame) -> Frame:
        if self.params.now(frame):
            threading.Event().wait()
        return frame


class Failing(Node[At]):
    """Raises an exception on a frame."""

    def process(self, frame: Frame) -> Frame:
        if self.params.now(frame):
            raise RuntimeError(f"frame {frame.seq} is poisoned")
        return frame


class Dropper(Node[At]):
    """Drops frames."""

    def process(self, frame: Frame) -> Result:
        return Drop("unwanted") if self.params.now(frame) else frame


class Pace(Params):
    """How long a frame takes."""

    seconds: float = Field(0.001, ge=0, description="Least time a frame takes.")
    spread: float = Field(0.0, ge=0, description="Up to this much more, by chance.")
    seed: int = Field(0, description="Of the chance.")
    busy: bool = Field(False, description="Burn the CPU rather than sleep.")


class Dawdle(Node[Pace]):
    """Takes its time, the same for the same frame in every run."""

    def process(self, frame: Frame) -> Frame:
        chance = random.Random(f"{self.params.seed}/{frame.stream}/{frame.seq}")
        seconds = self.params.seconds + self.params.spread * chance.random()
        if self.params.busy:
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                pass
        else:
            time.sleep(seconds)
        return frame


class Killer:
    """Kills processes by SIGKILL at random moments while a block runs.

    Args:
        victims: Asked each time for the processes to choose from.
        count: How many to kill at most.
        every: Mean seconds between two.
        seed: Of the chance.

    Attributes:
        killed: Their numbers.
    """

    def __init__(
        self,
        victims: Callable[[], Iterable[int]],
        *,
        count: int = 1,
        every: float = 0.2,
        seed: int = 0,
    ) -> None:
        self.killed: list[int] = []
        self._victims, self._count, self._every = victims, count, every
        self._chance = random.Random(seed)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="killer", daemon=True)

    def _work(self) -> None:
        while len(self.killed) < self._count:
            if self._done.wait(self._chance.expovariate(1 / self._every)):
                return
            if victims := sorted(set(self._victims()) - set(self.killed)):
                self._kill(self._chance.choice(victims))

    def _kill(self, process: int) -> None:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            return  # it ended by itself between the question and the shot
        self.killed.append(process)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()


def _note(path: Path) -> bool:
    """Leave a note; true if none was there."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
