"""Who is who from frame to frame: faces get track numbers that stay with the person.

Association weighs how well a face continues a track's motion and, where embeddings are known, how
alike they are; the best pairing of all is taken (Hungarian), so people who cross keep their
numbers. A number is never used twice. Not for recognising a person who comes back later: that is a
question of identity, answered by whoever selects faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from vplugin.frame import Face
from vplugin.vision.motion import BoxMotion
from vplugin.vision.nms import iou_matrix

__all__ = ["TrackOptions", "Tracker"]

Pairs: TypeAlias = list[tuple[int, int]]

_GATE = 18.5  # squared Mahalanobis distance, 99.9 % of a chi-square of four degrees
_REACH = 2.5  # face sizes by which a face can be away from where it was expected
_OVERLAP = 0.3  # IoU with the expected box that is enough by itself
_LIKENESS_WEIGHT = 6.0  # −2 log likelihood per unit of cosine distance
_HIDDEN_COST = 10.0  # −2 log likelihood by which a track just missed yields to one just seen
_IMPOSSIBLE = 1e6
_LEAP = 1.0  # face sizes by which a face may leap between two frames where nobody else is
_LEAP_TIME = 0.25  # seconds since it was seen
_SURE = 3  # sightings before a track is trusted enough to be carried through a miss
_HIDDEN = 0.3  # IoU with a visible face from which a missing one is taken as behind it
_EMBEDDING_SHARE = 0.1  # weight of the newest embedding in a track's mean


@dataclass(frozen=True)
class TrackOptions:
    """How a :class:`Tracker` works.

    Attributes:
        max_gap: Seconds without a detection after which a track ends.
        fill: Frames without a detection over which a face is carried on by prediction.
        confirm: Sightings in a row that make a face a track; faces before that are left out.
        start: Least score that begins a track; weaker faces can only continue one.
        likeness: Least cosine between embeddings of the same person.
    """

    max_gap: float = 1.0
    fill: int = 3
    confirm: int = 1
    start: float = 0.6
    likeness: float = 0.2


@dataclass
class _Track:
    """One person's track.

    Attributes:
        face: As last seen.
        motion: At the time last seen.
        number: Given when the track is confirmed.
        hits: Sightings.
        misses: Frames since the last one.
        embedding: (512,) float16, mean of what was seen; half precision keeps snapshots small.
    """

    face: Face
    motion: BoxMotion
    number: int | None = None
    hits: int = 1
    misses: int = 0
    embedding: npt.NDArray[np.float16] | None = None

    def see(self, face: Face, motion: BoxMotion) -> None:
        """Take a detection and the motion that follows from it."""
        self.face, self.motion = face, motion
        self.hits, self.misses = self.hits + 1, 0
        self.learn(face)

    def learn(self, face: Face) -> None:
        """Take a detection's embedding into the mean."""
        if face.embedding is None:
            return
        mean = face.embedding.astype(np.float32)
        if self.embedding is not None:
            old = self.embedding.astype(np.float32)
            mean = old + _EMBEDDING_SHARE * (mean - old)
        self.embedding = (mean / max(float(np.linalg.norm(mean)), 1e-6)).astype(np.float16)

    def carried(self, expected: BoxMotion) -> Face:
        """The face moved and scaled as predicted; its attribute ``filled`` counts the misses."""
        centre, scale = self.motion.place[:2], expected.size / self.motion.size

        def move(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            return ((points - centre) * scale + expected.place[:2]).astype(np.float32)

        face = self.face
        return face.evolve(
            box=move(face.box.reshape(2, 2)).ravel(),
            points=None if face.points is None else move(face.points),
            landmarks=None if face.landmarks is None else move(face.landmarks),
            attributes={**face.attributes, "filled": self.misses},
            track=self.number,
        )


@dataclass
class Tracker:
    """Gives faces their track numbers, frame by frame.

    Attributes:
        options: May be replaced between frames.
        next_number: The number that the next new person gets.
        longest_gap: Seconds, the longest that a track was carried over.
    """

    options: TrackOptions = TrackOptions()
    next_number: int = 1
    longest_gap: float = 0.0
    _tracks: list[_Track] = field(default_factory=list, repr=False)
    _time: float | None = None

    def update(
        self,
        faces: Sequence[Face],
        time: float,
        *,
        cut: bool = False,
        size: tuple[int, int] | None = None,
    ) -> list[Face]:
        """Take the next frame.

        Args:
            faces: As detected.
            time: Seconds; a time that does not advance begins anew, as a cut does.
            cut: Whether a new shot begins: all tracks end first.
            size: (width, height) of the picture, beyond which no face is carried.

        Returns:
            Faces with their track numbers, by number; also those carried through a short miss.
        """
        if cut or (self._time is not None and time <= self._time):
            self._tracks = []
        self._time = time
        expected = [track.motion.predict(time) for track in self._tracks]
        taken = self._continue(faces, expected, time)
        self._tracks += [
            self._begin(face, time)
            for index, face in enumerate(faces)
            if index not in taken and face.score >= self.options.start
        ]
        seen = [self._named(track) for track in self._tracks if track.misses == 0]
        visible = [face for face in seen if face.track is not None]
        carried = self._carried(expected, visible, size)
        self._tracks = [track for track in self._tracks if self._lives(track, time)]
        return sorted([*visible, *carried], key=lambda face: face.track or 0)

    def _continue(
        self, faces: Sequence[Face], expected: Sequence[BoxMotion], time: float
    ) -> set[int]:
        """Give faces to tracks; returns the indices of the faces that were given."""
        pairs = self._pair(faces, expected)
        leaps = self._pair_leaps(faces, pairs, time)
        for index, track in enumerate(self._tracks):
            if index not in pairs and index not in leaps:
                track.misses += 1
                continue
            if track.misses:
                self.longest_gap = max(self.longest_gap, time - track.motion.time)
            if index in pairs:
                face = faces[pairs[index]]
                track.see(face, expected[index].correct(face.box))
            else:
                face = faces[leaps[index]]
                track.see(face, BoxMotion.start(face.box, time))
        return {*pairs.values(), *leaps.values()}

    def _pair(self, faces: Sequence[Face], expected: Sequence[BoxMotion]) -> dict[int, int]:
        """The best pairing of tracks with faces, by index."""
        if not faces or not expected:
            return {}
        boxes = np.stack([face.box for face in faces]).astype(np.float64)
        overlap = iou_matrix(np.stack([motion.box for motion in expected]), boxes)
        cost = np.full(overlap.shape, _IMPOSSIBLE)
        for row, (track, motion) in enumerate(zip(self._tracks, expected, strict=True)):
            surprise, volume = motion.surprise(boxes)
            away = np.abs(boxes[:, :2] + boxes[:, 2:] - 2 * motion.place[:2]).max(axis=1) / 2
            near = (surprise <= _GATE) & (away <= _REACH * motion.size)
            likeness = self._likeness(track, faces)
            possible = (near | (overlap[row] >= _OVERLAP)) & (likeness >= self.options.likeness)
            unlike = _LIKENESS_WEIGHT * (1 - np.minimum(likeness, 1.0))
            hidden = _HIDDEN_COST * (track.misses > 0)
            cost[row, possible] = (surprise + volume + unlike + hidden)[possible]
        return _assign(cost)

    def _pair_leaps(
        self, faces: Sequence[Face], pairs: dict[int, int], time: float
    ) -> dict[int, int]:
        """Tracks and faces left over whose face turned sharper than motion could foresee."""
        rows = [
            row
            for row, track in enumerate(self._tracks)
            if row not in pairs and time - track.motion.time <= _LEAP_TIME
        ]
        columns = sorted(set(range(len(faces))) - set(pairs.values()))
        if not rows or not columns:
            return {}
        some = [faces[column] for column in columns]
        boxes = _boxes(some).astype(np.float64)
        cost = np.full((len(rows), len(columns)), _IMPOSSIBLE)
        for row, track in enumerate(self._tracks[row] for row in rows):
            leap = BoxMotion.start(track.face.box, time).leap(boxes)
            possible = (leap <= _LEAP) & (self._likeness(track, some) >= self.options.likeness)
            cost[row, possible] = leap[possible]
        return {rows[row]: columns[column] for row, column in _assign(cost).items()}

    @staticmethod
    def _likeness(track: _Track, faces: Sequence[Face]) -> npt.NDArray[np.float64]:
        """(N,) cosine of a track's embedding with each face's; 1 where either is unknown."""
        if track.embedding is None:
            return np.ones(len(faces))
        mean = track.embedding.astype(np.float64)
        return np.array([1.0 if f.embedding is None else float(mean @ f.embedding) for f in faces])

    def _begin(self, face: Face, time: float) -> _Track:
        track = _Track(face, BoxMotion.start(face.box, time))
        track.learn(face)
        return track

    def _named(self, track: _Track) -> Face:
        """The face as seen, with its number, which it gets here when it is confirmed."""
        if track.number is None and track.hits >= self.options.confirm:
            track.number, self.next_number = self.next_number, self.next_number + 1
        return track.face.evolve(track=track.number)

    def _carried(
        self, expected: Sequence[BoxMotion], visible: Sequence[Face], size: tuple[int, int] | None
    ) -> list[Face]:
        """Faces of trusted tracks that were missed only for a moment and are not hidden."""
        fill = self.options.fill
        faces = [
            track.carried(motion)
            for track, motion in zip(self._tracks, expected, strict=False)
            if 0 < track.misses <= fill and track.hits >= _SURE and _inside(motion, size)
        ]
        if not faces or not visible:
            return faces
        overlap = iou_matrix(_boxes(faces), _boxes(visible)).max(axis=1)
        return [face for face, hidden in zip(faces, overlap > _HIDDEN, strict=True) if not hidden]

    def _lives(self, track: _Track, time: float) -> bool:
        """Whether a track may still be continued; one that was never confirmed has no patience."""
        if track.number is None and track.misses:
            return False
        return bool(time - track.motion.time <= self.options.max_gap)

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly so elsewhere, in msgpack types."""
        return {
            "next": self.next_number,
            "gap": self.longest_gap,
            "time": self._time,
            "tracks": [_pack(track) for track in self._tracks],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state` gave."""
        self.next_number, self.longest_gap = state["next"], state["gap"]
        self._time = state["time"]
        self._tracks = [_unpack(item) for item in state["tracks"]]


def _assign(cost: npt.NDArray[np.float64]) -> dict[int, int]:
    """The cheapest pairing of rows with columns, without the impossible ones."""
    rows, columns = linear_sum_assignment(cost)
    good = cost[rows, columns] < _IMPOSSIBLE
    return dict(zip(rows[good].tolist(), columns[good].tolist(), strict=True))


def _inside(motion: BoxMotion, size: tuple[int, int] | None) -> bool:
    if size is None:
        return True
    x, y = (float(value) for value in motion.place[:2])
    return 0 <= x <= size[0] and 0 <= y <= size[1]


def _boxes(faces: Sequence[Face]) -> npt.NDArray[np.float32]:
    return np.stack([face.box for face in faces])


def _pack(track: _Track) -> list[Any]:
    face = track.face
    arrays = (face.box, face.points, face.landmarks, track.embedding)
    return [
        track.number,
        track.hits,
        track.misses,
        track.motion.state(),
        float(face.score),
        dict(face.attributes),
        [None if array is None else array.tobytes() for array in arrays],
    ]


def _unpack(item: list[Any]) -> _Track:
    number, hits, misses, motion, score, attributes, arrays = item
    box, points, landmarks = (
        None if data is None else np.frombuffer(data, np.float32) for data in arrays[:3]
    )
    embedding = None if arrays[3] is None else np.frombuffer(arrays[3], np.float16)
    face = Face(
        np.zeros(4, np.float32) if box is None else box,
        score,
        None if points is None else points.reshape(-1, 2),
        None if landmarks is None else landmarks.reshape(-1, 2),
        embedding=None if embedding is None else embedding.astype(np.float32),
        attributes=attributes,
    )
    return _Track(face, BoxMotion.of_state(motion), number, hits, misses, embedding)
