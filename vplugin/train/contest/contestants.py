"""Who takes part in a contest: swappers of every kind behind one interface.

:class:`Staged` runs a swapper as the ``swap`` node does, on whole pictures: cut, swap, match
colour, mask, paste. :class:`Cropped` judges what a net makes of the crop, nothing mended, as papers
do. :class:`Function` is for nets under training. The target unchanged and the exact truth are
contestants like others: whoever copies the target has a good PSNR, and that has to be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.colour import paste_rgb
from vplugin.errors import TrainError
from vplugin.frame import Face, Frame
from vplugin.picture import Picture, PictureFormat
from vplugin.train.contest.cases import ALIGNED, Answer, Case, Rgb, Shot
from vplugin.vision.align import Template, apply, invert, warp
from vplugin.vision.blend import HostCompositor
from vplugin.vision.cutout import MaskStyle
from vplugin.vision.match import LookSmoother
from vplugin.vision.source import Source, View, mean_embedding
from vplugin.vision.stage import ColourStyle, Job, SwapStage
from vplugin.vision.swap import Swapper

__all__ = [
    "TRUTH",
    "UNCHANGED",
    "Contestant",
    "Cropped",
    "ExactTruth",
    "Function",
    "Given",
    "Staged",
    "Unchanged",
]

Array = npt.NDArray[Any]
EmbedFace = Callable[[Array, Array], npt.NDArray[np.float32]]  # picture, (5, 2) points → (512,) raw
#: Target crops and source crops, (N, S, S, 3) uint8 RGB by ``arcface_128`` → answers, the same.
Net = Callable[[Rgb, Rgb], Rgb]

UNCHANGED, TRUTH = "target unchanged", "exact truth"
_KEPT = 64  # sources whose preparation is remembered
_SEAM = 0.03  # of a crop's side: how soft its border is where it is laid back
_STEADY = 0.4  # seconds over which colours are steadied in clips, as the node does


class Contestant(Protocol):
    """Swaps faces."""

    @property
    def name(self) -> str:
        """Of its row."""

    def new_shot(self) -> None:
        """Forget what was kept steady: another clip begins."""

    def answers(self, cases: Sequence[Case], size: int) -> list[Answer]:
        """Swap.

        Args:
            cases: Any number; frames of one clip come in order, one call each.
            size: Side of the crops that are judged, px.
        """


def laid_back(target: Shot, crop: Rgb, how: Template = ALIGNED) -> Rgb:
    """The target's picture with a crop laid over it, softly at the crop's border only."""
    size = len(crop)
    back = invert(target.matrix(size, how))
    height, width = target.picture.shape[:2]
    edge = max(1, round(_SEAM * size))
    inside = np.zeros((size, size), np.float32)
    inside[edge:-edge, edge:-edge] = 1
    soft = cv2.blur(inside, (2 * edge - 1, 2 * edge - 1))
    share = warp(soft, back, (width, height), border="black")[..., None]
    over = warp(crop, back, (width, height)).astype(np.float32)
    return np.rint(target.picture + (over - target.picture) * share).astype(np.uint8)


class Unchanged:
    """Does nothing."""

    name = UNCHANGED

    def new_shot(self) -> None:
        """See :meth:`Contestant.new_shot`."""

    def answers(self, cases: Sequence[Case], size: int) -> list[Answer]:
        """See :meth:`Contestant.answers`."""
        return [Answer(case.target.crop(size), case.target.picture) for case in cases]


class ExactTruth:
    """Knows the answer."""

    name = TRUTH

    def new_shot(self) -> None:
        """See :meth:`Contestant.new_shot`."""

    def answers(self, cases: Sequence[Case], size: int) -> list[Answer]:
        """See :meth:`Contestant.answers`.

        Raises:
            ValueError: A case has no truth.
        """
        return [_true(case, size) for case in cases]


def _true(case: Case, size: int) -> Answer:
    if case.truth is None:
        raise ValueError(f"case {case.name} has no exact truth")
    shot = case.truth.shot
    return Answer(shot.crop(size), shot.picture, case.truth.own)


class Given:
    """Pictures that somebody else made.

    Args:
        name: Under which the cases hold them.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def new_shot(self) -> None:
        """See :meth:`Contestant.new_shot`."""

    def answers(self, cases: Sequence[Case], size: int) -> list[Answer]:
        """See :meth:`Contestant.answers`.

        Raises:
            TrainError: A case's result is missing, or not of the target's size.
        """
        return [self._answer(case, size) for case in cases]

    def _answer(self, case: Case, size: int) -> Answer:
        made = case.given.get(self.name)
        if made is None:
            raise TrainError(f"has no result for {case.name}", where=self.name, mend="add it")
        if made.shape != case.target.picture.shape:
            wrong, right = _pixels(made), _pixels(case.target.picture)
            raise TrainError(
                f"its result for {case.name} is {wrong}, the target {right}",
                where=self.name,
                mend="give whole pictures, as large as the target's",
            )
        return Answer(Shot(made, case.target.points).crop(size), made)


def _pixels(picture: Rgb) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"


class Function:
    """A net, or anything else that maps crops to crops.

    Args:
        name: Of its row.
        net: See :data:`Net`; sources are cropped from the first picture of each.
        size: Side of the crops that it takes.
    """

    def __init__(self, name: str, net: Net, size: int = 128) -> None:
        self.name = name
        self._net, self._size = net, size

    def new_shot(self) -> None:
        """See :meth:`Contestant.new_shot`."""

    def answers(self, cases: Sequence[Case], size: int) -> list[Answer]:
        """See :meth:`Contestant.answers`."""
        targets = np.stack([case.target.crop(self._size) for case in cases])
        sources = np.stack([case.sources[0].crop(self._size) for case in cases])
        made = self._net(targets, sources)
        return [
            _answer(case.target, crop, ALIGNED, size)
            for case, crop in zip(cases, np.asarray(made, np.uint8), strict=True)
        ]


def _sized(crop: Rgb, size: int) -> Rgb:
    """A crop by ``arcface_128`` at another size: it shows the same part."""
    if len(crop) == size:
        return crop
    way = cv2.INTER_AREA if len(crop) > size else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(crop, (size, size), interpolation=way), np.uint8)


class _Swapping:
    """What contestants that are swappers share: sources made ready once, clips kept apart."""

    def __init__(self, swapper: Swapper, name: str | None, embed: EmbedFace | None) -> None:
        self.name = name or swapper.name
        self.swapper, self._embed = swapper, embed
        self._ready: dict[tuple[str, int], Any] = {}

    def new_shot(self) -> None:
        """See :meth:`Contestant.new_shot`."""
        self.swapper.new_shot()

    def prepared(self, case: Case) -> Any:
        """What the swapper made of a case's source."""
        key = case.person, hash(case.sources[0].picture.tobytes())
        if key not in self._ready:
            if len(self._ready) >= _KEPT:
                del self._ready[next(iter(self._ready))]
            self._ready[key] = self.swapper.prepare(self._source(case))
        return self._ready[key]

    def _source(self, case: Case) -> Source:
        views = tuple(
            View(shot.picture, np.asarray(shot.points, np.float32), case.person)
            for shot in case.sources
        )
        embed = self._embed
        if embed is None:
            return Source(case.person, views)
        raw = [embed(view.image, view.points) for view in views]
        length = float(np.mean([np.linalg.norm(one) for one in raw]))
        return Source(case.person, views, mean_embedding(raw), length)


class Cropped(_Swapping):
    """A swapper judged by its crops alone: laid back whole, no mask, no colour matched.

    Args:
        swapper: Any.
        name: Of its row; the swapper's own if None.
        embed: For swappers that need the source's embedding.
    """

    def __init__(
        self, swapper: Swapper, name: str | None = None, embed: EmbedFace | None = None
    ) -> None:
        super().__init__(swapper, name, embed)

    def answers(self, cases: Sequence[Case], size: int) -> list[Answer]:
        """See :meth:`Contestant.answers`."""
        how, sizes = self.swapper.template, self.swapper.sizes
        own = next((one for one in sizes if one >= size), sizes[-1])
        shots = [case.target for case in cases]
        crops = np.stack([shot.crop(own, how) for shot in shots]).astype(np.float32) / 255
        points = np.stack([apply(shot.matrix(own, how), shot.points) for shot in shots])
        sources = [self.prepared(case) for case in cases]
        tracks = [case.track for case in cases]
        made = self.swapper.swap(crops, points, sources, tracks, cases[0].time)
        whole = np.clip(np.rint(made.crops * 255), 0, 255).astype(np.uint8)
        return [_answer(shot, crop, how, size) for shot, crop in zip(shots, whole, strict=True)]


def _answer(target: Shot, crop: Rgb, how: Template, size: int) -> Answer:
    """A crop as an answer, whichever way it is aligned."""
    picture = laid_back(target, crop, how)
    if how.name == ALIGNED.name:
        return Answer(_sized(crop, size), picture)
    return Answer(Shot(picture, target.points).crop(size), picture)


class Staged(_Swapping):
    """A swapper with all that the ``swap`` node does around it.

    Args:
        swapper: Any.
        mask: How the border looks.
        match: Whether colour and light are matched.
        name: Of its row; the swapper's own if None.
        embed: For swappers that need the source's embedding.
    """

    def __init__(
        self,
        swapper: Swapper,
        mask: MaskStyle,
        *,
        match: bool,
        name: str | None = None,
        embed: EmbedFace | None = None,
    ) -> None:
        super().__init__(swapper, name, embed)
        self._smoother = LookSmoother(_STEADY)
        colour = ColourStyle(match)
        self._stage = SwapStage(swapper, HostCompositor(), mask, colour, self._smoother)

    def new_shot(self) -> None:
        """See :meth:`Contestant.new_shot`."""
        super().new_shot()
        self._smoother.reset()

    def answers(self, cases: Sequence[Case], size: int) -> list[Answer]:
        """See :meth:`Contestant.answers`."""
        return [self._answer(case, size) for case in cases]

    def _answer(self, case: Case, size: int) -> Answer:
        frame = framed(case)
        jobs = [Job(frame.faces[0], self.prepared(case))]
        self._stage.run(frame, jobs, 1.0, self.name)
        made = frame.read((0, 0, frame.format.width, frame.format.height))
        picture = np.asarray(made, np.uint8)
        return Answer(Shot(picture, case.target.points).crop(size), picture)


def framed(case: Case) -> Frame:
    """A case's target as a frame with one face."""
    rgb = case.target.picture
    height, width = rgb.shape[:2]
    form = PictureFormat("rgb24", width, height)
    planes = paste_rgb(Picture.blank(form).planes, form, rgb, np.ones((height, width), bool))
    box, points = (np.asarray(x, np.float32) for x in (case.target.box(), case.target.points))
    face = Face(box, points=points, track=case.track)
    pts = round(case.time * 1000)
    return Frame(Picture(form, planes), pts, Fraction(1, 1000), faces=(face,))
