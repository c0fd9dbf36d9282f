"""Steady faces: points and boxes without the jitter of a detector.

:class:`FaceSmoother` works as frames come (One-Euro filter: still when the face is still, prompt
when it moves). :func:`smooth_tracks` looks at a whole clip at once (Kalman filter forwards,
Rauch-Tung-Striebel smoother backwards): no lag, and misses are filled. Both measure lengths in eye
distances and time in seconds, so they behave the same at any resolution and frame rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vplugin.frame import Face

__all__ = ["FaceSmoother", "OneEuro", "SmoothOptions", "face_unit", "smooth_tracks"]

Floats: TypeAlias = npt.NDArray[np.float64]

_FORGET = 5.0  # seconds after which an unseen track is forgotten
_OWN_SHARE = 0.25  # weight of a point's own speed beside the common one
_NOISE = 0.03  # eye distances, deviation of a detected point
_UNREST = 3.0  # eye distances per second that a point's speed changes by in a second, at strength 1
_OUTLIER = 9.0  # squared deviations from which a detection counts less


def face_unit(face: Face) -> float:
    """The length that smoothing measures in: the eye distance, or what it would be from the front.

    In profile the eyes lie on one another, so a quarter of the box width is the least.
    """
    return max(face.eye_distance, float(face.box[2] - face.box[0]) / 4, 1.0)


@dataclass(frozen=True)
class SmoothOptions:
    """Parameters of the One-Euro filter (Casiez, Roussel, Vogel, CHI 2012), in eye distances.

    Attributes:
        cutoff: Hertz at rest; less is steadier.
        slope: Hertz per eye distance a second; more is prompter.
        speed_cutoff: Hertz of the filter on the speed itself.
        jump: Eye distances in one step from which the filter begins anew.
    """

    cutoff: float = 0.7
    slope: float = 4.0
    speed_cutoff: float = 4.0
    jump: float = 1.0

    def strengthened(self, strength: float) -> SmoothOptions:
        """Steadier (strength above 1) or prompter (below 1)."""
        return replace(self, cutoff=self.cutoff / strength, slope=self.slope / strength)


@dataclass(frozen=True, eq=False)
class OneEuro:
    """One-Euro filter on a set of points, at one time.

    Where we differ from the paper: speed is a vector, in units given with each frame, so that a
    filtered shape does not depend on its orientation or size. The common speed of all points, which
    carries less noise, counts for each; what a point moves by itself counts only in part. And the
    filter moves on with the common speed before it is corrected, which takes the lag out of steady
    motion and so allows more smoothing in it.

    Attributes:
        time: Seconds.
        raw: (K, 2) points as given.
        value: (K, 2) points filtered.
        speed: (K, 2) filtered speed, units per second.
    """

    time: float
    raw: Floats
    value: Floats
    speed: Floats

    @classmethod
    def start(cls, points: npt.NDArray[Any], time: float) -> OneEuro:
        """At rest at (K, 2) points."""
        value = points.astype(np.float64)
        return cls(time, value, value, np.zeros_like(value))

    def after(
        self, points: npt.NDArray[Any], time: float, unit: float, options: SmoothOptions
    ) -> OneEuro:
        """The filter after the next points (K, 2)."""
        step = time - self.time
        if points.shape != self.raw.shape or step <= 0:
            return self.start(points, time)
        moved = (points - self.raw) / unit
        if np.abs(moved).max() > options.jump:
            return self.start(points, time)
        speed = self.speed + _weight(options.speed_cutoff, step) * (moved / step - self.speed)
        common = speed.mean(axis=0, keepdims=True)
        own = np.linalg.norm(speed - common, axis=1, keepdims=True)
        pace = np.linalg.norm(common) + _OWN_SHARE * own
        share = _weight(options.cutoff + options.slope * pace, step)
        expected = self.value + common * (step * unit)
        value = expected + share * (points - expected)
        return OneEuro(time, points.astype(np.float64), value, speed)


def _weight(cutoff: Any, step: float) -> Any:
    """Weight of the newest sample in a first-order low-pass, for a step in seconds."""
    return 1.0 / (1.0 + 1.0 / (2 * np.pi * cutoff * step))


@dataclass
class FaceSmoother:
    """Smooths the boxes and five points of tracked faces, each track by itself.

    Attributes:
        options: May be replaced between frames.
    """

    options: SmoothOptions = SmoothOptions()
    _filters: dict[int, OneEuro] = field(default_factory=dict, repr=False)

    def update(self, faces: Sequence[Face], time: float, *, cut: bool = False) -> list[Face]:
        """Take the faces of the next frame; those without a track number pass unchanged.

        Args:
            faces: With track numbers.
            time: Seconds.
            cut: Whether a new shot begins: all filters begin anew.
        """
        kept = {} if cut else self._filters
        self._filters = {n: one for n, one in kept.items() if time - one.time <= _FORGET}
        return [self._smooth(face, time) for face in faces]

    def _smooth(self, face: Face, time: float) -> Face:
        if face.track is None:
            return face
        points = _points_of(face, with_points=face.points is not None)
        known = self._filters.get(face.track)
        if known is None:
            self._filters[face.track] = OneEuro.start(points, time)
            return face
        after = known.after(points, time, face_unit(face), self.options)
        self._filters[face.track] = after
        return _with_points(face, after.value)

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly so elsewhere, in msgpack types."""
        return {
            str(number): [
                one.time,
                *(values.ravel().tolist() for values in (one.raw, one.value, one.speed)),
            ]
            for number, one in self._filters.items()
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state` gave."""
        self._filters = {
            int(number): OneEuro(time, *(np.array(values).reshape(-1, 2) for values in arrays))
            for number, (time, *arrays) in state.items()
        }


def smooth_tracks(
    times: Sequence[float],
    frames: Sequence[Sequence[Face]],
    *,
    strength: float = 1.0,
    fill: int = 3,
) -> list[list[Face]]:
    """Smooth all tracks of a clip without lag, and fill short misses by interpolation.

    Each coordinate is a constant-velocity Kalman filter forwards and a Rauch-Tung-Striebel smoother
    backwards; a detection far from where it should be counts less.

    Args:
        times: Seconds of each frame, ascending.
        frames: Faces of each frame, with track numbers, as detected; others are left out.
        strength: Steadier above 1, closer to the detections below; 0 only fills.
        fill: Longest miss to fill, in frames. Filled faces have the attribute ``filled``.

    Returns:
        Faces of each frame, by track number.
    """
    tracks: dict[int, dict[int, Face]] = {}
    for index, faces in enumerate(frames):
        for face in faces:
            if face.track is not None:
                tracks.setdefault(face.track, {})[index] = face
    results: list[list[Face]] = [[] for _ in frames]
    for _, seen in sorted(tracks.items()):
        for index, face in _smooth_track(times, seen, strength, fill).items():
            results[index].append(face)
    return results


def _smooth_track(
    times: Sequence[float], seen: dict[int, Face], strength: float, fill: int
) -> dict[int, Face]:
    """One track's faces by frame index; ``seen`` is in ascending order."""
    first, last = next(iter(seen)), next(reversed(seen))
    span = range(first, last + 1)
    with_points = all(face.points is not None for face in seen.values())
    found = [_points_of(seen[i], with_points=with_points) if i in seen else None for i in span]
    units = np.array([face_unit(seen[i]) if i in seen else 0.0 for i in span])
    filter_ = _TrackFilter(np.asarray([times[i] for i in span], np.float64), found, units, strength)
    smooth, result, since = filter_.run(), {}, first
    upcoming = _next_seen(span, seen)
    for index, points, following in zip(span, smooth, upcoming, strict=True):
        if index in seen:
            since = index
            kept = points if strength > 0 else found[index - first]
            result[index] = _with_points(seen[index], np.asarray(kept))
        elif following - since - 1 <= fill:
            past = seen[since]
            known = {**past.attributes, "filled": index - since}
            face = past.evolve(landmarks=None, attributes=known)
            result[index] = _with_points(face if with_points else face.evolve(points=None), points)
    return result


def _next_seen(span: range, seen: dict[int, Face]) -> list[int]:
    """For each frame the next one (or itself) in which the track was seen."""
    result, following = [], span[-1]
    for index in reversed(span):
        following = index if index in seen else following
        result.append(following)
    return result[::-1]


class _TrackFilter:
    """Forward filter and backward smoother of one track; all coordinates share one covariance.

    Args:
        times: (n,) seconds.
        found: n times (K, 2) points, or None where the face was missed.
        units: (n,) lengths of an eye distance where found.
        strength: Of the smoothing.
    """

    def __init__(
        self, times: Floats, found: Sequence[Floats | None], units: Floats, strength: float
    ) -> None:
        known = np.flatnonzero(units > 0)
        self._times, self._found = times, found
        self._units = np.interp(np.arange(len(units)), known, units[known])
        self._unrest = _UNREST / max(strength, 1e-3)

    def run(self) -> Floats:
        """(n, K, 2) smoothed points."""
        means, spreads, expected = self._forwards()
        for k in range(len(means) - 2, -1, -1):
            mean, spread, step = expected[k + 1]
            gain = spreads[k] @ step.T @ np.linalg.inv(spread)
            means[k] = means[k] + np.einsum("ij,j...->i...", gain, means[k + 1] - mean)
            spreads[k] = spreads[k] + gain @ (spreads[k + 1] - spread) @ gain.T
        return np.stack([mean[0] for mean in means])

    def _forwards(self) -> tuple[list[Floats], list[Floats], list[tuple[Floats, Floats, Floats]]]:
        """Means (2, K, 2) of place and speed, covariances (2, 2), and what was expected before."""
        first = np.asarray(self._found[0])
        mean = np.stack([first, np.zeros_like(first)])
        spread = np.diag([_NOISE**2, 4.0]) * self._units[0] ** 2
        means, spreads, expected = [mean], [spread], [(mean, spread, np.eye(2))]
        for k in range(1, len(self._times)):
            lapse = float(self._times[k] - self._times[k - 1])
            step = np.array([[1.0, lapse], [0.0, 1.0]])
            unrest = np.array([[lapse**3 / 3, lapse**2 / 2], [lapse**2 / 2, lapse]])
            mean = np.einsum("ij,j...->i...", step, mean)
            spread = step @ spread @ step.T + unrest * (self._unrest * self._units[k]) ** 2
            expected.append((mean, spread, step))
            mean, spread = self._corrected(mean, spread, k)
            means.append(mean)
            spreads.append(spread)
        return means, spreads, expected

    def _corrected(self, mean: Floats, spread: Floats, k: int) -> tuple[Floats, Floats]:
        found = self._found[k]
        if found is None:
            return mean, spread
        miss = found - mean[0]
        noise = (_NOISE * self._units[k]) ** 2
        surprise = float(np.mean(miss**2)) / (spread[0, 0] + noise)
        noise *= max(1.0, surprise / _OUTLIER)
        gain = spread[:, 0] / (spread[0, 0] + noise)
        corrected = mean + gain[:, None, None] * miss
        return corrected, np.asarray(spread - np.outer(gain, spread[0]))


def _points_of(face: Face, *, with_points: bool) -> Floats:
    """(2 or 7, 2): the box's corners, then the five points."""
    corners = face.box.astype(np.float64).reshape(2, 2)
    if not with_points or face.points is None:
        return corners
    return np.concatenate([corners, face.points.astype(np.float64)])


def _with_points(face: Face, points: Floats) -> Face:
    """The face with a box and points as :func:`_points_of` lays them out."""
    narrow = points.astype(np.float32)
    return face.evolve(
        box=narrow[:2].ravel(), points=narrow[2:] if len(narrow) > 2 else face.points
    )
