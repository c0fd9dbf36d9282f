"""What nodes share that draw faces anew and keep the person; not a node."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
from pydantic import Field

from vplugin.frame import Face, Frame
from vplugin.models.session import Session
from vplugin.node import Context, Node, Params
from vplugin.nodes.choice import Select, TrackSelect, compositor_for, rule_of
from vplugin.nodes.fixed import refuse_changes
from vplugin.nodes.models import Models
from vplugin.vision.align import Template
from vplugin.vision.cutout import MaskStyle
from vplugin.vision.occlusion import Occluder, open_occluders
from vplugin.vision.redraw import Draw, Redraw
from vplugin.vision.select import Assigner

__all__ = ["RedrawNode", "RedrawParams", "was_altered"]


class RedrawParams(Params):
    """Parameters of all nodes that draw faces anew."""

    select: Select | TrackSelect = Field(
        default="all",
        description="all, largest, left, right, top, bottom, centre (when first seen), or "
        "{track: N}.",
    )
    shape: Literal["box", "face", "hull", "ellipse"] = Field(
        default="box",
        description="What is redrawn: the whole crop (box), inside an outline from the five points "
        "(face), around dense landmarks (hull), or an ellipse.",
    )
    feather: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Softness of the border: a share of half the crop for box, else eye distances.",
    )
    occlusion: str | tuple[str, ...] | None = Field(
        default=None,
        description="Model that finds what lies before a face and must stay: XSeg or a face "
        "parser, such as house/parser; or several.",
    )
    runtime: str = Field(default="auto", description="What runs the models; as for swap.")
    device: str | None = Field(
        default=None, description="cpu, cuda:0 …; the lane's device if not given."
    )


P = TypeVar("P", bound=RedrawParams)


class RedrawNode(Node[P]):
    """Draws the selected faces of each frame anew.

    Class attributes:
        fixed: Names of parameters that need other models.
    """

    stateful: ClassVar[bool] = True
    fixed: ClassVar[tuple[str, ...]] = ("occlusion", "runtime", "device")

    def open(self, context: Context) -> None:
        """Load the models.

        Raises:
            ModelError: A model is missing, damaged, of another contract, or would not run.
        """
        super().open(context)
        params = self.params
        self._sessions: list[Session] = []
        self._ran: dict[str, Any] = {}
        self._counts: Counter[str] = Counter()
        self._models = Models(context, params.runtime, params.device)
        self._compositor = compositor_for(params.device or context.device)
        self._assigner = Assigner((rule_of(params.select),))
        self._occluder: Occluder | None = open_occluders(params.occlusion, self.session)

    def session(self, name: str) -> Session:
        """Open a model by name; it is closed with the node."""
        session, _ = self._models.open(name)
        self._sessions.append(session)
        self._ran[name] = asdict(session.ran)
        return session

    def on_params(self, params: P) -> None:
        """Take up other parameters; those that need other models are refused.

        Raises:
            GraphError: A parameter was changed that cannot be while it runs.
        """
        refuse_changes(self.name, self.fixed, self.params, params)
        if params.select != self.params.select:
            self._assigner = Assigner((rule_of(params.select),))
        self.params = params

    def process(self, frame: Frame) -> Frame:
        """Add a patch for each selected face."""
        frame = frame.evolve()  # a failure half way leaves the frame that came in as it was
        if frame.cut:
            self._assigner.new_shot()
        size = (frame.format.width, frame.format.height)
        chosen = self._assigner.assign(frame.faces, size, frame.format.rotation)
        if others := len(frame.faces) - len(chosen):
            self._counts["not selected"] += others
        self._counts.update(self.redraw(frame, [frame.faces[index] for index in chosen]))
        return frame

    @abstractmethod
    def redraw(self, frame: Frame, faces: Sequence[Face]) -> Mapping[str, int]:
        """Add a patch for each of some faces; returns how many were done and why others not."""

    def stage(
        self, draw: Draw, template: Template, sizes: Sequence[int], *, adds: bool = False
    ) -> Redraw:
        """What draws with this node's mask, occluder and compositor."""
        mask = MaskStyle(self.params.shape, self.params.feather)
        return Redraw(draw, template, sizes, self._compositor, mask, self._occluder, adds)

    def snapshot(self) -> bytes:
        """Who was selected."""
        return json.dumps(self._assigner.snapshot()).encode()

    def restore(self, state: bytes) -> None:
        """Take up :meth:`snapshot`."""
        self._assigner.restore(json.loads(state))

    def report(self) -> Mapping[str, Any]:
        """What ran, how many faces were done, and why others were not."""
        return {"runtime": self._ran, "faces": dict(sorted(self._counts.items()))}

    def close(self) -> None:
        """Free the models."""
        sessions: list[Session] = getattr(self, "_sessions", [])
        while sessions:
            sessions.pop().close()


def was_altered(frame: Frame, face: Face) -> bool:
    """Whether an edit of this person, or of nobody in particular, covers the middle of a face."""
    x, y = np.mean(face.box.reshape(2, 2), axis=0)
    return any(
        patch.rect.x <= x < patch.rect.right
        and patch.rect.y <= y < patch.rect.bottom
        and (patch.track is None or face.track is None or patch.track == face.track)
        for patch in frame.patches
    )
