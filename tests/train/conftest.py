"""Training tests: torch's compiler keeps its cache where pytest removes it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _compiler_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "inductor"))
