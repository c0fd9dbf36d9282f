"""Which kinds of node there are: ours and those of other installed packages.

Nodes are found through the entry point group ``vplugin.nodes`` and loaded on first use. A package
that cannot be loaded is reported and left out, alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from vplugin.errors import GraphError, PluginError

if TYPE_CHECKING:
    from vplugin.node import Node, NodeKind

__all__ = ["ENTRY_POINTS", "Registry", "nearest"]

ENTRY_POINTS = "vplugin.nodes"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


class Registry:
    """Kinds of node by name.

    Args:
        nodes: Classes that need no installed package; they win over installed ones of that name.
        installed: Whether installed packages are looked at.

    Example:
        >>> Registry(installed=False).names()
        ()
    """

    def __init__(
        self, nodes: Mapping[str, type[Node[Any]]] | None = None, *, installed: bool = True
    ) -> None:
        self._loaded: dict[str, NodeKind | PluginError] = {}
        self._clashes: list[PluginError] = []
        for name, cls in (nodes or {}).items():
            self._loaded[name] = _kind(name, cls, cls.__module__.partition(".")[0])
        found = entry_points(group=ENTRY_POINTS) if installed else ()
        self._found = self._unique(found)

    def names(self) -> tuple[str, ...]:
        """All names, also of kinds that turn out to be broken."""
        return tuple(sorted({*self._loaded, *self._found}))

    def get(self, name: str) -> NodeKind:
        """A kind of node, loaded if need be.

        Raises:
            GraphError: There is no such name.
            PluginError: Its package cannot be loaded.
        """
        if name not in self._loaded:
            if ":" in name:  # a class by its path, for trying out a node before it is a package
                self._loaded[name] = _load(_by_path(name))
            elif name in self._found:
                self._loaded[name] = _load(self._found[name])
            else:
                raise self._unknown(name)
        kind = self._loaded[name]
        if isinstance(kind, PluginError):
            raise kind
        return kind

    def broken(self) -> list[PluginError]:
        """What is wrong with installed packages; loads them all."""
        for name in self._found.keys() - self._loaded.keys():
            self._loaded[name] = _load(self._found[name])
        faults = [kind for kind in self._loaded.values() if isinstance(kind, PluginError)]
        return [*faults, *self._clashes]

    def _unknown(self, name: str) -> GraphError:
        meant = nearest(name, self.names())
        advice = f"did you mean {meant!r}?" if meant else "`vplugin nodes` lists what there is"
        return GraphError(f"there is no kind of node called {name!r}", mend=advice)

    def _unique(self, found: Iterable[EntryPoint]) -> dict[str, EntryPoint]:
        """One entry point per name: ours first, then by package name; the others are reported."""
        unique: dict[str, EntryPoint] = {}
        for point in sorted(found, key=lambda p: (_package(p) != "vplugin", _package(p), p.value)):
            first = unique.setdefault(point.name, point)
            if first.value != point.value:
                self._clashes.append(_clash(first, point))
        return unique


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value.partition(".")[0]


def _by_path(name: str) -> EntryPoint:
    """``package.module:Class`` as if a package had published it under that name."""
    module, _, cls = name.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), cls)):
        raise GraphError(f"{name!r} is not the path of a class", mend="write package.module:Class")
    return EntryPoint(name, name, ENTRY_POINTS)


def _clash(first: EntryPoint, second: EntryPoint) -> PluginError:
    return PluginError(
        f"the node {second.name!r} ({second.value}) is left out: {_package(first)} has that name",
        where=_package(second),
        mend="rename its entry point, or uninstall one of the two",
    )


def _load(point: EntryPoint) -> NodeKind | PluginError:
    """Import a node's class; whatever its package throws becomes a report."""
    try:
        return _kind(point.name, point.load(), _package(point))
    except PluginError as error:
        return error
    except (Exception, SystemExit) as error:  # a stranger's module may do anything on import
        cause = str(error).strip() or "no message"
        package = _package(point)
        mend = f"reinstall or remove the package {package}"
        if point.dist is None:
            mend = f"can Python import it here? PYTHONPATH may have to name the folder of {package}"
        return PluginError(
            f"the node {point.name!r} cannot be loaded: {type(error).__name__}: {cause[:300]}",
            where=package,
            mend=mend,
        )


def _kind(name: str, cls: object, package: str) -> NodeKind:
    """Check that what a package offers is a node.

    Raises:
        PluginError: It is not.
    """
    from vplugin.node import Node, NodeKind, Params, Port  # numpy comes with it; not for a listing

    def wrong(what: str) -> PluginError:
        return PluginError(f"the node {name!r} {what}", where=package, mend="ask its author")

    if not isinstance(cls, type) or not issubclass(cls, Node):
        raise wrong("is not a subclass of vplugin.Node")
    if not isinstance(cls.Params, type) or not issubclass(cls.Params, Params):
        raise wrong("has parameters that are not a subclass of vplugin.Params")
    for ports in (cls.inputs, cls.outputs):
        if not isinstance(ports, Mapping) or not all(isinstance(p, Port) for p in ports.values()):
            raise wrong("has ports that are not a mapping of names to vplugin.Port")
    return NodeKind(name, cls, package)
