"""Small pictures: less is drawn, and the truth about it stays where it was."""

from __future__ import annotations

import numpy as np
import pytest

from tests.synth.heads import mean_head
from vplugin.synth.anatomy import mean_anatomy
from vplugin.synth.coarse import is_small, thinned
from vplugin.synth.expression import Expression
from vplugin.synth.head import build_head
from vplugin.synth.parts import Segment
from vplugin.synth.person import Person
from vplugin.synth.render import render
from vplugin.synth.scene import Scene

pytestmark = pytest.mark.timeout(900)


def loops(triangles) -> int:
    """Edges that belong to one triangle only."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    _, times = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
    assert times.max() == 2
    return int((times == 1).sum())


def disagreement(first, second) -> float:
    """Share of the pixels that show another segment; strands of hair lie elsewhere."""
    hairy = [Segment.HAIR, Segment.BEARD, Segment.LEFT_BROW, Segment.RIGHT_BROW]
    solid = ~np.isin(first.segments, hairy) & ~np.isin(second.segments, hairy)
    return float((first.segments != second.segments)[solid].mean())


@pytest.mark.parametrize(
    ("height", "details", "small"),
    [
        (128, (0.4,), True),
        (160, (0.28, 0.56), True),
        (161, (0.28,), False),
        (256, (0.28,), False),
        (128, (0.4, 1.1), False),
        (128, (), False),
    ],
)
def test_what_is_small(height, details, small):
    assert is_small(height, details) is small


def test_a_third_of_the_triangles_cover_the_same():
    head = mean_head()
    whole, less = head.parts[0], thinned(head).parts[0]
    assert 3 * len(less.triangles) < len(whole.triangles)
    assert len(less.labels) == len(less.triangles)
    assert set(less.labels) == set(whole.labels)
    assert {tuple(p) for p in less.vertices} <= {tuple(p) for p in whole.vertices}
    np.testing.assert_allclose(less.vertices.min(axis=0), whole.vertices.min(axis=0), atol=1.0)
    np.testing.assert_allclose(less.vertices.max(axis=0), whole.vertices.max(axis=0), atol=1.0)
    # No holes but the slits, the chest and the ears' own borders.
    assert loops(less.triangles) < loops(whole.triangles)
    assert len(thinned(head).turning[0]) == len(less.vertices)


def test_the_corners_of_eyes_and_mouth_are_kept():
    anatomy, head = mean_anatomy(), mean_head()
    less = {tuple(p) for p in thinned(head).parts[0].vertices}
    for rim in (*anatomy.lids, anatomy.lips):
        for corner in (rim[0, 0], rim[0, -1]):
            assert tuple(head.parts[0].vertices[corner]) in less


def test_landmarks_do_not_move(monkeypatch):
    scenes = [Scene.from_seed(seed) for seed in (1, 4)]
    small = [render(scene, 128) for scene in scenes]
    monkeypatch.setattr("vplugin.synth.staging.is_small", lambda height, details: False)
    for scene, ours in zip(scenes, small, strict=True):
        whole = render(scene, 128)
        for name in ("landmarks106", "landmarks68", "points", "iris", "box", "pose", "identity"):
            np.testing.assert_array_equal(
                getattr(ours.faces[0], name), getattr(whole.faces[0], name)
            )
        assert (ours.faces[0].visible106 == whole.faces[0].visible106).mean() > 0.95
        assert ours.faces[0].occluded == pytest.approx(whole.faces[0].occluded, abs=0.05)
        assert disagreement(ours, whole) < 0.01
        assert np.abs(ours.rgb.astype(int) - whole.rgb).mean() < 6.0
        assert (ours.rgb != whole.rgb).any()


@pytest.mark.parametrize(("jaw", "parts"), [(0.0, 6), (0.5, 9)])
def test_teeth_behind_shut_lips_are_left_out(jaw, parts):
    expression = Expression(jaw=jaw)
    assert len(build_head(Person(), expression, small=True).parts) == parts
    assert len(build_head(Person(), expression).parts) == 9
