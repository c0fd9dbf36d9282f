"""The bank of the detector: one person a picture, larger or smaller, looking anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vplugin.synth.draw import Draw
from vplugin.synth.pose import Pose
from vplugin.synth.props import draw_props
from vplugin.synth.render import render
from vplugin.synth.rendering import FaceTruth
from vplugin.synth.scene import Scene, Subject
from vplugin.train.shards import Item
from vplugin.vision.landmarks import FIVE

__all__ = ["BackSource", "Crowd", "PeopleSource"]


@dataclass(frozen=True)
class PeopleSource:
    """Renders one person for each seed.

    Attributes:
        size: Side of a picture, px; the face is a third to two thirds of it.
    """

    size: int = 320

    name = "people"

    @property
    def dtype(self) -> np.dtype[Any]:
        """Picture and alpha; box, points and whether they are seen; share that is hidden."""
        side = self.size
        return np.dtype(
            [
                ("image", "u1", (side, side, 3)),
                ("alpha", "u1", (side, side)),
                ("box", "f4", 4),
                ("points", "f4", (5, 2)),
                ("visible", "?", 5),
                ("occluded", "f4"),
            ]
        )

    def items(self, seed: int) -> Sequence[Item]:
        """The picture of one seed; none where the face is not in it."""
        rendering = render(_scene(seed), (self.size, self.size))
        if not rendering.faces or rendering.faces[0].inside < 0.6:
            return []
        return [{"image": rendering.rgb, "alpha": rendering.alpha, **_truth(rendering.faces[0])}]


@dataclass(frozen=True)
class BackSource:
    """Renders one person for each seed from behind: hair, ears and skin, and no face.

    Attributes:
        size: Side of a picture, px.
    """

    size: int = 256

    name = "backs"

    @property
    def dtype(self) -> np.dtype[Any]:
        """Picture and alpha."""
        return np.dtype(
            [("image", "u1", (self.size, self.size, 3)), ("alpha", "u1", (self.size, self.size))]
        )

    def items(self, seed: int) -> Sequence[Item]:
        """The picture of one seed."""
        draw, scene = Draw(seed, "backs"), _scene(seed)
        before = scene.subjects[0]
        away = replace(before, facing=draw.uniform(135, 225), pose=replace(before.pose, yaw=0.0))
        rendering = render(replace(scene, subjects=(away,), occluders=()), (self.size, self.size))
        return [{"image": rendering.rgb, "alpha": rendering.alpha}]


class Crowd(Sequence[Item]):
    """The people of this bank, then those of the bank of faces, as one.

    Args:
        people: Items of :class:`PeopleSource`.
        faces: Items of :class:`vplugin.train.faces.FaceSource`.
    """

    def __init__(self, people: Sequence[Item], faces: Sequence[Item]) -> None:
        self._people, self._faces = people, faces

    def __len__(self) -> int:
        return len(self._people) + len(self._faces)

    def __getitem__(self, index: Any) -> Any:
        if index < len(self._people):
            return self._people[index]
        item = self._faces[index - len(self._people)]
        return {**item, "visible": np.asarray(item["visible"])[list(FIVE)]}


def _scene(seed: int) -> Scene:
    """A scene whose person is near, and as often turned away as not."""
    draw, scene = Draw(seed, "people"), Scene.from_seed(seed)
    before = scene.subjects[0]
    half = scene.camera.field_of_view * 0.0087266  # tan of half the angle, nearly
    distance = 115.0 / (half * draw.of("near").uniform(0.34, 0.85))
    up = 0.25 * half * distance * draw.of("up").uniform(-1.0, 0.6)
    subject = replace(before, pose=_pose(draw, before), place=(0.0, up, distance))
    occluders = draw_props(draw.of("occluders"), (subject,))
    return replace(scene, subjects=(subject,), occluders=occluders)


def _pose(draw: Draw, before: Subject) -> Pose:
    """Half as the scene has it, half anywhere up to profile."""
    if draw.of("turned").chance(0.5):
        return before.pose
    return Pose.drawn(draw.of("pose"), yaw=draw.of("side").uniform(-85, 85))


def _truth(face: FaceTruth) -> Item:
    """Coordinates of pixel centres: the first pixel is (0, 0)."""
    values: dict[str, Any] = {
        "box": face.box - 0.5,
        "points": face.points - 0.5,
        "visible": face.visible5,
        "occluded": face.occluded,
    }
    return {name: np.asarray(value, np.float32) for name, value in values.items()}
