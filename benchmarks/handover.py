"""A 1080p RGB picture from one process to another: ours against three others.

Each contestant hands over one picture and waits until the other process has it; the median counts.
Ours runs the whole engine (conductor, credits, order), the others nothing but the transport. The
receiver gets a readable array in each case. "Handed on" is what every hop after the first costs:
the picture stays where it is. The first hop has to put it there, as the others always do.
"""

from __future__ import annotations

import ctypes
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import typer
import zmq
from rich.table import Table

from benchmarks.common import SPAWN, child, console, machine
from benchmarks.graphs import run_chain

SHAPE = (1080, 1920, 3)

Picture = npt.NDArray[np.uint8]
Send = Callable[[Picture], None]


def ours(count: int) -> tuple[float, float]:
    """Microseconds of the first hop, and of every further one."""
    source = {"count": count, "width": 1920, "height": 1080, "pixel": "rgb24", "still": True}
    steps = []
    for nodes in (0, 2, 4):
        middle = {f"hop{number}": {"uses": "pass"} for number in range(nodes)}
        steps.append(run_chain(source, middle, limits={"max_in_flight": 1}).step_us)
    return steps[0], (steps[2] - steps[0]) / 4


@contextmanager
def by_queue() -> Iterator[Send]:
    """multiprocessing.Queue: pickled into a pipe."""
    pictures, answers = SPAWN.Queue(1), SPAWN.Queue(1)
    with child(_serve_queue, pictures, answers):

        def send(picture: Picture) -> None:
            pictures.put(picture)
            answers.get()

        yield send


def _serve_queue(pictures: Any, answers: Any) -> None:
    while True:
        pictures.get()
        answers.put(b"")


@contextmanager
def by_zmq() -> Iterator[Send]:
    """As imagezmq does: REQ/REP, a JSON header and the pixels in the message, not copied twice."""
    with tempfile.TemporaryDirectory() as place, zmq.Context() as context:
        address = f"ipc://{place}/zmq"
        with child(_serve_zmq, address), context.socket(zmq.REQ) as socket:
            socket.connect(address)

            def send(picture: Picture) -> None:
                header = {"shape": picture.shape, "dtype": str(picture.dtype)}
                socket.send(json.dumps(header).encode(), zmq.SNDMORE)
                socket.send(picture, copy=False)
                socket.recv()

            yield send


def _serve_zmq(address: str) -> None:
    with zmq.Context() as context, context.socket(zmq.REP) as socket:
        socket.bind(address)
        while True:
            header = json.loads(socket.recv())
            message = socket.recv(copy=False)
            np.frombuffer(message.buffer, header["dtype"]).reshape(header["shape"])
            socket.send(b"")


@contextmanager
def by_iceoryx(*, in_place: bool) -> Iterator[Send]:
    """iceoryx2: shared memory lent by the publisher; the receiver is woken by an event."""
    name = f"vplugin/bench/{time.monotonic_ns()}"
    with child(_serve_iceoryx, name):
        import iceoryx2 as iox2

        iox2.set_log_level(iox2.LogLevel.Error)
        node, service, wake, answer = _open_iceoryx(name)
        publisher = service.publisher_builder().initial_max_slice_len(int(np.prod(SHAPE))).create()
        notifier, listener = wake.notifier_builder().create(), answer.listener_builder().create()
        listener.blocking_wait()  # the other side is there

        def send(picture: Picture) -> None:
            sample = publisher.loan_slice_uninit(picture.size)
            if not in_place:
                ctypes.memmove(sample.payload_ptr, picture.ctypes.data, picture.nbytes)
            sample.assume_init().send()
            notifier.notify()
            listener.blocking_wait()

        yield send
        del node


def _open_iceoryx(name: str) -> tuple[Any, Any, Any, Any]:
    import iceoryx2 as iox2

    node = iox2.NodeBuilder.new().create(iox2.ServiceType.Ipc)

    def service(part: str) -> Any:
        return node.service_builder(iox2.ServiceName.new(f"{name}/{part}"))

    pictures = service("pictures").publish_subscribe(iox2.Slice[ctypes.c_uint8]).open_or_create()
    return (
        node,
        pictures,
        service("wake").event().open_or_create(),
        service("answer").event().open_or_create(),
    )


def _serve_iceoryx(name: str) -> None:
    import iceoryx2 as iox2

    iox2.set_log_level(iox2.LogLevel.Error)
    node, service, wake, answer = _open_iceoryx(name)
    subscriber = service.subscriber_builder().create()
    listener, notifier = wake.listener_builder().create(), answer.notifier_builder().create()
    while node is not None:
        sample = subscriber.receive()
        if sample is not None:
            payload = sample.payload()
            np.ctypeslib.as_array(
                ctypes.cast(payload.data_ptr, ctypes.POINTER(ctypes.c_uint8)), SHAPE
            )
            sample.delete()
        notifier.notify()
        listener.blocking_wait()


def median_us(send: Send, count: int) -> float:
    """Median microseconds of one hand-over, after a tenth that does not count."""
    picture = np.random.default_rng(0).integers(0, 255, SHAPE, np.uint8)
    times = []
    for _ in range(count + count // 10):
        start = time.perf_counter()
        send(picture)
        times.append(time.perf_counter() - start)
    return float(np.median(times[count // 10 :]) * 1e6)


def main(count: int = 300) -> None:
    """Measure and print."""
    first, further = ours(count)
    rows = {"ours, handed on": further, "ours, first hop (with the copy into the arena)": first}
    contestants: dict[str, Any] = {
        "multiprocessing.Queue": by_queue,
        "ZeroMQ inline, as imagezmq": by_zmq,
    }
    if find_spec("iceoryx2"):
        contestants["iceoryx2, written in place"] = lambda: by_iceoryx(in_place=True)
        contestants["iceoryx2, with a copy in"] = lambda: by_iceoryx(in_place=False)
    for name, contestant in contestants.items():
        with contestant() as send:
            rows[name] = median_us(send, count)
    table = Table(title=f"1080p RGB picture (6.2 MB) between processes · {machine()}")
    for column in ("how", "µs", "times ours"):
        table.add_column(column, justify="left" if column == "how" else "right")
    for name, spent in rows.items():
        table.add_row(name, f"{spent:.0f}", f"{spent / further:.1f}×")
    console.print(table)
    if not find_spec("iceoryx2"):
        console.print("iceoryx2 is not installed: pip install iceoryx2")


if __name__ == "__main__":
    typer.run(main)
