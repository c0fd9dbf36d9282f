"""Mends the lower faces of swapped people: mouth, jaw and chin of the source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from vplugin.errors import ContractError
from vplugin.frame import Face, Frame
from vplugin.node import Context
from vplugin.nodes.redrawing import RedrawNode, RedrawParams, was_altered
from vplugin.nodes.sources import FaceReader
from vplugin.nodes.swap import SOURCE
from vplugin.vision.cutout import CutOut
from vplugin.vision.lower import LowerEmbedder, LowerRefiner, LowerRegion
from vplugin.vision.occlusion import LeastVisible

Floats = npt.NDArray[np.float32]


class RefineParams(RedrawParams):
    """Parameters of :class:`Refine`."""

    model: str = Field(description="Catalogue name or ONNX file of `vplugin train refine`.")
    fixer: str = Field(description="Catalogue name or ONNX file of `vplugin train fixer`.")
    blend: float = Field(default=1.0, ge=0, le=1, description="How much of it shows.")
    sources: tuple[str, ...] = Field(
        default=(),
        description="Sources of the swap that are loaded at the start; others when first seen.",
    )
    detector: str = Field(
        default="house/detector",
        description="Model that finds the face in the source pictures.",
    )


class Refine(RedrawNode[RefineParams]):
    """Gives swapped faces the mouth, jaw and chin of their source (FixerNet, ReliableSwap).

    Stands after ``swap``, any swap model or ``mesh``, and leaves alone whom nothing was done to.
    All but the models may be changed while it runs.

    Example:
        >>> Refine(RefineParams(model="refine.onnx", fixer="fixer.onnx"))  # doctest: +ELLIPSIS
        <...Refine object at ...>
    """

    fixed: ClassVar[tuple[str, ...]] = ("model", "fixer", "detector", *RedrawNode.fixed)

    def open(self, context: Context) -> None:
        """See :meth:`RedrawNode.open`.

        Raises:
            SourceError: A source picture is missing, unreadable, or does not show one face.
        """
        super().open(context)
        params = self.params
        self._refiner = LowerRefiner(self.session(params.model), params.model)
        self._fixer = LowerEmbedder(self.session(params.fixer), params.fixer)
        if self._refiner.width != self._fixer.width:
            raise ContractError(
                f"wants {self._refiner.width} numbers, and {params.fixer} gives "
                f"{self._fixer.width}",
                where=params.model,
                mend="use the two that were trained together",
            )
        self._occluder = LeastVisible(
            [LowerRegion(), *([] if self._occluder is None else [self._occluder])]
        )
        self._reader = FaceReader(self._models, params.detector, None)
        self._lower: dict[str, Floats] = {}
        for source in params.sources:
            self._of(source)
        self._reader.release_detector()

    def redraw(self, frame: Frame, faces: Sequence[Face]) -> Mapping[str, int]:
        """See :meth:`RedrawNode.redraw`."""
        refiner = self._refiner
        swapped = [face for face in faces if SOURCE in face.attributes and was_altered(frame, face)]

        def draw(crops: Floats, cuts: Sequence[CutOut]) -> Floats:
            lower = [self._of(str(cut.face.attributes[SOURCE])) for cut in cuts]
            return refiner.changes(crops, np.stack(lower))

        stage = self.stage(draw, refiner.template, refiner.sizes, adds=True)
        counts = stage.run(frame, swapped, self.params.blend, self)
        if others := len(faces) - len(swapped):
            counts["not swapped"] += others
        return counts

    def _of(self, source: str) -> Floats:
        """The lower face of a source: the direction in the middle of its views."""
        if source not in self._lower:
            views = self._reader.load(source, embed=False).views
            self._lower[source] = self._fixer.of_views(views)
        return self._lower[source]

    def close(self) -> None:
        """Free the models."""
        reader: FaceReader | None = getattr(self, "_reader", None)
        if reader is not None:
            reader.close()
        super().close()
