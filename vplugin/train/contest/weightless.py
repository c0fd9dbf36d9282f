"""The rows that need no swap weights, ``copy`` and ``mesh``, as the ``swap`` node runs them."""

from __future__ import annotations

from vplugin.train.contest.contestants import Contestant, Staged
from vplugin.vision.copy_face import CopySwapper
from vplugin.vision.cutout import MaskStyle
from vplugin.vision.mesh import MeshSwapper
from vplugin.vision.mesh_view import Sight

__all__ = ["weightless"]

_MESH_FEATHER = 0.17  # the stock one of the node


def weightless(sight: Sight | None) -> list[Contestant]:
    """Both, or only ``copy`` without a sight.

    Args:
        sight: Looks at faces for ``mesh``: the house landmarks and parser.
    """
    found: list[Contestant] = [Staged(CopySwapper(), MaskStyle("face"), match=True)]
    if sight is not None:
        style = MaskStyle("swapper", _MESH_FEATHER)
        found.append(Staged(MeshSwapper(sight), style, match=True))
    return found
