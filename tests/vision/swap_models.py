"""Tiny models of the inswapper and ArcFace contracts, random weights, and faces to try them on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from vplugin.vision.align import apply, invert, similarity, template


def _save(path: Path, nodes: list, inputs: list, outputs: list, constants: dict) -> Path:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def save_inswapper(path: Path, *, batch: int | str = 1, size: int = 128, seed: int = 3) -> Path:
    """target, source → output; the identity shifts the channels; emap is the last initializer."""
    rng = np.random.default_rng(seed)
    constants = {
        "w1": rng.normal(0, 0.25, (8, 3, 3, 3)).astype(np.float32),
        "w2": rng.normal(0, 0.4, (3, 8, 3, 3)).astype(np.float32),
        "style": rng.normal(0, 1.0, (512, 8)).astype(np.float32),
        "shape": np.array([-1, 8, 1, 1], np.int64),
        "emap": rng.normal(0, 1.0, (512, 512)).astype(np.float32),
    }
    pads = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", ["target", "w1"], ["c1"], **pads),
        helper.make_node("MatMul", ["source", "style"], ["s1"]),
        helper.make_node("Reshape", ["s1", "shape"], ["s2"]),
        helper.make_node("Add", ["c1", "s2"], ["c2"]),
        helper.make_node("Relu", ["c2"], ["c3"]),
        helper.make_node("Conv", ["c3", "w2"], ["c4"], **pads),
        helper.make_node("Sigmoid", ["c4"], ["output"]),
    ]
    picture = [batch, 3, size, size]
    inputs = [("target", picture), ("source", [batch, 512])]
    return _save(path, nodes, inputs, [("output", picture)], constants)


def save_arcface(
    path: Path, *, batch: int | str = "N", seed: int = 5, own_normalisation: bool = False
) -> Path:
    """input.1 → embedding; with its own normalisation, the first nodes are Sub and Mul."""
    rng = np.random.default_rng(seed)
    constants = {
        "w": rng.normal(0, 0.1, (32, 3, 8, 8)).astype(np.float32),
        "d": rng.normal(0, 0.1, (32 * 49, 512)).astype(np.float32),
    }
    nodes = [
        helper.make_node(
            "Conv", ["x", "w"], ["c"], name="conv0", kernel_shape=[8, 8], strides=[8, 8]
        ),
        helper.make_node("Relu", ["c"], ["r"], name="relu0"),
        helper.make_node(
            "AveragePool", ["r"], ["p"], name="pool0", kernel_shape=[2, 2], strides=[2, 2]
        ),
        helper.make_node("Flatten", ["p"], ["f"], name="flat0"),
        helper.make_node("MatMul", ["f", "d"], ["embedding"], name="fc1"),
    ]
    if own_normalisation:
        constants |= {"mean": np.float32(127.5), "scale": np.float32(1 / 128)}
        nodes[:0] = [
            helper.make_node("Sub", ["input.1", "mean"], ["x0"], name="Sub_0"),
            helper.make_node("Mul", ["x0", "scale"], ["x"], name="Mul_1"),
        ]
    else:
        nodes[0].input[0] = "input.1"
    return _save(
        path,
        nodes,
        [("input.1", [batch, 3, 112, 112])],
        [("embedding", [batch, 512])],
        constants,
    )


def save_constant(path: Path, side: int, answers: dict[str, np.ndarray]) -> Path:
    """A model of (N, 3, side, side) pictures that answers the same (1, …) for each of them."""
    nodes = [helper.make_node("ReduceMean", ["x"], ["m"], axes=[1, 2, 3], keepdims=0)]
    nodes.append(helper.make_node("Mul", ["m", "none"], ["zero"]))
    constants: dict = {"none": np.float32(0)}
    outputs = []
    for name, answer in answers.items():
        shape = np.array([-1, *[1] * (answer.ndim - 1)], np.int64)
        constants |= {f"{name}_answer": answer, f"{name}_shape": shape}
        nodes.append(helper.make_node("Reshape", ["zero", f"{name}_shape"], [f"{name}_zero"]))
        nodes.append(helper.make_node("Add", [f"{name}_zero", f"{name}_answer"], [name]))
        outputs.append((name, ["N", *answer.shape[1:]]))
    return _save(path, nodes, [("x", ["N", 3, side, side])], outputs, constants)


def points_at(
    x: float, y: float, eyes: float, degrees: float = 0.0, wobble: int | None = 0
) -> np.ndarray:
    """Five points of a face about (x, y) with so many pixels between the eyes: (5, 2) float32."""
    plain = template("arcface_112").at(112) - 56.0
    factor, angle = eyes / 35.24, np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points = plain @ turn * factor + [x, y]
    if wobble is not None:
        points = points + np.random.default_rng(wobble).normal(0, 0.03 * eyes, (5, 2))
    return points.astype(np.float32)


def smooth_picture(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Coloured clouds with some detail, (H, W, 3) uint8 RGB."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (height // 24 + 2, width // 24 + 2, 3)).astype(np.float32)
    fine = rng.normal(0, 12, (height // 2 + 1, width // 2 + 1, 3)).astype(np.float32)
    size = (width, height)
    clouds = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC) + cv2.resize(fine, size)
    return np.clip(clouds, 0, 255).astype(np.uint8)


def draw_face(image: np.ndarray, points: np.ndarray, skin: tuple[int, int, int]) -> None:
    """A cartoon face of one skin colour at five points, in place."""
    matrix = invert(similarity(points, template("arcface_128").at(128)))
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    oval = np.stack([64 + 46 * np.cos(angle), 72 + 58 * np.sin(angle)], axis=1)
    cv2.fillPoly(image, [np.rint(apply(matrix, oval)).astype(np.int32)], skin)
    eyes = float(np.linalg.norm(points[1] - points[0]))
    for x, y in points[:2]:
        cv2.circle(image, (round(float(x)), round(float(y))), round(eyes * 0.12), (30, 20, 20), -1)
    ends = [tuple(int(v) for v in np.rint(points[i])) for i in (3, 4)]
    cv2.line(image, ends[0], ends[1], (150, 50, 50), max(1, round(eyes * 0.1)))


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """In dB, for values in 0–255."""
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255.0**2 / error))
