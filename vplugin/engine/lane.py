"""A lane: one process (or, where processes are not wanted, one set of threads) that hosts workers.

Each worker has a thread and a DEALER socket of its own, straight to the conductor. The lane's main
thread brings the workers up, stops sources on request, and ends the process when the conductor
says so or is gone.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import zmq

from vplugin.engine.arena import LocalMemory, Memory, SharedMemory
from vplugin.engine.plan import WorkerSpec
from vplugin.engine.wire import (
    Close,
    Crew,
    Exit,
    Fail,
    Grant,
    Hello,
    Job,
    Message,
    Room,
    Slot,
    Stop,
    pack,
    unpack,
)
from vplugin.engine.worker import LaneStore, Worker
from vplugin.errors import EngineError
from vplugin.graph.registry import Registry

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1


class Desk:
    """A worker's thread: its socket and its loop."""

    def __init__(
        self,
        spec: WorkerSpec,
        registry: Registry,
        memory: Memory,
        store: LaneStore,
        context: zmq.Context[zmq.Socket[bytes]],
        endpoint: str,
        incarnation: int,
    ) -> None:
        self.spec = spec
        self._incarnation = incarnation
        self._context = context
        self._endpoint = endpoint
        self._socket: zmq.Socket[bytes] | None = None
        self._later: list[Message] = []
        self.worker = Worker(spec, registry, memory, store, self._send, self._more)
        self.thread = threading.Thread(target=self._run, name=spec.key, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        self._socket = dealer(self._context, self._endpoint, f"{self.spec.key}@{self._incarnation}")
        try:
            if self.worker.open():
                gc.freeze()  # what was loaded stays: searching it again would hold a frame up
                self._serve(self._socket)
        except zmq.ContextTerminated:
            return
        except BaseException as error:  # ours, not the node's: say it and give up the run
            log.exception("worker %s", self.spec.key)
            self._send(Fail(self.spec.key, "open", 0, f"{type(error).__name__}: {error}", ""))
        finally:
            self._socket.close(linger=1000)

    def _serve(self, socket: zmq.Socket[bytes]) -> None:
        while True:
            if not self._later:
                self._later.append(unpack(socket.recv()))
            messages = [self._later.pop(0)]
            if self.spec.batch[0] > 1:
                self._collect(socket, messages)
            self.worker.handle(messages)
            if any(message.tag == "close" for message in messages):
                return

    def _collect(self, socket: zmq.Socket[bytes], messages: list[Message]) -> None:
        """Wait a little for the rest of a batch."""
        most, wait = self.spec.batch
        until = time.monotonic() + wait
        while len(messages) < most and isinstance(messages[-1], Job):
            if self._later:
                messages.append(self._later.pop(0))
                continue
            if not socket.poll(max(0, round((until - time.monotonic()) * 1000))):
                return
            messages.append(unpack(socket.recv()))

    def _send(self, message: Message) -> None:
        assert self._socket is not None
        self._socket.send(pack(message))

    def _more(self, job: int, nbytes: int) -> Slot:
        """One more slot; what else arrives meanwhile waits its turn."""
        assert self._socket is not None
        self._send(Room(self.spec.key, job, nbytes))
        while not any(isinstance(message, Close) for message in self._later):
            message = unpack(self._socket.recv())
            if isinstance(message, Grant):
                return message.slot
            self._later.append(message)
        raise EngineError("the run ended before there was room for the picture")


def dealer(
    context: zmq.Context[zmq.Socket[bytes]], endpoint: str, identity: str
) -> zmq.Socket[bytes]:
    """A DEALER to the conductor. High-water marks never act: credits bound what is under way."""
    socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.IDENTITY, identity.encode())
    socket.setsockopt(zmq.SNDHWM, 0)
    socket.setsockopt(zmq.RCVHWM, 0)
    socket.connect(endpoint)
    return socket


class Lane:
    """The workers of one lane.

    Args:
        name: As in the graph.
        incarnation: Counts the starts of this lane; messages of earlier ones are ignored.
        endpoint: Where the conductor listens.
        context: One a process.
        memory: Side of the arena, or None to be told by the conductor.
        arena: File descriptor of the shared arena, or -1.
    """

    def __init__(
        self,
        name: str,
        incarnation: int,
        endpoint: str,
        context: zmq.Context[zmq.Socket[bytes]],
        registry: Registry,
        *,
        arena: int = -1,
        store: LaneStore | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.name = name
        self._incarnation = incarnation
        self._endpoint = endpoint
        self._context = context
        self._registry = registry
        self._arena = arena
        self._store = store or LaneStore()
        self._memory = memory
        self._desks: dict[str, Desk] = {}

    def run(self) -> None:
        """Serve until the conductor says exit."""
        socket = dealer(self._context, self._endpoint, f"{self.name}@{self._incarnation}")
        try:
            socket.send(pack(Hello(self.name, os.getpid())))
            while True:
                message = unpack(socket.recv())
                if isinstance(message, Crew):
                    self._man(message)
                elif isinstance(message, Stop):
                    if message.worker in self._desks:
                        self._desks[message.worker].worker.stop()
                elif isinstance(message, Exit):
                    return
        finally:
            socket.close(linger=0)
            for desk in self._desks.values():
                desk.thread.join(timeout=2.0)

    def _man(self, crew: Crew) -> None:
        if self._memory is None:
            shared = SharedMemory(self._arena) if crew.shared else None
            self._memory = shared or LocalMemory(copy=crew.copy)
        for fields in crew.workers:
            spec = WorkerSpec(**fields)
            self._desks[spec.key] = Desk(
                spec, self._registry, self._memory, self._store, self._context, self._endpoint,
                self._incarnation,
            )  # fmt: skip


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process as soon as the conductor is gone (Linux)."""
    libc: Any = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry of a lane's process: ``python -m vplugin.engine``."""
    parser = argparse.ArgumentParser()
    for name in ("endpoint", "name"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("incarnation", "arena", "parent"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args(arguments)
    die_with_parent(given.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the conductor's to handle
    logging.basicConfig(
        level=os.environ.get("VPLUGIN_LOG", "ERROR").upper(),
        format=f"%(levelname)s [{given.name}] %(name)s: %(message)s",
    )
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    Lane(given.name, given.incarnation, given.endpoint, context, Registry(),
         arena=given.arena).run()  # fmt: skip
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # every node is closed; libraries' own threads must not hold the process back
