"""Tiny detectors of the real contracts, with random weights that make some anchors fire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

_DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
}


@dataclass(frozen=True)
class Tensor:
    name: str
    shape: tuple[int | str | None, ...]
    dtype: str = "float32"


class OrtSession:
    """The least that vision code asks of a session."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._inner = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = [_tensor(one) for one in self._inner.get_inputs()]
        self.outputs = [_tensor(one) for one in self._inner.get_outputs()]
        self.batches: list[int] = []

    def run(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        self.batches.append(len(next(iter(inputs.values()))))
        return list(self._inner.run(None, dict(inputs)))


def _tensor(one: onnxruntime.NodeArg) -> Tensor:
    return Tensor(one.name, tuple(one.shape), _DTYPES[one.type])


@dataclass(frozen=True)
class Head:
    """One output: what is computed from the mean colour of a cell."""

    name: str
    stride: int
    width: int
    anchors: int
    sigmoid: bool = False
    bias: float = 0.0
    gain: float = 1.0


def _nodes(head: Head, rng: np.random.Generator, batched: bool) -> tuple[list, list]:
    channels = head.width * head.anchors
    weight = rng.normal(0, head.gain, (channels, 3, 1, 1)).astype(np.float32)
    bias = np.full(channels, head.bias, np.float32)
    shape = np.array([0, -1, head.width] if batched else [-1, head.width], np.int64)
    n = head.name
    constants = {f"{n}_w": weight, f"{n}_b": bias, f"{n}_s": shape}
    pool = {"kernel_shape": [head.stride] * 2, "strides": [head.stride] * 2}
    nodes = [
        helper.make_node("AveragePool", ["picture"], [f"{n}_pool"], **pool),
        helper.make_node("Conv", [f"{n}_pool", f"{n}_w", f"{n}_b"], [f"{n}_conv"]),
        helper.make_node("Sigmoid" if head.sigmoid else "Identity", [f"{n}_conv"], [f"{n}_act"]),
        helper.make_node("Transpose", [f"{n}_act"], [f"{n}_rows"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", [f"{n}_rows", f"{n}_s"], [n]),
    ]
    return nodes, [numpy_helper.from_array(value, name) for name, value in constants.items()]


def _save(path: Path, heads: list[Head], size: tuple | None, batch: object, batched: bool) -> Path:
    rng = np.random.default_rng(7)
    nodes, constants = [], []
    for head in heads:
        made = _nodes(head, rng, batched)
        nodes += made[0]
        constants += made[1]
    height, width = (size[1], size[0]) if size else ("height", "width")
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [batch, 3, height, width])
    outputs = [
        helper.make_tensor_value_info(
            head.name,
            TensorProto.FLOAT,
            [*((batch,) if batched else ()), f"rows_{head.name}", head.width],
        )
        for head in heads
    ]
    graph = helper.make_graph(nodes, "detector", [picture], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def save_scrfd(
    path: Path,
    *,
    outputs: int = 9,
    anchors: int | None = None,
    size: tuple[int, int] | None = None,
    batched: bool = False,
    batch: object = 1,
    widths: tuple[int, ...] = (1, 4, 10),
) -> Path:
    """An SCRFD: ``outputs`` of 6, 9, 10 or 15 (other numbers make a wrong contract)."""
    strides = (8, 16, 32, 64, 128) if outputs % 5 == 0 else (8, 16, 32)
    per_cell = anchors or (1 if len(strides) == 5 else 2)
    kinds = (
        ("score", widths[0], -2.5, 4.0),
        ("box", widths[1], 2.0, 0.8),
        ("points", widths[2], 0, 1),
    )
    heads = [
        Head(f"{name}_{stride}", stride, width, per_cell, name == "score", bias, gain)
        for name, width, bias, gain in kinds
        for stride in strides
    ]
    return _save(path, heads[:outputs], size, batch, batched)


def save_yunet(path: Path, *, size: tuple[int, int] | None = None, batch: object = "n") -> Path:
    """A YuNet."""
    kinds = (
        ("cls", 1, 1.0, 0.02),
        ("obj", 1, 1.0, 0.02),
        ("bbox", 4, 0.5, 0.004),
        ("kps", 10, 0, 0.01),
    )
    heads = [
        Head(f"{name}_{stride}", stride, width, 1, width == 1, bias, gain)
        for name, width, bias, gain in kinds
        for stride in (8, 16, 32)
    ]
    return _save(path, heads, size, batch, True)


def noise_picture(width: int, height: int, seed: int = 0) -> np.ndarray:
    """(height, width, 3) uint8 RGB with structure at all scales."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3))
    for cell in (4, 16, 64):
        coarse = rng.normal(0, 60, (height // cell + 1, width // cell + 1, 3))
        picture += np.kron(coarse, np.ones((cell, cell, 1)))[:height, :width]
    return np.clip(picture + 128, 0, 255).astype(np.uint8)
