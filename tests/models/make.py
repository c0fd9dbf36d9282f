"""Small ONNX files of the right contracts, and catalogues that name them."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from vplugin.models.catalogue import Catalogue, Download, Entry, Licence, Member

OPEN = Licence(name="MIT", title="MIT", url="https://x", commercial=True, text="Free.")
CLOSED = Licence(
    name="closed-nc",
    title="Closed",
    url="https://x/closed",
    commercial=False,
    text="Research only.",
    alternative="use the open one",
)


def graph(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[int | str]],
    outputs: Mapping[str, Sequence[int | str] | None],
    weights: Mapping[str, Any] | None = None,
    *,
    opset: int = 17,
) -> onnx.ModelProto:
    """A float32 model."""
    model = helper.make_model(
        helper.make_graph(
            list(nodes),
            "small",
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs.items()],
            [numpy_helper.from_array(np.asarray(w), n) for n, w in (weights or {}).items()],
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=8,
    )
    if None not in outputs.values():  # the checker insists on shapes
        onnx.checker.check_model(model)
    return model


def save(model: onnx.ModelProto, path: Path) -> Path:
    """Write a model, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def relu_net(path: Path, *, scale: float = 1.0, size: int | str = 16) -> Path:
    """x → relu(conv(x)), 3 channels in and out; with `size` a name, any size."""
    rng = np.random.default_rng(1)
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["y"]),
    ]
    free = "batch" if isinstance(size, str) else 1
    shape = (free, 3, size, size if isinstance(size, int) else "width")
    weights = {
        "w": (scale * rng.standard_normal((3, 3, 3, 3))).astype(np.float32),
        "b": np.zeros(3, np.float32),
    }
    return save(graph(nodes, {"x": shape}, {"y": shape}, weights), path)


def nan_net(path: Path) -> Path:
    """x → log(−1 − x²): NaN for every input."""
    nodes = [
        helper.make_node("Mul", ["x", "x"], ["s"]),
        helper.make_node("Sub", ["minus", "s"], ["n"]),
        helper.make_node("Sqrt", ["n"], ["y"]),
    ]
    weights = {"minus": np.float32([-1.0])}
    return save(graph(nodes, {"x": (1, 4)}, {"y": (1, 4)}, weights), path)


def arcface(path: Path) -> Path:
    """112 × 112 → 512: conv, batch norm, PReLU, pooling, Gemm."""
    rng = np.random.default_rng(2)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], strides=[4, 4], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", "s", "b", "m", "v"], ["n"]),
        helper.make_node("PRelu", ["n", "p"], ["r"]),
        helper.make_node("AveragePool", ["r"], ["a"], kernel_shape=[7, 7], strides=[7, 7]),
        helper.make_node("Flatten", ["a"], ["f"]),
        helper.make_node("Gemm", ["f", "g", "h"], ["y"], transB=1),
    ]
    normal = rng.standard_normal
    weights = {
        "w": normal((8, 3, 3, 3)),
        "s": 1 + 0.1 * normal(8),
        "b": normal(8),
        "m": normal(8),
        "v": 1 + rng.random(8),
        "p": 0.25 * np.ones((8, 1, 1)),
        "g": normal((512, 128)),
        "h": normal(512),
    }
    cast = {name: np.float32(value) for name, value in weights.items()}
    return save(graph(nodes, {"x": ("N", 3, 112, 112)}, {"y": ("N", 512)}, cast), path)


def sha(path: Path) -> str:
    """The file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def single(
    path: Path, url: str | None = None, *, name: str = "net", licence: Licence = OPEN, **more: Any
) -> Entry:
    """An entry for one file; `sha256` or `bytes` in `more` replace what the file has."""
    facts = {"sha256": sha(path), "bytes": path.stat().st_size} | more
    place = f"{name}/{name}.onnx"
    return Entry(
        name=name,
        title="A small net",
        licence=licence,
        provenance="made by a test",
        download=Download(path=place, urls=(url,) if url else (), **facts),
        members=(Member(name=name, path=place, contract=None, **facts),),
    )


def pack(
    archive: Path,
    files: Mapping[str, Path],
    url: str | None = None,
    *,
    folder: str = "",
    **more: Any,
) -> Entry:
    """A zip of files, and the entry for it."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for path in files.values():
            out.write(path, folder + path.name)
    facts = {"sha256": sha(archive), "bytes": archive.stat().st_size} | more
    return Entry(
        name="pack",
        title="A pack",
        licence=OPEN,
        provenance="made by a test",
        download=Download(path="pack/pack.zip", urls=(url,) if url else (), **facts),
        members=tuple(
            Member(
                name=name,
                path=f"pack/{path.name}",
                archive_member=path.name,
                sha256=sha(path),
                bytes=path.stat().st_size,
                contract=None,
            )
            for name, path in files.items()
        ),
    )


def known(*entries: Entry) -> Catalogue:
    """A catalogue of these."""
    return Catalogue(models=entries)
