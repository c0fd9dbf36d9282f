"""The stage that draws faces anew: who is drawn, what is masked, what is counted."""

from __future__ import annotations

import numpy as np
import pytest

from tests.nodes.redrawn_faces import frame_with
from tests.nodes.swap_bench import face_of
from tests.vision.swap_models import points_at
from vplugin.vision.align import template
from vplugin.vision.blend import HostCompositor
from vplugin.vision.cutout import MaskStyle
from vplugin.vision.redraw import Redraw

LEFT, RIGHT = points_at(130, 160, 30), points_at(350, 160, 40)


class _Above:
    """Only the upper half is face."""

    name = "above"

    def visible(self, crops: np.ndarray) -> np.ndarray:
        self.seen = crops
        masks = np.zeros(crops.shape[:3], np.float32)
        masks[:, : crops.shape[1] // 2] = 1
        return masks


def _stage(occluder: _Above | None = None) -> tuple[Redraw, list]:
    drawn: list = []

    def draw(crops, cuts):
        drawn.append((crops, [cut.face.track for cut in cuts]))
        return 1 - crops

    arcface = template("arcface_128")
    mask = MaskStyle("box", 0.1)
    return Redraw(draw, arcface, (128,), HostCompositor(), mask, occluder), drawn


def test_all_faces_of_a_frame_are_drawn_at_once_and_counted() -> None:
    faces = face_of(LEFT, 1), face_of(RIGHT, 2), face_of(LEFT, 3).evolve(points=None)
    frame = frame_with(*faces)
    stage, drawn = _stage()
    assert stage.run(frame, faces, 1.0, "node") == {"done": 2, "no points": 1}
    ((crops, tracks),) = drawn
    assert crops.shape == (2, 128, 128, 3)
    assert tracks == [patch.track for patch in frame.patches] == [1, 2]


@pytest.mark.parametrize("blend", [0.25, 1.0])
def test_blend_says_how_much_shows(blend) -> None:
    frame = frame_with(face_of(RIGHT))
    before = frame.read((340, 150, 350, 160)).astype(float)
    stage, _ = _stage()
    stage.run(frame, frame.faces, blend, "node")
    after = frame.read((340, 150, 350, 160))
    np.testing.assert_allclose(after, before + (255 - 2 * before) * blend, atol=6)


def test_nothing_is_drawn_where_nothing_would_show() -> None:
    stage, drawn = _stage()
    frame = frame_with(face_of(RIGHT))
    assert not stage.run(frame, frame.faces, 0.0, "node")
    assert stage.run(frame, [face_of(RIGHT).evolve(points=None)], 1.0, "node") == {"no points": 1}
    assert not drawn
    assert not frame.patches


def test_the_occluder_sees_the_faces_before_they_are_drawn() -> None:
    occluder = _Above()
    frame = frame_with(face_of(RIGHT))
    stage, drawn = _stage(occluder)
    stage.run(frame, frame.faces, 1.0, "node")
    np.testing.assert_array_equal(occluder.seen, drawn[0][0])
    clean = frame.evolve(patches=())
    changed = (frame.read(frame.format.bounds) != clean.read(frame.format.bounds)).any(axis=2)
    # The middle of arcface_128 lies 12 / 35 of an eye distance below the eyes.
    middle = RIGHT[:2, 1].mean() + 12.4 / 35.24 * 40
    assert changed[: int(middle) - 3].any()
    assert not changed[int(middle) + 6 :].any()
