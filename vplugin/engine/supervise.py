"""Lanes as child processes: start, watch, kill, start again, and leave nothing behind."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from vplugin.engine.plan import LanePlan

log = logging.getLogger(__name__)

LONGEST_FOLDER = 70  # characters; a socket's path may have about a hundred


class RunFolder:
    """A private folder (0700) for the run's sockets, removed even if the conductor is killed.

    A shell waits at the other end of a pipe; when the conductor is gone, however it ended, the pipe
    closes and the shell removes the folder.
    """

    def __init__(self) -> None:
        folder = tempfile.gettempdir()
        if len(folder) > LONGEST_FOLDER:
            folder = "/tmp"
        self.path = Path(tempfile.mkdtemp(prefix="vplugin-", dir=folder))
        self._janitor = subprocess.Popen(
            ["/bin/sh", "-c", 'cat >/dev/null; rm -rf -- "$1"', "vplugin-janitor", self.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def endpoint(self) -> str:
        """Where the conductor listens."""
        return f"ipc://{self.path}/conductor"

    def close(self) -> None:
        """Remove the folder now."""
        shutil.rmtree(self.path, ignore_errors=True)
        assert self._janitor.stdin is not None
        self._janitor.stdin.close()
        self._janitor.wait()


@dataclass
class Child:
    """One lane's process over its incarnations.

    Attributes:
        started: Monotonic seconds of the starts, as many as the restart window may hold.
        due: When to start it again, or None.
    """

    plan: LanePlan
    process: subprocess.Popen[bytes] | None = None
    pidfd: int = -1
    incarnation: int = 0
    restarts: int = 0
    started: deque[float] = field(default_factory=deque)
    due: float | None = None
    broken: bool = False

    def start(self, endpoint: str, arena: int, *, stdin: bool) -> None:
        """Start the process."""
        self.incarnation += 1
        self.due = None
        command = [
            sys.executable, "-P", "-m", "vplugin.engine", "--endpoint", endpoint,
            "--name", self.plan.name, "--incarnation", str(self.incarnation),
            "--arena", str(arena), "--parent", str(os.getpid()),
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command,
            stdin=None if stdin else subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            pass_fds=(arena,) if arena >= 0 else (),
            start_new_session=True,
        )
        self.pidfd = os.pidfd_open(self.process.pid)

    def kill(self) -> None:
        """End it at once; its death is then seen like any other."""
        if self.process is not None:
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def reap(self) -> str:
        """Collect the dead process and say how it ended."""
        assert self.process is not None
        code = self.process.wait()
        os.close(self.pidfd)
        self.pidfd = -1
        self.process = None
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with status {code}"

    def plan_restart(self, now: float) -> bool:
        """Decide when to start it again; False if it died too often."""
        self.started.append(now)
        while self.started and now - self.started[0] > self.plan.restart_window:
            self.started.popleft()
        if len(self.started) > self.plan.restart_max:
            self.broken = True
            return False
        first, longest = self.plan.backoff
        tries = len(self.started) - 1
        self.due = now + (0.0 if tries == 0 else min(longest, first * 2 ** (tries - 1)))
        self.restarts += 1
        return True
