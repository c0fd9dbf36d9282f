"""Which face in the picture is whose: selectors, and the assignment of persons to tracks.

A rule such as "leftmost" says who is meant when a face is first seen; from then on the person stays
with the track, so that two people who cross keep their own sources. Faces without a track number
are judged anew in every frame. Trackers err where one person comes out from behind another, so the
people whom a reference picture names are looked at again from time to time, and wherever such a
mistake may have been made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from vplugin.frame import Face
from vplugin.vision.embed import cosine

Embedding = npt.NDArray[np.float32]
Side = Literal["left", "right", "top", "bottom", "centre"]
Embed = Callable[[Face], Embedding]

_LARGER = 1.5  # how much larger another face must be for "largest" to move to it
_RETRY = 10  # frames after which a face that was not recognised is looked at again
_AGAIN = 25  # frames after which one that was recognised is looked at again
_SOON = 3  # the same, where it was not like itself
_FAR = 0.5  # share of the threshold by which a face must miss it to be somebody else's
_LOOKS = 3  # looks in a row at somebody else after which a track is let go


@dataclass(frozen=True)
class Everyone:
    """All faces that no other rule has claimed."""


@dataclass(frozen=True)
class Largest:
    """The largest face; stays with it unless another is half as large again."""


@dataclass(frozen=True)
class ByTrack:
    """The person of one track number."""

    track: int


@dataclass(frozen=True)
class ByPosition:
    """The face furthest to a side of the picture when it is first seen."""

    side: Side


@dataclass(frozen=True, eq=False)
class ByReference:
    """The face whose embedding is most like a reference.

    Attributes:
        embedding: (512,), any length.
        threshold: Least cosine.
    """

    embedding: Embedding
    threshold: float = 0.4


Rule = Everyone | Largest | ByTrack | ByPosition | ByReference


@dataclass
class Assigner:
    """Says for each face of a frame which of several persons it is.

    Rules are asked in order; the first that claims a face has it. A rule for one face (largest, by
    position) holds one track at a time and lets go of it once it has not been seen for ``hold``
    frames.

    Attributes:
        rules: One per person.
        embed: Gives a face's embedding, for :class:`ByReference`.
        hold: Frames that an absent track is kept for.
    """

    rules: Sequence[Rule]
    embed: Embed | None = None
    hold: int = 60
    _owner: dict[int, int] = field(default_factory=dict)  # track → rule
    _seen: dict[int, int] = field(default_factory=dict)  # track → frame number
    _retry: dict[int, int] = field(default_factory=dict)  # unknown track → frame to look again
    _found: dict[int, int] = field(default_factory=dict)  # track → frame it was last detected in
    _due: dict[int, int] = field(default_factory=dict)  # known track → frame to look again
    _doubts: dict[int, int] = field(default_factory=dict)  # known track → looks at somebody else
    _beside: dict[int, dict[int, int]] = field(default_factory=dict)  # track → person → frame
    _places: list[tuple[float, float]] = field(default_factory=list)  # of this frame's faces
    _now: int = 0

    def assign(
        self, faces: Sequence[Face], size: tuple[int, int], rotation: int = 0
    ) -> dict[int, int]:
        """Index of the face → index of the person; faces that nobody claims are left out.

        Args:
            faces: Of one frame.
            size: Width and height of the picture as decoded.
            rotation: Degrees counter-clockwise that a player turns it by; left is left on screen.
        """
        self._now += 1
        self._places = [_on_screen(face, size, rotation) for face in faces]
        self._forget(faces)
        self._look_again(faces)
        owners: dict[int, int] = {}
        for person, rule in enumerate(self.rules):
            free = [index for index in range(len(faces)) if index not in owners]
            for index in self._claimed(person, rule, faces, free):
                owners[index] = person
        for index, person in owners.items():
            track = faces[index].track
            if track is not None:
                self._owner[track] = person
        return owners

    def new_shot(self) -> None:
        """A cut: nobody who was in the picture is there under the same track."""
        for known in self._by_track:
            known.clear()

    def snapshot(self) -> dict[str, Any]:
        """The state as plain data."""
        return {
            "owner": list(self._owner.items()),
            "seen": list(self._seen.items()),
            "now": self._now,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state that :meth:`snapshot` gave for the same number of rules."""
        self._owner = {int(track): int(person) for track, person in state["owner"]}
        self._seen = {int(track): int(when) for track, when in state["seen"]}
        self._now = int(state["now"])

    def _forget(self, faces: Sequence[Face]) -> None:
        present = [face.track for face in faces if face.track is not None]
        self._seen.update(dict.fromkeys(present, self._now))
        for track in [t for t, when in self._seen.items() if self._now - when > self.hold]:
            for known in self._by_track:
                known.pop(track, None)

    @property
    def _by_track(self) -> tuple[dict[int, Any], ...]:
        known = (self._owner, self._seen, self._retry, self._found, self._due, self._doubts)
        return *known, self._beside

    def _look_again(self, faces: Sequence[Face]) -> None:
        """Correct tracks that have come to show another person than they are known as."""
        watched = [face for face in faces if self._is_watched(face)]
        moves: dict[int, int] = {}
        for face in watched:
            if face.track is not None and self._must_look(face, faces):
                person = self._became(face.track, face)
                if person is not None:
                    moves[face.track] = person
        # A person who is in the picture elsewhere, and is not doubted there, cannot be here too.
        settled = {
            self._owner.get(-1 if face.track is None else face.track)
            for face in watched
            if face.track not in moves
        }
        for track, person in moves.items():
            if person not in settled:
                self._owner[track] = person
        for face in faces:
            if face.track is not None and "filled" not in face.attributes:
                self._found[face.track] = self._now

    def _is_watched(self, face: Face) -> bool:
        """Whether this is a face that was really detected, of a track known by a reference."""
        owner = None if face.track is None else self._owner.get(face.track)
        known = owner is not None and isinstance(self.rules[owner], ByReference)
        return known and "filled" not in face.attributes

    def _must_look(self, face: Face, faces: Sequence[Face]) -> bool:
        track = -1 if face.track is None else face.track
        away = self._found.get(track, self._now) < self._now - 1
        met = any(_overlap(face.box, one.box) for one in faces if one is not face)
        return away or met or self._now >= self._due.get(track, 0)

    def _became(self, track: int, face: Face) -> int | None:
        """Whom a face is like, if it is no longer like the person that its track is known as."""
        likes = self._likes(face)
        if not likes:
            return None
        owner, likest = self._owner[track], max(likes, key=lambda person: likes[person])
        own, rule = likes[owner], self.rules[owner]
        assert isinstance(rule, ByReference)
        self._due[track] = self._now + (_AGAIN if own >= 0 else _SOON)
        if own >= 0 or likes[likest] >= 0:
            self._doubts.pop(track, None)
            return likest if own < 0 else None
        strange = own < -_FAR * abs(rule.threshold)
        self._doubts[track] = self._doubts.get(track, 0) + 1 if strange else 0
        if self._doubts[track] >= _LOOKS:
            for known in (self._owner, self._due, self._doubts):
                known.pop(track, None)
        return None

    def _likes(self, face: Face) -> dict[int, float]:
        """By how much a face is like each person with a reference, 0 just enough; none: unseen."""
        embedding = self._embedding(face)
        if embedding is None or not embedding.any():
            return {}
        return {
            person: cosine(embedding, rule.embedding) - rule.threshold
            for person, rule in enumerate(self.rules)
            if isinstance(rule, ByReference)
        }

    def _embedding(self, face: Face) -> Embedding | None:
        if face.embedding is None and self.embed is not None and face.points is not None:
            return self.embed(face)
        return face.embedding

    def _claimed(
        self,
        person: int,
        rule: Rule,
        faces: Sequence[Face],
        free: list[int],
    ) -> list[int]:
        """Indices among ``free`` that a rule claims."""
        if isinstance(rule, ByTrack):
            return [index for index in free if faces[index].track == rule.track]
        # A track that another rule holds is not free, even where that rule is asked later.
        free = [index for index in free if self._holder(faces[index]) in (None, person)]
        if isinstance(rule, Everyone):
            return free
        if isinstance(rule, ByReference):
            return self._likest(person, faces, free)
        return self._one(person, rule, faces, free)

    def _holder(self, face: Face) -> int | None:
        """The person that holds a face's track, unless that rule claims whatever is left."""
        owner = None if face.track is None else self._owner.get(face.track)
        return None if owner is None or isinstance(self.rules[owner], Everyone) else owner

    def _one(
        self,
        person: int,
        rule: Largest | ByPosition,
        faces: Sequence[Face],
        free: list[int],
    ) -> list[int]:
        """The one face of a rule that is for one face."""
        held = [track for track, owner in self._owner.items() if owner == person]
        present = [index for index in free if faces[index].track in held]
        if held and not present:
            return []  # away for a moment; nobody takes its place
        if not free:
            return []
        if isinstance(rule, ByPosition):
            return present[:1] or [min(free, key=lambda i: _rank(rule.side, *self._places[i]))]
        best = max(free, key=lambda index: faces[index].area)
        if present and faces[best].area < _LARGER * faces[present[0]].area:
            best = present[0]
        for track in held:
            del self._owner[track]
        return [best]

    def _likest(self, person: int, faces: Sequence[Face], free: list[int]) -> list[int]:
        """The face of a person with a reference: nobody is twice in a picture."""
        held = [index for index in free if self._holder(faces[index]) == person]
        alike = held or [index for index in free if self._is_like(person, faces[index])]
        if len(alike) > 1:
            alike = [max(alike, key=lambda index: self._likes(faces[index]).get(person, -2.0))]
        for index in free if alike else ():
            track = faces[index].track
            if track is not None and index not in alike:
                self._beside.setdefault(track, {})[person] = self._now
        return alike

    def _is_like(self, person: int, face: Face) -> bool:
        track = face.track
        if track is not None:
            if self._owner.get(track) == person:
                return True
            beside = self._beside.get(track, {}).get(person, -self.hold)
            if self._retry.get(track, 0) > self._now or self._now - beside < self.hold:
                return False  # who was beside a person a moment ago is not that person
        likes = self._likes(face)
        found = bool(likes) and 0 <= likes[person] == max(likes.values())
        if track is not None and not found and person == self._last_reference:
            self._retry[track] = self._now + _RETRY
        if track is not None and found:
            self._due[track] = self._now + _AGAIN
        return found

    @property
    def _last_reference(self) -> int:
        """The last rule that looks at embeddings; after it a face is unknown to all."""
        return max(i for i, rule in enumerate(self.rules) if isinstance(rule, ByReference))


def _overlap(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    """Whether two boxes (left, top, right, bottom) share pixels."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    return bool((low < high).all())


def _on_screen(face: Face, size: tuple[int, int], rotation: int) -> tuple[float, float]:
    """Middle of a face as a player shows it, from the middle of the screen."""
    x = float(face.box[0] + face.box[2]) / 2.0 - size[0] / 2.0
    y = float(face.box[1] + face.box[3]) / 2.0 - size[1] / 2.0
    return {90: (y, -x), 180: (-x, -y), 270: (-y, x)}.get(rotation % 360, (x, y))


def _rank(side: Side, x: float, y: float) -> float:
    """Smaller is nearer to the side."""
    ranks = {"left": x, "right": -x, "top": y, "bottom": -y, "centre": x * x + y * y}
    return ranks[side]
