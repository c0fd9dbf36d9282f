"""The conductor: one thread and one ROUTER that own every queue, every slot and every lane.

It runs no code of any node and touches no pixel, so a plug-in cannot take it down. What to do is
the scheduler's knowledge; this module moves messages, watches child processes and keeps time.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import asdict

import zmq

from vplugin.engine.arena import ArenaBook
from vplugin.engine.artifacts import settle_artifacts
from vplugin.engine.deliver import deliver
from vplugin.engine.plan import LanePlan, RunPlan, WorkerSpec
from vplugin.engine.scheduler import Scheduler
from vplugin.engine.supervise import Child, RunFolder
from vplugin.engine.wire import (
    Crew,
    Exit,
    Hello,
    Message,
    Ready,
    Stop,
    pack,
    unpack,
)
from vplugin.errors import EngineError, WireError

log = logging.getLogger(__name__)

TICK = 50  # milliseconds between looks at the clock
GRACE = 10.0  # seconds that nodes have to close after a failure
ABORT_GRACE = 1.0  # the same when it was asked for


class Conductor:
    """Runs a plan.

    Args:
        plan: What to run.
        on_tick: Called about every 50 ms with the scheduler; its answer is ``go``, ``drain`` or
            ``abort``.
        threads: Starts a lane of kind ``thread`` (the conductor itself imports no node code).
        probe: As for :class:`Scheduler`.
    """

    def __init__(
        self,
        plan: RunPlan,
        *,
        on_tick: Callable[[Scheduler], str] = lambda scheduler: "go",
        threads: Callable[[Conductor, LanePlan], threading.Thread] | None = None,
        probe: Callable[[Scheduler], None] | None = None,
    ) -> None:
        self.plan = plan
        self.book = ArenaBook(shared=plan.shared, limit=plan.memory)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.children = {
            name: Child(lane) for name, lane in plan.lanes.items() if lane.kind == "process"
        }
        self.scheduler = Scheduler(
            plan, self.book, self._send_worker, kill=self._kill_lane, probe=probe
        )
        self._on_tick = on_tick
        self._start_threads = threads
        self._threads: list[threading.Thread] = []
        self._lane_of = {w.key: lane for lane in plan.lanes.values() for w in lane.workers}
        self._folder: RunFolder | None = None
        self._router: zmq.Socket[bytes] = self.context.socket(zmq.ROUTER)
        self._poller = zmq.Poller()
        self._failed_since: float | None = None
        self._late_since: float | None = None  # asked to abort when all was done already
        self._stuck = False
        self._closed = False
        self._sources_told = False

    @property
    def endpoint(self) -> str:
        """Where the lanes connect to."""
        return self._folder.endpoint if self._folder else f"inproc://conductor-{id(self)}"

    def run(self) -> Scheduler:
        """Run to the end; everything that was started is gone when this returns."""
        try:
            self._start()
            self._loop()
        finally:
            self.close()
        return self.scheduler

    def close(self) -> None:
        """End and remove everything; :meth:`run` does it by itself."""
        if not self._closed:
            self._closed = True
            self._clean_up()

    # ── start ─────────────────────────────────────────────────────────────────────────────────

    def _start(self) -> None:
        router = self._router
        router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        router.setsockopt(zmq.SNDHWM, 0)
        router.setsockopt(zmq.RCVHWM, 0)
        if self.children:
            self._folder = RunFolder()
        router.bind(self.endpoint)
        self._poller.register(router, zmq.POLLIN)
        for child in self.children.values():
            self._start_child(child)
        for lane in self.plan.lanes.values():
            if lane.kind == "thread":
                if self._start_threads is None:
                    raise EngineError("thread lanes need a starter")
                self._threads.append(self._start_threads(self, lane))

    def _start_child(self, child: Child) -> None:
        reads = any(worker.role == "source" for worker in child.plan.workers)
        child.start(self.endpoint, self.book.fd, stdin=reads)
        self._poller.register(child.pidfd, zmq.POLLIN)

    # ── the loop ──────────────────────────────────────────────────────────────────────────────

    def _loop(self) -> None:
        due = 0.0
        while not self.scheduler.finished:
            for fd, _ in self._poller.poll(TICK):
                if fd is self._router:
                    self._receive()
                else:
                    self._on_death(fd)
            now = time.monotonic()
            if now >= due:
                due = now + TICK / 1000
                self._keep_time(now)

    def _receive(self) -> None:
        """Handle what has arrived, but come up for air now and then."""
        for _ in range(64):
            try:
                parts = self._router.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            sender = self._sender(parts)
            if sender is None:
                log.info("a message from a stranger, or from a process that is dead, is ignored")
                continue
            try:
                self._handle(sender, unpack(parts[1]))
            except WireError as error:
                self.scheduler.fail(error)

    def _sender(self, parts: list[bytes]) -> str | None:
        """The lane or worker that a message is from, if it is one of ours and still lives."""
        if len(parts) != 2:
            return None
        key, _, incarnation = parts[0].decode(errors="replace").rpartition("@")
        lane = self.plan.lanes.get(key) or self._lane_of.get(key)
        if lane is None:
            return None
        child = self.children.get(lane.name)
        return key if incarnation == str(child.incarnation if child else 1) else None

    def _handle(self, sender: str, message: Message) -> None:
        if isinstance(message, Hello):
            self._man(self.plan.lanes[sender])
            return
        deliver(self.scheduler, message)
        if isinstance(message, Ready):
            for lane in self.plan.lanes.values():
                self._man(lane)

    def _man(self, lane: LanePlan) -> None:
        """Tell a lane what to open: its sources first, the rest when all sources have opened.

        Only then is it known whether the graph runs live, which every other node wants to know.
        """
        child = self.children.get(lane.name)
        if child is not None and child.process is None:
            return
        opened = all(self.scheduler.workers[f"{n}#0"].ready for n in self.scheduler.ledger.streams)
        ripe = [
            spec
            for spec in lane.workers
            if self.scheduler.workers[spec.key].asked is None
            and not self.scheduler.workers[spec.key].closed
            and (opened or spec.role == "source")
        ]
        if self.scheduler.closing or not ripe:
            return
        crew = Crew(self.plan.shared, self.plan.fans_out, [self._spec(spec) for spec in ripe])
        if not self._send(lane.name, crew):
            return  # it has not said hello yet
        for spec in ripe:
            self.scheduler.workers[spec.key].asked = time.monotonic()
        if self.scheduler.stopping:
            self._stop_sources()

    def _lane_name(self, worker: str) -> str:
        lane = self._lane_of.get(worker)
        return lane.name if lane else ""

    def _spec(self, spec: WorkerSpec) -> dict[str, object]:
        fields = asdict(spec)
        node = self.scheduler.nodes[spec.node]
        fields["state"] = node.snapshot
        fields["params"] = node.params or fields["params"]
        context = dict(fields["context"])
        stream = self.scheduler.ledger.streams.get(context["sources"][0])
        context["live"] = None if spec.role == "source" or stream is None else stream.live
        fields["context"] = context
        return fields

    def _keep_time(self, now: float) -> None:
        self.scheduler.on_tick(now)
        wish = self._on_tick(self.scheduler)
        if wish == "drain" and not self.scheduler.stopping:
            self.scheduler.drain()
            self._stop_sources()
        if wish == "abort":
            self._abort(now)
        if self.scheduler.closing:
            self._close_dead_lanes()
            if not self._sources_told:  # one may be waiting for a picture that never comes
                self._sources_told = True
                self._stop_sources()
        if self.scheduler.error is not None:  # a good end may take its time: files are finished
            self._failed_since = self._failed_since or now
            if now - self._failed_since > GRACE:
                self._give_up_closing()
        for child in self.children.values():
            if child.due is not None and now >= child.due and not self.scheduler.closing:
                self._start_child(child)

    def _abort(self, now: float) -> None:
        """Stop at once; outputs that are just getting their names may end that, if they are quick.

        Otherwise a file would be there under its name after a run that says it was given up.
        """
        if self.scheduler.closing and self.scheduler.error is None:
            self._late_since = self._late_since or now
            if now - self._late_since < ABORT_GRACE:
                return
        self.scheduler.fail(EngineError("stopped at once, as asked", where=self.plan.name))
        self._failed_since = min(self._failed_since or now, now - GRACE + ABORT_GRACE)

    def _stop_sources(self) -> None:
        """Tell the sources to end soon, also those that are still being opened."""
        for name in self.scheduler.ledger.streams:
            worker = f"{name}#0"
            if self.scheduler.workers[worker].asked is not None:
                self._send(self._lane_name(worker), Stop(worker))

    def _close_dead_lanes(self) -> None:
        """A process that is gone has nothing to close."""
        for child in self.children.values():
            if child.process is None:
                for spec in child.plan.workers:
                    self.scheduler.workers[spec.key].closed = True

    def _give_up_closing(self) -> None:
        """Nodes that do not close in time are closed by force."""
        for key, worker in self.scheduler.workers.items():
            if not worker.closed:
                log.warning("node %s did not close in time", key)
                worker.closed = True
                self._stuck = self._stuck or self._lane_of[key].kind == "thread"
                self._kill_lane(key)

    # ── children ──────────────────────────────────────────────────────────────────────────────

    def _on_death(self, pidfd: int) -> None:
        child = next(c for c in self.children.values() if c.pidfd == pidfd)
        self._poller.unregister(pidfd)
        self._receive_rest()
        how = child.reap()
        log.info("lane %s %s", child.plan.name, how)
        closing = self.scheduler.closing
        alive = not closing and child.plan.restartable and child.plan_restart(time.monotonic())
        child.incarnation += 1  # nothing that it may still have said counts
        self.scheduler.on_lost([worker.key for worker in child.plan.workers], how)
        for worker in child.plan.workers:
            if not alive and child.plan.restartable and not closing:
                self.scheduler.on_broken(worker.key, how)

    def _receive_rest(self) -> None:
        """What a lane said before it died is still true; take it in first."""
        while self._router.poll(0):
            self._receive()

    def _kill_lane(self, worker: str) -> None:
        child = self.children.get(self._lane_name(worker))
        if child is not None:
            child.kill()
        elif not self.scheduler.closing:
            self._stuck = self.scheduler.workers[worker].closed = True
            self.scheduler.fail(
                EngineError(
                    f"node {worker.rpartition('#')[0]!r} hangs in a thread, which cannot be ended",
                    mend="put it into a lane of kind: process",
                )
            )

    # ── sending ───────────────────────────────────────────────────────────────────────────────

    def _send_worker(self, worker: str, message: Message) -> None:
        self._send(worker, message, self._lane_name(worker))

    def _send(self, to: str, message: Message, lane: str | None = None) -> bool:
        """Send to a lane or worker; false if there is nobody of that name."""
        child = self.children.get(lane or to)
        incarnation = child.incarnation if child else 1
        try:
            self._router.send_multipart([f"{to}@{incarnation}".encode(), pack(message)])
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                raise
            log.info("%s is gone; %s not delivered", to, message.tag)
            return False
        return True

    # ── end ───────────────────────────────────────────────────────────────────────────────────

    def _clean_up(self) -> None:
        for name, lane in self.plan.lanes.items():
            child = self.children.get(name)
            if lane.kind == "thread" or (child is not None and child.process is not None):
                self._send(name, Exit())
        deadline = time.monotonic() + 3.0
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for child in self.children.values():
            self._end_child(child, deadline)
        settle_artifacts(self.scheduler)
        self._router.close(linger=0)
        if not self._stuck:  # a hanging thread still has its socket; waiting for it would hang too
            self.context.term()
        self.book.close()
        if self._folder is not None:
            self._folder.close()

    def _end_child(self, child: Child, deadline: float) -> None:
        if child.process is None:
            return
        try:
            child.process.wait(max(0.05, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
        child.reap()
