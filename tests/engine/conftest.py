from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def importable_by_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes are new processes; let them find the nodes of these tests."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
