"""Scene cuts, causally: does a new shot begin with this frame?

Two small luma pictures are compared in structure (rank correlation at the best shift, so that pans
do not count) and in tone (histograms, so that motion does not count). Both ignore brightness and
contrast, so fades do not count. A frame that shows nothing (black, white, a flash) is passed over;
the next one that shows something is compared with the last one that did. A cut must also stand out
from the frames before it, so that lasting fast motion does not count. Not for dissolves: there is
no frame at which a dissolve cuts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["CUT_SIZE", "CutDetector", "unlikeness"]

CUT_SIZE = (64, 36)  # width, height of the luma pictures that the thresholds were chosen on

_FLAT = 4.0  # grey levels of standard deviation under which a frame shows nothing
_WHITE = 245  # grey level from which a pixel counts as burnt out
_TOO_FEW = 0.3  # share of pixels not burnt out under which two frames cannot be compared
_PATIENCE = 0.4  # seconds after which a burnt out picture is no flash but a white set
_STANDS_OUT = 2.0  # times the unlikeness of the frames before
_MEMORY = 0.3  # weight of the newest frame in the mean of the frames before
_SHIFT = 6  # pixels of CUT_SIZE by which a pan may move the picture
_BINS = 32

Luma: TypeAlias = npt.NDArray[np.uint8]


@dataclass
class CutDetector:
    """Finds cuts in a sequence of small luma pictures.

    Attributes:
        threshold: Unlikeness (0–1, see :func:`unlikeness`) from which a frame begins a new shot.
        gap_allowance: How much the threshold rises per second without frames (dropped ones of a
            live stream), up to a tenth.
    """

    threshold: float = 0.25
    gap_allowance: float = 0.1
    _last: Luma | None = field(default=None, repr=False)
    _last_time: float = 0.0
    _usual: float = 0.0

    def update(self, luma: Luma, time: float) -> bool:
        """Take the next frame.

        Args:
            luma: (H, W) uint8 full range, about :data:`CUT_SIZE`; a portrait one may be turned.
            time: Seconds.

        Returns:
            Whether a new shot begins here. The first frame begins none.
        """
        gap = time - self._last_time
        last, luma = self._last, np.ascontiguousarray(luma)
        if last is not None and luma.std() < _FLAT:
            return False
        level = None
        if last is not None and last.shape == luma.shape:
            level = unlikeness(last, luma)
            if level is None and gap < _PATIENCE:
                return False
        self._last, self._last_time = luma, time
        if level is not None:
            return self._judge(level, gap)
        return last is not None and not (_is_white(last) and _is_white(luma))

    def _judge(self, level: float, gap: float) -> bool:
        """Whether an unlikeness after a gap in seconds is a cut."""
        allowance = min(0.1, max(0.0, gap) * self.gap_allowance)
        cut = level >= max(self.threshold + allowance, _STANDS_OUT * self._usual)
        if not cut:
            self._usual += _MEMORY * (level - self._usual)
        return cut

    def state(self) -> dict[str, Any]:
        """Everything needed to go on elsewhere, in msgpack types."""
        last = self._last
        return {
            "last": None if last is None else last.tobytes(),
            "shape": None if last is None else list(last.shape),
            "time": self._last_time,
            "usual": self._usual,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state` gave."""
        data = state["last"]
        self._last = None if data is None else np.frombuffer(data, np.uint8).reshape(state["shape"])
        self._last_time = state["time"]
        self._usual = state["usual"]


def unlikeness(first: Luma, second: Luma) -> float | None:
    """How unlike two pictures of one size are, 0 (same) to 1: mean of structure and tone.

    The mean is the geometric one: both must differ. None if so few pixels are burnt out in neither
    that one cannot tell.
    """
    shown = (first < _WHITE) & (second < _WHITE)
    if float(shown.mean()) < _TOO_FEW:
        return None
    return float(np.sqrt(_structure(first, second) * _tone(first[shown], second[shown])))


def _is_white(luma: Luma) -> bool:
    return bool(np.mean(luma < _WHITE) < _TOO_FEW)


def _structure(first: Luma, second: Luma) -> float:
    """1 − best rank correlation over small shifts; 0 (same) to 1 (nothing in common)."""
    ranked = [cv2.equalizeHist(picture) for picture in (first, second)]
    inner = ranked[1][_SHIFT:-_SHIFT, _SHIFT:-_SHIFT]
    scores = cv2.matchTemplate(ranked[0], np.ascontiguousarray(inner), cv2.TM_CCOEFF_NORMED)
    return 1.0 - float(np.clip(np.nan_to_num(scores).max(), 0.0, 1.0))


def _tone(first: Luma, second: Luma) -> float:
    """Distance of the histograms after brightness and contrast are made equal; 0 to 1."""
    totals = []
    for pixels in (first, second):
        values = (pixels.astype(np.float32) - pixels.mean()) / max(float(pixels.std()), _FLAT)
        counts, _ = np.histogram(values, bins=_BINS, range=(-3.0, 3.0))
        totals.append(np.cumsum(counts) / pixels.size)
    return float(np.clip(np.abs(totals[0] - totals[1]).sum() / _BINS * 6.0, 0.0, 1.0))
