"""A graph as running processes: one conductor, lanes, credits, leases, an arena of pictures."""

from __future__ import annotations

from vplugin.engine.control import Control, Stop
from vplugin.engine.report import RunReport, RunStatus
from vplugin.engine.run import run

__all__ = ["Control", "RunReport", "RunStatus", "Stop", "run"]
