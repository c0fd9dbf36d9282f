from __future__ import annotations

import numpy as np
import pytest

from tests.vision.mesh_faces import face
from vplugin.vision.landmarks import five_points
from vplugin.vision.mesh_model import face_model


@pytest.mark.parametrize("seed", [None, 4])
@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(0, 0, 0), (30, 8, 5), (-45, -12, -20), (8, 20, 35)]
)
def test_pose_is_found_from_landmarks(seed, yaw, pitch, roll):
    model = face_model()
    true = face(seed, yaw=yaw, pitch=pitch, roll=roll, jaw=0.4, scale=1.3)
    found = model.fit(model.placed(true)[:106, :2])
    assert found.yaw == pytest.approx(true.yaw, abs=4)
    assert found.pitch == pytest.approx(true.pitch, abs=6)
    assert found.roll == pytest.approx(true.roll, abs=4)
    assert found.scale == pytest.approx(1.3, rel=0.05)


def test_what_the_model_cannot_explain_is_kept():
    model, rng = face_model(), np.random.default_rng(0)
    marks = model.placed(face(2, yaw=20))[:106, :2] + rng.normal(0, 3.0, (106, 2))
    found = model.fit(marks)
    np.testing.assert_allclose(model.placed(found)[:106, :2], marks, atol=1e-6)
    assert np.abs(found.residual).mean() > 0.3


def test_a_mirror_image_looks_the_other_way():
    model = face_model()
    marks = model.placed(face(3, yaw=25, pitch=5))[:106, :2]
    other = marks[model.mirror] * [-1, 1]
    assert model.fit(other).yaw == pytest.approx(-model.fit(marks).yaw, abs=1.5)
    assert (model.mirror[model.mirror] == np.arange(106)).all()


def test_identity_survives_pose_and_an_open_mouth():
    model = face_model()

    def told(**pose):
        return model.fit(model.placed(face(5, **pose))[:106, :2]).identity

    same = np.linalg.norm(told() - told(yaw=30, jaw=1.0))
    other = np.linalg.norm(told() - model.fit(model.placed(face(6))[:106, :2]).identity)
    assert same < 0.7 * other


def test_one_dressed_in_itself_is_itself():
    model = face_model()
    fit = model.fit(model.placed(face(1, yaw=15, jaw=0.5))[:106, :2])
    np.testing.assert_allclose(model.dressed(fit, fit, np.full(106, 0.5)), model.placed(fit))


def test_dressed_has_the_sources_proportions_the_targets_pose_and_outline():
    model = face_model()
    source, target = face(7), face(8, yaw=25, scale=1.5, jaw=0.8)
    made = model.dressed(source, target, np.ones(106))
    own = model.placed(target)
    truth = model.placed(face(7, yaw=25, scale=1.5, jaw=0.8))
    np.testing.assert_allclose(made[:33, :2], own[:33, :2])
    features = slice(72, 87)  # the nose
    to_truth = np.linalg.norm(made[features, :2] - truth[features, :2], axis=1).mean()
    to_own = np.linalg.norm(own[features, :2] - truth[features, :2], axis=1).mean()
    assert to_truth < 0.35 * to_own


def test_a_mark_that_is_not_trusted_does_not_count():
    model = face_model()
    marks = model.placed(face(2, yaw=10))[:106, :2]
    wrong = marks.copy()
    wrong[86] += [40, 0]
    trust = np.ones(106)
    trust[86] = 0.0
    assert model.fit(wrong, trust).yaw == pytest.approx(model.fit(marks).yaw, abs=1.0)
    assert abs(model.fit(wrong).yaw - model.fit(marks).yaw) > 0.5


def test_the_mesh_has_openings_and_one_orientation():
    model = face_model()
    assert {int(n) for n in model.regions} == {0, 1, 2, 3, 4}
    assert model.triangles.max() < len(model.mean)
    assert (model.inner[:33] == 0).all()
    assert (model.reach[:33] == 0).all()
    a, b, c = (model.mean[model.triangles[model.regions == 0][:, k], :2] for k in range(3))
    (p, q), (r, s) = (b - a).T, (c - a).T
    area = p * s - q * r
    assert (area > 0).mean() > 0.99


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_landmarks_are_drawn_towards_what_the_detector_found(share):
    model = face_model()
    marks = model.placed(face(2, yaw=15))[:106, :2]
    five = five_points(marks)
    wanted = five + np.array([[2, 1], [3, 1], [2, 1], [-4, 3], [1, 1]])
    made = model.anchored(marks, wanted, share)
    np.testing.assert_allclose(five_points(made), five + share * (wanted - five), atol=1e-6)
    # A lip goes with the corner of its mouth, a brow does not.
    moved = made - marks - share * (wanted - five).mean(axis=0)
    assert np.linalg.norm(moved[64]) >= np.linalg.norm(moved[104])
