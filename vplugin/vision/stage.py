"""One frame through a swapper: cut out, swap, match colour, mask, blend, paste.

What the ``swap`` node does to the faces that were chosen, without any graph around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from vplugin.errors import PictureError
from vplugin.frame import Face, Frame
from vplugin.picture import Rect
from vplugin.vision.align import apply, scale_of, similarity
from vplugin.vision.blend import Compositor, Region, take, working_format
from vplugin.vision.mask import (
    box_mask,
    ellipse_mask,
    face_outline,
    hull_mask,
    insightface_mask,
    polygon_mask,
)
from vplugin.vision.match import Look, LookSmoother, harmonise
from vplugin.vision.swap import Swapper

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Shape = Literal["face", "hull", "ellipse", "box", "insightface", "swapper"]

_SMALLEST = 4.0  # pixels between the eyes below which a face is left alone
_LIGHT_SIGMA = 0.3  # eye distances; smaller ones let the target's features show through


@dataclass(frozen=True)
class MaskStyle:
    """How the border of a swapped face looks.

    Attributes:
        shape: ``face`` an outline from the five points, ``hull`` around dense landmarks where a
            face has them, ``ellipse``, ``box``, ``insightface`` as that library does it, or
            ``swapper``: what the swapper itself says.
        feather: Width of the soft border: in eye distances for face, hull and ellipse, as a share
            of half the crop for box.
    """

    shape: Shape = "face"
    feather: float = 0.35


@dataclass(frozen=True)
class ColourStyle:
    """How a swapped face takes on the target's colour.

    Attributes:
        match: Whether it does.
        light: 0–1, how much of the target's light it takes on.
    """

    match: bool = True
    light: float = 1.0


@dataclass(frozen=True, eq=False)
class Job:
    """A face and what the swapper prepared of the source that replaces it."""

    face: Face
    source: Any


@dataclass(frozen=True, eq=False)
class _Cut:
    """A job whose region has been read."""

    job: Job
    region: Region
    points: npt.NDArray[np.float64]  # (5, 2) in the crop
    matrix: npt.NDArray[np.float64]  # frame → crop


class SwapStage:
    """Swaps faces of frames.

    Args:
        swapper: Makes the faces.
        compositor: Does the pixel work.
        mask: How the border looks.
        colour: How colour and light are matched.
        smoother: Keeps the colour of each track steady.
    """

    def __init__(
        self,
        swapper: Swapper,
        compositor: Compositor,
        mask: MaskStyle,
        colour: ColourStyle,
        smoother: LookSmoother,
    ) -> None:
        self.swapper = swapper
        self.compositor = compositor
        self.mask = mask
        self.colour = colour
        self.smoother = smoother

    def run(self, frame: Frame, jobs: Iterable[Job], blend: float, node: object) -> Counter[str]:
        """Add a patch for each job to ``frame``.

        Args:
            frame: Patches are added to it.
            jobs: The faces.
            blend: 0–1, how much of the swapped face shows.
            node: The editing node, see :meth:`vplugin.frame.Frame.edit`.

        Returns:
            How many faces were ``swapped``, and how many were not, by reason.
        """
        counts: Counter[str] = Counter()
        cuts: dict[int, list[_Cut]] = {}
        for job in jobs:
            cut = self._cut(frame, job)
            if isinstance(cut, str):
                counts[cut] += 1
            else:
                cuts.setdefault(cut.region.size, []).append(cut)
        pasted: list[Rect] = []
        for group in cuts.values():
            for cut, face, mask in self._swap(group, float(frame.time)):
                done = self._paste(frame, cut, face, mask * np.float32(blend), pasted, node)
                counts["swapped" if done else "masked out"] += 1
        return counts

    def _cut(self, frame: Frame, job: Job) -> _Cut | str:
        """The job with its region, or why it cannot be done."""
        points = job.face.points
        if points is None:
            return "no points"
        if job.face.eye_distance < _SMALLEST:
            return "too small"
        template, sizes = self.swapper.template, self.swapper.sizes
        try:
            matrix = similarity(points, template.at(sizes[0]))
        except PictureError:
            return "degenerate points"
        # The smallest crop that has at least the pixels of the frame, else the largest there is.
        native = sizes[0] / scale_of(matrix)
        size = next((size for size in sizes if size >= native), sizes[-1])
        if size != sizes[0]:
            matrix = similarity(points, template.at(size))
        region = take(frame, matrix, size)
        if region is None:
            return "outside the picture"
        return _Cut(job, region, apply(matrix, points), matrix)

    def _swap(self, cuts: Sequence[_Cut], time: float) -> Iterator[tuple[_Cut, Floats, Floats]]:
        """Swapped crops and their masks, for crops of one size."""
        crops = self.compositor.crops([cut.region for cut in cuts])
        made = self.swapper.swap(
            crops,
            np.stack([cut.points for cut in cuts]),
            [cut.job.source for cut in cuts],
            [cut.job.face.track for cut in cuts],
            time,
        )
        for index, cut in enumerate(cuts):
            face, mask = made.crops[index], self._mask(cut)
            shown = None if made.masks is None else made.masks[index]
            in_crop = mask.shape == face.shape[:2]
            if shown is not None and in_crop:
                mask = np.minimum(mask, shown)
            if self.colour.match and not made.finished:
                weight = mask if in_crop else self._outline(cut)
                face = self._matched(cut, face, crops[index], weight, time)
            yield cut, face, mask

    def _mask(self, cut: _Cut) -> Floats:
        size, shape = cut.region.size, self.mask.shape
        if shape == "swapper":
            return np.ones((size, size), np.float32)
        if shape == "box":
            return box_mask(size, self.mask.feather)
        if shape == "insightface":
            return insightface_mask(cut.matrix, size, cut.region.rect)
        feather = self.mask.feather * float(np.linalg.norm(cut.points[1] - cut.points[0]))
        if shape == "ellipse":
            return ellipse_mask(size, feather)
        landmarks = cut.job.face.landmarks
        if shape == "hull" and landmarks is not None:
            return hull_mask(apply(cut.matrix, landmarks), size, feather)
        return self._outline(cut)

    def _outline(self, cut: _Cut) -> Floats:
        feather = self.mask.feather * float(np.linalg.norm(cut.points[1] - cut.points[0]))
        return polygon_mask(face_outline(cut.points), cut.region.size, feather)

    def _matched(
        self, cut: _Cut, face: Floats, crop: Floats, weight: Floats, time: float
    ) -> Floats:
        """The face in the target's colour and light, steady for each track."""
        track = cut.job.face.track

        def settle(have: Look, want: Look) -> tuple[Look, Look]:
            if track is None:
                return have, want
            steady = self.smoother.update
            return steady(f"{track}/source", time, have), steady(f"{track}/target", time, want)

        sigma = _LIGHT_SIGMA * float(np.linalg.norm(cut.points[1] - cut.points[0]))
        return harmonise(face, crop, weight, sigma, self.colour.light, settle)

    def _paste(
        self,
        frame: Frame,
        cut: _Cut,
        face: Floats,
        mask: Floats,
        pasted: list[Rect],
        node: object,
    ) -> bool:
        """Blend one face into the frame; false where its mask is empty."""
        region = cut.region
        if any(not region.rect.intersect(other).empty for other in pasted):
            # A neighbour was swapped since this region was read.
            region = replace(region, rgb=frame.read(region.rect, working_format(frame)))
        edits = self.compositor.paste([region], face[None], [mask])
        for edit in edits:
            frame.paste(
                edit.rect,
                edit.rgb,
                edit.changed,
                node=node,
                track=cut.job.face.track,
                format=working_format(frame),
            )
            pasted.append(edit.rect)
        return bool(edits)
