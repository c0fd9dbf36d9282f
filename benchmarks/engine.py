"""What the engine costs: throughput against the slowest node alone, and latency added per hop.

Both with every node in a process of its own, which is the dear case: nodes that share a lane hand
frames over by reference.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from statistics import quantiles

import typer
import zmq
from rich.table import Table

from benchmarks.common import child, console, machine
from benchmarks.graphs import run_chain
from vplugin.testing.chaos import Dawdle
from vplugin.testing.frames import frames
from vplugin.testing.harness import Harness

SLOWEST = {"seconds": 0.010, "busy": True}
QUICK = {"seconds": 0.002}
HOPS = 4  # processes by which the long chain is longer


def alone(count: int) -> float:
    """Frames a second of the slowest node when a loop calls it."""
    given = frames(1, width=1280, height=720)[0]
    with Harness(Dawdle, **SLOWEST) as bench:
        node = bench.open().node
        start = time.perf_counter()
        for number in range(count):
            node.process(given.evolve(seq=number))
        return count / (time.perf_counter() - start)


def in_graph(count: int) -> float:
    """Frames a second of a graph of five process nodes, that one in the middle."""
    middle = {
        "first": {"uses": "dawdle", "params": QUICK},
        "slowest": {"uses": "dawdle", "params": SLOWEST},
        "last": {"uses": "dawdle", "params": QUICK},
    }
    source = {"count": count, "width": 1280, "height": 720, "still": True}
    return run_chain(source, middle).fps


def hop_us(count: int) -> tuple[float, float]:
    """Latency that one more process adds, p50 and p99: frames come one at a time, nothing queues.

    The difference between a long and a short chain, so that reading the source, its one copy into
    the arena and the sink's own work do not count.
    """
    short, long = (_latency_ms(hops, count) for hops in (1, 1 + HOPS))
    return tuple((b - a) * 1e3 / HOPS for a, b in zip(short, long, strict=True))  # type: ignore[return-value]


def _latency_ms(hops: int, count: int) -> tuple[float, float]:
    middle = {f"hop{number}": {"uses": "pass"} for number in range(hops)}
    source = {"count": count, "width": 1920, "height": 1080, "still": True}
    latency = run_chain(source, middle, limits={"max_in_flight": 1}).report.latency_ms
    if latency.p50 is None or latency.p99 is None:
        raise RuntimeError("no frame came through")
    return latency.p50, latency.p99


def bare_hop_us(count: int) -> tuple[float, float]:
    """The same hop with nothing but ZeroMQ in it, p50 and p99: what no engine can go below.

    As many processes, each with a DEALER, pass 200 bytes on through one ROUTER; nothing is packed,
    planned or remembered.
    """
    with tempfile.TemporaryDirectory() as place, zmq.Context() as context:
        address = f"ipc://{place}/zmq"
        with context.socket(zmq.ROUTER) as router, ExitStack() as children:
            router.bind(address)
            names = [str(number).encode() for number in range(1 + HOPS)]
            for name in names:
                children.enter_context(child(_serve_bare, address, name))
            for _ in names:
                router.recv_multipart()
            short, long = (_round_us(router, names[:hops], count) for hops in (1, 1 + HOPS))
    return tuple((b - a) / HOPS for a, b in zip(short, long, strict=True))  # type: ignore[return-value]


def _serve_bare(address: str, name: bytes) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.IDENTITY, name)
        socket.connect(address)
        socket.send(b"")
        while True:
            socket.send(socket.recv())


def _round_us(router: zmq.Socket[bytes], names: list[bytes], count: int) -> tuple[float, float]:
    """Microseconds to visit each of these processes once, p50 and p99."""
    times, message = [], bytes(200)
    for _ in range(count):
        start = time.perf_counter()
        for name in names:
            router.send_multipart([name, message])
            router.recv_multipart()
        times.append((time.perf_counter() - start) * 1e6)
    cuts = quantiles(times, n=100)
    return cuts[49], cuts[98]


def main(count: int = 600, rounds: int = 3) -> None:
    """Measure and print."""
    pairs = [(alone(count // 2), in_graph(count)) for _ in range(rounds)]
    ratios = sorted(graph / node for node, graph in pairs)
    both = [(hop_us(count), bare_hop_us(count)) for _ in range(rounds)]
    hops, bare = (sorted(pair[side] for pair in both) for side in (0, 1))
    table = Table(title=f"engine, 5 processes · {machine()}")
    for column in ("what", "measured", "wanted"):
        table.add_column(column, justify="left" if column == "what" else "right")
    table.add_row("slowest node alone", f"{max(node for node, _ in pairs):.1f} fps", "")
    table.add_row("graph of 5 nodes", f"{max(graph for _, graph in pairs):.1f} fps", "")
    table.add_row("graph ÷ slowest node", f"{ratios[len(ratios) // 2]:.3f}", "≥ 0.95")
    for place, name, wanted in ((0, "p50", "≤ 60 µs"), (1, "p99", "≤ 500 µs")):
        ours, floor = hops[len(hops) // 2][place], bare[len(bare) // 2][place]
        table.add_row(f"a hop, 1080p, {name}", f"{ours:.0f} µs", wanted)
        table.add_row(f"the same with bare ZeroMQ, 200 bytes, {name}", f"{floor:.0f} µs", "")
        table.add_row("ours ÷ bare", f"{ours / floor:.1f}", "")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
