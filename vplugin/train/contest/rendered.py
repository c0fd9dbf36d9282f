"""The suite of procedural people: held out from all training, with the exact truth of every swap.

A seed gives two people and both swaps between them. A swapper sees whole pictures, since pasting
and the mesh need what is around the crop; a source's picture is another one than that in which the
same person is a target, so that nobody is recognised by hair or light. Rendered once into the
user's cache (:mod:`vplugin.train.shards`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.synth.render import render
from vplugin.synth.rendering import Rendering
from vplugin.synth.scene import Scene
from vplugin.synth.swap import swap_truth
from vplugin.train import faces, parser, proxies
from vplugin.train.contest.cases import Case, Clip, Shot, Truth
from vplugin.train.faces import face_scene
from vplugin.train.parser import class_of_segment
from vplugin.train.proxies import face_mask
from vplugin.train.shards import Item, Shards

__all__ = ["CaseSource", "ClipSource", "RenderedSuite", "bank_cases"]

Array = npt.NDArray[Any]

PEOPLE = 3_000_000  # first person; house models and their benchmarks stay below
STRETCH = 1.5  # how much they differ, of what the renderer draws by itself
_PLACES = 256  # for an identity in a record; those that are not filled are NaN
_AROUND = 1.75  # side of a picture over that of the crop: nothing is enlarged
_TARGET = (0.3, 60.0)  # share of the face that may be hidden, and degrees of yaw
_SOURCE = (0.15, 40.0)  # the same of a source: whoever chooses a picture takes a clear one
_TRIES = 6  # pictures of a person that are looked through for one that can be used
_RATE = 25.0  # frames a second of clips
#: Degrees by which a head turns in a clip.
_SWING: Mapping[str, float] = MappingProxyType({"yaw": 9.0, "pitch": 5.0, "roll": 4.0})


def _record(side: int, pictures: int) -> np.dtype[Any]:
    return np.dtype(
        [
            ("seed", "i8"),
            ("person", "i8", 2),  # of the target, of the source
            ("identity", "f4", (2, _PLACES)),
            ("target", "u1", (side, side, 3)),
            ("truth", "u1", (side, side, 3)),
            ("faces", "u1", (2, side, side)),  # where target and truth show the face
            ("points", "f4", (5, 2)),
            ("truth_points", "f4", (5, 2)),
            ("pose", "f4", 3),
            ("sources", "u1", (pictures, side, side, 3)),
            ("source_points", "f4", (pictures, 5, 2)),
            ("time", "f4"),
        ]
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """A scene of one person, drawn."""

    scene: Scene
    drawn: Rendering

    @property
    def points(self) -> Array:
        return np.asarray(self.drawn.faces[0].points - 0.5)

    @property
    def face(self) -> Array:
        return _face(self.drawn)


def _face(drawn: Rendering) -> Array:
    return face_mask(class_of_segment()[drawn.segments])


def _seen(scene: Scene, side: int, hidden: float, furthest: float) -> _Seen | None:
    """None where the face is cut, or more hidden or turned away (degrees) than that."""
    drawn = render(scene, side)
    if not drawn.faces or drawn.faces[0].inside < 0.8 or drawn.faces[0].occluded > hidden:
        return None
    return _Seen(scene, drawn) if abs(float(drawn.faces[0].pose[0])) <= furthest else None


def _targets(number: int, side: int, stretch: float) -> Iterator[tuple[int, _Seen]]:
    """Pictures of a person that can be a target, with their variants."""
    for variant in range(_TRIES):
        seen = _seen(face_scene(number, variant, stretch), side, *_TARGET)
        if seen is not None:
            yield variant, seen


def _sources(number: int, side: int, stretch: float, count: int, other: int) -> list[_Seen]:
    """Pictures of a person as a source, but not the one of a variant; fewer if there are not."""
    found: list[_Seen] = []
    for variant in range(_TRIES + count):
        if variant == other or len(found) == count:
            continue
        seen = _seen(face_scene(number, variant, stretch), side, *_SOURCE)
        found += [seen] if seen is not None else []
    return found


def _item(
    seed: int, people: tuple[int, int], target: _Seen, sources: list[_Seen], at: float
) -> Item:
    """A record; ``people`` are the target and the source."""
    side = target.drawn.rgb.shape[0]
    truth = swap_truth(sources[0].scene.subjects[0].person, target.scene, side)
    identity = np.full((2, _PLACES), np.nan, np.float32)
    for row, seen in enumerate((target, sources[0])):
        known = seen.drawn.faces[0].identity
        identity[row, : len(known)] = known
    values: dict[str, Any] = {
        "seed": seed,
        "person": people,
        "identity": identity,
        "target": target.drawn.rgb,
        "truth": truth.rgb,
        "faces": np.stack([target.face, _face(truth)]),
        "points": target.points,
        "truth_points": truth.faces[0].points - 0.5,
        "pose": truth.faces[0].pose,
        "sources": np.stack([seen.drawn.rgb for seen in sources]),
        "source_points": np.stack([seen.points for seen in sources]),
        "time": at,
    }
    return {name: np.asarray(value) for name, value in values.items()}


@dataclass(frozen=True)
class CaseSource:
    """Renders stills: seed n gives people 2n and 2n + 1, each put into the other's picture.

    Attributes:
        size: Side of the aligned crop, px; pictures are 1.75 times as large.
        pictures: Of each source.
        stretch: How much people differ, see :meth:`vplugin.synth.person.Person.stretched`; as in
            the recipes that nets are trained by.
    """

    size: int = 128
    pictures: int = 1
    stretch: float = STRETCH

    name = "contest"
    parts = (faces, parser, proxies)  # edits of these make another bank

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of a swap: whole pictures of target, truth and sources, and what is known of them."""
        return _record(round(self.size * _AROUND), self.pictures)

    def items(self, seed: int) -> Sequence[Item]:
        """Both swaps of one seed; none where a face is not to be seen."""
        side = round(self.size * _AROUND)
        people = PEOPLE + 2 * seed, PEOPLE + 2 * seed + 1
        targets = [next(_targets(number, side, self.stretch), None) for number in people]
        a, b = targets
        if a is None or b is None:
            return []
        sources = [
            _sources(number, side, self.stretch, self.pictures, variant)
            for number, variant in ((people[0], a[0]), (people[1], b[0]))
        ]
        if any(len(found) < self.pictures for found in sources):
            return []
        return [
            _item(seed, people, a[1], sources[1], 0.0),
            _item(seed, people[::-1], b[1], sources[0], 0.0),
        ]


@dataclass(frozen=True)
class ClipSource:
    """Renders short clips: seed n gives the frames of one target who moves, and one source.

    Attributes:
        size: As in :class:`CaseSource`.
        frames: Of a clip, 25 a second.
        pictures: Of the source.
        stretch: As in :class:`CaseSource`.
    """

    size: int = 128
    frames: int = 12
    pictures: int = 1
    stretch: float = STRETCH

    name = "contest-clips"
    parts = (faces, parser, proxies)

    @property
    def dtype(self) -> np.dtype[Any]:
        """As that of :class:`CaseSource`, a frame a record."""
        return _record(round(self.size * _AROUND), self.pictures)

    def items(self, seed: int) -> Sequence[Item]:
        """The frames of one clip; none where a face is not to be seen throughout."""
        side = round(self.size * _AROUND)
        one, two = PEOPLE + 1_000_000 + 2 * seed, PEOPLE + 1_000_000 + 2 * seed + 1
        sources = _sources(two, side, self.stretch, self.pictures, -1)
        if len(sources) < self.pictures:
            return []
        for variant, _ in _targets(one, side, self.stretch):
            moments = [
                _seen(_moment(one, variant, share, self.stretch), side, *_TARGET)
                for share in np.linspace(0, 1, self.frames)
            ]
            shown = [seen for seen in moments if seen is not None]
            if len(shown) == self.frames:
                return [
                    _item(seed, (one, two), seen, sources, frame / _RATE)
                    for frame, seen in enumerate(shown)
                ]
        return []


def _moment(number: int, variant: int, share: float, stretch: float) -> Scene:
    """A moment of a clip: from one expression most of the way to another, the head turning."""
    scene, other = (face_scene(number, variant + k, stretch) for k in (0, 1))
    subject = scene.subjects[0]
    smooth = share * share * (3 - 2 * share)
    # Towards the front, so that nobody turns away.
    turned = {
        name: float(angle - np.copysign(most, angle) * smooth)
        for name, most in _SWING.items()
        for angle in (getattr(subject.pose, name),)
    }
    moved = replace(
        subject,
        pose=replace(subject.pose, **turned),
        expression=subject.expression.mixed(other.subjects[0].expression, 0.6 * smooth),
    )
    return replace(scene, subjects=(moved,))


class RenderedSuite:
    """Cases from rendered records.

    Args:
        size: Side of the crop that is judged.
        stills: Records of :class:`CaseSource`.
        moving: Records of :class:`ClipSource`; None for no clips.
    """

    name = "synth"
    exact = True
    remarks = ("Nobody in it is a real person: it says nothing of photographs.",)

    def __init__(
        self, size: int, stills: Sequence[Item], moving: Sequence[Item] | None = None
    ) -> None:
        self.size = size
        self._stills, self._moving = stills, moving

    def __len__(self) -> int:
        return len(self._stills)

    def cases(self) -> Iterator[Case]:
        """See :meth:`vplugin.train.contest.cases.Suite.cases`."""
        return (_case(self._stills[index]) for index in range(len(self)))

    def clips(self) -> Iterator[Clip]:
        """See :meth:`vplugin.train.contest.cases.Suite.clips`."""
        if self._moving is None:
            return
        records = (self._moving[index] for index in range(len(self._moving)))
        for _, frames in groupby(records, key=lambda item: int(item["seed"])):
            yield [replace(_case(item), track=0, time=float(item["time"])) for item in frames]


def _case(item: Item) -> Case:
    target, truth = (face.astype(bool) for face in item["faces"])
    points = np.asarray(item["points"], np.float64)
    own, wanted = (one[np.isfinite(one)] for one in item["identity"])
    there, who = (int(number) for number in item["person"])
    return Case(
        name=f"{there}_{who}",
        group=int(item["seed"]),
        person=str(who),
        target=Shot(np.asarray(item["target"]), points, target),
        sources=tuple(
            Shot(np.asarray(picture), np.asarray(places, np.float64))
            for picture, places in zip(item["sources"], item["source_points"], strict=True)
        ),
        truth=Truth(
            Shot(np.asarray(item["truth"]), points, truth),
            item["pose"],
            own,
            wanted,
            np.asarray(item["truth_points"], np.float64),
        ),
    )


def bank_cases(pairs: Shards | Sequence[Item]) -> Iterator[Case]:
    """Both swaps of each record of :class:`vplugin.train.pairs.PairSource`, crops only.

    For a look during training at a bank that is there already. The pictures are the crops: what
    pastes into whole pictures, as ``mesh`` does, is not judged fairly by them.

    Args:
        pairs: Records.
    """
    for index in range(len(pairs)):
        item = pairs[index]
        for target, source, truth in (("a", "b", "truth_ab"), ("b", "a", "truth_ba")):
            yield _bank_case(item, target, source, truth)


def _bank_case(item: Item, target: str, source: str, truth: str) -> Case:
    here, there = "ab".index(target), "ab".index(source)
    points = np.asarray(item["points"], np.float64)
    identity = [one[np.isfinite(one)] for one in np.asarray(item["identity"])]
    who = np.asarray(item["person"])
    face = face_mask(np.asarray(item["labels"][here]))
    return Case(
        name=f"{who[here]}_{who[there]}",
        group=int(who[0]),
        person=str(who[there]),
        target=Shot(np.asarray(item[target]), points[here], face),
        sources=(Shot(np.asarray(item[source]), points[there]),),
        truth=Truth(
            Shot(np.asarray(item[truth]), points[here], face), None, identity[here], identity[there]
        ),
    )
