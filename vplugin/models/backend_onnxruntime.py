"""Runs models with onnxruntime: CPU, CUDA, TensorRT, CoreML and OpenVINO providers.

onnxruntime falls back to the CPU with a warning when the provider asked for is not in the build,
does not load, or refuses operators. Here each of these is an error that says which: the provider
must be in the build, be in the session, and hold the convolutions and matrix products.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from vplugin.errors import ModelError, RuntimeMissingError
from vplugin.models.onnx_file import last_line, unreadable
from vplugin.models.session import Array, RuntimeFacts, Session, TensorInfo

#: Our word → onnxruntime's, in the order in which they are tried on a GPU.
PROVIDERS: MappingProxyType[str, str] = MappingProxyType(
    {
        "cpu": "CPUExecutionProvider",
        "cuda": "CUDAExecutionProvider",
        "tensorrt": "TensorrtExecutionProvider",
        "coreml": "CoreMLExecutionProvider",
        "openvino": "OpenVINOExecutionProvider",
    }
)
#: The operators that take the time; the rest may sit on the CPU (shape arithmetic does).
HEAVY = frozenset({"Conv", "ConvTranspose", "FusedConv", "Gemm", "MatMul", "FusedGemm", "NhwcConv"})

_DTYPES = MappingProxyType(
    {
        "tensor(float)": "float32",
        "tensor(float16)": "float16",
        "tensor(double)": "float64",
        "tensor(int64)": "int64",
        "tensor(int32)": "int32",
        "tensor(uint8)": "uint8",
        "tensor(int8)": "int8",
        "tensor(bool)": "bool",
    }
)


class OnnxruntimeSession(Session):
    """An onnxruntime session whose provider really holds the work.

    Args:
        path: The ONNX file.
        provider: A key of :data:`PROVIDERS`.
        device: ``cpu`` or ``cuda:N``; the number is given to the provider.
        threads: Within one run, on the CPU.

    Raises:
        RuntimeMissingError: The provider would not really run this model here.
        ModelError: The file is not a model that onnxruntime can read.
    """

    def __init__(self, path: Path, *, provider: str, device: str, threads: int) -> None:
        import onnxruntime

        self.path = path
        name = PROVIDERS[provider]
        _check_build(name, path)
        chain = _chain(provider, device)
        try:
            inner = onnxruntime.InferenceSession(str(path), _options(threads), providers=chain)
        except Exception as error:
            raise _opening_error(error, name, path) from error
        inner.disable_fallback()
        if provider != "cpu":
            _check_placement(inner, [part[0] for part in chain], path)
        self._inner: Any = inner
        self.inputs = tuple(_tensor(one) for one in inner.get_inputs())
        self.outputs = tuple(_tensor(one) for one in inner.get_outputs())
        self.ran = RuntimeFacts(
            runtime="onnxruntime",
            provider=name,
            device=device,
            precision="tf32" if provider in ("cuda", "tensorrt") else "f32",
            version=onnxruntime.__version__,
            threads=threads,
        )

    def _run(self, feeds: Mapping[str, Array]) -> list[Array]:
        try:
            return list(self._inner.run(None, dict(feeds)))
        except Exception as error:
            raise ModelError(
                f"onnxruntime failed: {last_line(error)}",
                where=self.path,
                mend="try another runtime, or verify the file with `vplugin models verify`",
            ) from error

    def close(self) -> None:
        """Free the model's memory."""
        self._inner = None


def _check_build(name: str, path: Path) -> None:
    import onnxruntime

    available = onnxruntime.get_available_providers()
    if name not in available:
        raise RuntimeMissingError(
            f"onnxruntime {onnxruntime.__version__} is built without {name}; "
            f"it has {', '.join(available)}",
            where=path,
            mend='on an NVIDIA machine install "vplugin[cuda]"; else choose another runtime',
        )
    if name in (PROVIDERS["cuda"], PROVIDERS["tensorrt"]) and hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()


def _chain(provider: str, device: str) -> list[tuple[str, dict[str, str]]]:
    """The provider with its options, and what it needs behind it."""
    number = device.partition(":")[2] or "0"
    options: dict[str, dict[str, str]] = {
        "cuda": {"device_id": number, "cudnn_conv_algo_search": "HEURISTIC"},
        "tensorrt": {"device_id": number},
        "openvino": {"device_type": device.upper() if device in ("gpu", "npu") else "CPU"},
    }
    chain = [(PROVIDERS[provider], options.get(provider, {}))]
    if provider == "tensorrt":
        chain.append((PROVIDERS["cuda"], options["cuda"]))
    return chain


def _options(threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads spin within a run (measured: 8 % faster) but not after it: the decoder and the encoder
    # beside us need the cores.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    return options


def _opening_error(error: Exception, provider: str, path: Path) -> ModelError:
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    damage = (state.InvalidProtobuf, state.InvalidArgument, state.InvalidGraph, state.NoModel)
    if isinstance(error, damage):
        return unreadable(path, last_line(error))
    if provider != PROVIDERS["cpu"]:
        return RuntimeMissingError(
            f"{provider} does not start: {last_line(error)}",
            where=path,
            mend="check the driver with `vplugin doctor`, or choose another runtime",
        )
    return ModelError(
        f"onnxruntime cannot run this model: {last_line(error)}",
        where=path,
        mend="export it with standard operators, or choose another runtime",
    )


def _check_placement(inner: Any, wanted: list[str], path: Path) -> None:
    """Raise unless the provider is in the session and holds the heavy operators."""
    if wanted[0] not in inner.get_providers():
        raise RuntimeMissingError(
            f"{wanted[0]} did not load; onnxruntime would use {', '.join(inner.get_providers())}",
            where=path,
            mend="check driver and libraries with `vplugin doctor`, or choose another runtime",
        )
    if not hasattr(inner, "get_provider_graph_assignment_info"):
        raise RuntimeMissingError(
            "this onnxruntime cannot tell where it placed the operators",
            where=path,
            mend="install onnxruntime 1.24 or later",
        )
    check_heavy(placement(inner), wanted, path)


def placement(inner: Any) -> dict[str, Counter[str]]:
    """Operator types by provider, of an ``onnxruntime.InferenceSession`` of ours."""
    found: dict[str, Counter[str]] = {}
    for part in inner.get_provider_graph_assignment_info():
        found.setdefault(part.ep_name, Counter()).update(n.op_type for n in part.get_nodes())
    return found


def check_heavy(placed: Mapping[str, Counter[str]], wanted: list[str], path: Path) -> None:
    """Raise unless all heavy operators sit on the providers asked for, some on the first."""
    strayed = Counter(
        {
            f"{operator} on {provider}": count
            for provider, operators in placed.items()
            for operator, count in operators.items()
            if operator in HEAVY and provider not in wanted
        }
    )
    if strayed or not placed.get(wanted[0]):
        where = ", ".join(f"{count} {name}" for name, count in strayed.most_common(3))
        raise RuntimeMissingError(
            f"{wanted[0]} would not run this model: {where or 'it took no operator'}",
            where=path,
            mend="choose another runtime for this model",
        )


def _tensor(one: Any) -> TensorInfo:
    shape = tuple(part if isinstance(part, int) else (part or "?") for part in one.shape)
    return TensorInfo(one.name, shape, _DTYPES.get(one.type, one.type))
