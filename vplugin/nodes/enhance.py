"""Sharpens faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from vplugin.frame import Face, Frame
from vplugin.node import Context
from vplugin.nodes.redrawing import RedrawNode, RedrawParams
from vplugin.vision.cutout import CutOut
from vplugin.vision.enhance import Enhancer

Floats = npt.NDArray[np.float32]


class EnhanceParams(RedrawParams):
    """Parameters of :class:`Enhance`."""

    model: str = Field(
        description="Catalogue name or ONNX file of a face enhancer: GFPGAN, CodeFormer, "
        "RestoreFormer++, GPEN.",
    )
    blend: float = Field(
        default=0.8, ge=0, le=1, description="How much of the sharpened face shows."
    )
    fidelity: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="CodeFormer: 0 best quality, 1 nearest to what it was given.",
    )


class Enhance(RedrawNode[EnhanceParams]):
    """Sharpens faces, after a swap or as they are.

    Needs five points for each face, as ``detect`` gives. All but the models may be changed while
    it runs. A sharpened face has no grain; none is added.

    Example:
        >>> Enhance(EnhanceParams(model="gfpgan_1.4", blend=0.6))  # doctest: +ELLIPSIS
        <...Enhance object at ...>
    """

    fixed: ClassVar[tuple[str, ...]] = ("model", *RedrawNode.fixed)

    def open(self, context: Context) -> None:
        """See :meth:`RedrawNode.open`."""
        super().open(context)
        self._enhancer = Enhancer(self.session(self.params.model), self.params.model)

    def redraw(self, frame: Frame, faces: Sequence[Face]) -> Mapping[str, int]:
        """See :meth:`RedrawNode.redraw`."""
        enhancer, params = self._enhancer, self.params

        def draw(crops: Floats, cuts: Sequence[CutOut]) -> Floats:
            return enhancer.enhance(crops, params.fidelity)

        stage = self.stage(draw, enhancer.template, (enhancer.size,))
        return stage.run(frame, faces, params.blend, self)
