"""``vplugin train`` with the tiny task of the tests, which makes a batch when it is told to.

    python -m tests.cli.train_tiny FOLDER RECIPE …

Before step N it makes FOLDER/step-N and waits for FOLDER/go-N.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from tests.train.tiny import Tiny
from vplugin.cli import main
from vplugin.train import tasks
from vplugin.train.task import Batch

FOLDER = Path(sys.argv[1])


class Told(Tiny):
    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        if step < 5:
            (FOLDER / f"step-{step}").touch()
            while not (FOLDER / f"go-{step}").exists():
                time.sleep(0.01)
        return super().batch(step, generator)


if __name__ == "__main__":
    tasks.task_type = lambda name: Told
    sys.exit(main(["train", *sys.argv[2:]]))
