"""Entry of a lane's process, started by the conductor: ``python -m vplugin.engine``."""

from __future__ import annotations

from vplugin.engine.lane import main

main()
