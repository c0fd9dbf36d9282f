"""The suite of real data: targets, sources, a list of pairs, and results that others made of them.

FaceForensics++ is laid out so: videos ``TTT`` and results ``TTT_SSS``, the face of ``SSS`` in the
video ``TTT``; ten frames of each target, and the first frame of the source. A plain folder of
result pictures ``TARGET_SOURCE.png`` beside pictures of targets and sources is the same thing with
one frame each. There is no truth: what the target does is right in pose, expression and gaze.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.errors import SourceError
from vplugin.frame import Face
from vplugin.train.contest.cases import Case, Clip, Rgb, Shot
from vplugin.train.contest.footage import Footage, names_in, spread
from vplugin.vision.source import the_face

__all__ = ["Find", "FolderSuite", "Pair", "pairs_of"]

Array = npt.NDArray[Any]
Find = Callable[[Rgb], Sequence[Face]]

_ROOM = 1.25  # of the face's box around its middle, in its widths: what is kept of a picture
_MOVING = 12  # frames of a clip
_RATE = 25.0


@dataclass(frozen=True)
class Pair:
    """Whose face goes where.

    Attributes:
        target: Name of a target.
        source: Name of a source.
    """

    target: str
    source: str

    @property
    def name(self) -> str:
        """As FaceForensics++ has it."""
        return f"{self.target}_{self.source}"


def pairs_of(
    targets: Mapping[str, Path], sources: Mapping[str, Path], names: Sequence[str], where: Path
) -> list[Pair]:
    """Names ``TARGET_SOURCE`` as pairs; names themselves may hold underscores.

    Args:
        targets: By name.
        sources: By name.
        names: Of pairs.
        where: They come from.

    Raises:
        SourceError: There are none, or one is of no target or source.
    """
    if not names:
        raise SourceError("names no pairs", where=where, mend="write TARGET_SOURCE, one a line")
    return [_pair(name, targets, sources, where) for name in names]


def _pair(name: str, targets: Mapping[str, Path], sources: Mapping[str, Path], where: Path) -> Pair:
    parts = name.split("_")
    for cut in range(1, len(parts)):
        pair = Pair("_".join(parts[:cut]), "_".join(parts[cut:]))
        if pair.target in targets and pair.source in sources:
            return pair
    raise SourceError(
        f"'{name}' is not the name of a target and that of a source",
        where=where,
        mend="a pair is TARGET_SOURCE, such as 071_054, and both have to be there",
    )


def listed(path: Path) -> list[str]:
    """Names of pairs in a file: one a line, or the JSON lists of FaceForensics++, both ways round.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix.lower() == ".json":
            return [name for a, b in json.loads(text) for name in (f"{a}_{b}", f"{b}_{a}")]
    except (OSError, ValueError, TypeError) as error:
        said = getattr(error, "strerror", None) or "not a list of pairs"
        mend = "lines TARGET_SOURCE, or a JSON list of [a, b]"
        raise SourceError(f"cannot be read: {said}", where=path, mend=mend) from error
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    return ["_".join(words) for words in lines if words]


@dataclass(eq=False)
class FolderSuite:
    """Cases from folders.

    Attributes:
        targets: Folder of targets: each a folder of frames, a video or a picture.
        sources: Folder of sources.
        pairs: Whose face goes where, see :func:`pairs_of`.
        find: Finds the faces of a picture.
        results: Row → folder of what others made: ``TARGET_SOURCE`` as targets are.
        size: Side of the crop that is judged.
        frames: Of each target.
        moving: Pairs of which a clip is looked at, where the target is long enough.
    """

    targets: Path
    sources: Path
    pairs: Sequence[Pair]
    find: Find
    results: Mapping[str, Path] = field(default_factory=dict)
    size: int = 128
    frames: int = 10
    moving: int = 0

    name = "folder"
    exact = False

    def __post_init__(self) -> None:
        self._targets, self._sources = names_in(self.targets), names_in(self.sources)
        self._results = {row: names_in(folder) for row, folder in self.results.items()}
        self._known: dict[str, Shot] = {}
        groups = {frozenset((pair.target, pair.source)): None for pair in self.pairs}
        self._groups = {key: index for index, key in enumerate(groups)}
        self._faceless = 0

    def __len__(self) -> int:
        return len(self.pairs) * self.frames

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was left out, once all cases were looked at."""
        if not self._faceless:
            return ()
        return (f"{self._faceless} frames in which no face was found are left out.",)

    def cases(self) -> Iterator[Case]:
        """See :meth:`vplugin.train.contest.cases.Suite.cases`.

        Raises:
            SourceError: Something cannot be read, a source shows no face, or a result is missing.
        """
        self._faceless = 0
        for pair in self.pairs:
            footage = Footage(self._targets[pair.target])
            yield from self._cases(pair, footage, spread(len(footage), self.frames))

    def clips(self) -> Iterator[Clip]:
        """See :meth:`vplugin.train.contest.cases.Suite.clips`."""
        for pair in self.pairs[: self.moving]:
            footage = Footage(self._targets[pair.target])
            if len(footage) >= _MOVING:
                clip = list(self._cases(pair, footage, range(_MOVING), track=0))
                if len(clip) == _MOVING:
                    yield clip

    def _cases(
        self, pair: Pair, footage: Footage, places: Sequence[int], track: int | None = None
    ) -> Iterator[Case]:
        source = self._source(pair.source)
        others = {row: self._made(row, pair, footage, places) for row in self._results}
        for index, picture in enumerate(footage.read(places)):
            face = _largest(self.find(picture))
            if face is None:
                self._faceless += 1
                continue
            shot, rows, columns = _cut(picture, face)
            yield Case(
                name=f"{pair.name}/{places[index]}",
                group=self._groups[frozenset((pair.target, pair.source))],
                person=pair.source,
                target=shot,
                sources=(source,),
                track=track,
                time=places[index] / _RATE,
                given={
                    row: _same_size(made[index], picture, f"{row}: {pair.name}")[rows, columns]
                    for row, made in others.items()
                },
            )

    def _source(self, name: str) -> Shot:
        """The first frame of a source; kept, since it is looked at often."""
        if name not in self._known:
            path = self._sources[name]
            picture = Footage(path).read([0])[0]
            face = the_face(self.find(picture), path)
            self._known[name] = _cut(picture, face)[0]
        return self._known[name]

    def _made(self, row: str, pair: Pair, footage: Footage, places: Sequence[int]) -> list[Rgb]:
        """Another's results for some frames of a target."""
        if pair.name not in self._results[row]:
            mend = "add it, or leave the pair out of the list"
            raise SourceError(f"has no {pair.name}", where=self.results[row], mend=mend)
        made = Footage(self._results[row][pair.name])
        there = [made.place_of(footage, place) for place in places]
        if None in there:
            what = f"has {len(made)} frames, and the target {len(footage)}"
            raise SourceError(what, where=made.path, mend="give as many, or name them alike")
        return made.read([place for place in there if place is not None])


def _largest(faces: Sequence[Face]) -> Face | None:
    usable = [face for face in faces if face.points is not None]
    return max(usable, key=lambda face: face.area, default=None)


def _cut(picture: Rgb, face: Face) -> tuple[Shot, slice, slice]:
    """What is around a face, and which rows and columns that is: the rest only takes time."""
    points = np.asarray(face.points, np.float64)
    x0, y0, x1, y1 = Shot(picture, points).box()
    room = _ROOM * (x1 - x0)
    height, width = picture.shape[:2]
    left, right = (int(np.clip(x, 0, width)) for x in ((x0 + x1) / 2 - room, (x0 + x1) / 2 + room))
    top, bottom = (int(np.clip(y, 0, height)) for y in ((y0 + y1) / 2 - room, (y0 + y1) / 2 + room))
    rows, columns = slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))
    part = np.ascontiguousarray(picture[rows, columns])
    return Shot(part, points - (left, top)), rows, columns


def _same_size(made: Rgb, picture: Rgb, where: str) -> Rgb:
    if made.shape != picture.shape:
        wrong, right = (f"{one.shape[1]}x{one.shape[0]}" for one in (made, picture))
        raise SourceError(
            f"is {wrong}, and its target {right}",
            where=where,
            mend="give whole pictures, as large as the target's; crops cannot be placed",
        )
    return made
