"""Encoders that wait at their end, so that a test can act in that very moment.

Each makes a file ``held`` beside its output, and goes on when there is a file ``go``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from vplugin.frame import Frame
from vplugin.nodes.encode import Encode


class AtFlush(Encode):
    """Waits when the film is complete."""

    def flush(self, stream: str) -> Iterable[Frame]:
        done = super().flush(stream)
        wait_beside(Path(self.params.uri))
        return done


class AtClose(Encode):
    """Waits when it is closed."""

    def close(self) -> None:
        super().close()
        wait_beside(Path(self.params.uri))


def wait_beside(path: Path) -> None:
    path.with_name("held").touch()
    while not path.with_name("go").exists():
        time.sleep(0.01)
