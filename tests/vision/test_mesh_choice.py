from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.vision.mesh_faces import face
from vplugin.vision.mesh_choice import Chooser, presence
from vplugin.vision.mesh_model import face_model
from vplugin.vision.mesh_view import MeshView, State, state_of

CALM = State(0.0, (0.3, 0.3), ((0.0, 0.0), (0.0, 0.0)))


def _view(yaw: float, *, mirrored: bool = False, state: State = CALM) -> MeshView:
    return MeshView((), face(yaw=yaw), np.zeros((0, 3)), np.zeros(0), state, mirrored)


LEFT, FRONT, RIGHT = _view(-30), _view(0), _view(30)
VIEWS = (LEFT, FRONT, RIGHT)


@pytest.mark.parametrize(("yaw", "wanted"), [(-40, LEFT), (-5, FRONT), (4, FRONT), (28, RIGHT)])
def test_the_picture_that_looks_the_same_way_is_taken(yaw, wanted):
    assert Chooser().choose(VIEWS, face(yaw=yaw), CALM, None, 0.0) == ((wanted, 1.0),)


def test_expression_decides_between_pictures_of_one_pose():
    laughing = _view(0, state=replace(CALM, mouth=0.4))
    open_ = replace(CALM, mouth=0.45)
    views = (FRONT, laughing)
    assert Chooser().choose(views, face(), open_, None, 0.0)[0][0] is laughing
    assert Chooser().choose(views, face(), CALM, None, 0.0)[0][0] is FRONT


def test_a_mirror_image_only_where_it_fits_better():
    views = (RIGHT, _view(-30, mirrored=True))
    assert Chooser().choose(views, face(yaw=-20), CALM, None, 0.0)[0][0] is views[1]
    assert Chooser().choose(views, face(yaw=0), CALM, None, 0.0)[0][0] is RIGHT


def test_a_coarse_picture_is_not_taken_for_a_large_face():
    tiny = replace(_view(0), fit=face(scale=0.4))
    assert Chooser().choose((tiny, FRONT), face(yaw=4), CALM, None, 0.0)[0][0] is FRONT


def test_a_picture_in_hard_light_is_avoided():
    harsh, near = replace(FRONT, flaws=0.7), _view(12)
    assert Chooser().choose((harsh, near), face(), CALM, None, 0.0)[0][0] is near


def test_a_choice_is_kept_until_another_fits_clearly_better_and_then_dissolves():
    chooser = Chooser()

    def at(yaw: float, frame: int):
        return chooser.choose(VIEWS, face(yaw=yaw), CALM, 7, frame / 30)

    assert at(0, 0) == ((FRONT, 1.0),)
    assert at(17, 1) == ((FRONT, 1.0),)  # no flipping about the middle
    assert at(14, 2) == ((FRONT, 1.0),)
    (now, share), (before, rest) = at(26, 3)
    assert (now, before) == (RIGHT, FRONT)
    assert share + rest == pytest.approx(1.0)
    shares = [at(26, frame)[0][1] for frame in range(4, 12)]
    assert shares == sorted(shares)
    assert shares[0] < 0.5 < shares[-1] == 1.0
    assert at(14, 12) == ((RIGHT, 1.0),)


def test_another_source_or_a_long_absence_begins_anew():
    chooser = Chooser()
    chooser.choose(VIEWS, face(yaw=0), CALM, 1, 0.0)
    assert chooser.choose(VIEWS, face(yaw=16), CALM, 1, 0.04)[0][0] is FRONT
    assert chooser.choose(VIEWS, face(yaw=16), CALM, 1, 9.0)[0][0] is RIGHT
    other = (LEFT, RIGHT)
    assert chooser.choose(other, face(yaw=-16), CALM, 1, 9.04)[0][0] is LEFT
    chooser.clear()
    assert chooser.choose(VIEWS, face(yaw=-16), CALM, 1, 9.08) == ((LEFT, 1.0),)


@pytest.mark.parametrize(("yaw", "share"), [(0, 1.0), (30, 1.0), (48, 0.5), (70, 0.0)])
def test_a_face_that_looks_elsewhere_fades_out(yaw, share):
    assert presence(FRONT, face(yaw=yaw)) == pytest.approx(share, abs=0.05)


def test_the_state_of_a_face():
    model = face_model()
    shut, wide = (state_of(model.placed(face(jaw=jaw))[:106, :2]) for jaw in (0.0, 2.0))
    assert wide.mouth > shut.mouth + 0.2
    assert shut.eyes[0] == pytest.approx(shut.eyes[1], abs=0.05)
    assert 0.1 < shut.eyes[0] < 0.6
    marks = model.placed(face())[:106, :2]
    marks[[38, 92]] += [6, 0]
    assert state_of(marks).gaze[0][0] > shut.gaze[0][0] + 0.05
