"""What a test may leave behind: nothing. Snapshots of everything that outlives a function call.

Watched: processes, threads, file descriptors, mapped memfds, POSIX shared memory and temporary
files (also the engine's ipc folders). Made for Linux, where ``/proc`` tells all of it; elsewhere
only child processes, Python threads and temporary files are seen.

What libraries keep on purpose is not a leak, and each exception below says why.
"""

from __future__ import annotations

import gc
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path

import psutil

__all__ = ["Leak", "LeakError", "Snapshot", "mark_children", "no_leaks", "wait_for_leaks"]

MARK = "VPLUGIN_LEAK_MARK"
LINUX = sys.platform.startswith("linux")
SHARED_MEMORY = Path("/dev/shm")
TORCH_MEMORY = re.compile(r"/dev/shm/torch_(\d+)_")  # of the process that made it

# Native threads that belong to one object and must end with it. Other native threads are worker
# pools of torch, OpenBLAS, OpenCV, onnxruntime and OpenVINO, which live as long as the process,
# carry no name of their own, and are only counted (NATIVE_ALLOWANCE).
OWNED_THREADS = ("ZMQbg/", "av:")
NATIVE_ALLOWANCE = 24 + 12 * (os.cpu_count() or 1)

# Python threads that a library starts once and keeps: tqdm's monitor (insightface's downloads),
# and pyzmq's collector of messages sent without a copy.
KEPT_THREADS = ("TMonitor", "GarbageCollectorThread")

# Memory that compilers of machine code map by memfd: libffi's closures, oneDNN's and OpenVINO's
# kernels (xbyak). They are freed with the process.
KEPT_MEMFDS = ("libffi", "xbyak", "doublemapper")

# Descriptors that drivers and the C library open once.
KEPT_TARGETS = ("/dev/urandom", "/dev/random", "/dev/nvidia", "/dev/dri", "/dev/kfd")


@dataclass(frozen=True, order=True)
class Leak:
    """One thing that is still there.

    Attributes:
        kind: ``process``, ``thread``, ``descriptor``, ``mapping``, ``shared memory``, ``file``.
        key: Tells it from others of its kind, now and later.
        text: For people.
    """

    kind: str
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind} {self.text}"


class LeakError(AssertionError):
    """Something was left behind."""

    def __init__(self, leaks: Iterable[Leak]) -> None:
        self.leaks = tuple(sorted(leaks))
        super().__init__("left behind: " + "; ".join(map(str, self.leaks)))


@dataclass(frozen=True)
class Snapshot:
    """Everything watched, at one moment.

    Attributes:
        things: What is there.
        native_threads: Number of operating system threads of this process.
    """

    things: frozenset[Leak]
    native_threads: int

    @classmethod
    def take(cls, folder: Path | None = None) -> Snapshot:
        """Look around.

        Args:
            folder: Where temporary files are watched; by default the temporary folder.
        """
        place = folder or Path(tempfile.gettempdir())
        things = {*_threads(), *_processes(), *_files(place)}
        if LINUX:
            things |= {*_descriptors(), *_mappings(), *_shared_memory()}
        tasks = len(os.listdir("/proc/self/task")) if LINUX else threading.active_count()
        return cls(frozenset(things), tasks)

    def since(self, earlier: Snapshot) -> frozenset[Leak]:
        """What is here now and was not then."""
        return self.things - earlier.things


def wait_for_leaks(
    before: Snapshot, *, folder: Path | None = None, seconds: float = 2.0
) -> frozenset[Leak]:
    """What stays after ``before`` although it was given ``seconds`` to go.

    A thread that has just been told to end, or an object in a reference cycle, is no leak: things
    are collected and looked at again until nothing is left or the time is up.
    """
    end = time.monotonic() + seconds
    while left := Snapshot.take(folder).since(before):
        gc.collect()
        left = frozenset(leak for leak in left if not _used_by_others(leak))
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.02)
    return frozenset()


@contextmanager
def no_leaks(*, folder: Path | None = None, seconds: float = 2.0) -> Iterator[None]:
    """Raise :class:`LeakError` if the block leaves anything behind.

    Example:
        >>> with no_leaks():
        ...     threading.Thread(target=print).start()
    """
    before = Snapshot.take(folder)
    yield
    if left := wait_for_leaks(before, folder=folder, seconds=seconds):
        raise LeakError(left)


def mark_children() -> None:
    """Let every process started from now on be known as ours, even when its parent has died."""
    os.environ[MARK] = str(os.getpid())


def _threads() -> Iterator[Leak]:
    for thread in threading.enumerate():
        if type(thread).__name__ not in KEPT_THREADS:
            yield Leak("thread", str(thread.ident), f"{thread.name!r}")
    if not LINUX:
        return
    for task in os.listdir("/proc/self/task"):
        with suppress(OSError):
            name = Path(f"/proc/self/task/{task}/comm").read_text().strip()
            if name.startswith(OWNED_THREADS):
                yield Leak("thread", f"native {task}", f"{name!r} (native)")


def _processes() -> Iterator[Leak]:
    """Descendants, and orphans that carry our mark."""
    seen: set[int] = set()
    for child in psutil.Process().children(recursive=True):
        seen.add(child.pid)
        yield from _process(child)
    if LINUX and os.environ.get(MARK) == str(os.getpid()):
        for pid in _orphans(seen):
            with suppress(psutil.NoSuchProcess):
                yield from _process(psutil.Process(pid))


def _process(process: psutil.Process) -> Iterator[Leak]:
    """One process, unless it is multiprocessing's resource tracker, which ends with us."""
    try:
        state, born = process.status(), process.create_time()
        command = "" if state == psutil.STATUS_ZOMBIE else " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return
    if "multiprocessing.resource_tracker" not in command:
        shown = command[:120] or process.name()
        yield Leak("process", f"{process.pid}@{born}", f"{process.pid} ({state}): {shown}")


def _orphans(known: set[int]) -> Iterator[int]:
    """Processes that inherited our mark and are no descendants any more."""
    mark = f"{MARK}={os.getpid()}".encode()
    mine = os.getpid()
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() or int(entry.name) in known or int(entry.name) <= 2:
            continue
        with suppress(OSError):
            environment = Path(f"/proc/{entry.name}/environ").read_bytes()
            if int(entry.name) != mine and mark in environment.split(b"\0"):
                yield int(entry.name)


def _descriptors() -> Iterator[Leak]:
    kept = {str(getattr(resource_tracker._resource_tracker, "_fd", None))}
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            target = os.readlink(f"/proc/self/fd/{number}")
            if number not in kept and not target.startswith((*KEPT_TARGETS, "/proc/")):
                yield Leak("descriptor", f"{number}:{target}", f"{number} → {target}")


def _mappings() -> Iterator[Leak]:
    with open("/proc/self/maps") as table:
        for line in table:
            if "/memfd:" in line and not any(name in line for name in KEPT_MEMFDS):
                fields = line.split(maxsplit=5)
                yield Leak("mapping", f"{fields[0]} {fields[4]}", fields[5].strip())


def _shared_memory() -> Iterator[Leak]:
    with suppress(OSError):
        for entry in os.scandir(SHARED_MEMORY):
            status = entry.stat(follow_symlinks=False)
            if status.st_uid == os.getuid():
                yield Leak("shared memory", f"{entry.path}:{status.st_ino}", entry.path)


def _files(folder: Path) -> Iterator[Leak]:
    with suppress(OSError):
        for entry in os.scandir(folder):
            inode = entry.inode()
            yield Leak("file", f"{entry.path}:{inode}", entry.path)


def _used_by_others(leak: Leak) -> bool:
    """Whether shared memory is in use by a process that is not ours (another program's)."""
    if leak.kind != "shared memory":
        return False
    ours = {os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True))}
    maker = TORCH_MEMORY.match(leak.text)  # it is not mapped yet while it is handed over
    if maker and int(maker[1]) not in ours and psutil.pid_exists(int(maker[1])):
        return True
    for pid in psutil.pids():
        with suppress(OSError):
            if pid not in ours and f" {leak.text}\n" in Path(f"/proc/{pid}/maps").read_text():
                return True
    return False
