"""Hands a worker's message to the part of the scheduler that it concerns."""

from __future__ import annotations

from vplugin.engine.scheduler import Scheduler
from vplugin.engine.wire import Closed, Done, End, Fail, Message, Ready, Room
from vplugin.errors import WireError


def deliver(scheduler: Scheduler, message: Message) -> None:
    """Tell the scheduler what a worker said.

    Raises:
        WireError: It is a message that only the conductor may send.
    """
    if isinstance(message, Done):
        scheduler.on_done(message)
    elif isinstance(message, Ready):
        scheduler.on_ready(message)
    elif isinstance(message, Room):
        scheduler.on_room(message)
    elif isinstance(message, Fail):
        scheduler.on_fail(message)
    elif isinstance(message, End):
        scheduler.on_end(message)
    elif isinstance(message, Closed):
        scheduler.on_closed(message)
    else:
        raise WireError(f"a lane sent {message.tag!r}, which only the conductor may")
