"""What becomes of the files that sinks were making when a run ends."""

from __future__ import annotations

import os

from vplugin.engine.scheduler import Scheduler


def settle_artifacts(scheduler: Scheduler) -> None:
    """Keep what a killed sink had written, under its partial name; remove all other leftovers.

    A sink that ended properly has renamed its file already, so nothing is left of it to settle.
    """
    for worker in scheduler.workers.values():
        for artifact in worker.artifacts:
            temporary = artifact["temporary"]
            if not os.path.lexists(temporary):
                continue
            if worker.lost:
                os.replace(temporary, artifact["partial"])
            else:
                os.unlink(temporary)
