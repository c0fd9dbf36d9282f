"""An ONNX file of the size and the shape of inswapper_128, with random weights (138 M, 553 MB).

Architecture as in shared/design/reliableswap.md §5.2: convolutions 3 → 128 → 256 → 512 → 1024 down
to 32 × 32, six residual blocks whose two convolutions are modulated by the identity after an
instance norm (written out as the exported file has it), and back up. 174.6 GMAC a face.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTHS = (128, 256, 512, 1024)
BLOCKS = 6
IDENTITY = 512
LAST_GAIN = 0.15


class _Builder:
    """Collects nodes and weights; each method returns the name of what it made."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._rng = np.random.default_rng(0)
        self._count = 0

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        self._count += 1
        name = f"{kind.lower()}{self._count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, value: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def random(self, *shape: int, scale: float) -> str:
        return self.constant(self._rng.standard_normal(shape, np.float32) * np.float32(scale))

    def conv(
        self, x: str, wide: int, narrow: int, side: int, *, stride: int = 1, gain: float = 1.0
    ) -> str:
        """Convolution wide → narrow channels, padded by reflection where it does not stride."""
        scale = gain * (2 / (wide * side * side)) ** 0.5
        weight = self.random(narrow, wide, side, side, scale=scale)
        bias = self.random(narrow, scale=0.01)
        pad = side // 2
        if stride == 1:
            pads = self.constant(np.array([0, 0, pad, pad, 0, 0, pad, pad], np.int64))
            x, edge = self.op("Pad", x, pads, mode="reflect"), [0, 0, 0, 0]
        else:
            edge = [pad] * 4
        return self.op(
            "Conv", x, weight, bias, kernel_shape=[side] * 2, strides=[stride] * 2, pads=edge
        )

    def modulated(self, x: str, channels: int) -> str:
        """Instance norm, then scale and shift that a linear layer makes of the identity."""
        mean = self.op("ReduceMean", x, axes=[2, 3], keepdims=1)
        centred = self.op("Sub", x, mean)
        square = self.op("Mul", centred, centred)
        variance = self.op("ReduceMean", square, axes=[2, 3], keepdims=1)
        deviation = self.op("Sqrt", self.op("Add", variance, self.constant(np.float32(1e-6))))
        normal = self.op("Div", centred, deviation)
        weight = self.random(2 * channels, IDENTITY, scale=0.5 / IDENTITY**0.5)
        bias = np.concatenate([np.ones(channels), np.zeros(channels)]).astype(np.float32)
        style = self.op("Gemm", "source", weight, self.constant(bias), transB=1)
        shape = self.constant(np.array([1, 2, channels, 1, 1], np.int64))
        style = self.op("Reshape", style, shape)
        parts = [
            self.op("Gather", style, self.constant(np.array(i, np.int64)), axis=1) for i in (0, 1)
        ]
        return self.op("Add", self.op("Mul", normal, parts[0]), parts[1])

    def doubled(self, x: str) -> str:
        scales = self.constant(np.array([1, 1, 2, 2], np.float32))
        return self.op("Resize", x, "", scales, mode="linear")


def build() -> onnx.ModelProto:
    """The model; its last initializer is the identity matrix."""
    b = _Builder()
    x = b.op("LeakyRelu", b.conv("target", 3, WIDTHS[0], 7), alpha=0.2)
    for level, (wide, narrow) in enumerate(pairwise(WIDTHS)):
        stride = 1 if level == 0 else 2
        x = b.op("LeakyRelu", b.conv(x, wide, narrow, 3, stride=stride), alpha=0.2)
    for _ in range(BLOCKS):
        y = b.op("Relu", b.modulated(b.conv(x, WIDTHS[3], WIDTHS[3], 3), WIDTHS[3]))
        x = b.op("Add", x, b.modulated(b.conv(y, WIDTHS[3], WIDTHS[3], 3), WIDTHS[3]))
    for wide, narrow, double in ((1024, 512, True), (512, 256, True), (256, 128, False)):
        x = b.doubled(x) if double else x
        x = b.op("LeakyRelu", b.conv(x, wide, narrow, 3), alpha=0.2)
    # Scaled so that the picture has about the contrast of a photograph; at random weights' own
    # contrast, errors of a reduced precision would look three times as large as they are.
    y = b.op("Tanh", b.conv(x, 128, 3, 7, gain=LAST_GAIN))
    half = b.constant(np.float32(0.5))
    b.nodes.append(helper.make_node("Add", [b.op("Mul", y, half), half], ["output"], name="output"))
    b.random(IDENTITY, IDENTITY, scale=1.0)
    picture = [1, 3, 128, 128]
    graph = helper.make_graph(
        b.nodes,
        "inswapper-sized",
        [
            helper.make_tensor_value_info("target", TensorProto.FLOAT, picture),
            helper.make_tensor_value_info("source", TensorProto.FLOAT, [1, IDENTITY]),
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, picture)],
        b.constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def made(folder: Path) -> Path:
    """The file in ``folder``, made if it is not there."""
    path = folder / "inswapper-sized.onnx"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        onnx.save(build(), part)
        part.rename(path)
    return path


def parameters(path: Path) -> int:
    """How many weights a file holds."""
    graph = onnx.load(path).graph
    return sum(int(np.prod(tensor.dims)) for tensor in graph.initializer)
