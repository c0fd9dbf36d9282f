"""What every runtime gives back: a session that runs one model, and the facts of what really ran.

The backends derive from :class:`Session`; the nodes see nothing else of onnxruntime, OpenVINO or
torch. How a session is opened is :mod:`vplugin.models.runtime`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError, ModelError

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class TensorInfo:
    """One input or output of a model.

    Attributes:
        name: As in the ONNX graph.
        shape: An int where the size is fixed, the dimension's name (``"?"`` if it has none) where
            it is free.
        dtype: A numpy name: ``float32``, ``int64`` …
    """

    name: str
    shape: tuple[int | str, ...]
    dtype: str

    def fits(self, array: Array) -> bool:
        """Whether an array has this dtype and these fixed sizes."""
        return (
            array.dtype == np.dtype(self.dtype)
            and array.ndim == len(self.shape)
            and all(
                not isinstance(want, int) or want == have
                for want, have in zip(self.shape, array.shape, strict=True)
            )
        )


@dataclass(frozen=True)
class RuntimeFacts:
    """What really runs a model; shown in the run report.

    Attributes:
        runtime: ``onnxruntime``, ``openvino`` or ``torch``.
        provider: The part of it that does the work, in the runtime's own word
            (``CPUExecutionProvider``, ``CPU``, ``cuda`` …).
        device: ``cpu``, ``cuda:0`` …
        precision: ``f32``, ``bf16`` or ``f16`` of the heavy operators.
        version: Of the runtime.
        threads: Within one run, 0 where the device has no such thing.
        why: ``asked for``, or what was measured.
    """

    runtime: str
    provider: str
    device: str
    precision: str
    version: str
    threads: int = 0
    why: str = "asked for"


class Session(ABC):
    """A model that is ready to run. Not meant for several threads at once.

    Attributes:
        path: The model's file.
        inputs: What :meth:`run` takes.
        outputs: What :meth:`run` gives, in this order.
        ran: What really runs it.
        guard: Whether each run checks its outputs for NaN and infinity.
    """

    path: Path
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    ran: RuntimeFacts
    guard: bool = False

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        """Run the model once.

        Args:
            feeds: An array for each input, of the dtype and the fixed sizes that the input has.

        Returns:
            One array for each output, in order.

        Raises:
            ContractError: A feed is missing, unknown, or of the wrong dtype or shape.
            ModelError: The runtime fails, or the guard finds a value that is not finite.
        """
        self._check(feeds)
        outputs = self._run(feeds)
        if self.guard:
            self._check_finite(outputs)
        return outputs

    def close(self) -> None:
        """Free what the session holds; it cannot run afterwards."""

    @abstractmethod
    def _run(self, feeds: Mapping[str, Array]) -> list[Array]:
        """Run with feeds that have been checked."""

    def _check(self, feeds: Mapping[str, Array]) -> None:
        if len(feeds) != len(self.inputs) or any(one.name not in feeds for one in self.inputs):
            raise ContractError(
                f"the model takes {_names(self.inputs)}, it was given {', '.join(feeds) or 'none'}",
                where=self.path,
                mend="feed every input by its name",
            )
        for one in self.inputs:
            array = feeds[one.name]
            if not one.fits(array):
                raise ContractError(
                    f"input '{one.name}' takes {one.dtype} {_size(one.shape)}, it was given "
                    f"{array.dtype} {_size(array.shape)}",
                    where=self.path,
                    mend="check that the model is of the contract that the node expects",
                )

    def _check_finite(self, outputs: Sequence[Array]) -> None:
        for info, array in zip(self.outputs, outputs, strict=True):
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise ModelError(
                    f"output '{info.name}' holds NaN or infinity "
                    f"({self.ran.runtime} {self.ran.precision})",
                    where=self.path,
                    mend="verify the file with `vplugin models verify`, or use another runtime",
                )

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _names(tensors: Sequence[TensorInfo]) -> str:
    return ", ".join(one.name for one in tensors)


def _size(shape: Sequence[int | str]) -> str:
    return "×".join(str(part) for part in shape) or "scalar"
