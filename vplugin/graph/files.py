"""Do two nodes of a graph write one file, or does one write what another reads?

A node's address is its parameter ``uri`` or ``path``; that is all this module knows about media.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vplugin.graph.spec import GraphSpec
from vplugin.node import NodeKind, Params, Sink, Source

__all__ = ["check_files"]

_ADDRESS = ("uri", "path")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters or more: C: is a drive


def check_files(
    spec: GraphSpec, kinds: Mapping[str, NodeKind], params: Mapping[str, Params]
) -> None:
    """Compare all outputs with each other and with all inputs, as real files.

    Raises:
        GraphError: Two are the same.
    """
    inputs = _addresses(spec, kinds, params, Source)
    outputs = _addresses(spec, kinds, params, Sink)
    seen: dict[str, str] = {}
    for name, (key, address) in outputs.items():
        way = ("nodes", name, "params", key)
        if (first := seen.setdefault(address, name)) != name:
            raise spec.error(f"{first} and {name} both write {address}", *way,
                             mend="give each an output of its own")  # fmt: skip
        for reader, (_, read) in inputs.items():
            if address != "-" and (read == address or _same_file(read, address)):
                raise spec.error(f"{name} would overwrite {read}, which {reader} reads", *way,
                                 mend="write to another file")  # fmt: skip


def _addresses(
    spec: GraphSpec, kinds: Mapping[str, NodeKind], params: Mapping[str, Params], role: type[Any]
) -> dict[str, tuple[str, str]]:
    """The parameter and the resolved address of each source or sink that has one."""
    found: dict[str, tuple[str, str]] = {}
    for name, kind in kinds.items():
        key = next((k for k in _ADDRESS if k in kind.cls.Params.model_fields), None)
        if key is None or not issubclass(kind.cls, role):
            continue
        value = getattr(params[name], key)
        address = _resolve(str(value), spec.base) if isinstance(value, str | Path) else None
        if address is not None:
            found[name] = (key, address)
    return found


def _resolve(uri: str, base: str) -> str | None:
    """A path without links, or the address of a stream; None for what many may share."""
    if not uri or (_SCHEME.match(uri) and not uri.startswith("file:")):
        return uri or None
    if uri == "-":
        return uri
    path = os.path.realpath(os.path.join(base, re.sub(r"^file:(//)?", "", uri)))
    shared = os.path.exists(path) and not os.path.isfile(path)  # /dev/null, a camera, a pipe
    return None if shared else path


def _same_file(first: str, second: str) -> bool:
    """Whether two names lead to one file (a hard link)."""
    return os.path.exists(first) and os.path.exists(second) and os.path.samefile(first, second)
