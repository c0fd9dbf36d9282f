"""All measures on the pixels of one answer, in the crop that is judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.train.contest.cases import Case, Mask, Rgb, Shot
from vplugin.train.contest.pictures import (
    Regions,
    detail_correlation,
    gmsd,
    psnr,
    regions,
    ssim,
)
from vplugin.vision.align import affine, apply, compose, invert, warp

__all__ = ["Scene", "source_laid"]

Array = npt.NDArray[Any]

_DETAIL = 0.16  # eye distances: keeps features, drops light


def source_laid(source: Shot, target: Shot, size: int) -> tuple[Rgb, Mask]:
    """The source's picture over the target's crop, by the affine map between their five points.

    Of two faces in different pose only features lie over one another, and only roughly: the
    correlation of detail with the source tells less than that with the exact truth.

    Returns:
        The picture (S, S, 3) uint8, and where there is one, (S, S) bool.
    """
    matrix = compose(target.matrix(size), affine(source.points, target.points))
    height, width = source.picture.shape[:2]
    columns, rows = np.meshgrid(np.arange(size), np.arange(size))
    places = apply(invert(matrix), np.stack([columns, rows], -1).reshape(1, -1, 2))[0]
    inside = ((places >= 0) & (places <= (width - 1, height - 1))).all(-1).reshape(size, size)
    return np.asarray(warp(source.picture, matrix, (size, size)), np.uint8), inside


class Scene:
    """What an answer to one case is compared with.

    Args:
        case: The case.
        size: Side of the crop, px.
    """

    def __init__(self, case: Case, size: int) -> None:
        self.target = case.target.crop(size)
        self.truth = None if case.truth is None else case.truth.shot.crop(size)
        self.source, inside = source_laid(case.sources[0], case.target, size)
        five = apply(case.target.matrix(size), case.target.points)
        self.eyes = float(np.linalg.norm(five[1] - five[0]))
        shown = case.target.mask(size)
        right = case.reference.mask(size)
        self.face = shown & right
        self._over = self.face & inside
        self._parts: Regions = regions(right, shown, self.eyes)

    def measured(self, answer: Rgb) -> dict[str, float]:
        """Measure → figure of an answer's crop (S, S, 3) uint8 RGB."""
        sigma = _DETAIL * self.eyes
        found = {
            "detail_source": detail_correlation(answer, self.source, self._over, sigma),
            "detail_target": detail_correlation(answer, self.target, self.face, sigma),
        }
        if self.truth is None:
            return found
        found["detail_truth"] = detail_correlation(answer, self.truth, self.face, sigma)
        for part in ("face", "ring", "background"):
            mask = getattr(self._parts, part)
            for name, measure in (("psnr", psnr), ("ssim", ssim), ("gmsd", gmsd)):
                found[f"{name}_{part}"] = measure(answer, self.truth, mask)
        return found
