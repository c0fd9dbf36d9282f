"""What is swapped in a contest: pictures of a target and of a source, with the truth or without.

All contestants are judged in the same crop, aligned by ``arcface_128``; they may work on the crop
or on the whole picture around it. Points are pixel centres: the first pixel is (0, 0).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.vision.align import Template, apply, invert, similarity, template, warp
from vplugin.vision.mask import face_outline

__all__ = ["ALIGNED", "Answer", "Case", "Clip", "ListedSuite", "Shot", "Suite", "Truth"]

Array = npt.NDArray[Any]
Rgb = npt.NDArray[np.uint8]  # (H, W, 3)
Mask = npt.NDArray[np.bool_]

#: How crops are aligned that are judged.
ALIGNED = template("arcface_128")

# Box of a face in ``arcface_112``, as the mesh swap has it: points are steadier than boxes.
_BOX = (4.8, 11.8, 107.2, 114.2)


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture of somebody.

    Attributes:
        picture: (H, W, 3) uint8 RGB.
        points: (5, 2), the face in it.
        face: (H, W) bool, where it shows that face and nothing before it; None where unknown.
    """

    picture: Rgb
    points: Array
    face: Mask | None = None

    def matrix(self, size: int, how: Template = ALIGNED) -> npt.NDArray[np.float64]:
        """Picture → crop, (2, 3)."""
        return similarity(self.points, how.at(size))

    def crop(self, size: int, how: Template = ALIGNED) -> Rgb:
        """The aligned face, (S, S, 3)."""
        return np.asarray(warp(self.picture, self.matrix(size, how), (size, size)), np.uint8)

    def box(self) -> npt.NDArray[np.float64]:
        """Upright square around the face: (4,) x0, y0, x1, y1."""
        matrix = invert(similarity(self.points, template("arcface_112").at(112)))
        corners = np.array([_BOX[:2], _BOX[2:]])
        middle = apply(matrix, corners.mean(0)[None])[0]
        half = (_BOX[2] - _BOX[0]) / 2 * float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
        return np.concatenate([middle - half, middle + half])

    def mask(self, size: int) -> Mask:
        """Where the aligned crop shows the face: known, or guessed from the five points."""
        matrix = self.matrix(size)
        if self.face is None:
            outline = np.rint(apply(matrix, face_outline(self.points))).astype(np.int32)
            return cv2.fillPoly(np.zeros((size, size), np.uint8), [outline], 1).astype(bool)
        flat = self.face.astype(np.uint8)
        return cv2.warpAffine(flat, matrix, (size, size), flags=cv2.INTER_NEAREST).astype(bool)


@dataclass(frozen=True, eq=False)
class Truth:
    """The exact answer to a case, which only procedural people have.

    Attributes:
        shot: The target's picture with the source's identity; its points are the *target's*, so
            that both are cropped alike.
        pose: (3,) yaw, pitch and roll in degrees, exact; None where the bank does not hold it.
        target: (K,) the target's parameters, in the order of
            :func:`vplugin.train.contest.parameters.identity_names`.
        source: (K,) the source's.
        points: (5, 2) where the face really is: a child's head is smaller than that of the adult
            whose place it takes. None where unknown.
    """

    shot: Shot
    pose: Array | None
    target: Array
    source: Array
    points: Array | None = None

    @property
    def own(self) -> Shot:
        """The picture with its own points, to recognise and read the face by."""
        return self.shot if self.points is None else Shot(self.shot.picture, self.points)


@dataclass(frozen=True, eq=False)
class Case:
    """One swap that is asked for.

    Attributes:
        name: For files and for results that were made elsewhere: ``071_054/3``.
        group: Number of what belongs together (a pair of people, a video): intervals resample
            groups, since cases of one group are not independent.
        person: Who the source is, for retrieval.
        target: Its picture.
        sources: At least one picture of the source.
        truth: Or None.
        track: Number of the person in a clip, for swappers that keep something; None for stills.
        time: Seconds in the clip.
        given: Pictures that others made of this case, as large as the target's, by their name.
    """

    name: str
    group: int
    person: str
    target: Shot
    sources: tuple[Shot, ...]
    truth: Truth | None = None
    track: int | None = None
    time: float = 0.0
    given: Mapping[str, Rgb] = field(default_factory=dict)

    @property
    def reference(self) -> Shot:
        """Whose pose, expression and gaze are right: the truth's, or else the target's."""
        return self.target if self.truth is None else self.truth.shot


@dataclass(frozen=True, eq=False)
class Answer:
    """What a contestant made of a case.

    Attributes:
        crop: (S, S, 3) uint8 RGB, aligned.
        picture: (H, W, 3) the target's picture with the new face in it.
        shown: The new face by its own points, for whoever recognises or reads it; None where it is
            taken to lie on the target's points.
    """

    crop: Rgb
    picture: Rgb
    shown: Shot | None = None


#: The frames of a few moments of one target, for what is seen in motion only.
Clip = Sequence[Case]


class Suite(Protocol):
    """Cases to judge contestants by."""

    @property
    def name(self) -> str:
        """For reports."""

    @property
    def size(self) -> int:
        """Side of the crop that is judged: 128 or 256 px."""

    @property
    def exact(self) -> bool:
        """Whether every case has its truth."""

    def __len__(self) -> int:
        """Number of cases."""

    def cases(self) -> Iterator[Case]:
        """All of them, in order; always the same."""

    def clips(self) -> Iterator[Clip]:
        """Frames of clips; none where the suite has stills only."""

    @property
    def remarks(self) -> Sequence[str]:
        """What a reader has to know of the cases, once all were looked at; a sentence each."""


@dataclass(frozen=True)
class ListedSuite:
    """A suite of cases that are at hand.

    Attributes:
        name: For reports.
        size: Side of the crop that is judged.
        exact: Whether every case has its truth.
        stills: The cases.
        moving: The clips.
        remarks: See :class:`Suite`.
    """

    name: str
    size: int
    exact: bool
    stills: Sequence[Case]
    moving: Sequence[Clip] = ()
    remarks: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.stills)

    def cases(self) -> Iterator[Case]:
        """See :meth:`Suite.cases`."""
        return iter(self.stills)

    def clips(self) -> Iterator[Clip]:
        """See :meth:`Suite.clips`."""
        return iter(self.moving)
