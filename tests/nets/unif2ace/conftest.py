"""Sizes are counted on the meta device, for which torch makes a folder of its compiler's."""

from __future__ import annotations

from tests.train.conftest import _compiler_cache  # noqa: F401  (a fixture)
