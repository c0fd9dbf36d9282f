"""``vplugin check``: does a graph make sense here, and may its models be used as it says?"""

from __future__ import annotations

from collections.abc import Sequence

import typer

from vplugin.cli import print_error
from vplugin.errors import VpluginError
from vplugin.graph.check import check, node_params
from vplugin.graph.load import load
from vplugin.graph.registry import Registry
from vplugin.graph.spec import GraphSpec

__all__ = ["check_files", "check_licences", "load_checked"]


def check_files(files: Sequence[str], settings: Sequence[str]) -> int:
    """Say of each file whether it is right; the exit status."""
    registry, wrong = Registry(), 0
    for file in files:
        try:
            spec = load_checked(file, settings, registry)
        except VpluginError as error:
            print_error(str(error))
            wrong += 1
        else:
            count = len(spec.nodes)
            typer.echo(f"{file}: ok, {count} {'node' if count == 1 else 'nodes'}")
    return 1 if wrong else 0


def load_checked(file: str, settings: Sequence[str], registry: Registry) -> GraphSpec:
    """Load a graph and check everything that can be checked without starting it.

    Raises:
        GraphError: The file is not right.
        PluginError: A node's package is broken.
        ModelError: The store is damaged.
    """
    spec = load(file, settings, registry=registry)
    check(spec, registry)
    check_licences(spec, registry)
    return spec


def check_licences(spec: GraphSpec, registry: Registry) -> None:
    """A graph that says ``commercial: true`` names no model that forbids it.

    Only the catalogue is looked at; nodes check again when they open the files themselves.

    Raises:
        GraphError: With the place where the model is named.
    """
    if not spec.commercial:
        return
    from vplugin.models.store import Store

    catalogue = Store.default().catalogue
    known = set(catalogue.names())
    for name, node in spec.nodes.items():
        params = node_params(spec, name, registry.get(node.uses).cls)
        for key, value in params:
            if not isinstance(value, str) or value not in known:
                continue
            licence = catalogue.find(value)[0].licence
            if not licence.commercial:
                raise spec.error(
                    f"{name} uses {value}, whose licence ({licence.name}) forbids commercial use",
                    "nodes", name, "params", key, mend="use another model",
                )  # fmt: skip
