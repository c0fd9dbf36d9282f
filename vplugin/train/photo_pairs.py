"""Pairs with proxies made of photographs: reenact, parse, blend, match colours, reshape.

What :mod:`vplugin.train.pairs` does for rendered people by rendering again, reenactors do here:
the ``mesh`` swap, which needs no weights, or LivePortrait's nets.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.train.contest.cases import Case, Rgb, Shot
from vplugin.train.contest.contestants import Staged
from vplugin.train.proxies import proxy
from vplugin.train.triplets import Pair
from vplugin.vision.cutout import MaskStyle
from vplugin.vision.expression import ExpressionRestorer
from vplugin.vision.mesh import MeshStyle, MeshSwapper
from vplugin.vision.mesh_view import Sight
from vplugin.vision.parse import Parser

__all__ = ["LivePortraitReenactor", "MeshReenactor", "PairMaker", "Reenactor"]


class Reenactor(Protocol):
    """Shows one person in the pose and with the expression of another."""

    def __call__(self, identity: Shot, attributes: Shot, size: int) -> Rgb:
        """Reenact.

        Args:
            identity: Who is shown.
            attributes: In which pose, with which expression, and where.
            size: Side of the answer, px.

        Returns:
            (S, S, 3), aligned as ``attributes.crop(size)``.
        """


class MeshReenactor:
    """The ``mesh`` swap: the source's pictures, bent.

    Args:
        sight: Looks at faces.
    """

    def __init__(self, sight: Sight) -> None:
        style = MaskStyle("swapper", MeshStyle().feather)
        self._mesh = Staged(MeshSwapper(sight), style, match=True)

    def __call__(self, identity: Shot, attributes: Shot, size: int) -> Rgb:
        """See :meth:`Reenactor.__call__`."""
        self._mesh.new_shot()
        case = Case("pair", 0, "source", attributes, (identity,))
        return self._mesh.answers([case], size)[0].crop


class LivePortraitReenactor:
    """LivePortrait's nets, with the absolute motion of the attributes.

    Args:
        nets: All three.
    """

    def __init__(self, nets: ExpressionRestorer) -> None:
        self._nets = nets

    def __call__(self, identity: Shot, attributes: Shot, size: int) -> Rgb:
        """See :meth:`Reenactor.__call__`."""
        side = self._nets.size
        shown, wanted = (
            shot.crop(side).astype(np.float32) / np.float32(255) for shot in (identity, attributes)
        )
        drawn = np.rint(self._nets.driven(shown, wanted) * 255).astype(np.uint8)
        return _sized(drawn, size, cv2.INTER_AREA)


class PairMaker:
    """Two photographs → both photos, aligned, and both proxies.

    Args:
        reenact: The first stage.
        parser: Says what is face and what is hair.
        size: Side of the pictures, px.
    """

    def __init__(self, reenact: Reenactor, parser: Parser, size: int = 256) -> None:
        self._reenact, self._parser, self._size = reenact, parser, size

    def pair(self, target: Shot, source: Shot) -> Pair:
        """C_a the target, C_b the source, C_ab and C_ba."""
        return Pair(
            source.crop(self._size),
            target.crop(self._size),
            self._proxy(source, target),
            self._proxy(target, source),
        )

    def _proxy(self, identity: Shot, attributes: Shot) -> Rgb:
        shown = self._reenact(identity, attributes, self._size)
        photo = attributes.crop(self._size)
        return proxy(shown, photo, self._labels(shown), self._labels(photo))

    def _labels(self, crop: Rgb) -> npt.NDArray[np.uint8]:
        small = _sized(crop, self._parser.size, cv2.INTER_AREA)
        return _sized(self._parser.parse(small[None]).labels[0], self._size, cv2.INTER_NEAREST)


def _sized(picture: Rgb, size: int, how: int) -> Rgb:
    return np.asarray(cv2.resize(picture, (size, size), interpolation=how), np.uint8)
