"""All benchmarks, one after the other, each in a process of its own: ``python -m benchmarks``."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
SHARED = frozenset({"__main__", "common", "graphs"})


def names() -> list[str]:
    """Every module here that is a benchmark."""
    return sorted({found.name for found in pkgutil.iter_modules([str(FOLDER)])} - SHARED)


def main() -> int:
    """Run the named ones, or all; returns 1 if one could not be run."""
    failed = []
    for name in sys.argv[1:] or names():
        print(f"— {name}", flush=True)
        if subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"], cwd=FOLDER.parent
        ).returncode:
            failed.append(name)
    if failed:
        print(f"could not be run: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
