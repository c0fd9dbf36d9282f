"""The leak check finds every kind of thing that can be left, and nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from vplugin.testing.leaks import LINUX, Leak, LeakError, Snapshot, no_leaks, wait_for_leaks

pytestmark = pytest.mark.skipif(not LINUX, reason="needs /proc")

Undo = Callable[[], object]


def leave_thread() -> Undo:
    done = threading.Event()
    thread = threading.Thread(target=done.wait, name="left")
    thread.start()
    return lambda: (done.set(), thread.join())


def leave_process() -> Undo:
    child = subprocess.Popen(["sleep", "60"])
    return lambda: (child.kill(), child.wait())


def leave_zombie() -> Undo:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    return child.wait


def leave_orphan() -> Undo:
    """A grandchild whose parent has died."""
    script = "import subprocess as s; print(s.Popen(['sleep', '60'], stdout=-3, stderr=-3).pid)"
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True)
    pid = int(done.stdout)
    return lambda: os.kill(pid, 9)


def leave_descriptor() -> Undo:
    left, right = socket.socketpair()
    return lambda: (left.close(), right.close())


def leave_memfd() -> Undo:
    number = os.memfd_create("arena")
    return lambda: os.close(number)


def leave_mapping() -> Undo:
    import mmap

    number = os.memfd_create("arena")
    os.ftruncate(number, 4096)
    mapped = mmap.mmap(number, 4096, trackfd=False) if sys.version_info >= (3, 13) else None
    if mapped is None:
        mapped = mmap.mmap(number, 4096)  # keeps a descriptor of its own, which is seen as well
    os.close(number)
    return mapped.close


def leave_shared_memory() -> Undo:
    path = Path(f"/dev/shm/left-{os.getpid()}")
    path.touch()
    return path.unlink


def leave_folder() -> Undo:
    folder = tempfile.mkdtemp(prefix="vplugin-")
    return lambda: os.rmdir(folder)


def leave_zmq_context() -> Undo:
    import zmq

    context = zmq.Context()
    opened = context.socket(zmq.PULL)
    opened.bind("inproc://left")
    return lambda: context.destroy(linger=0)


def leave_decoder() -> Undo:
    import av
    import numpy as np

    path = Path(tempfile.gettempdir()) / f"left-{os.getpid()}.mkv"
    with av.open(str(path), "w") as made:
        stream = made.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
        made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    left = av.open(str(path))
    left.streams.video[0].thread_count = 2
    left.streams.video[0].thread_type = "FRAME"
    pictures = left.decode(video=0)
    next(pictures)
    return lambda: (pictures.close(), left.close(), path.unlink())


WAYS = [
    (leave_thread, {"thread"}),
    (leave_process, {"process"}),
    (leave_zombie, {"process"}),
    (leave_orphan, {"process"}),
    (leave_descriptor, {"descriptor"}),
    (leave_memfd, {"descriptor"}),
    (leave_mapping, {"mapping"}),
    (leave_shared_memory, {"shared memory"}),
    (leave_folder, {"file"}),
    (leave_zmq_context, {"descriptor", "thread"}),
    (leave_decoder, {"descriptor", "file", "thread"}),
]


@pytest.mark.parametrize(("leave", "kinds"), WAYS, ids=lambda value: getattr(value, "__name__", ""))
def test_everything_left_is_found(leave: Callable[[], Undo], kinds: set[str]) -> None:
    before = Snapshot.take()
    undo = leave()
    try:
        left = wait_for_leaks(before, seconds=0.1)
    finally:
        undo()
    assert kinds <= {leak.kind for leak in left}
    assert not wait_for_leaks(before), "what was tidied up is no leak"


def test_no_leaks_names_what_is_left() -> None:
    with ExitStack() as stack, pytest.raises(LeakError, match="thread 'left'"):
        with no_leaks(seconds=0.05):
            stack.callback(leave_thread())


def test_a_thread_that_is_ending_is_no_leak() -> None:
    with no_leaks():
        threading.Timer(0.1, int).start()


def test_reference_cycles_are_no_leak() -> None:
    with no_leaks():
        cycle: list[object] = [open(os.devnull)]  # noqa: SIM115 - left on purpose
        cycle.append(cycle)
        del cycle


def test_pools_of_libraries_are_no_leak() -> None:
    import cv2
    import numpy as np
    import torch

    with no_leaks():
        torch.ones(400, 400) @ torch.ones(400, 400)
        cv2.GaussianBlur(np.zeros((900, 900, 3), np.uint8), (9, 9), 2)


def test_multiprocessing_keeps_its_tracker() -> None:
    from multiprocessing import shared_memory

    with no_leaks():
        block = shared_memory.SharedMemory(create=True, size=4096)
        block.close()
        block.unlink()


def test_shared_memory_of_another_program_is_not_ours(tmp_path: Path) -> None:
    name = f"/dev/shm/theirs-{os.getpid()}"
    script = (
        f"import mmap, sys; f = open({name!r}, 'w+b'); f.truncate(4096); "
        "m = mmap.mmap(f.fileno(), 4096); print('ready', flush=True); sys.stdin.read()"
    )
    before = Snapshot.take()
    stranger = ["setsid", "--fork", sys.executable, "-c", script]  # no child of ours, no mark
    with subprocess.Popen(stranger, stdin=-1, stdout=-1, env={"PATH": os.environ["PATH"]}) as child:
        assert child.stdout is not None
        child.stdout.readline()
        left = wait_for_leaks(before, seconds=0.0)
        Path(name).unlink()
    assert "shared memory" not in {leak.kind for leak in left}


@pytest.mark.parametrize(("maker", "ours"), [(os.getppid(), False), (os.getpid(), True)])
def test_tensors_that_another_program_hands_over_are_not_ours(maker: int, ours: bool) -> None:
    before = Snapshot.take()
    path = Path(f"/dev/shm/torch_{maker}_4711_0")
    path.write_bytes(b"1")
    try:
        left = wait_for_leaks(before, seconds=0.0)
    finally:
        path.unlink()
    assert ("shared memory" in {leak.kind for leak in left}) == ours


def test_leaks_are_told_in_one_line() -> None:
    error = LeakError([Leak("thread", "2", "'b'"), Leak("process", "1", "7 (sleeping): sleep 60")])
    assert str(error) == "left behind: process 7 (sleeping): sleep 60; thread 'b'"
