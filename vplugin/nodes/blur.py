"""Makes faces unrecognisable."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from vplugin.frame import Face, Frame
from vplugin.node import Context, Node, Params
from vplugin.picture import Rect
from vplugin.vision.blend import composite, working_format
from vplugin.vision.cover import Cover, Keeper, Outline, Style, cover_mask, covered

_FARTHEST = 1e5  # pixels; no picture reaches so far, a box that does is nonsense


class BlurParams(Params):
    """Parameters of :class:`Blur`."""

    style: Style = Field(
        default="gaussian", description="gaussian, pixelate, or fill with one colour."
    )
    strength: float = Field(
        default=0.15,
        ge=0.05,
        le=1,
        description="Size of what remains visible, as a share of the face's longer side.",
    )
    margin: float = Field(
        default=0.25,
        ge=0,
        le=2,
        description="How much larger than the face the covered region is, on each side.",
    )
    shape: Outline = Field(default="ellipse", description="ellipse or box.")
    colour: str = Field(
        default="#808080", pattern="^#[0-9a-fA-F]{6}$", description="Of fill, as #rrggbb."
    )
    hold: int = Field(
        default=10,
        ge=0,
        le=1000,
        description="Frames that a face stays covered for where it was last seen when the detector "
        "misses it.",
    )
    spare: tuple[int, ...] = Field(
        default=(), description="Track numbers of people who are not to be covered."
    )


class Blur(Node[BlurParams]):
    """Covers every face, and where a face was for some frames after it was last found.

    Fails to the covered side: a face whose box is not a number covers the whole picture, and a
    graph that would pass it on uncovered after an error (``on_error: passthrough``) is refused.

    Example:
        >>> Blur(BlurParams(style="pixelate", hold=25))  # doctest: +ELLIPSIS
        <...Blur object at ...>
    """

    stateful: ClassVar[bool] = True
    protects: ClassVar[bool] = True

    def open(self, context: Context) -> None:
        """Nothing is known yet."""
        super().open(context)
        self._keeper = Keeper(self.params.hold)
        self._counts: Counter[str] = Counter()

    def on_params(self, params: BlurParams) -> None:
        """All parameters may be changed while it runs."""
        self.params = params
        self._keeper.hold = params.hold

    def process(self, frame: Frame) -> Frame:
        """Add a patch for each face."""
        frame = frame.evolve()
        faces = [face for face in frame.faces if face.track not in self.params.spare]
        for cover in self._keeper.update(face for face in faces if _is_placed(face)):
            self._cover(frame, Rect.around(cover.grown(self.params.margin)), cover.width, cover)
        if not all(map(_is_placed, faces)):
            self._cover_all(frame)
        return frame

    def _cover_all(self, frame: Frame) -> None:
        whole = frame.format.bounds
        self._cover(frame, whole, min(whole.width, whole.height), None)

    def _cover(self, frame: Frame, rect: Rect, width: float, cover: Cover | None) -> None:
        inside = rect.intersect(frame.format.bounds)
        if inside.empty:
            return
        params = self.params
        format = working_format(frame)
        under = frame.read(inside, format)
        over = covered(under, params.style, params.strength * width, _rgb(params.colour))
        outline: Outline = "box" if cover is None else params.shape
        mask = cover_mask(rect.width, rect.height, outline)
        at = inside._replace(x=inside.x - rect.x, y=inside.y - rect.y).slices
        alpha = np.ascontiguousarray(mask[at])
        if under.dtype == np.uint8:
            alpha = np.rint(alpha * 255.0).astype(np.uint8)
        frame.paste(
            inside,
            composite(under, over, alpha),
            alpha > 0,
            node=self,
            track=None if cover is None else cover.track,
            format=format,
        )
        reason = "whole picture" if cover is None else "held" if cover.missed else "covered"
        self._counts[reason] += 1

    def snapshot(self) -> bytes:
        """The places that are covered."""
        return json.dumps(self._keeper.snapshot()).encode()

    def restore(self, state: bytes) -> None:
        """Take up :meth:`snapshot`."""
        self._keeper.restore(json.loads(state))

    def report(self) -> Mapping[str, Any]:
        """How many faces were covered, and how many of those were not found but held."""
        return {"faces": dict(sorted(self._counts.items()))}


def _is_placed(face: Face) -> bool:
    return bool((np.abs(face.box) < _FARTHEST).all())  # false for NaN too


def _rgb(colour: str) -> tuple[float, float, float]:
    """``#rrggbb`` as red, green, blue in 0–1."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red / 255.0, green / 255.0, blue / 255.0
