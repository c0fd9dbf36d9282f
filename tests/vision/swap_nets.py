"""Tiny nets of the public swap contracts whose answers are known without running them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MIX = np.array([[0.5, 0.1, -0.05], [0.02, 0.4, 0.1], [-0.1, 0.05, 0.3]], np.float32)


@dataclass(frozen=True)
class SwapNet:
    """Output: the target's channels mixed, plus a colour that the source tells.

    Attributes:
        size: Of the target.
        numbers: How many say who, where they are no picture.
        crop: Width of the source picture; 0 for an embedding.
        mask: Whether there is a second output.
        emap: Whether the last weight is a square matrix.
        plain: Whether that matrix changes nothing.
        shows: How much of the target shows.
        tells: How much an embedding tells.
        bias: Added to the output.
    """

    size: int = 256
    numbers: int = 512
    crop: int = 0
    mask: bool = False
    emap: bool = False
    plain: bool = False
    shows: float = 1.0
    tells: float = 0.25
    bias: float = 0.0

    @property
    def weights(self) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(11)
        made = {"mix": (MIX * np.float32(self.shows))[:, :, None, None]}
        if self.crop:
            kernel = rng.normal(0, 1, (3, 3, 4, 4)).repeat(-(-self.crop // 4), 2)
            kernel = kernel.repeat(-(-self.crop // 4), 3)[..., : self.crop, : self.crop]
            made["style"] = (kernel * 0.6 / self.crop**2).astype(np.float32)
        else:
            made["style"] = rng.normal(0, self.tells, (self.numbers, 3)).astype(np.float32)
        made["bias"] = np.full((1, 3, 1, 1), self.bias, np.float32)
        if self.emap:
            made["emap"] = rng.normal(0, 1, (512, 512)).astype(np.float32)
        if self.plain:
            made["emap"] = np.eye(512, dtype=np.float32)
        return made

    def colour(self, source: np.ndarray) -> np.ndarray:
        """What the source tells: (N, 3, 1, 1)."""
        style = self.weights["style"]
        told = (
            np.einsum("nchw,kchw->nk", source, style)
            if self.crop
            else source.astype(np.float32) @ style
        )
        return told[:, :, None, None] + np.float32(self.bias)

    def answer(self, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        """The first output for NCHW targets."""
        mixed = np.einsum("kc,nchw->nkhw", self.weights["mix"][..., 0, 0], target)
        return mixed + self.colour(source)

    def save(
        self,
        path: Path,
        *,
        batch: int | str = 1,
        half: bool = False,
        names: tuple[str, str] = ("source", "target"),
    ) -> Path:
        """Write the net; the source is its first input, as in the published files."""
        source, target = names
        nodes = [helper.make_node("Conv", [target, "mix"], ["mixed"])]
        if self.crop:
            nodes.append(helper.make_node("Conv", [source, "style"], ["told"]))
        else:
            nodes.append(helper.make_node("MatMul", [source, "style"], ["row"]))
            nodes.append(helper.make_node("Reshape", ["row", "shape"], ["told"]))
        nodes.append(helper.make_node("Add", ["told", "bias"], ["colour"]))
        nodes.append(helper.make_node("Add", ["mixed", "colour"], ["output"]))
        outputs = {"output": [batch, 3, self.size, self.size]}
        if self.mask:
            nodes.append(helper.make_node("ReduceMax", [target], ["mask"], axes=[1], keepdims=1))
            outputs["mask"] = [batch, 1, self.size, self.size]
        entry = [batch, 3, self.crop, self.crop] if self.crop else [batch, self.numbers]
        inputs = {source: entry, target: [batch, 3, self.size, self.size]}
        return _write(path, nodes, inputs, outputs, self.weights, half=half)


CONVERT = np.random.default_rng(5).normal(0, 0.08, (512, 512)).astype(np.float32)
OFFSET = np.random.default_rng(6).normal(0, 0.4, (1, 512)).astype(np.float32)


def converted(embedding: np.ndarray) -> np.ndarray:
    """What the net of :func:`save_converter` makes of (512,): its length tells in the direction."""
    return (embedding[None] @ CONVERT + OFFSET)[0]


def save_converter(path: Path) -> Path:
    """A net that carries (1, 512) to (1, 512)."""
    nodes = [
        helper.make_node("MatMul", ["input", "convert"], ["turned"]),
        helper.make_node("Add", ["turned", "offset"], ["output"]),
    ]
    weights = {"convert": CONVERT, "offset": OFFSET}
    return _write(path, nodes, {"input": [1, 512]}, {"output": [1, 512]}, weights)


LOWER = np.random.default_rng(8).normal(0, 0.05, (8, 3, 14, 14)).astype(np.float32)


def lower_of(crop: np.ndarray) -> np.ndarray:
    """What the net of :func:`save_fixer` says of (3, 56, 56) in -1…1: (128,)."""
    cells = crop.reshape(3, 4, 14, 4, 14)
    return np.einsum("chiwj,kcij->khw", cells, LOWER).ravel()


def save_fixer(path: Path, *, batch: int | str = "N", width: int = 128) -> Path:
    """A net that carries (N, 3, 56, 56) to (N, width): each number looks at one cell."""
    weights = {"w": LOWER[: width // 16]}
    nodes = [
        helper.make_node(
            "Conv", ["input", "w"], ["cells"], kernel_shape=[14, 14], strides=[14, 14]
        ),
        helper.make_node("Flatten", ["cells"], ["embedding"]),
    ]
    inputs, outputs = {"input": [batch, 3, 56, 56]}, {"embedding": [batch, width]}
    return _write(path, nodes, inputs, outputs, weights)


def _write(
    path: Path,
    nodes: list,
    inputs: dict[str, list],
    outputs: dict[str, list],
    weights: dict[str, np.ndarray],
    *,
    half: bool = False,
) -> Path:
    kind, dtype = (TensorProto.FLOAT16, np.float16) if half else (TensorProto.FLOAT, np.float32)
    last = {name: weights[name] for name in ("emap",) if name in weights}
    first = {name: value for name, value in weights.items() if name not in last}
    held = [numpy_helper.from_array(value.astype(dtype), name) for name, value in first.items()]
    held.append(numpy_helper.from_array(np.array([-1, 3, 1, 1], np.int64), "shape"))
    held += [numpy_helper.from_array(value.astype(dtype), name) for name, value in last.items()]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, size) for name, size in inputs.items()],
        [helper.make_tensor_value_info(name, kind, size) for name, size in outputs.items()],
        held,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path
