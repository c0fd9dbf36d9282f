"""Reads what an ONNX file says about itself, and words its damage the same way for all runtimes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from vplugin.errors import ContractError, ModelError, ModelMissingError
from vplugin.models.session import TensorInfo


def load_graph(path: Path, *, external: bool = True) -> onnx.GraphProto:
    """The graph of an ONNX file.

    Args:
        path: The file.
        external: Whether to read weights that lie in other files, too.

    Raises:
        ModelError: The file is damaged or of another kind.
    """
    try:
        model = onnx.load(str(path), load_external_data=external)
    except (DecodeError, OSError, ValueError) as error:
        raise unreadable(path, last_line(error)) from error
    if not model.graph.node:
        raise unreadable(path, "it holds no graph")
    return model.graph


def signature(
    graph: onnx.GraphProto, path: Path
) -> tuple[tuple[TensorInfo, ...], tuple[TensorInfo, ...]]:
    """Inputs (without weights) and outputs of a graph.

    Raises:
        ContractError: One of them is not a tensor.
    """
    weights = {one.name for one in graph.initializer}
    inputs = tuple(_tensor(one, path) for one in graph.input if one.name not in weights)
    return inputs, tuple(_tensor(one, path) for one in graph.output)


def keeps_weights_elsewhere(graph: onnx.GraphProto) -> bool:
    """Whether weights lie in other files beside the model's."""
    return any(one.data_location == onnx.TensorProto.EXTERNAL for one in graph.initializer)


def ends_with_square(graph: onnx.GraphProto) -> bool:
    """Whether the last weight is a square matrix, as in models of the inswapper contract."""
    sizes = list(graph.initializer[-1].dims) if graph.initializer else []
    return len(sizes) == 2 and sizes[0] == sizes[1]


def check_file(path: Path) -> None:
    """Raise unless there is a file that is not empty.

    Raises:
        ModelMissingError: There is no file.
        ModelError: It is a folder or empty.
    """
    if path.is_dir():
        raise ModelError("is a folder", where=path, mend="name the .onnx file in it")
    if not path.exists():
        raise ModelMissingError(
            "there is no such file", where=path, mend="check the path, or see `vplugin models list`"
        )
    if path.stat().st_size == 0:
        raise unreadable(path, "it is empty")


def unreadable(path: Path, why: str) -> ModelError:
    """The error for a file that is not a model."""
    return ModelError(
        f"not a readable ONNX model: {why}",
        where=path,
        mend="the file is damaged or of another kind; pull or export it again",
    )


def last_line(error: BaseException) -> str:
    """The last, often most telling, line of a library's error, cut to a readable length."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:200]


def _tensor(one: onnx.ValueInfoProto, path: Path) -> TensorInfo:
    if not one.type.HasField("tensor_type"):
        raise ContractError(f"'{one.name}' is not a tensor", where=path, mend="export it anew")
    kind = one.type.tensor_type
    dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)).name
    return TensorInfo(one.name, tuple(_size(part) for part in kind.shape.dim), dtype)


def _size(part: onnx.TensorShapeProto.Dimension) -> int | str:
    return int(part.dim_value) if part.HasField("dim_value") else (part.dim_param or "?")
