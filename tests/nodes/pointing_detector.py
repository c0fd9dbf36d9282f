"""A detector of the YuNet contract that finds the same faces in every picture of 640 × 640."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE, STRIDE = 640, 32


def save_pointing_detector(path: Path, faces: Sequence[np.ndarray]) -> Path:
    """Faces are given by their points, (5, 2), in pixels of the picture of 640 × 640."""
    nodes = [helper.make_node("ReduceMean", ["input"], ["mean"], keepdims=0)]
    nodes.append(helper.make_node("Mul", ["mean", "zero"], ["nothing"]))
    constants = {"zero": np.float32(0)}
    outputs = []
    for stride in (8, 16, 32):
        cells = (SIDE // stride) ** 2
        tables = {
            "cls": np.zeros((1, cells, 1)),
            "obj": np.zeros((1, cells, 1)),
            "bbox": np.zeros((1, cells, 4)),
            "kps": np.zeros((1, cells, 10)),
        }
        if stride == STRIDE:
            for points in faces:
                _place(tables, np.asarray(points, np.float64))
        for kind, table in tables.items():
            name = f"{kind}_{stride}"
            constants[f"c_{name}"] = table.astype(np.float32)
            nodes.append(helper.make_node("Add", [f"c_{name}", "nothing"], [name]))
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, table.shape))
    graph = helper.make_graph(
        nodes,
        "pointing",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        outputs,
        [numpy_helper.from_array(np.asarray(v), n) for n, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def _place(tables: dict[str, np.ndarray], points: np.ndarray) -> None:
    """Write one face into the cell of its middle."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle, extent = (low + high) / 2, (high - low) * [1.9, 2.3]
    cell = np.floor(middle / STRIDE)
    row = int(cell[1] * (SIDE // STRIDE) + cell[0])
    tables["cls"][0, row] = tables["obj"][0, row] = 0.95
    tables["bbox"][0, row] = [*(middle / STRIDE - cell), *np.log(extent / STRIDE)]
    tables["kps"][0, row] = (points / STRIDE - cell).ravel()
