from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from pydantic import ValidationError

from vplugin.frame import Face, Frame, lay_patch
from vplugin.nodes.blur import Blur, BlurParams
from vplugin.picture import Picture, PictureFormat
from vplugin.testing.frames import Scene
from vplugin.testing.harness import Harness

FORMATS = ["yuv420p", "nv12", "yuv422p10le", "p010le", "yuv411p", "rgb24", "gray"]


def _frame(number: int = 0, **scene) -> Frame:
    return Scene(**{"width": 320, "height": 200, "faces": 2} | scene).frame(number)


def _detail(frame: Frame, face: Face) -> float:
    """How much structure there is where the eyes, nose and mouth are."""
    rgb = frame.read(face.box).astype(float)
    return float(np.abs(np.diff(rgb, axis=0)).max())


def _fully_covered(frame: Frame, face: Face) -> bool:
    """Whether every pixel of a face's box lies under some patch."""
    left = np.zeros((frame.format.height, frame.format.width), bool)
    for patch in frame.patches:
        left[patch.rect.slices] = True
    return bool(left[face.rect.intersect(frame.format.bounds).slices].all())


@pytest.mark.parametrize("pixel", FORMATS)
@pytest.mark.parametrize("style", ["gaussian", "pixelate", "fill"])
def test_faces_are_unrecognisable_and_the_rest_is_untouched(pixel, style):
    frame = _frame(pixel=pixel)
    outcome = Harness(Blur, style=style).push(frame).finish()
    (after,) = outcome.video
    assert outcome.report == {"faces": {"covered": 2}}
    assert {patch.track for patch in after.patches} == {0, 1}
    for face in frame.faces:
        assert _fully_covered(after, face)
        if style != "pixelate":  # whose blocks have edges of their own
            assert _detail(after, face) < 0.25 * _detail(frame, face)
    planes = [plane.copy() for plane in frame.picture.planes]
    outside = np.ones((200, 320), bool)
    for patch in after.patches:
        lay_patch(planes, frame.format.bounds, frame.format, patch)
        outside[patch.rect.slices] = False
    assert (planes[0][outside] == frame.picture.planes[0][outside]).all()


@pytest.mark.parametrize("style", ["gaussian", "pixelate", "fill"])
def test_what_the_face_looked_like_cannot_be_told(style):
    """Two people of one skin, with their features in other places, look the same afterwards."""
    format = PictureFormat("yuv444p", 120, 120)
    rng = np.random.default_rng(0)
    results = []
    for _ in range(2):
        luma = np.full((120, 120), 150, np.uint8)
        for x, y in rng.integers(40, 76, (3, 2)):
            luma[y : y + 5, x : x + 5] = 60
        grey = np.full((120, 120), 128, np.uint8)
        face = Face(np.array([35, 30, 85, 90], np.float32), track=1)
        frame = Frame(Picture(format, (luma, grey, grey)), 0, Fraction(1), faces=(face,))
        after = Harness(Blur, style=style, strength=0.3).push(frame).finish().video[0]
        results.append((frame.read(face.box).astype(int), after.read(face.box).astype(int)))
    before = np.abs(results[0][0] - results[1][0]).max()
    assert before > 80
    assert np.abs(results[0][1] - results[1][1]).max() < 0.35 * before


def test_a_face_that_is_missed_stays_covered_for_a_while():
    frames = [_frame(n) for n in range(8)]
    given = [f if n in (0, 7) else f.evolve(faces=f.faces[:1]) for n, f in enumerate(frames)]
    outcome = Harness(Blur, hold=4).push(given).finish()
    missed = frames[0].faces[1]
    covered = [_fully_covered(after, missed) for after in outcome.video]
    assert covered == [True] * 5 + [False] * 2 + [True]
    assert outcome.report["faces"] == {"covered": 10, "held": 4}


def test_a_cut_does_not_uncover():
    """What looks like a cut may be a flash, and a flash blinds the detector too."""
    first, second = _frame(0), _frame(1).evolve(faces=(), cut=True)
    outcome = Harness(Blur).push([first, second]).finish()
    assert all(_fully_covered(outcome.video[1], face) for face in first.faces)


@pytest.mark.parametrize(
    "box", [[np.nan] * 4, [0, 0, np.inf, 9], [-1e30, 0, 1e30, 9]], ids=["NaN", "infinite", "huge"]
)
def test_a_face_whose_place_is_nonsense_covers_everything(box):
    frame = _frame(faces=0).evolve(faces=(Face(np.array(box, np.float32)),))
    outcome = Harness(Blur).push(frame).finish()
    (patch,) = outcome.video[0].patches
    assert patch.rect == frame.format.bounds
    assert outcome.report["faces"] == {"whole picture": 1}
    assert (outcome.video[0].read(patch.rect) != frame.read(patch.rect)).any(axis=2).mean() > 0.9


@pytest.mark.parametrize(
    "box", [[-30, -30, 20, 20], [300, 180, 360, 240], [-50, 50, 400, 120], [500, 500, 600, 600]]
)
def test_faces_at_and_beyond_the_border(box):
    frame = _frame(faces=0).evolve(faces=(Face(np.array(box, np.float32)),))
    (after,) = Harness(Blur).push(frame).finish().video
    inside = frame.faces[0].rect.intersect(frame.format.bounds)
    assert bool(after.patches) is not inside.empty
    assert _fully_covered(after, frame.faces[0])


def test_spared_people_are_shown():
    frame = _frame()
    (after,) = Harness(Blur, spare=[1]).push(frame).finish().video
    assert [patch.track for patch in after.patches] == [0]


def test_hot_changes_and_restart_keep_faces_covered():
    frame = _frame()
    harness = Harness(Blur, hold=6).push(frame).restart()
    harness.push(_frame(1).evolve(faces=()))
    harness.set(hold=0, style="fill").push(_frame(2).evolve(faces=()))
    held, uncovered = harness.finish().video[-2:]
    assert all(_fully_covered(held, face) for face in frame.faces)
    assert not uncovered.patches


@pytest.mark.parametrize(
    "params", [{"style": "mosaic"}, {"strength": 0.0}, {"colour": "grey"}, {"hold": -1}]
)
def test_wrong_parameters(params):
    with pytest.raises(ValidationError):
        BlurParams(**params)
