"""What an encoder has to be told about a source, HDR metadata included.

FFmpeg forwards mastering display and content light from frames to none of the encoders used here;
each has a parameter of its own for them, in its own units.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

import av

from vplugin.frame import Frame
from vplugin.media.encoding import VideoFacts
from vplugin.media.original import ContentLight, MasteringDisplay, SourceTracks

__all__ = ["hdr_parameters", "video_facts"]

_Number: TypeAlias = Callable[[Fraction, int], str]

_CHROMATICITY_STEPS = 50000  # CTA-861.3: units of 0.00002
_LUMINANCE_STEPS = 10000  # units of 0.0001 cd/m²
_RED, _GREEN, _BLUE = 0, 1, 2


def video_facts(
    frame: Frame, decoded: av.VideoFrame | None, tracks: SourceTracks | None
) -> VideoFacts:
    """From the first frame and its source.

    Args:
        frame: The first one.
        decoded: The decoder's frame behind it, which knows whether its range is tagged at all.
        tracks: The source, if it is in this process.
    """
    colour = frame.format.colour
    full_range = (2 if colour.full_range else 1) if decoded is None else int(decoded.color_range)
    if frame.format.pixel.startswith("yuvj"):
        full_range = 2
    order = tracks.field_order if tracks is not None else "unknown"
    if frame.format.interlaced and order in ("unknown", "progressive"):
        order = "tt"  # frames do not tell which field is first; most are upper field first
    return VideoFacts(
        frame.format.pixel,
        frame.format.width,
        frame.format.height,
        frame.time_base,
        tracks.frame_rate if tracks is not None else None,
        (colour.matrix, full_range, colour.primaries, colour.transfer),
        frame.format.sample_aspect,
        order,
        hdr_parameters(tracks.mastering_display, tracks.content_light)
        if tracks is not None
        else {},
    )


def hdr_parameters(
    display: MasteringDisplay | None, light: ContentLight | None
) -> dict[str, tuple[str, ...]]:
    """SMPTE ST 2086 and CTA-861.3 metadata as encoder parameters.

    Returns:
        By option: ``x264-params``, ``x265-params``, ``svtav1-params``; each may be empty.
    """
    x264: list[str] = []
    x265: list[str] = []
    svt: list[str] = []
    if display is not None and display.primaries and display.white_point and display.luminance:
        whole = _integers(display)
        x264.append(f"mastering-display={whole}")
        x265 += [f"master-display={whole}", "hdr10=1"]
        svt.append(f"mastering-display={_decimals(display)}")
    if light is not None:
        pair = f"{light.max_content},{light.max_average}"
        x264.append(f"cll={pair}")
        x265.append(f"max-cll={pair}")
        svt.append(f"content-light={pair}")
    return {"x264-params": tuple(x264), "x265-params": tuple(x265), "svtav1-params": tuple(svt)}


def _integers(display: MasteringDisplay) -> str:
    """``G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)`` in the units of the bit stream."""
    return _written(display, lambda value, steps: str(round(value * steps)))


def _decimals(display: MasteringDisplay) -> str:
    """The same as decimal fractions, which SVT-AV1 reads."""
    return _written(display, lambda value, steps: f"{float(value):.{len(str(steps)) - 1}f}")


def _written(display: MasteringDisplay, number: _Number) -> str:
    points = display.primaries or ()
    named = (("G", points[_GREEN]), ("B", points[_BLUE]), ("R", points[_RED]))
    white = display.white_point or (Fraction(0), Fraction(0))
    text = ""
    for name, (x, y) in (*named, ("WP", white)):
        text += f"{name}({number(x, _CHROMATICITY_STEPS)},{number(y, _CHROMATICITY_STEPS)})"
    darkest, brightest = display.luminance or (Fraction(0), Fraction(0))
    return text + f"L({number(brightest, _LUMINANCE_STEPS)},{number(darkest, _LUMINANCE_STEPS)})"
