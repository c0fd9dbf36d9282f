"""Node classes that a test brings along, known by name in every process of a graph.

A lane is a process of its own and finds nodes through the entry points of installed packages. So
that a test need not install one, :func:`installed` writes the little that makes one: the metadata.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from vplugin.graph.registry import ENTRY_POINTS
from vplugin.node import Node

__all__ = ["TESTING_NODES", "installed"]

# What a test graph may use by these names once it is "installed".
TESTING_NODES: Mapping[str, str] = {
    "collect": "vplugin.testing.nodes:Collect",
    "dawdle": "vplugin.testing.chaos:Dawdle",
    "dropper": "vplugin.testing.chaos:Dropper",
    "failing": "vplugin.testing.chaos:Failing",
    "hang": "vplugin.testing.chaos:Hang",
    "pass": "vplugin.node:Node",
    "pattern": "vplugin.testing.nodes:Pattern",
    "suicide": "vplugin.testing.chaos:Suicide",
}


@contextmanager
def installed(folder: Path, **nodes: str | type[Node[Any]]) -> Iterator[None]:
    """Make nodes known by name, here and in processes started while the block runs.

    Args:
        folder: An empty folder for the metadata.
        nodes: Name → class, or ``"module:Class"``. The nodes of :data:`TESTING_NODES` come along.
    """
    lines = [f"{name} = {_path(node)}" for name, node in {**TESTING_NODES, **nodes}.items()]
    metadata = folder / "vplugin_test_nodes-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: vplugin-test-nodes\nVersion: 1\n"
    )
    (metadata / "entry_points.txt").write_text("\n".join([f"[{ENTRY_POINTS}]", *lines, ""]))
    modules = {str(_root(node)) for node in nodes.values() if isinstance(node, type)}
    places = [str(folder), *sorted(modules)]
    inherited = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    path = os.pathsep.join([*places, *inherited])
    with (
        mock.patch.dict(os.environ, PYTHONPATH=path),
        mock.patch.object(sys, "path", [*places, *sys.path]),
    ):
        importlib.invalidate_caches()
        yield
    importlib.invalidate_caches()


def _path(node: str | type[Node[Any]]) -> str:
    return node if isinstance(node, str) else f"{node.__module__}:{node.__qualname__}"


def _root(node: type[Node[Any]]) -> Path:
    """The folder from which another process can import the class's module."""
    file = Path(str(sys.modules[node.__module__].__file__)).resolve()
    return file.parents[node.__module__.count(".")]
