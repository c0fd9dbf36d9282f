"""A stop waits for the end of a step."""

from __future__ import annotations

import signal
import threading

import pytest

from vplugin.train.stopping import uninterrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_comes_after_the_block(number: signal.Signals) -> None:
    before, done = signal.getsignal(number), []

    def step() -> None:
        with uninterrupted():
            signal.raise_signal(number)
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        step()
    assert done
    assert signal.getsignal(number) is before


def test_errors_pass_and_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="own"), uninterrupted():
        raise ValueError("own")
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_are_left_alone() -> None:
    done: list[str] = []

    def work() -> None:
        with uninterrupted():
            done.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["done"]
