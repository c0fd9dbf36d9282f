"""Whole pictures: the same bytes everywhere, and a truth that agrees with the pixels."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from vplugin.synth.backdrop import Backdrop
from vplugin.synth.camera import Camera
from vplugin.synth.exact import PI, cosines, sines
from vplugin.synth.expression import Expression
from vplugin.synth.light import Light
from vplugin.synth.parts import Material, Part, Segment
from vplugin.synth.person import Person
from vplugin.synth.pose import Pose
from vplugin.synth.render import render
from vplugin.synth.scene import Scene, Subject
from vplugin.synth.swap import swap_truth, swapped

CAMERA = Camera(field_of_view=20)
# The first picture on a machine compiles the renderer.
pytestmark = pytest.mark.timeout(900)
# Of scene 0 at 48 pixels.
WHOLE = "daaa0b7e02c2d09b"
CODE = "from tests.synth.test_render import digest; print(digest(3))"


def digest(count: int) -> str:
    """Of small pictures of scenes 0, 1, …"""
    found = sha256()
    for seed in range(count):
        picture = render(Scene.from_seed(seed), 48)
        for plane in (picture.rgb, picture.depth, picture.segments, picture.faces[0].landmarks106):
            found.update(plane.tobytes())
    return found.hexdigest()[:16]


def bare(pose: Pose, **place) -> Scene:
    """One person without anything on the face."""
    person = replace(Person.from_seed(5), wear=Person().wear, hair=Person().hair)
    return Scene((Subject(person, Expression(), pose, **place),), CAMERA, backdrop=Backdrop())


class Ball:
    """A thing of plain skin before a wall."""

    def parts(self):
        turns = np.arange(33) / 32.0
        across, down = (cosines(2 * PI * turns), sines(2 * PI * turns)), PI * turns
        rings = [
            np.stack([across[0] * a, np.full(33, b), across[1] * a], -1)
            for a, b in zip(sines(down), cosines(down), strict=True)
        ]
        points = 60.0 * np.concatenate(rings)
        index = np.arange(33 * 33).reshape(33, 33)
        a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
        triangles = np.stack([a, b, c, b, d, c], -1).reshape(-1, 3).astype(np.int32)
        ball = points + np.array([0.0, 0.0, 500.0])
        wall = points * np.array([4.0, 4.0, 0.5]) + np.array([0.0, 0.0, 700.0])
        colours = ((0.5, 0.3, 0.2), (0.2, 0.3, 0.5))
        return tuple(
            Part(vertices, triangles, Material.SKIN, Segment.HAND, points, colour=colour)
            for vertices, colour in zip((ball, wall), colours, strict=True)
        )


def test_the_bytes_of_the_engine_never_change(monkeypatch):
    """Rasteriser, shadow, light, film; people are free to grow better."""
    grey = lambda _, width, height: np.full((height, width, 3), 0.3, np.float32)  # noqa: E731
    monkeypatch.setattr("vplugin.synth.render.draw_backdrop", grey)
    scene = Scene((), Camera(field_of_view=20), Light(azimuth=50.0), occluders=(Ball(),))
    picture = render(scene, 64)
    assert picture.rgb.std() > 20
    found = sha256(picture.rgb.tobytes() + picture.depth.tobytes() + picture.alpha.tobytes())
    assert found.hexdigest()[:16] == "353e35203c01c523"


def test_the_bytes_of_a_whole_scene():
    """Changes with people and their hair; then it is renewed, with the pictures looked at."""
    assert digest(1) == WHOLE


@pytest.mark.slow
def test_the_same_bytes_on_a_plain_processor():
    """Compiled anew for a machine without any of the newer instructions."""
    plain = {**os.environ, "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    run = [sys.executable, "-c", "from tests.synth.test_render import digest; print(digest(1))"]
    found = subprocess.run(run, capture_output=True, text=True, check=True, env=plain)
    assert found.stdout.strip() == WHOLE


def test_the_same_bytes_in_threads():
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(digest, [2] * 4)) == {digest(2)}


def test_the_same_bytes_in_another_process():
    run = [sys.executable, "-c", CODE]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip() == digest(
        3
    )


def test_different_seeds_differ():
    assert digest(1) != digest(2)
    first, second = (render(Scene.from_seed(seed), 48).rgb for seed in (0, 1))
    assert np.abs(first.astype(int) - second).mean() > 5


def test_shapes_and_ranges():
    picture = render(bare(Pose(), place=(0, 0, 900)), (96, 64))
    assert picture.rgb.shape == (64, 96, 3)
    assert picture.rgb.dtype == picture.alpha.dtype == picture.segments.dtype == np.uint8
    there = picture.alpha == 255
    assert 0.1 < there.mean() < 0.9
    assert np.isinf(picture.depth[picture.alpha == 0]).all()
    assert (picture.segments[there] > 0).all()
    assert (picture.subjects[there] == 1).all()
    assert 600 < picture.depth.min() < 900


def test_frontal_truth():
    face = render(bare(Pose(), place=(0, 0, 900)), 128).faces[0]
    assert face.visible5.all()
    right_eye, left_eye, nose, right_mouth, left_mouth = face.points
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < nose[0] < left_mouth[0]
    assert right_eye[1] < nose[1] < right_mouth[1]
    x0, y0, x1, y1 = face.box
    assert (face.landmarks106 >= (x0 - 1e-3, y0 - 1e-3)).all()
    assert (face.landmarks106 <= (x1 + 1e-3, y1 + 1e-3)).all()
    assert face.occluded < 0.25
    assert face.inside == 1.0
    np.testing.assert_allclose(face.pose, (0.0, 1.0, 0.0), atol=1e-5)
    assert face.attributes["light"] == "studio"


@pytest.mark.parametrize(("yaw", "hidden", "seen"), [(75.0, 1, 0), (-75.0, 0, 1)])
def test_the_far_eye_is_hidden(yaw, hidden, seen):
    face = render(bare(Pose(yaw=yaw), place=(0, 0, 900)), 128).faces[0]
    # Positive yaw turns the face to the picture's right: the person's left eye is far.
    assert not face.visible5[hidden]
    assert face.visible5[seen]
    assert (face.points[2, 0] > face.points[seen, 0]) == (yaw > 0)


def test_a_face_beside_the_picture():
    face = render(bare(Pose(), place=(160, 0, 900)), 128).faces[0]
    assert 0.2 < face.inside < 0.8
    assert not face.visible68.all()


def test_points_lie_on_their_segments():
    picture = render(bare(Pose(yaw=10.0), place=(0, 0, 700)), 256)
    x, y = picture.faces[0].iris.astype(int).T
    assert set(picture.segments[y, x]) == {4, 5}


def test_one_who_stands_before_another_hides():
    scene = bare(Pose(), place=(0, 0, 900))
    before = replace(scene.subjects[0], place=(60.0, 20.0, 600.0))
    both = replace(scene, subjects=(*scene.subjects, before))
    alone, behind, front = *render(scene, 96).faces, *render(both, 96).faces
    assert behind.occluded > alone.occluded + 0.3
    assert front.occluded == pytest.approx(alone.occluded, abs=0.1)
    assert set(np.unique(render(both, 96).subjects)) == {0, 1, 2}


def test_nobody_is_a_picture_too():
    picture = render(Scene.from_seed(3, people=0), 64)
    assert picture.faces == ()
    assert picture.rgb.std() > 1


def test_too_small():
    with pytest.raises(ValueError, match="take 8 or more"):
        render(Scene(()), 4)


def test_a_swap_changes_the_face_alone():
    source, target = Person.from_seed(50), bare(Pose(yaw=12.0), place=(0, 0, 900))
    plain, truth = render(target, 96), swap_truth(source, target, 96)
    changed = np.abs(plain.rgb.astype(int) - truth.rgb).sum(axis=2) > 24
    assert changed[plain.subjects == 1].mean() > 0.05
    assert not changed[(plain.alpha == 0) & (truth.alpha == 0)].any()
    np.testing.assert_array_equal(plain.faces[0].expression, truth.faces[0].expression)
    assert np.abs(plain.faces[0].identity - truth.faces[0].identity).max() > 0.02
    assert swapped(source, target).subjects[0].person.wear == target.subjects[0].person.wear


def test_a_swap_of_nobody():
    with pytest.raises(ValueError, match="has 1 subjects"):
        swapped(Person(), bare(Pose()), subject=1)
