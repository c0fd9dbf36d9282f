"""Nothing but what every test needs; fixtures of the product come from vplugin.testing.plugin."""

from __future__ import annotations

pytest_plugins = ["pytester"]
