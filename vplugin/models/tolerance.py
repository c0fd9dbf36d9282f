"""How far the outputs of a faster runtime may be from the float32 reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vplugin.models.session import Array

__all__ = ["Tolerance"]


@dataclass(frozen=True)
class Tolerance:
    """How far outputs may be from the float32 reference.

    Attributes:
        cosine: At least, for each item of the batch of each output.
        psnr: At least, in dB against a peak of 1, or None.
        absolute: Largest difference, or None.
    """

    cosine: float = 0.999
    psnr: float | None = None
    absolute: float | None = None

    def reason(self, reference: Sequence[Array], outputs: Sequence[Array]) -> str | None:
        """Why these outputs are too far from the reference, or None if they are near enough."""
        for number, (want, have) in enumerate(zip(reference, outputs, strict=True)):
            found = self._reason(want.astype(np.float64), have.astype(np.float64))
            if found:
                return f"output {number}: {found}"
        return None

    def _reason(self, want: Array, have: Array) -> str | None:
        if want.shape != have.shape:
            return f"shape {have.shape} instead of {want.shape}"
        if not np.isfinite(have).all():
            return "NaN or infinity"
        if self.absolute is not None and (worst := _largest(want, have)) > self.absolute:
            return f"off by up to {worst:.3g} (allowed {self.absolute:.3g})"
        if self.psnr is not None and (found := _psnr(want, have)) < self.psnr:
            return f"{found:.1f} dB (at least {self.psnr:g})"
        if (found := _likeness(want, have)) < self.cosine:
            return f"cosine {found:.5f} (at least {self.cosine:g})"
        return None


def _largest(want: Array, have: Array) -> float:
    return float(np.abs(want - have).max(initial=0.0))


def _psnr(want: Array, have: Array) -> float:
    error = float(np.mean((want - have) ** 2)) if want.size else 0.0
    return float("inf") if error == 0 else -10.0 * float(np.log10(error))


def _likeness(want: Array, have: Array) -> float:
    """The smallest 1 − ‖a − b‖² / 2‖a‖² over the batch.

    It equals the cosine where the lengths are equal, and unlike the cosine it sees a wrong scale.
    """
    rows = want.shape[0] if want.ndim > 1 else 1
    a, b = want.reshape(rows, -1), have.reshape(rows, -1)
    power = np.sum(a * a, axis=1)
    error = np.sum((a - b) ** 2, axis=1)
    relative = np.where(error == 0, 0.0, error / np.where(power == 0, 1e-12, power))
    return float((1.0 - 0.5 * relative).min(initial=1.0))
