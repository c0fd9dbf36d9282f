"""Points in time as people write them: seconds, clock times and SMPTE timecode, kept exact.

SMPTE ST 12-1: a timecode numbers frames, not seconds. At 29.97 and 59.94 Hz drop-frame timecode
(written with ``;``) leaves out the first two (four) numbers of every minute but each tenth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from vplugin.errors import SourceError

__all__ = ["Timecode", "exact_seconds"]

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|h)")
_UNITS: Mapping[str, Fraction] = MappingProxyType(
    {"ms": Fraction(1, 1000), "s": Fraction(1), "min": Fraction(60), "h": Fraction(3600)}
)
_TIMECODE = re.compile(r"(\d{1,2}):(\d\d):(\d\d)([:;.])(\d\d)")


@dataclass(frozen=True)
class Timecode:
    """The number of a frame since midnight, and how it is written.

    Attributes:
        frame: Counted without gaps.
        rate: Frames per second; the count is by the nearest whole number.
        drop: Whether numbers are left out to follow the clock.
    """

    frame: int
    rate: Fraction
    drop: bool = False

    @classmethod
    def parse(cls, text: str, rate: Fraction) -> Timecode:
        """From ``HH:MM:SS:FF``, or ``HH:MM:SS;FF`` with drop-frame.

        Raises:
            SourceError: It is not written like that, or names no frame of this rate.
        """
        match = _TIMECODE.fullmatch(text.strip())
        if match is None:
            raise SourceError(f"{text!r} is not a timecode", mend="write HH:MM:SS:FF")
        hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
        probe = cls(0, rate, match[4] in ";.")
        whole = probe._whole
        if minutes > 59 or seconds > 59 or frames >= whole:
            raise SourceError(
                f"timecode {text!r} does not exist at {float(rate):g} frames per second",
                mend=f"minutes and seconds go to 59, frames to {whole - 1}",
            )
        total_minutes = hours * 60 + minutes
        count = (total_minutes * 60 + seconds) * whole + frames
        if probe._dropped:
            count -= probe._dropped * (total_minutes - total_minutes // 10)
        return replace(probe, frame=count)

    @property
    def _whole(self) -> int:
        return max(1, round(self.rate))

    @property
    def _dropped(self) -> int:
        """Numbers left out at a minute."""
        return round(self._whole / 15) if self.drop and self._whole % 30 == 0 else 0

    def __add__(self, frames: int) -> Timecode:
        return replace(self, frame=self.frame + frames)

    def __str__(self) -> str:
        count, dropped = self.frame, self._dropped
        if dropped:
            per_minute = self._whole * 60 - dropped
            per_ten = per_minute * 10 + dropped
            tens, rest = divmod(count, per_ten)
            minutes = max(0, (rest - dropped) // per_minute)
            count += dropped * (9 * tens + minutes)
        seconds, frames = divmod(count, self._whole)
        mark = ";" if self.drop else ":"
        hours = seconds // 3600 % 24
        return f"{hours:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{frames:02}"


def exact_seconds(
    value: str | int | float | Fraction,
    *,
    rate: Fraction | None = None,
    start: Timecode | None = None,
) -> Fraction:
    """A point in time, in seconds from the start of the clip.

    Args:
        value: Seconds (``12``, ``"12.5"``, ``"1001/30"``), a duration (``"2s"``, ``"250ms"``,
            ``"1.5min"``), a clock time (``"1:02:03.5"``), a frame number (``"250f"``) or a timecode
            (``"01:00:10:00"``) on the clip's own clock.
        rate: Frames per second; needed for frame numbers and timecodes.
        start: The clip's first timecode; zero if None.

    Raises:
        SourceError: It cannot be read, or needs a rate that the clip does not have.
    """
    text = str(value).strip()
    if _TIMECODE.fullmatch(text) or re.fullmatch(r"\d+f", text):
        if not rate:
            raise SourceError(
                f"the time {text!r} counts frames, but the clip has no frame rate",
                mend="give seconds, for example 10.5 or 00:00:10.5",
            )
        if text.endswith("f"):
            return int(text[:-1]) / rate
        first = start.frame if start else 0
        return (Timecode.parse(text, rate).frame - first) / rate
    match = _CLOCK.fullmatch(text)
    try:
        if match:
            return int(match[1] or 0) * 3600 + int(match[2]) * 60 + Fraction(match[3])
        if quantity := _QUANTITY.fullmatch(text):
            return Fraction(quantity[1]) * _UNITS[quantity[2]]
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise SourceError(
            f"{text!r} is not a time",
            mend="write seconds (10.5, 10.5s), a clock time (0:00:10), frame (250f) or timecode",
        ) from None
