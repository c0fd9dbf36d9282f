"""A trained network as an ONNX file that gives what the network gives."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch

from vplugin.errors import TrainError

__all__ = ["export_onnx", "tidy"]

_OPSET = 17
_NEAR = 1e-3  # how far the file's outputs may be from the network's, of their largest value


def export_onnx(
    model: torch.nn.Module,
    example: torch.Tensor | tuple[torch.Tensor, ...],
    path: Path,
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    free: Mapping[str, Mapping[int, str]] | None = None,
) -> None:
    """Write a network as a single ONNX file, and check that it does the same.

    Args:
        model: In evaluation mode, on the CPU, float32.
        example: An input, or several.
        path: The file to write, by rename.
        inputs: Their names.
        outputs: Names in order of what the network returns.
        free: Names of axes that may have any size, by tensor; default: axis 0 of every tensor.

    Raises:
        TrainError: The file differs from the network, or cannot be written.
    """
    examples = example if isinstance(example, tuple) else (example,)
    axes = free or {name: {0: "batch"} for name in (*inputs, *outputs)}
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's own, about itself
            torch.onnx.export(
                model.float().eval(), examples, str(part), dynamo=False, opset_version=_OPSET,
                input_names=list(inputs), output_names=list(outputs), dynamic_axes=dict(axes),
            )  # fmt: skip
        _compare(model, examples, part)
        os.replace(part, path)
    except (OSError, RuntimeError, onnx.checker.ValidationError) as error:
        what = " ".join(str(error).split())[:200]
        raise TrainError(f"cannot be exported: {what}", where=path) from error
    finally:
        part.unlink(missing_ok=True)


def _compare(model: torch.nn.Module, examples: Sequence[torch.Tensor], path: Path) -> None:
    """Raise if the file is not valid or not the same function."""
    import onnxruntime

    onnx.checker.check_model(str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    random = torch.Generator().manual_seed(0)
    probes = [
        torch.rand(one.shape, generator=random) * max(1.0, float(one.abs().max()))
        for one in examples
    ]
    with torch.inference_mode():
        wanted = model(*probes)
    tensors = [wanted] if isinstance(wanted, torch.Tensor) else list(wanted)
    names = [info.name for info in session.get_inputs()]
    given = session.run(None, {n: p.numpy() for n, p in zip(names, probes, strict=True)})
    for info, want, have in zip(session.get_outputs(), tensors, given, strict=True):
        off = float(np.abs(want.numpy() - have).max()) / max(1.0, float(want.abs().max()))
        if not off <= _NEAR:
            raise TrainError(f"output {info.name!r} differs from the network by {off:.2g}")


def tidy(path: Path) -> None:
    """Take the ``Identity`` nodes out of an ONNX file and name the others ``Sub_0``, ``Mul_1`` …

    insightface judges by the names of the first nodes whether a model normalises by itself.
    """
    model = onnx.load(str(path))
    graph = model.graph
    kept = [node for node in graph.node if node.op_type != "Identity"]
    behind = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "Identity"}
    for index, node in enumerate(kept):
        node.name = f"{node.op_type}_{index}"
        for place, name in enumerate(node.input):
            while name in behind:
                name = behind[name]
            node.input[place] = name
    del graph.node[:]
    graph.node.extend(kept)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
