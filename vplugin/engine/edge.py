"""One edge at run time: its queue, its credits, what it does when it is full.

The bound that everything rests on: ``queued + leased + held ≤ capacity``, where *leased* items are
with the consumer and *held* ones are promised by the producer: its running jobs and the results
that wait for an earlier seq. Tombstones carry no pixels and take no credit.
"""

from __future__ import annotations

from collections import deque

from vplugin.engine.plan import EdgePlan
from vplugin.engine.wire import Item


class Edge:
    """Queue and credits of one edge.

    Attributes:
        plan: What the graph says about it.
        queue: Items in order of seq, not yet taken.
        leased: Live items that the consumer works on.
        held: Room promised to the producer.
        ended: Whether the last item has been put in.
    """

    def __init__(self, plan: EdgePlan) -> None:
        self.plan = plan
        self.queue: deque[Item] = deque()
        self.queued = 0
        self.leased = 0
        self.held = 0
        self.ended = False
        self.dropped = 0
        self._last_kept: float | None = None

    @property
    def load(self) -> int:
        """Credits in use."""
        return self.queued + self.leased + self.held

    @property
    def blocks(self) -> bool:
        """Whether a producer must wait for room in it."""
        return self.plan.full == "block" and not self.plan.side

    @property
    def has_room(self) -> bool:
        """Whether one more item may be promised."""
        return not self.blocks or self.load < self.plan.capacity

    def promise(self) -> None:
        """Reserve room for the result of a job that starts."""
        if self.blocks:
            self.held += 1

    def forgive(self) -> None:
        """The promised item is settled: it comes now, or never."""
        if self.blocks:
            self.held -= 1

    def put(self, item: Item) -> tuple[Item, list[Item]]:
        """Append an item.

        Returns:
            The item as it was queued (a tombstone where the policy refused it), and the live items
            that had to make place for it, for the caller to let go.
        """
        kept = item if item.dead or self._wanted(item) else item.bury("every")
        evicted: list[Item] = []
        if not kept.dead and not self.blocks and self.load >= self.plan.capacity:
            self.dropped += 1
            if self.plan.full == "drop_newest" or not self._oldest_live():
                kept = kept.bury("full")
            else:
                evicted.append(self._evict())
        self.queue.append(kept)
        self.queued += not kept.dead
        return kept, evicted

    def take(self) -> Item:
        """The first item goes to the consumer (a live one is then leased)."""
        item = self.queue.popleft()
        if not item.dead:
            self.queued -= 1
            self.leased += 1
        return item

    def settle(self) -> None:
        """The consumer is done with a leased item."""
        self.leased -= 1

    def _wanted(self, item: Item) -> bool:
        """Whether ``every`` lets this frame through, by its presentation time."""
        if self.plan.every is None:
            return True
        now = item.frames[0].seconds
        if self._last_kept is not None and 0 <= now - self._last_kept < self.plan.every * 0.999:
            return False
        self._last_kept = now
        return True

    def _oldest_live(self) -> bool:
        return self.queued > 0

    def _evict(self) -> Item:
        """Turn the oldest live item into a tombstone in its place."""
        index = next(i for i, item in enumerate(self.queue) if not item.dead)
        evicted = self.queue[index]
        self.queue[index] = evicted.bury("full")
        self.queued -= 1
        return evicted


class Mailbox:
    """The consumer's end of a ``latest`` or ``nearest`` edge: the newest items, no waiting."""

    def __init__(self, plan: EdgePlan) -> None:
        self.plan = plan
        self.items: deque[Item] = deque()
        self._depth = 1 if plan.join == "latest" else plan.capacity

    def put(self, item: Item) -> list[Item]:
        """Keep an item; returns those that are given up for it."""
        if item.dead:
            return []
        self.items.append(item)
        gone = []
        while len(self.items) > self._depth:
            gone.append(self.items.popleft())
        return gone

    def pick(self, seconds: float) -> Item | None:
        """The item that suits a frame of this presentation time, or None."""
        if not self.items:
            return None
        best = min(self.items, key=lambda item: abs(item.frames[-1].seconds - seconds))
        if self.plan.join == "latest":
            best = self.items[-1]
        age = abs(seconds - best.frames[-1].seconds)
        return best if self.plan.max_age is None or age <= self.plan.max_age else None
