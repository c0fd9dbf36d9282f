"""One frame through something that draws faces anew: cut out, draw, mask, blend, paste.

For whatever keeps the person (an enhancer, the expression restorer). Replacing a person, with its
sources and its matching of colours, is :mod:`vplugin.vision.stage`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vplugin.frame import Face, Frame
from vplugin.picture import Rect
from vplugin.vision.align import Template
from vplugin.vision.blend import Compositor
from vplugin.vision.cutout import (
    CutOut,
    MaskStyle,
    add_back,
    border_mask,
    cut_out,
    lay_back,
    limited,
)
from vplugin.vision.occlusion import Occluder

__all__ = ["Draw", "Redraw"]

Floats = npt.NDArray[np.float32]
#: Crops (N, S, S, 3) float32 RGB in 0–1 and where they were cut out → crops of the same shape.
Draw: TypeAlias = Callable[[Floats, Sequence[CutOut]], Floats]


@dataclass(frozen=True, eq=False)
class Redraw:
    """Draws faces of frames anew.

    Attributes:
        draw: Does it.
        template: How its crops are aligned.
        sizes: Widths of its crops, ascending; see :func:`vplugin.vision.cutout.cut_out`.
        compositor: Does the pixel work.
        mask: How the border looks.
        occluder: Finds what lies before a face and must stay, or None.
        adds: Whether ``draw`` gives what is to be added (−1…1) rather than what is to be seen.
    """

    draw: Draw
    template: Template
    sizes: Sequence[int]
    compositor: Compositor
    mask: MaskStyle
    occluder: Occluder | None = None
    adds: bool = False

    def run(self, frame: Frame, faces: Iterable[Face], blend: float, node: object) -> Counter[str]:
        """Add a patch for each face to ``frame``.

        Args:
            frame: Patches are added to it.
            faces: To draw anew.
            blend: 0–1, how much of what was drawn shows.
            node: The editing node, see :meth:`vplugin.frame.Frame.edit`.

        Returns:
            How many faces were ``done``, and how many were not, by reason.
        """
        found = [cut_out(frame, face, self.template, self.sizes) for face in faces]
        counts = Counter(cut for cut in found if isinstance(cut, str))
        pasted: list[Rect] = []
        for size in self.sizes if blend > 0 else ():
            cuts = [cut for cut in found if isinstance(cut, CutOut) and cut.region.size == size]
            for cut, face, mask in self._drawn(cuts):
                mask = mask * np.float32(blend)
                if self.adds:
                    done = add_back(frame, cut, face, mask, pasted, node)
                else:
                    done = lay_back(frame, cut, face, mask, pasted, self.compositor, node)
                counts["done" if done else "masked out"] += 1
        return counts

    def _drawn(self, cuts: Sequence[CutOut]) -> Iterator[tuple[CutOut, Floats, Floats]]:
        """Crops of one size, drawn anew, and their masks."""
        if cuts:
            crops = self.compositor.crops([cut.region for cut in cuts])
            drawn = self.draw(crops, cuts)
            yield from zip(cuts, drawn, self._masks(crops, cuts), strict=True)

    def _masks(self, crops: Floats, cuts: Sequence[CutOut]) -> list[Floats]:
        masks = [border_mask(cut, self.mask) for cut in cuts]
        if self.occluder is None:
            return masks
        seen = self.occluder.visible(crops)
        return [limited(*pair) for pair in zip(masks, seen, cuts, strict=True)]
