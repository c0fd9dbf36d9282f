"""Before-and-after pictures for the report: what was altered, and where it was largest.

Nothing but the two files is looked at, so the pictures show what a viewer gets, not what a node
says it did.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.error import FFmpegError

from vplugin.picture import Rect

__all__ = ["Strip", "make_strips"]

Rgb = npt.NDArray[np.uint8]  # (H, W, 3)

SHRINK = 4  # pictures are compared at a quarter of their size: coding noise averages out
VISIBLE = 14  # of 255; what differs less is coding noise
HEIGHT = 260  # of a shown picture, pixels
SAME_LENGTH = 0.2  # seconds; containers round
_APART = 0.1  # of the picture's height: alterations no further apart are one place
MARGIN = 0.6  # shown around what was altered, in its size


@dataclass(frozen=True)
class Strip:
    """The same moment in input and output.

    Attributes:
        time: Seconds from the start.
        area: Share of the picture that was altered there, 0–1.
        place: What part of the picture is shown, pixels.
        before: (H, W, 3) uint8 RGB.
        after: As ``before``.
    """

    time: float
    area: float
    place: Rect
    before: Rgb
    after: Rgb

    @property
    def before_uri(self) -> str:
        """The picture as a ``data:`` address."""
        return _uri(self.before)

    @property
    def after_uri(self) -> str:
        """The picture as a ``data:`` address."""
        return _uri(self.after)


def make_strips(
    before: Path,
    after: Path,
    *,
    begin: float | None = None,
    count: int = 4,
    samples: int = 20,
) -> list[Strip]:
    """Pick the places and moments at which most was altered, well apart from one another.

    Args:
        before: The file that went in.
        after: The file that came out.
        begin: Moment of ``before``, in seconds, with which ``after`` begins; it may then end before
            ``before`` does. If None, both are the same length of time.
        count: How many strips to show.
        samples: How many moments to look at.

    Returns:
        In order of time in ``before``; empty where the files differ in length or size, or cannot
        be read.
    """
    try:
        seen = _look(before, after, samples, begin)
    except FFmpegError:  # pictures are an extra: what is wrong with a file is said elsewhere
        return []
    distance = max((strip.time for strip in seen), default=0.0) / (2 * count)
    return sorted(_spread(seen, count, distance), key=lambda strip: (strip.time, strip.place.x))


def _look(before: Path, after: Path, samples: int, begin: float | None) -> list[Strip]:
    """Both files at evenly spaced moments."""
    with av.open(str(before)) as source, av.open(str(after)) as result:
        if not source.streams.video or not result.streams.video:
            return []
        length, offset = _seconds(result), Fraction(begin or 0)
        longer = length + offset - _seconds(source)
        if longer > SAME_LENGTH or (begin is None and longer < -SAME_LENGTH):
            return []
        times = [length * (index + Fraction(1, 2)) / samples for index in range(samples)]
        pairs = [(_picture_at(source, offset + t), _picture_at(result, t), t) for t in times]
    return [
        strip
        for a, b, time in pairs
        if a is not None and b is not None
        for strip in _compare(a, b, float(offset + time))
    ]


def _spread(strips: list[Strip], count: int, distance: float) -> list[Strip]:
    """The largest alterations; those of one place no closer than ``distance`` seconds.

    A place that is shown already counts for less, so that everybody who was altered is seen.
    """
    chosen: list[Strip] = []
    left = list(strips)
    while left and len(chosen) < count:
        best = max(left, key=lambda s: s.area / (1 + sum(_meet(s.place, c.place) for c in chosen)))
        chosen.append(best)
        left = [
            strip
            for strip in left
            if strip is not best
            and not (_meet(strip.place, best.place) and abs(strip.time - best.time) < distance)
        ]
    return chosen


def _meet(one: Rect, other: Rect) -> bool:
    return not one.intersect(other).empty


def _seconds(container: Any) -> Fraction:
    """Length of the video."""
    stream = container.streams.video[0]
    if stream.duration is not None and stream.time_base is not None:
        return Fraction(stream.duration * stream.time_base)
    return Fraction(container.duration or 0, av.time_base)


def _picture_at(container: Any, time: Fraction) -> Rgb | None:
    """The picture shown at ``time`` seconds from the first one."""
    stream = container.streams.video[0]
    wanted = (stream.start_time or 0) + int(time / stream.time_base)
    container.seek(wanted, stream=stream)
    last = None
    for frame in container.decode(stream):
        if frame.pts is not None and frame.pts > wanted and last is not None:
            break
        last = frame
    return None if last is None else np.asarray(last.to_ndarray(format="rgb24"))


def _compare(before: Rgb, after: Rgb, time: float) -> list[Strip]:
    """Both pictures cut to each place that differs; the whole picture where nothing does."""
    if before.shape != after.shape:
        return []
    height, width = before.shape[:2]
    small = max(1, width // SHRINK), max(1, height // SHRINK)
    a, b = (cv2.resize(p, small, interpolation=cv2.INTER_AREA) for p in (before, after))
    differs = (cv2.absdiff(a, b).max(axis=2) > VISIBLE).astype(np.uint8)
    square = np.ones((3, 3), np.uint8)
    opened = np.asarray(cv2.morphologyEx(differs, cv2.MORPH_OPEN, square), np.uint8)
    whole = Rect(0, 0, width, height)
    found = _places(opened)
    places = [_around(rect, width / small[0], whole) for rect in found]
    shares = [float(opened[rect.slices].sum()) / opened.size for rect in found]
    return [
        Strip(time, share, place, _fit(before[place.slices]), _fit(after[place.slices]))
        for place, share in zip(places or [whole], shares or [0.0], strict=True)
    ]


def _places(altered: npt.NDArray[np.uint8]) -> list[Rect]:
    """Where a mask (H, W) is set, as few rectangles with their margins apart from one another."""
    # Of one face, eyes and mouth may differ and the rest hardly: near ones are one place.
    reach = max(3, round(_APART * altered.shape[0])) | 1
    count, labels = cv2.connectedComponents(cv2.dilate(altered, np.ones((reach, reach), np.uint8)))
    parts = ((labels == number) * altered for number in range(1, count))
    found = [Rect(*cv2.boundingRect(part)) for part in parts]
    places: list[Rect] = []
    while found:
        rect = found.pop()
        near = next((other for other in places if _meet(_wider(rect), _wider(other))), None)
        if near is None:
            places.append(rect)
            continue
        places.remove(near)
        x, y = min(rect.x, near.x), min(rect.y, near.y)
        right, bottom = max(rect.right, near.right), max(rect.bottom, near.bottom)
        found.append(Rect(x, y, right - x, bottom - y))
    return places


def _wider(rect: Rect) -> Rect:
    """With half the margin that is shown around it."""
    margin = MARGIN / 2 * max(rect.width, rect.height)
    return Rect.around(
        (rect.x - margin, rect.y - margin, rect.right + margin, rect.bottom + margin)
    )


def _around(small: Rect, scale: float, bounds: Rect) -> Rect:
    """The full-size rectangle with a margin."""
    margin = MARGIN * max(small.width, small.height)
    edges = (small.x - margin, small.y - margin, small.right + margin, small.bottom + margin)
    return Rect.around([edge * scale for edge in edges]).intersect(bounds)


def _fit(picture: Rgb) -> Rgb:
    height, width = picture.shape[:2]
    scale = HEIGHT / height
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = max(1, round(width * scale)), HEIGHT
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=kind), np.uint8)


def _uri(picture: Rgb) -> str:
    coded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    return "data:image/jpeg;base64," + base64.b64encode(coded.tobytes()).decode()
