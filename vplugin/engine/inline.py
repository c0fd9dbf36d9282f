"""The same graph in one thread: for tests, for debugging, for machines without processes.

Same plan, same scheduler, same workers and codec as the conductor's; only the messages are handed
over directly, so the output is the same byte by byte.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from vplugin.engine.arena import ArenaBook, LocalMemory
from vplugin.engine.artifacts import settle_artifacts
from vplugin.engine.deliver import deliver
from vplugin.engine.plan import RunPlan, WorkerSpec
from vplugin.engine.scheduler import Scheduler
from vplugin.engine.wire import Job, Message, Slot
from vplugin.engine.worker import LaneStore, Worker
from vplugin.errors import EngineError
from vplugin.graph.registry import Registry


def run_inline(
    plan: RunPlan,
    registry: Registry,
    *,
    on_tick: Callable[[Scheduler], str] = lambda scheduler: "go",
    probe: Callable[[Scheduler], None] | None = None,
) -> Scheduler:
    """Run a plan in the calling thread.

    Args:
        plan: Laid out with ``inline=True``.
        registry: Where the node classes come from.
        on_tick: As for the conductor; called between jobs.
        probe: As for :class:`Scheduler`.

    Returns:
        The scheduler after the end, for its accounts.
    """
    run = _Run(plan, registry, on_tick, probe)
    try:
        run.start()
        while not run.scheduler.finished:
            run.step()
    except BaseException:
        run.abort()
        raise
    finally:
        run.close()
    return run.scheduler


class _Run:
    """The scheduler, the workers, and what they have to say to each other."""

    def __init__(
        self,
        plan: RunPlan,
        registry: Registry,
        on_tick: Callable[[Scheduler], str],
        probe: Callable[[Scheduler], None] | None,
    ) -> None:
        self._plan = plan
        self._registry = registry
        self._on_tick = on_tick
        self._book = ArenaBook(shared=False)
        self._inbox: deque[tuple[str, Message]] = deque()
        self._outbox: deque[Message] = deque()
        self._memory, self._store = LocalMemory(copy=plan.fans_out), LaneStore()
        self._workers: dict[str, Worker] = {}
        self.scheduler = Scheduler(plan, self._book, self._send, probe=probe)

    def start(self) -> None:
        """Sources first: whether the graph runs live is theirs to say."""
        for sources in (True, False):
            for lane in self._plan.lanes.values():
                for spec in lane.workers:
                    if (spec.role == "source") == sources and not self.scheduler.closing:
                        self._open(spec)
            self._deliver()

    def step(self) -> None:
        """Ask what is wished, hear what was said, hand out one message.

        In this order: a wish that came while a sink finished is obeyed before its file gets a name.
        """
        self._obey(self._on_tick(self.scheduler))
        self._deliver()
        if self._inbox:
            self._hand_out()
        elif not self._outbox and not self.scheduler.finished:
            self.scheduler.fail(EngineError("nothing is left to do, yet the graph has not ended"))
            if not self._inbox:
                raise EngineError("no node is left to close, yet the graph has not ended")

    def abort(self) -> None:
        """Close every node, do nothing else."""
        self.scheduler.close(abort=True)
        self._inbox = deque(item for item in self._inbox if not isinstance(item[1], Job))
        while self._inbox:
            self._hand_out()

    def close(self) -> None:
        """Settle the outputs, give back the memory."""
        settle_artifacts(self.scheduler)
        self._book.close()

    def _open(self, spec: WorkerSpec) -> None:
        live = None
        if spec.role != "source":
            live = self.scheduler.ledger.streams[spec.context["sources"][0]].live
        told = replace(spec, context={**spec.context, "live": live})
        self.scheduler.workers[spec.key].asked = time.monotonic()
        worker = self._workers[spec.key] = Worker(
            told, self._registry, self._memory, self._store, self._outbox.append, _no_room,
            threaded=False,
        )  # fmt: skip
        worker.open()

    def _obey(self, wish: str) -> None:
        if wish == "abort" and not self.scheduler.closing:
            self.scheduler.fail(EngineError("stopped at once, as asked", where=self._plan.name))
        if wish == "drain" and not self.scheduler.stopping:
            self.scheduler.drain()
            for name in self.scheduler.ledger.streams:
                self._workers[f"{name}#0"].stop()

    def _send(self, worker: str, message: Message) -> None:
        self._inbox.append((worker, message))

    def _hand_out(self) -> None:
        worker, message = self._inbox.popleft()
        self._workers[worker].handle([message])

    def _deliver(self) -> None:
        while self._outbox:
            deliver(self.scheduler, self._outbox.popleft())


def _no_room(job: int, nbytes: int) -> Slot:
    raise EngineError("an inline slot holds any size")
