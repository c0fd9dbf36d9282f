"""Training tests: torch's compiler keeps its cache where pytest removes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.pair_items import recogniser_runs


@pytest.fixture(autouse=True)
def _compiler_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "inductor"))


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Finished runs of ``identity`` and ``fixer``, of random weights."""
    return recogniser_runs(tmp_path_factory.mktemp("runs"))
