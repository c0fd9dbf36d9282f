"""Parameters that need other models, and so cannot change while a graph runs; not a node."""

from __future__ import annotations

from collections.abc import Iterable

from vplugin.errors import GraphError
from vplugin.node import Params

__all__ = ["refuse_changes"]


def refuse_changes(node: str, names: Iterable[str], old: Params, new: Params) -> None:
    """Refuse new parameters of a node that differ in one of these names.

    Raises:
        GraphError: They do.
    """
    for name in names:
        if getattr(new, name) != getattr(old, name):
            raise GraphError(
                f"`{name}` cannot be changed while the graph runs",
                where=f"{node}.{name}",
                mend="end the graph and start it anew",
            )
