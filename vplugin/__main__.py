"""``python -m vplugin``."""

from __future__ import annotations

import sys

from vplugin.cli import main

if __name__ == "__main__":
    sys.exit(main())
