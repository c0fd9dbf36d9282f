"""Runs models with OpenVINO, in bf16 where the CPU multiplies it in hardware.

A model with free sizes is compiled anew for each size it meets, because OpenVINO's plan for a
known size is the faster one; after :data:`STATIC_PLANS` sizes it is compiled once for all sizes, so
that a stream of ever new sizes cannot fill the memory.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from vplugin.errors import ModelError, RuntimeMissingError
from vplugin.models import contract, machine
from vplugin.models.onnx_file import last_line, unreadable
from vplugin.models.session import Array, RuntimeFacts, Session, TensorInfo

#: Plans for known sizes that one session keeps.
STATIC_PLANS = 3

_HEAVY_LAYERS = frozenset({"Convolution", "FullyConnected", "Deconvolution", "MatMul"})
_Shapes: TypeAlias = tuple[tuple[int, ...], ...]


class OpenvinoSession(Session):
    """A model on OpenVINO.

    Args:
        path: The ONNX file.
        device: ``cpu``, or ``gpu`` / ``npu`` for Intel's.
        precision: ``f32``, ``bf16``, ``f16``; None for bf16 where the CPU has it and the model's
            contract bears it, else f32.
        threads: On the CPU.

    Raises:
        RuntimeMissingError: OpenVINO has no such device, or does not run this precision there.
        ModelError: The file is not a model that OpenVINO can read.
    """

    def __init__(self, path: Path, *, device: str, precision: str | None, threads: int) -> None:
        openvino = quiet_openvino()
        self.path = path
        self._core: Any = openvino.Core()
        self._device = device.upper()
        self._check_device()
        self._model = self._read()
        self.inputs = tuple(_tensor(port) for port in self._model.inputs)
        self.outputs = tuple(_tensor(port) for port in self._model.outputs)
        precision = precision or self._usual_precision()
        self._check_able(precision)
        self._config = _config(self._device, precision, threads)
        self._plans: dict[_Shapes | None, Any] = {}
        self.ran = RuntimeFacts(
            runtime="openvino",
            provider=self._device,
            device=device,
            precision=precision,
            version=openvino.get_version().partition("-")[0],
            threads=threads if self._device == "CPU" else 0,
        )
        if not self._model.is_dynamic():
            self._plan(tuple(tuple(port.shape) for port in self._model.inputs))

    def _run(self, feeds: Mapping[str, Array]) -> list[Array]:
        arrays = [feeds[one.name] for one in self.inputs]
        request = self._plan(tuple(array.shape for array in arrays))
        try:
            results = request.infer(arrays, share_inputs=True)
        except RuntimeError as error:
            raise ModelError(
                f"OpenVINO failed: {last_line(error)}",
                where=self.path,
                mend="try another runtime, or verify the file with `vplugin models verify`",
            ) from error
        return [results[number] for number in range(len(self.outputs))]

    def close(self) -> None:
        """Free the plans and the model."""
        self._plans.clear()
        self._model = self._core = None

    def _usual_precision(self) -> str:
        fast = self._device == "CPU" and machine.has_fast_bf16()
        return "bf16" if fast and contract.bears_reduced(self.inputs, self.outputs) else "f32"

    def _check_device(self) -> None:
        available = {name.partition(".")[0] for name in self._core.available_devices}
        if self._device not in available:
            raise RuntimeMissingError(
                f"OpenVINO has no {self._device} here; it has {', '.join(sorted(available))}",
                where=self.path,
                mend="install the device's driver, or choose another runtime",
            )

    def _check_able(self, precision: str) -> None:
        able = self._core.get_property(self._device, "OPTIMIZATION_CAPABILITIES")
        name = {"f32": "FP32", "bf16": "BF16", "f16": "FP16"}[precision]
        if name not in able:
            raise RuntimeMissingError(
                f"OpenVINO does not run {precision} on this {self._device}; "
                f"it runs {', '.join(sorted(able))}",
                where=self.path,
                mend="choose openvino:f32",
            )

    def _read(self) -> Any:
        try:
            return self._core.read_model(str(self.path))
        except RuntimeError as error:
            raise unreadable(self.path, last_line(error)) from error

    def _plan(self, shapes: _Shapes) -> Any:
        """The infer request for these sizes, compiled on first use."""
        known = self._plans.get(shapes) or self._plans.get(None)
        if known is not None:
            return known
        free = self._model.is_dynamic()
        key = None if free and len(self._plans) >= STATIC_PLANS else shapes
        model = self._model
        if free and key is not None:
            model = model.clone()
            names = [one.name for one in self.inputs]
            model.reshape(dict(zip(names, map(list, shapes), strict=True)))
        self._plans[key] = self._compile(model)
        return self._plans[key]

    def _compile(self, model: Any) -> Any:
        try:
            compiled = self._core.compile_model(model, self._device, self._config)
        except RuntimeError as error:
            raise ModelError(
                f"OpenVINO cannot compile this model: {last_line(error)}",
                where=self.path,
                mend="choose another runtime",
            ) from error
        self._check_precision(compiled)
        return compiled.create_infer_request()

    def _check_precision(self, compiled: Any) -> None:
        """Raise if bf16 was asked for and no heavy layer runs in it."""
        if self.ran.precision != "bf16":
            return
        found = layer_precisions(compiled)
        if found and "bf16" not in found:
            raise RuntimeMissingError(
                f"OpenVINO runs this model's heavy layers in {', '.join(sorted(found))}, not bf16",
                where=self.path,
                mend="choose openvino:f32",
            )


def quiet_openvino() -> Any:
    """The openvino package, imported so that it reports nothing.

    ``import openvino`` sends an event to Google Analytics from a thread of its own unless a file in
    the home folder forbids it. Without the package that sends, it uses its own stub.
    """
    if "openvino" not in sys.modules:
        blocked: Any = None  # an import of it raises ImportError
        before = sys.modules.get("openvino_telemetry", blocked)
        sys.modules["openvino_telemetry"] = blocked
        try:
            importlib.import_module("openvino")
        finally:
            del sys.modules["openvino_telemetry"]
            if before is not None:
                sys.modules["openvino_telemetry"] = before
    return importlib.import_module("openvino")


def layer_precisions(compiled: Any) -> set[str]:
    """Precisions of the convolutions and matrix products of an ``openvino.CompiledModel``."""
    found = set()
    for layer in compiled.get_runtime_model().get_ops():
        facts = layer.get_rt_info()
        if "layerType" in facts and facts["layerType"].value in _HEAVY_LAYERS:
            found.add(str(facts["runtimePrecision"].value))
    return found


def _config(device: str, precision: str, threads: int) -> dict[str, Any]:
    config: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision,
    }
    if device == "CPU":
        config |= {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    return config


def _tensor(port: Any) -> TensorInfo:
    names = port.get_names()
    own = port.get_node().get_friendly_name().removesuffix("/sink_port_0")
    shape = tuple(part.get_length() if part.is_static else "?" for part in port.partial_shape)
    return TensorInfo(own if own in names else min(names), shape, port.element_type.to_dtype().name)
