"""A lease: a job that a worker has, and all that must come back if the worker dies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from vplugin.engine.wire import Item, Slot

Kind: TypeAlias = Literal["source", "frame", "skip", "flush"]


@dataclass(slots=True)
class Lease:
    """One job.

    Attributes:
        job: Its number, new for each attempt.
        kind: ``source`` reads a frame, ``frame`` works on one, ``skip`` tells a sink of a
            tombstone, ``flush`` ends a stream.
        node: Whose job it is.
        seq: Number in the stream.
        inputs: By port; the main one first. Held until the lease is settled.
        leased: Keys of the edges whose credit it uses.
        grants: Slots given for its results.
        crashes: Processes that died while working on it.
        suspect: Whether it may have been the cause; it is then worked on alone in its process.
        since: Monotonic seconds when it was sent.
    """

    job: int
    kind: Kind
    node: str
    seq: int
    inputs: dict[str, Item] = field(default_factory=dict)
    leased: tuple[str, ...] = ()
    grants: list[Slot] = field(default_factory=list)
    crashes: int = 0
    suspect: bool = False
    since: float = 0.0
