"""All benchmarks, one after the other, each in a process of its own: ``python -m benchmarks``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Every module here that can be run by itself."""
    files = sorted(FOLDER.glob("[!_]*.py"))
    return [file.stem for file in files if "def main(" in file.read_text()]


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
