"""A graph as running processes: one conductor, lanes, credits, leases, an arena of pictures."""

from __future__ import annotations

from vplugin.engine.report import RunReport, RunStatus
from vplugin.engine.run import Stop, run

__all__ = ["RunReport", "RunStatus", "Stop", "run"]
