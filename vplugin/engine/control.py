"""How a running graph is asked to end, or to change a parameter. Safe from any thread."""

from __future__ import annotations

from collections import deque
from typing import Any

from pydantic import ValidationError

from vplugin.engine.plan import RunPlan
from vplugin.errors import EngineError, GraphError
from vplugin.graph.registry import Registry


class Stop:
    """Asks a run to end early; its methods may be called from a signal handler."""

    def __init__(self) -> None:
        self.wish = "go"

    def drain(self) -> None:
        """Take in nothing more, finish what is under way, close all outputs properly."""
        self.wish = "drain"

    def abort(self) -> None:
        """End at once and leave nothing behind."""
        self.wish = "abort"

    def changes(self) -> list[tuple[str, int, dict[str, Any]]]:
        """Parameters to change: (node, revision, all its parameters)."""
        return []


class Control(Stop):
    """Also changes parameters that the graph declares ``hot``, between two frames.

    Example:
        >>> control = Control()
        >>> # in another thread, while ``run(spec, stop=control)`` is at work:
        >>> # control.set("swap.blend", 0.5)
    """

    def __init__(self) -> None:
        super().__init__()
        self._plan: RunPlan | None = None
        self._registry: Registry | None = None
        self._params: dict[str, dict[str, Any]] = {}
        self._waiting: deque[tuple[str, int, dict[str, Any]]] = deque()
        self._revision = 0

    def bind(self, plan: RunPlan, registry: Registry) -> None:
        """Called by the engine when the run starts."""
        self._plan, self._registry = plan, registry
        self._params = {name: dict(node.params) for name, node in plan.nodes.items()}

    def set(self, path: str, value: Any) -> int:
        """Change ``node.param``; returns the revision that has the new value.

        Raises:
            EngineError: Nothing is running yet.
            GraphError: No such node or parameter, not declared hot, or not a valid value.
        """
        if self._plan is None or self._registry is None:
            raise EngineError("parameters can be changed only while the graph runs", where=path)
        name, _, param = path.partition(".")
        node = self._plan.nodes.get(name)
        if node is None:
            raise GraphError(f"there is no node {name!r}", where=path)
        if param not in node.hot:
            hot = ", ".join(node.hot) or "none"
            raise GraphError(
                f"{param!r} cannot be changed while it runs (hot: {hot})", where=path,
                mend=f"list it in the node's `hot: [{param}]`",
            )  # fmt: skip
        params = {**self._params[name], param: value}
        try:
            self._registry.get(node.uses).cls.Params(**params)
        except ValidationError as error:
            raise GraphError(error.errors()[0]["msg"], where=path) from error
        self._params[name] = params
        self._revision += 1
        self._waiting.append((name, self._revision, params))
        return self._revision

    def changes(self) -> list[tuple[str, int, dict[str, Any]]]:
        """See :class:`Stop`."""
        taken = []
        while self._waiting:
            taken.append(self._waiting.popleft())
        return taken
