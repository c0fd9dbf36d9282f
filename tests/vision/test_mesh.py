from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.vision.mesh_faces import Known, crop, face, picture, view
from vplugin.vision.mesh import MeshStyle, MeshSwapper
from vplugin.vision.mesh_model import face_model
from vplugin.vision.source import Source

PALE, DARK = (0.82, 0.64, 0.55, 0.28), (0.42, 0.27, 0.20, 0.9)
SIZE = 256


def _swap(source, target, *, style=None, cover=None, sources=(), size=SIZE):
    """The crop, the new face, its mask, and the target as it lies in the crop."""
    sight = Known(*(source, *sources), target)
    swapper = MeshSwapper(sight)
    swapper.style = style or MeshStyle()
    views = tuple(view(fit, PALE) for fit in (source, *sources))
    prepared = swapper.prepare(Source("x", views))
    picture_, points, lying = crop(target, DARK, size)
    sight.cover = cover
    made = swapper.swap(picture_[None], points[None], [prepared], [None])
    assert made.finished
    return picture_, made.crops[0], made.masks[0], lying


def _correlation(a: np.ndarray, b: np.ndarray, where: np.ndarray) -> float:
    return float(np.corrcoef(a[where].ravel(), b[where].ravel())[0, 1])


@pytest.mark.parametrize("size", [160, 256, 320])
@pytest.mark.parametrize(
    "pose", [{}, {"yaw": 25}, {"yaw": -30, "pitch": 8, "roll": 20}, {"jaw": 1.2}]
)
def test_the_sources_pattern_appears_in_the_targets_pose(pose, size):
    """The pattern of the source as the model itself would draw it on the target."""
    source, target = face(1), face(1, **pose)
    _, made, mask, lying = _swap(source, target, style=MeshStyle(match=False), size=size)
    want, other = (picture(lying, colours, size) for colours in (PALE, DARK))
    inside = mask > 0.95
    assert inside.mean() > 0.08
    assert _correlation(made, want, inside) > 0.97
    assert _correlation(made, want, inside) > _correlation(made, other, inside) + 0.03


def test_it_takes_on_the_targets_colour_and_keeps_the_sources_detail():
    picture_, made, mask, lying = _swap(face(1), face(1, yaw=15))
    inside = mask > 0.95
    np.testing.assert_allclose(made[inside].mean(0), picture_[inside].mean(0), rtol=0.12)
    skin = picture(lying, PALE, SIZE).mean(axis=2)
    assert _correlation(made.mean(axis=2), skin, inside) > 0.6


def test_where_the_target_is_hidden_it_stays():
    cover = np.zeros((SIZE, SIZE), np.float32)
    cover[:, SIZE // 2 + 10 :] = 1.0
    _, _, mask, _ = _swap(face(1), face(2), cover=cover)
    assert mask[:, SIZE // 2 + 14 :].max() < 0.05
    assert mask[:, : SIZE // 2].max() > 0.95


def test_outside_the_face_nothing_is_touched():
    picture_, made, mask, lying = _swap(face(1), face(2, yaw=20))
    assert mask[:8].max() == mask[:, :8].max() == 0
    assert (made[mask == 0] == picture_[mask == 0]).mean() > 0.5
    near = face_model().placed(lying)[1:17, :2]  # the other side is behind the cheek
    for x, y in near:
        assert mask[min(SIZE - 1, round(y)), round(x)] < 0.4


def test_an_open_mouth_and_shut_eyes_are_the_targets_own():
    closed, open_ = face(1), face(2, jaw=2.0)
    picture_, made, mask, lying = _swap(closed, open_)
    marks = face_model().placed(lying)
    x, y = np.rint(marks[[62, 60], :2].mean(axis=0)).astype(int)
    assert mask[y, x] > 0.9
    np.testing.assert_allclose(made[y, x], picture_[y, x], atol=0.06)


def test_of_several_pictures_the_one_with_the_pose_is_taken():
    source = face(1, yaw=-35)
    alone = _swap(source, face(1, yaw=35), style=MeshStyle(match=False))
    helped = _swap(
        source, face(1, yaw=35), style=MeshStyle(match=False), sources=(face(1, yaw=30),)
    )
    want = picture(helped[3], PALE, SIZE)
    inside = (alone[2] > 0.9) & (helped[2] > 0.9)
    assert _correlation(helped[1], want, inside) > 0.85
    # A mirror image of the only picture does for the pose: the model's faces are nearly symmetric.
    assert _correlation(alone[1], want, inside) > 0.5


def test_a_profile_is_left_alone_by_a_frontal_picture():
    assert _swap(face(1), face(2, yaw=75))[2].max() < 0.05


def test_the_border_is_as_soft_as_asked():
    hard, soft = (_swap(face(1), face(2), style=MeshStyle(feather=f))[2] for f in (0.02, 0.4))
    assert (soft > 0.95).sum() < 0.87 * (hard > 0.95).sum()


def test_one_person_is_steady_in_time_and_a_new_shot_begins_anew():
    target = face(2, yaw=10)
    sight = Known(face(1), target)
    swapper = MeshSwapper(sight)
    prepared = swapper.prepare(Source("x", (view(face(1), PALE),)))
    picture_, points, _ = crop(target, DARK)
    rng = np.random.default_rng(0)
    plain = sight.look

    def shaken(crops, five):
        return [
            type(seen)(seen.landmarks + rng.normal(0, 1.2, (106, 2)), seen.face)
            for seen in plain(crops, five)
        ]

    sight.look = shaken  # type: ignore[method-assign]

    def unrest(track: int | None) -> float:
        frames = [
            swapper.swap(picture_[None], points[None], [prepared], [track], n / 30).crops[0]
            for n in range(14)
        ]
        return float(np.abs(np.diff(frames[4:], axis=0)).mean())

    assert unrest(1) < 0.6 * unrest(None)
    before = swapper.swap(picture_[None], points[None], [prepared], [1], 0.5).crops
    swapper.new_shot()
    after = swapper.swap(picture_[None], points[None], [prepared], [1], 0.53).crops
    assert np.abs(after - before).max() > 0.01


@pytest.mark.parametrize("fault", ["elsewhere", "no face", "not a number"])
def test_landmarks_that_cannot_be_right_change_nothing(fault):
    target = face(2)
    sight = Known(face(1), target)
    swapper = MeshSwapper(sight)
    prepared = swapper.prepare(Source("x", (view(face(1), PALE),)))
    picture_, points, _ = crop(target, DARK)
    right = sight.look
    rng = np.random.default_rng(0)

    def wrong(crops, five):
        (seen,) = right(crops, five)
        marks = {
            "elsewhere": seen.landmarks + 60,
            "no face": rng.uniform(60, 200, (106, 2)),
            "not a number": seen.landmarks * np.nan,
        }[fault]
        return [type(seen)(marks, seen.face)]

    assert swapper.swap(picture_[None], points[None], [prepared], [None]).masks.max() > 0.95
    sight.look = lambda *given: [replace(seen, trust=0.5) for seen in right(*given)]  # type: ignore[method-assign]
    half = swapper.swap(picture_[None], points[None], [prepared], [None]).masks.max()
    assert half == pytest.approx(0.5, abs=0.02)
    sight.look = wrong  # type: ignore[method-assign]
    assert swapper.swap(picture_[None], points[None], [prepared], [None]).masks.max() < 0.02


def test_a_change_of_picture_does_not_leap():
    """A head that turns: where another picture takes over, no frame differs much from the last."""
    sources = (face(1, yaw=-25), face(1, yaw=25, jaw=0.4))
    turns = [face(2, yaw=yaw) for yaw in np.linspace(-24, 24, 25)]
    sight = Known(*sources, turns[0])
    swapper = MeshSwapper(sight)
    prepared = swapper.prepare(Source("x", tuple(view(fit, PALE) for fit in sources)))
    noses = []
    for number, fit in enumerate(turns):
        sight.faces = (*sources, fit)
        picture_, points, _ = crop(fit, DARK, 160)
        made = swapper.swap(picture_[None], points[None], [prepared], [1], number / 25)
        noses.append(made.crops[0][60:110, 50:110])
    steps = [float(np.abs(b - a).mean()) for a, b in pairwise(noses)]
    assert max(steps) < 4.0 * float(np.median(steps))
