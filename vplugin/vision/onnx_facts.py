"""What must be read from a model file itself because no runtime gives it away.

The inswapper contract keeps its identity matrix as the *last initializer* of the graph, a place
that graph optimisers change; insightface's recognisers carry their normalisation, or not. Both are
read with ``onnx`` once; the matrix is kept beside other caches with its hash, since the model that
holds it is large.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from onnx import GraphProto, numpy_helper

from vplugin.errors import ContractError

_FIRST_NODES = 8  # insightface looks no further for the normalisation


@dataclass(frozen=True, eq=False)
class Emap:
    """The identity matrix of a model of the inswapper contract.

    Attributes:
        matrix: (512, 512) float32; embeddings are multiplied with it from the left.
        sha256: Of its bytes, for reports.
    """

    matrix: npt.NDArray[np.float32]
    sha256: str

    @property
    def is_identity(self) -> bool:
        """Whether it changes nothing: the model takes embeddings of any recogniser as they are."""
        return bool(np.array_equal(self.matrix, np.eye(len(self.matrix), dtype=np.float32)))


def read_emap(path: Path, load: Callable[[Path], GraphProto], cache: Path | None = None) -> Emap:
    """The last initializer of a model file.

    Args:
        path: The ONNX file.
        load: Reads the graph of an ONNX file, weights included.
        cache: Folder that keeps the matrix for the next time, or None.

    Raises:
        ContractError: The last initializer is no square matrix.
    """
    kept = None if cache is None else cache / f"emap-{_identity(path)}.npz"
    if kept is not None and (known := _kept(kept)) is not None:
        return known
    initializers = load(path).initializer
    last: npt.NDArray[Any] = (
        numpy_helper.to_array(initializers[-1]) if initializers else np.zeros(0)
    )
    if last.ndim != 2 or last.shape[0] != last.shape[1]:
        raise ContractError(
            f"its last initializer has shape {last.shape}, not that of an identity matrix",
            where=path,
            mend="use the model file as it was published; optimisers move initializers",
        )
    matrix = np.ascontiguousarray(last, np.float32)
    emap = Emap(matrix, _digest(matrix))
    if kept is not None:
        _keep(kept, emap)
    return emap


def normalises_itself(graph: GraphProto) -> bool:
    """Whether a recogniser subtracts and divides by itself and so takes raw 0–255.

    Judged by the names of the first nodes, as insightface does.
    """
    names = [node.name for node in graph.node[:_FIRST_NODES]]
    return any(name.startswith(("Sub", "_minus")) for name in names) and any(
        name.startswith(("Mul", "_mul")) for name in names
    )


def _identity(path: Path) -> str:
    """A name for this very file without reading all of it."""
    facts = path.stat()
    key = f"{path.resolve()}\0{facts.st_size}\0{facts.st_mtime_ns}"
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def _digest(matrix: npt.NDArray[np.float32]) -> str:
    return hashlib.sha256(matrix.tobytes()).hexdigest()


def _kept(file: Path) -> Emap | None:
    """The matrix kept in ``file``, if it is there and whole."""
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as held:
            emap = Emap(held["matrix"], str(held["sha256"]))
    except (OSError, KeyError, ValueError, EOFError, BadZipFile):
        return None
    return emap if _digest(emap.matrix) == emap.sha256 else None


def _keep(file: Path, emap: Emap) -> None:
    """Write by rename, so that another process never reads half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".emap-", suffix=".npz")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, matrix=emap.matrix, sha256=np.array(emap.sha256))
        os.replace(name, file)
    except BaseException:
        os.unlink(name)
        raise
