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
from vplugin.engine.plan import RunPlan
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
    book = ArenaBook(shared=False)
    inbox: deque[tuple[str, Message]] = deque()
    outbox: deque[Message] = deque()
    scheduler = Scheduler(plan, book, lambda key, message: inbox.append((key, message)),
                          probe=probe)  # fmt: skip
    memory, store = LocalMemory(copy=plan.fans_out), LaneStore()

    def no_room(job: int, nbytes: int) -> Slot:
        raise EngineError("an inline slot holds any size")

    workers: dict[str, Worker] = {}

    def open_all(sources: bool) -> None:
        """Sources first: whether the graph runs live is theirs to say."""
        for spec in (spec for lane in plan.lanes.values() for spec in lane.workers):
            if (spec.role == "source") != sources:
                continue
            live = None if sources else scheduler.ledger.streams[spec.context["sources"][0]].live
            told = replace(spec, context={**spec.context, "live": live})
            scheduler.workers[spec.key].asked = time.monotonic()
            workers[spec.key] = Worker(
                told, registry, memory, store, outbox.append, no_room, threaded=False
            )
            workers[spec.key].open()
        while outbox:
            deliver(scheduler, outbox.popleft())

    try:
        open_all(sources=True)
        if not scheduler.closing:
            open_all(sources=False)
        while not scheduler.finished:
            while outbox:
                deliver(scheduler, outbox.popleft())
            wish = on_tick(scheduler)
            if wish == "abort":
                scheduler.fail(EngineError("stopped at once, as asked", where=plan.name))
            if wish == "drain" and not scheduler.stopping:
                scheduler.drain()
                for name in scheduler.ledger.streams:
                    workers[f"{name}#0"].stop()
            if inbox:
                key, message = inbox.popleft()
                workers[key].handle([message])
            elif not outbox and not scheduler.finished:
                scheduler.fail(EngineError("nothing is left to do, yet the graph has not ended"))
                if not inbox:
                    break
    except BaseException:
        scheduler.close(abort=True)
        while inbox:
            key, message = inbox.popleft()
            if not isinstance(message, Job):
                workers[key].handle([message])
        raise
    finally:
        settle_artifacts(scheduler)
        book.close()
    return scheduler
