"""Runs an ONNX graph operator by operator in torch: bf16 on the CPU, f16 or bf16 on CUDA.

There is no well-kept library for this: onnx2torch needs torchvision, whose wheels are tied to one
build of torch, and converts for training (docs/decisions.md). The interpreter is small because it
knows only the operators that face models use (:mod:`vplugin.models.torch_ops`) and refuses others
by name. Weights are cast and laid out once; a tensor is freed after its last use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch import Tensor

from vplugin.errors import ModelError, RuntimeMissingError
from vplugin.models import contract, machine
from vplugin.models.onnx_file import last_line, load_graph, signature
from vplugin.models.session import Array, RuntimeFacts, Session, TensorInfo
from vplugin.models.torch_ops import OPERATORS, Operator, refuse

_PRECISIONS = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
_Values: TypeAlias = dict[str, Tensor | None]


@dataclass(frozen=True)
class _Step:
    """One operator: what it reads, what it makes, and what nobody reads after it."""

    name: str
    operator: Operator
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    done: tuple[str, ...]


class TorchSession(Session):
    """A model run by torch.

    Args:
        path: The ONNX file.
        device: ``cpu`` or ``cuda:N``.
        precision: ``f32``, ``bf16`` or ``f16`` of all floating-point work; inputs and outputs stay
            as the model says. None for bf16 where it is fast and the contract bears it, else f32.
        threads: On the CPU. torch has one setting for the whole process; each run sets it.

    Raises:
        RuntimeMissingError: The device is not there, or the model has an operator we lack.
        ModelError: The file is not an ONNX model.
    """

    def __init__(self, path: Path, *, device: str, precision: str | None, threads: int) -> None:
        self.path = path
        _check_device(device, path)
        graph = load_graph(path)
        self._device = torch.device(device)
        weights = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
        self.inputs, self.outputs = signature(graph, path)
        precision = precision or self._usual_precision()
        self._dtype = _PRECISIONS[precision]
        self._steps = _steps(graph, path)
        self._weights = self._load(weights) | self._load(_constants(graph))
        self.ran = RuntimeFacts(
            runtime="torch",
            provider="oneDNN" if self._device.type == "cpu" else self._device.type,
            device=device,
            precision=precision,
            version=torch.__version__,
            threads=threads if self._device.type == "cpu" else 0,
        )

    def _run(self, feeds: Mapping[str, Array]) -> list[Array]:
        with torch.inference_mode(), _threads(self.ran.threads):
            values: _Values = dict(self._weights)
            for name, array in feeds.items():
                values[name] = self._place(torch.from_numpy(array))
            for step in self._steps:
                self._do(step, values)
            return [self._result(info, values[info.name]) for info in self.outputs]

    def close(self) -> None:
        """Free the weights."""
        self._weights.clear()

    def _usual_precision(self) -> str:
        fast = self._device.type == "cuda" or machine.has_fast_bf16()
        return "bf16" if fast and contract.bears_reduced(self.inputs, self.outputs) else "f32"

    def _do(self, step: _Step, values: _Values) -> None:
        try:
            made = step.operator(*(values[name] if name else None for name in step.inputs))
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            raise ModelError(
                f"torch failed at {step.name}: {last_line(error)}",
                where=self.path,
                mend="use onnxruntime or openvino for this model",
            ) from error
        made = made if isinstance(made, tuple) else (made,)
        values.update(zip(step.outputs, made, strict=False))
        for name in step.done:
            del values[name]

    def _place(self, tensor: Tensor) -> Tensor:
        """To the device, floats in the session's type, pictures and filters channels last."""
        if not tensor.is_floating_point():
            return tensor  # shapes and indices stay on the CPU
        tensor = tensor.to(self._device, self._dtype)
        return tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor

    def _load(self, arrays: Mapping[str, Array]) -> _Values:
        return {name: self._place(torch.from_numpy(one.copy())) for name, one in arrays.items()}

    def _result(self, info: TensorInfo, tensor: Tensor | None) -> Array:
        if tensor is None:
            raise ModelError(f"output '{info.name}' was not made", where=self.path)
        if tensor.dtype in (torch.bfloat16, torch.float16):
            tensor = tensor.float()
        array: Array = tensor.cpu().contiguous().numpy()
        return array.astype(info.dtype, copy=False)


def _check_device(device: str, path: Path) -> None:
    if device == "cpu":
        return
    if not device.startswith("cuda") or not torch.cuda.is_available():
        raise RuntimeMissingError(
            f"torch {torch.__version__} has no {device} here",
            where=path,
            mend='on an NVIDIA machine install "vplugin[cuda]" and torch for CUDA; or use cpu',
        )


def _steps(graph: onnx.GraphProto, path: Path) -> tuple[_Step, ...]:
    nodes = [node for node in graph.node if node.op_type != "Constant"]
    last: dict[str, int] = {}
    for number, node in enumerate(nodes):
        last |= dict.fromkeys((*node.input, *node.output), number)
    kept = {one.name for one in (*graph.output, *graph.initializer)} | {""}
    steps = []
    for number, node in enumerate(nodes):
        names = {*node.input, *node.output}
        done = tuple(name for name in names if last[name] == number and name not in kept)
        steps.append(
            _Step(
                f"{node.op_type} {node.name}",
                _operator(node, path),
                tuple(node.input),
                tuple(node.output),
                done,
            )
        )
    return tuple(steps)


def _operator(node: onnx.NodeProto, path: Path) -> Operator:
    attributes = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    if isinstance(attributes.get("value"), onnx.TensorProto):
        attributes["value"] = onnx.numpy_helper.to_array(attributes["value"])
    if node.op_type == "Split":
        attributes["outputs"] = len(node.output)
    try:
        if node.op_type not in OPERATORS or node.domain not in ("", "ai.onnx"):
            raise refuse(f"operator {node.op_type}")
        return OPERATORS[node.op_type](attributes)
    except RuntimeMissingError as error:
        raise RuntimeMissingError(error.what, where=path, mend=error.mend) from error


def _constants(graph: onnx.GraphProto) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for node in graph.node:
        if node.op_type == "Constant":
            attribute = node.attribute[0]
            value: Any = onnx.helper.get_attribute_value(attribute)
            is_tensor = attribute.name == "value"
            found[node.output[0]] = (
                onnx.numpy_helper.to_array(value) if is_tensor else _plain_constant(value)
            )
    return found


def _plain_constant(value: Any) -> Array:
    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype.kind == "f" else array


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Run with this many threads; 0 leaves the setting alone."""
    before = torch.get_num_threads()
    if count in (0, before):
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
