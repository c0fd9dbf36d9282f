"""Opens a model on a runtime, and only if that runtime will really run it.

    auto                              measures the candidates on first use and remembers
    onnxruntime[:cpu|cuda|tensorrt|coreml|openvino]
    openvino[:f32|bf16|f16]           without a precision: bf16 where the CPU has it and the
    torch[:f32|bf16|f16]              model's contract bears it, else f32

The device comes from the lane: ``cpu``, ``cuda:0``, ``coreml``, or Intel's ``gpu`` and ``npu``. A
runtime that would not run there is an error that says why; nothing falls back.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from vplugin.errors import RuntimeMissingError
from vplugin.models import machine
from vplugin.models.choose import Choices, Question
from vplugin.models.files import sha256
from vplugin.models.onnx_file import check_file
from vplugin.models.session import RuntimeFacts, Session, TensorInfo
from vplugin.models.store import Store

__all__ = ["RuntimeFacts", "Session", "TensorInfo", "candidates", "open_session"]

_PRECISIONS = ("f32", "bf16", "f16")
#: Runtime → the variants that may follow a colon.
RUNTIMES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "onnxruntime": ("cpu", "cuda", "tensorrt", "coreml", "openvino"),
        "openvino": _PRECISIONS,
        "torch": _PRECISIONS,
    }
)
_PROVIDER_OF = MappingProxyType(
    {"cpu": "cpu", "cuda": "cuda", "coreml": "coreml", "gpu": "openvino", "npu": "openvino"}
)
_DEVICE_OF = MappingProxyType(
    {"cpu": "cpu", "cuda": "cuda:0", "tensorrt": "cuda:0", "coreml": "coreml"}
)

#: What outputs are compared with: the first that is installed.
_REFERENCES = ("onnxruntime:cpu", "openvino:f32", "torch:f32")


@dataclass(frozen=True)
class Request:
    """A runtime, fully said.

    Attributes:
        runtime: A key of :data:`RUNTIMES`.
        variant: The provider or precision; None leaves the precision to the model's contract.
        device: ``cpu``, ``cuda:0`` …
        threads: Within one run, on the CPU.
    """

    runtime: str
    variant: str | None
    device: str
    threads: int


def open_session(
    path: str | Path,
    *,
    runtime: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    guard: bool = False,
    root: Path | None = None,
) -> Session:
    """Open a model.

    Args:
        path: The ONNX file, as :func:`vplugin.models.store.resolve` found it.
        runtime: See above.
        device: Where it has to run.
        threads: Within one run on the CPU; None for the physical cores this process may use.
        shapes: For ``auto``: the sizes that inputs with free dimensions will have. Without them a
            batch of 1 and pictures of 640 × 640 are measured.
        guard: Whether every run checks its outputs for NaN and infinity.
        root: The store that remembers choices; None for the one the environment names.

    Returns:
        A session; ``.ran`` says what really runs.

    Raises:
        ModelMissingError: There is no such file.
        ModelError: The file is damaged or not an ONNX model.
        RuntimeMissingError: The runtime would not really run this model on this device.
    """
    path = Path(path)
    check_file(path)
    count = threads or machine.cores()
    if runtime == "auto":
        session = _measured(path, _device(device), count, dict(shapes or {}), root)
    else:
        session = _open(path, parse(runtime, device, count))
    session.guard = guard
    return session


def parse(runtime: str, device: str, threads: int) -> Request:
    """Read a runtime such as ``onnxruntime:cuda`` for a device.

    Raises:
        RuntimeMissingError: There is no such runtime, variant or device, or they contradict.
    """
    name, _, variant = runtime.partition(":")
    device = _device(device)
    if name not in RUNTIMES or (variant and variant not in RUNTIMES[name]):
        known = "auto, " + ", ".join(f"{one}[:{'|'.join(v)}]" for one, v in RUNTIMES.items())
        raise RuntimeMissingError(f"there is no runtime '{runtime}'", mend=f"choose from {known}")
    if name == "onnxruntime":
        variant = variant or _PROVIDER_OF[device.partition(":")[0]]
        fitting = _PROVIDER_OF[device.partition(":")[0]] == variant or (
            variant == "tensorrt" and device.startswith("cuda")
        )
        device = device if fitting else _DEVICE_OF.get(variant, device)
    return Request(name, variant or None, device, threads)


def candidates(device: str) -> tuple[str, ...]:
    """What ``auto`` tries on a device, the float32 reference of the CPU first.

    TensorRT is not among them: it builds for minutes before its first run, so it has to be asked
    for.
    """
    if device == "cpu":
        reduced = ("openvino:bf16", "torch:bf16") if machine.has_fast_bf16() else ()
        return ("onnxruntime:cpu", "openvino:f32", *reduced)
    if device.startswith("cuda"):
        return ("onnxruntime:cuda", "torch:f16", "torch:bf16", "torch:f32")
    return ("onnxruntime:coreml",) if device == "coreml" else ("openvino:f16", "openvino:f32")


def _measured(
    path: Path, device: str, threads: int, shapes: dict[str, tuple[int, ...]], root: Path | None
) -> Session:
    def opener(candidate: str) -> Session:
        name, _, where = candidate.partition("@")
        return _open(path, parse(name, where or device, threads))

    reference = next((name for name in _REFERENCES if _is_installed(name)), _REFERENCES[0])
    if device != "cpu":
        reference += "@cpu"
    question = Question(
        path=path,
        digest=sha256(path),
        reference=reference,
        candidates=candidates(device),
        shapes=shapes,
        machine=machine.fingerprint(device, threads),
    )
    choice = Choices(root or Store.default().root).answer(question, opener)
    session = opener(choice.chosen)
    session.ran = dataclasses.replace(session.ran, why=choice.why)
    return session


def _is_installed(candidate: str) -> bool:
    return importlib.util.find_spec(candidate.partition(":")[0]) is not None


def _open(path: Path, request: Request) -> Session:
    if not _is_installed(request.runtime):
        raise RuntimeMissingError(
            f"{request.runtime} is not installed", where=path, mend='pip install "vplugin[cpu]"'
        )
    return _OPENERS[request.runtime](path, request)


def _onnxruntime(path: Path, request: Request) -> Session:
    from vplugin.models.backend_onnxruntime import OnnxruntimeSession

    return OnnxruntimeSession(
        path,
        provider=request.variant or "cpu",
        device=request.device,
        threads=request.threads,
    )


def _openvino(path: Path, request: Request) -> Session:
    from vplugin.models.backend_openvino import OpenvinoSession

    return OpenvinoSession(
        path, device=request.device, precision=request.variant, threads=request.threads
    )


def _torch(path: Path, request: Request) -> Session:
    from vplugin.models.backend_torch import TorchSession

    return TorchSession(
        path, device=request.device, precision=request.variant, threads=request.threads
    )


_OPENERS: MappingProxyType[str, Callable[[Path, Request], Session]] = MappingProxyType(
    {"onnxruntime": _onnxruntime, "openvino": _openvino, "torch": _torch}
)


def _device(device: str) -> str:
    """A device's name in full.

    Raises:
        RuntimeMissingError: There is no such kind of device.
    """
    if device == "cuda":
        return "cuda:0"
    if not re.fullmatch(r"cpu|cuda:\d+|coreml|gpu|npu", device):
        raise RuntimeMissingError(
            f"there is no device '{device}'", mend="choose from cpu, cuda:N, coreml, gpu, npu"
        )
    return device
