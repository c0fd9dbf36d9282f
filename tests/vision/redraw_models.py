"""Small models of the contracts of enhancers, occluders and LivePortrait.

What they answer depends on what they are given in such a way that a wrong range, channel order,
template or extra input is seen in the answer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

# Where the eyes lie in the crops, as shares of the width: reliableswap.md §4.3.
EYES_FFHQ = np.array([[192.98138, 239.94708], [318.90277, 240.1936]]) / 512
EYES_ARCFACE = np.array([[0.361677, 0.403877], [0.636967, 0.402355]])

GAIN = np.array([0.5, 0.25, -0.5], np.float32)
SHIFT = np.array([0.1, -0.2, 0.3], np.float32)


def save(
    path: Path,
    nodes: list[NodeProto],
    inputs: list[tuple],
    outputs: list[tuple],
    constants: dict | None = None,
) -> Path:
    """Save a graph; inputs and outputs are (name, shape) or (name, shape, ONNX type)."""

    def info(name: str, shape: list, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, shape)

    weights = [numpy_helper.from_array(np.asarray(v), n) for n, v in (constants or {}).items()]
    given, made = [info(*one) for one in inputs], [info(*one) for one in outputs]
    graph = helper.make_graph(nodes, "tiny", given, made, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def enhanced(rgb: np.ndarray) -> np.ndarray:
    """What :func:`save_enhancer` makes of colours (…, 3) in 0–1, away from the eyes."""
    return np.clip((rgb * 2 - 1) * GAIN + SHIFT, -1, 1) / 2 + 0.5


def save_enhancer(path: Path, size: int = 512, *, weight: bool = False) -> Path:
    """x·GAIN + SHIFT for each channel, white at the eyes; the weight is added to red."""
    eyes = EYES_ARCFACE if size == 256 else EYES_FFHQ
    y, x = np.mgrid[:size, :size]
    marks = np.zeros((1, 3, size, size), np.float32)
    for eye in eyes * size - 0.5:
        marks[..., np.hypot(x - eye[0], y - eye[1]) < 0.02 * size] = 4.0
    constants = {
        "gain": GAIN.reshape(1, 3, 1, 1),
        "shift": SHIFT.reshape(1, 3, 1, 1),
        "marks": marks,
        "red": np.array([1, 0, 0], np.float32).reshape(1, 3, 1, 1),
    }
    nodes = [
        helper.make_node("Mul", ["input", "gain"], ["a"]),
        helper.make_node("Add", ["a", "shift"], ["b"]),
        helper.make_node("Add", ["b", "marks"], ["c" if weight else "output"]),
    ]
    picture = [1, 3, size, size]
    inputs: list[tuple] = [("input", picture)]
    if weight:
        inputs.append(("weight", [1], TensorProto.DOUBLE))
        nodes += [
            helper.make_node("Cast", ["weight"], ["w"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["w", "red"], ["d"]),
            helper.make_node("Add", ["c", "d"], ["output"]),
        ]
    return save(path, nodes, inputs, [("output", picture)], constants)


def save_xseg(path: Path, batch: int | str = 1) -> Path:
    """Visible is what is blue: the first of BGR, channels last."""
    constants = {"start": np.array([0]), "end": np.array([1]), "axis": np.array([3])}
    nodes = [helper.make_node("Slice", ["input", "start", "end", "axis"], ["output"])]
    shape = [batch, 256, 256]
    return save(path, nodes, [("input", [*shape, 3])], [("output", [*shape, 1])], constants)


def save_parser(path: Path, size: int = 512, *, heads: int = 1) -> Path:
    """Skin where the red is above 0.485, hair elsewhere; coarser heads say background."""
    weight = np.zeros((19, 3, 1, 1), np.float32)
    weight[1, 0] = 1.0
    bias = np.full(19, -9.0, np.float32)
    bias[[1, 17]] = 0.0
    constants = {"w": weight, "b": bias, "zero": np.zeros((19, 3, 1, 1), np.float32)}
    nodes = [helper.make_node("Conv", ["input", "w", "b"], ["out0"])]
    nodes += [helper.make_node("Conv", ["input", "zero"], [f"out{n}"]) for n in range(1, heads)]
    outputs = [(f"out{n}", [1, 19, size, size]) for n in range(heads)]
    return save(path, nodes, [("input", [1, 3, size, size])], outputs, constants)


def save_own_parser(path: Path, size: int = 160) -> Path:
    """Skin; glasses where the green is above 0.8; hidden where the blue is above 0.7."""
    classes = np.zeros((19, 3, 1, 1), np.float32)
    classes[6, 1] = 40.0
    bias = np.full(19, -9.0, np.float32)
    bias[1], bias[6] = 0.0, -40.0 * (0.8 - 0.456) / 0.224
    hidden = np.zeros((1, 3, 1, 1), np.float32)
    hidden[0, 2] = 40.0
    before = np.array([-40.0 * (0.7 - 0.406) / 0.225], np.float32)
    nodes = [
        helper.make_node("Conv", ["input", "classes", "bias"], ["output"]),
        helper.make_node("Conv", ["input", "blue", "before"], ["hidden"]),
    ]
    constants = {"classes": classes, "bias": bias, "blue": hidden, "before": before}
    square = ["N", 3, size, size]
    outputs = [("output", ["N", 19, size, size]), ("hidden", ["N", 1, size, size])]
    return save(path, nodes, [("input", square)], outputs, constants)


MOTION = {
    "pitch": 10.0,
    "yaw": -20.0,
    "roll": 5.0,
    "scale": 1.5,
    "translation": np.array([0.1, -0.2, 0.3]),
    "motion_points": np.random.default_rng(4).normal(0, 1, (21, 3)),
    "red": np.random.default_rng(5).normal(0, 1, (21, 3)),
    "blue": np.random.default_rng(6).normal(0, 1, (21, 3)),
}
_EXPORTS = {
    "common": ("pitch", "yaw", "roll", "scale", "translation", "expression", "motion_points"),
    "own": ("pitch", "yaw", "roll", "t", "exp", "scale", "kp"),
}
_LONG = {"t": "translation", "exp": "expression", "kp": "motion_points"}


def save_motion(path: Path, export: str = "common") -> Path:
    """Constants, and an expression of the mean red times one pattern and the mean blue times
    another; the common export does not name its outputs."""
    constants: dict = {
        "expression_shape": np.array([-1, 21, 3]),
        "red": MOTION["red"].reshape(1, 63).astype(np.float32),
        "blue": MOTION["blue"].reshape(1, 63).astype(np.float32),
        "none": np.zeros((3, 1), np.float32),
        "pick": np.array([[1, 0], [0, 0], [0, 1]], np.float32),
    }
    constants["patterns"] = np.concatenate([constants.pop("red"), constants.pop("blue")])
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["mean", "pick"], ["two"]),
        helper.make_node("MatMul", ["two", "patterns"], ["flat"]),
        helper.make_node("MatMul", ["mean", "none"], ["zero"]),
    ]
    outputs = []
    for number, short in enumerate(_EXPORTS[export]):
        kind = _LONG.get(short, short)
        name = short if export == "own" else f"out{number}"
        if kind == "expression":
            nodes.append(helper.make_node("Reshape", ["flat", "expression_shape"], [name]))
            outputs.append((name, [1, 21, 3]))
            continue
        value = np.asarray(MOTION[kind], np.float32)
        if export == "own" and value.ndim == 0 and kind != "scale":
            # Chances of 66 bins, nearly all of them for the one that means this angle.
            value = 40.0 * (np.arange(66) == round((float(value) + 97.5) / 3)).astype(np.float32)
        constants[f"{kind}_value"] = value.reshape(1, -1)
        nodes.append(helper.make_node("Add", ["zero", f"{kind}_value"], [name]))
        outputs.append((name, [1, value.size]))
        if kind == "motion_points":
            nodes[-1].output[0] = f"{name}_flat"
            nodes.append(helper.make_node("Reshape", [f"{name}_flat", "expression_shape"], [name]))
            outputs[-1] = (name, [1, 21, 3])
    return save(path, nodes, [("input", [1, 3, 256, 256])], outputs, constants)


def save_feature(path: Path) -> Path:
    """The mean of the green, everywhere in the volume."""
    constants = {
        "pick": np.array([[0], [1], [0]], np.float32),
        "one": np.array([1, 1, 1, 1, 1]),
        "shape": np.array([1, 32, 16, 64, 64]),
    }
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["mean", "pick"], ["green"]),
        helper.make_node("Reshape", ["green", "one"], ["point"]),
        helper.make_node("Expand", ["point", "shape"], ["output"]),
    ]
    volume = [("output", [1, 32, 16, 64, 64])]
    return save(path, nodes, [("input", [1, 3, 256, 256])], volume, constants)


#: How much each coordinate of the key points adds to a colour.
LOOK = np.random.default_rng(7).normal(0, 0.03, (21, 3)).astype(np.float32)


def save_generator(path: Path, wanted: str = "source", have: str = "target") -> Path:
    """Red: the volume; green: where the points shall go; blue: where they are."""
    constants = {
        "look": LOOK[None],
        "half": np.full((1, 1), 0.5, np.float32),
        "column": np.array([1, 1]),
        "grid": np.array([1, 3, 1, 1]),
        "size": np.array([1, 3, 512, 512]),
    }
    nodes = [
        helper.make_node("ReduceMean", ["feature_volume"], ["v"], axes=[1, 2, 3, 4], keepdims=0),
        helper.make_node("Reshape", ["v", "column"], ["c0"]),
    ]
    for number, name in ((1, wanted), (2, have)):
        nodes += [
            helper.make_node("Mul", [name, "look"], [f"m{number}"]),
            helper.make_node("ReduceSum", [f"m{number}"], [f"s{number}"], keepdims=0),
            helper.make_node("Reshape", [f"s{number}", "column"], [f"r{number}"]),
            helper.make_node("Add", [f"r{number}", "half"], [f"c{number}"]),
        ]
    nodes += [
        helper.make_node("Concat", ["c0", "c1", "c2"], ["colours"], axis=1),
        helper.make_node("Reshape", ["colours", "grid"], ["pixel"]),
        helper.make_node("Expand", ["pixel", "size"], ["output"]),
    ]
    inputs = [("feature_volume", [1, 32, 16, 64, 64]), (wanted, [1, 21, 3]), (have, [1, 21, 3])]
    return save(path, nodes, inputs, [("output", [1, 3, 512, 512])], constants)
