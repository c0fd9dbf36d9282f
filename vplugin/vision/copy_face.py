"""The floor of the field: lay a photograph of the source's face over the target's.

No network and no weights: the source's picture is carried onto the target's five points, hair and
hands are left out by colour, and the caller matches colour and light
(:mod:`vplugin.vision.match`) and blends. Convincing for faces seen from about the same side; the
target's expression is lost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.vision.align import affine, apply, scale_of, similarity, template, warp, yaw
from vplugin.vision.mask import face_outline, polygon_mask, skin_mask
from vplugin.vision.source import Source, View
from vplugin.vision.swap import Swapped

Array = npt.NDArray[Any]

_UNIT = np.float32(1 / 255)
_MARGIN = 1.25  # a prepared picture shows this much more than the template's crop
_OVERSAMPLING = 2.0  # each further resampling then costs little sharpness
_LARGEST = 1024
_SOURCE_FEATHER = 0.15  # eye distances
_SOURCE_SKIN = 1.8  # stricter than for the target: the source's fringe must not come along
_REMEMBERED = 256  # persons whose choice of picture is kept
_STICKY = 0.15  # eye distances of yaw by which another picture must fit better to be taken


def placed(points: Array, target: Array) -> npt.NDArray[np.float64]:
    """How a face is laid over another: half way from the best similarity to the best affine map.

    A similarity keeps the source's proportions whole, but a face turned aside or nodding is
    foreshortened, which an affine map follows; taken alone, that would stretch the source's face
    to the target's proportions.

    Args:
        points: (5, 2), of the source.
        target: (5, 2), where they shall lie.

    Returns:
        (2, 3).
    """
    return (similarity(points, target) + affine(points, target)) / 2.0


@dataclass(frozen=True, eq=False)
class CopyView:
    """One picture of the source, made ready.

    Attributes:
        rgba: (S, S, 4) uint8, upright; alpha is 0 on hair, hat and hands and outside the face.
        points: (5, 2) in it.
        yaw: As :func:`vplugin.vision.align.yaw`.
    """

    rgba: Array
    points: npt.NDArray[np.float64]
    yaw: float

    def mirrored(self) -> CopyView:
        """The same face seen from the other side."""
        flipped = self.points[[1, 0, 2, 4, 3]].copy()
        flipped[:, 0] = self.rgba.shape[1] - 1 - flipped[:, 0]
        return CopyView(np.ascontiguousarray(self.rgba[:, ::-1]), flipped, -self.yaw)


class CopySwapper:
    """A :class:`vplugin.vision.swap.Swapper` without a network.

    Of several pictures of the source, and their mirror images, it takes for each person the one
    that looks the same way, and keeps it until another fits clearly better.

    Args:
        skin: Whether hair and hands before the target's face stay in front.
    """

    name = "copy"
    template = template("arcface_128")
    sizes = (128, 192, 256, 384, 512)
    match_colour = True

    def __init__(self, skin: bool = True) -> None:
        self.skin = skin
        self._chosen: dict[int, tuple[tuple[CopyView, ...], CopyView]] = {}

    def prepare(self, source: Source) -> tuple[CopyView, ...]:
        """Bring each picture of a source upright, once."""
        views = [self._view(view) for view in source.views]
        return tuple(side for view in views for side in (view, view.mirrored()))

    def _view(self, view: View) -> CopyView:
        base = self.template.size
        native = base * _MARGIN / scale_of(similarity(view.points, self.template.at(base)))
        size = int(min(max(math.ceil(native * _OVERSAMPLING), base), _LARGEST))
        middle = (size - 1) / 2.0
        goal = (self.template.at(size) - middle) / _MARGIN + middle
        matrix = similarity(view.points, goal)
        rgb = warp(view.image, matrix, (size, size), smooth=True)
        points = apply(matrix, view.points)
        feather = _SOURCE_FEATHER * float(np.linalg.norm(points[1] - points[0]))
        alpha = skin_mask(rgb, points, _SOURCE_SKIN)
        alpha *= polygon_mask(face_outline(points), size, feather)
        rgba = np.dstack([rgb, np.rint(alpha * 255).astype(np.uint8)])
        return CopyView(rgba, points, yaw(points))

    def swap(
        self,
        crops: Array,
        points: Array,
        sources: Sequence[tuple[CopyView, ...]],
        tracks: Sequence[int | None],
        time: float = 0.0,
    ) -> Swapped:
        """See :meth:`vplugin.vision.swap.Swapper.swap`."""
        size = crops.shape[1]
        faces = np.empty((len(crops), size, size, 3), np.float32)
        masks = np.empty((len(crops), size, size), np.float32)
        for index, (crop, places) in enumerate(zip(crops, points, strict=True)):
            view = self._choose(sources[index], yaw(places), tracks[index])
            rgba = warp(view.rgba, placed(view.points, places), (size, size))
            np.multiply(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB), _UNIT, out=faces[index])
            np.multiply(rgba[..., 3], _UNIT, out=masks[index])
            if self.skin:
                masks[index] *= skin_mask(crop, places)
        return Swapped(faces, masks)

    def new_shot(self) -> None:
        """See :meth:`vplugin.vision.swap.Swapper.new_shot`."""
        self._chosen.clear()

    def _choose(self, views: tuple[CopyView, ...], aside: float, track: int | None) -> CopyView:
        best = min(views, key=lambda view: abs(view.yaw - aside))
        if track is None:
            return best
        known = self._chosen.get(track)
        if known is not None and known[0] is views:
            kept = known[1]
            if abs(kept.yaw - aside) - abs(best.yaw - aside) < _STICKY:
                return kept
        self._chosen[track] = (views, best)
        if len(self._chosen) > _REMEMBERED:
            del self._chosen[next(iter(self._chosen))]
        return best
