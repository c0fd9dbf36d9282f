"""Nothing but what every test needs; fixtures of the product come from vplugin.testing.plugin."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session", autouse=True)
def _heard_interrupts() -> Iterator[None]:
    """Programs under test hear Ctrl-C, also where pytest was started in the background.

    Shells let background jobs ignore SIGINT, and what a program ignores its children ignore too.
    """
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
