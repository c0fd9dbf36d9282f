"""Gives swapped faces back the expression of the people they replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from vplugin.frame import Face, Frame
from vplugin.node import Context
from vplugin.nodes.redrawing import RedrawNode, RedrawParams, was_altered
from vplugin.vision.blend import take
from vplugin.vision.cutout import CutOut
from vplugin.vision.expression import Areas, ExpressionRestorer, MotionNet

Floats = npt.NDArray[np.float32]


class ExpressionParams(RedrawParams):
    """Parameters of :class:`Expression`."""

    motion: str = Field(description="LivePortrait's motion net.")
    feature: str = Field(description="LivePortrait's feature net.")
    generator: str = Field(description="LivePortrait's warping net and generator in one file.")
    factor: float = Field(
        default=1.0,
        ge=0,
        le=1.2,
        description="How much of the expression comes back: 0 nothing, 1 all, more exaggerates.",
    )
    areas: Areas = Field(
        default="all", description="Which part of the face: all, upper (brows, eyes) or lower."
    )


class Expression(RedrawNode[ExpressionParams]):
    """Gives swapped faces the expression that was there before the swap.

    It reads the picture without the edits of the nodes before it, so it stands after ``swap`` and
    leaves alone whom nothing was done to. All but the models may be changed while it runs.

    Example:
        >>> Expression(ExpressionParams(motion="m.onnx", feature="f.onnx", generator="g.onnx"))
        ... # doctest: +ELLIPSIS
        <...Expression object at ...>
    """

    fixed: ClassVar[tuple[str, ...]] = ("motion", "feature", "generator", *RedrawNode.fixed)

    def open(self, context: Context) -> None:
        """See :meth:`RedrawNode.open`."""
        super().open(context)
        params = self.params
        self._restorer = ExpressionRestorer(
            MotionNet(self.session(params.motion), params.motion),
            self.session(params.feature),
            self.session(params.generator),
            (params.feature, params.generator),
        )

    def redraw(self, frame: Frame, faces: Sequence[Face]) -> Mapping[str, int]:
        """See :meth:`RedrawNode.redraw`."""
        restorer, params = self._restorer, self.params
        clean = frame.evolve(patches=())
        altered = [face for face in faces if was_altered(frame, face)]

        def draw(crops: Floats, cuts: Sequence[CutOut]) -> Floats:
            regions = (take(clean, cut.matrix, restorer.size) for cut in cuts)
            originals = self._compositor.crops([one for one in regions if one is not None])
            return restorer.restore(crops, originals, params.factor, params.areas)

        stage = self.stage(draw, restorer.template, (restorer.size,))
        counts = stage.run(frame, altered, float(params.factor > 0), self)
        if others := len(faces) - len(altered):
            counts["not altered"] += others
        return counts
