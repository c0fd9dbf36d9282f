"""One frame through a swapper: cut out, swap, match colour, mask, blend, paste.

What the ``swap`` node does to the faces that were chosen, without any graph around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.frame import Face, Frame
from vplugin.picture import Rect
from vplugin.vision.blend import Compositor
from vplugin.vision.cutout import CutOut, MaskStyle, border_mask, cut_out, lay_back, limited
from vplugin.vision.match import Look, LookSmoother, harmonise
from vplugin.vision.occlusion import Occluder
from vplugin.vision.swap import Swapped, Swapper

Floats = npt.NDArray[np.float32]

_LIGHT_SIGMA = 0.3  # eye distances; smaller ones let the target's features show through


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
    out: CutOut


class SwapStage:
    """Swaps faces of frames.

    Args:
        swapper: Makes the faces.
        compositor: Does the pixel work.
        mask: How the border looks.
        colour: How colour and light are matched.
        smoother: Keeps the colour of each track steady.
        occluder: Finds what lies before a face and must stay, or None.
    """

    def __init__(
        self,
        swapper: Swapper,
        compositor: Compositor,
        mask: MaskStyle,
        colour: ColourStyle,
        smoother: LookSmoother,
        occluder: Occluder | None = None,
    ) -> None:
        self.swapper = swapper
        self.compositor = compositor
        self.mask = mask
        self.colour = colour
        self.smoother = smoother
        self.occluder = occluder

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
            out = cut_out(frame, job.face, self.swapper.template, self.swapper.sizes)
            if isinstance(out, str):
                counts[out] += 1
            else:
                cuts.setdefault(out.region.size, []).append(_Cut(job, out))
        pasted: list[Rect] = []
        for group in cuts.values():
            for cut, face, mask in self._swap(group, float(frame.time)):
                mask = mask * np.float32(blend)
                done = lay_back(frame, cut.out, face, mask, pasted, self.compositor, node)
                counts["swapped" if done else "masked out"] += 1
        return counts

    def _swap(self, cuts: Sequence[_Cut], time: float) -> Iterator[tuple[_Cut, Floats, Floats]]:
        """Swapped crops and their masks, for crops of one size."""
        crops = self.compositor.crops([cut.out.region for cut in cuts])
        made = self.swapper.swap(
            crops,
            np.stack([cut.out.points for cut in cuts]),
            [cut.job.source for cut in cuts],
            [cut.job.face.track for cut in cuts],
            time,
        )
        outline = replace(self.mask, shape="face")
        masks = self._masks(cuts, made, crops)
        for cut, face, mask, crop in zip(cuts, made.crops, masks, crops, strict=True):
            in_crop = mask.shape == face.shape[:2]
            if self.colour.match and not made.finished:
                weight = mask if in_crop else border_mask(cut.out, outline)
                face = self._matched(cut, face, crop, weight, time)
            yield cut, face, mask

    def _masks(self, cuts: Sequence[_Cut], made: Swapped, crops: Floats) -> list[Floats]:
        """How much of each swapped crop shows: what every mask allows."""
        seen = None if self.occluder is None else self.occluder.visible(crops)
        masks = []
        for index, cut in enumerate(cuts):
            mask = border_mask(cut.out, self.mask)
            if made.masks is not None and mask.shape == crops.shape[1:3]:
                mask = np.minimum(mask, made.masks[index])
            masks.append(mask if seen is None else limited(mask, seen[index], cut.out))
        return masks

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

        sigma = _LIGHT_SIGMA * cut.out.eyes
        return harmonise(face, crop, weight, sigma, self.colour.light, settle)
