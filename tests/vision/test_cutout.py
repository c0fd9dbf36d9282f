"""A face cut out of a frame, its mask, and the way back: what all that redraws faces shares."""

from __future__ import annotations

import numpy as np
import pytest

from tests.nodes.redrawn_faces import frame_with, same_outside
from tests.nodes.swap_bench import face_of
from tests.vision.swap_models import points_at
from vplugin.vision.align import template
from vplugin.vision.blend import HostCompositor
from vplugin.vision.cutout import CutOut, MaskStyle, border_mask, cut_out, lay_back, limited

ARCFACE = template("arcface_128")
POINTS = points_at(240, 160, 40)


def _cut(points: np.ndarray = POINTS, size: int = 128, **face) -> CutOut:
    cut = cut_out(frame_with(face_of(points)), face_of(points).evolve(**face), ARCFACE, (size,))
    assert isinstance(cut, CutOut)
    return cut


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (None, "no points"),
        (points_at(240, 160, 3, wobble=None), "too small"),
        (points_at(2000, 160, 40), "outside the picture"),
    ],
)
def test_why_a_face_cannot_be_cut_out(points, reason) -> None:
    face = face_of(POINTS).evolve(points=points)
    assert cut_out(frame_with(), face, ARCFACE, (128,)) == reason


@pytest.mark.parametrize(
    ("eyes", "size"), [(20, 128), (35, 128), (40, 256), (69, 256), (90, 384), (200, 384)]
)
def test_the_smallest_crop_that_loses_no_pixel_is_taken(eyes, size) -> None:
    face = face_of(points_at(240, 160, eyes, wobble=None))
    cut = cut_out(frame_with(face), face, ARCFACE, (128, 256, 384))
    assert isinstance(cut, CutOut)
    assert cut.region.size == size
    np.testing.assert_allclose(cut.points, ARCFACE.at(size), atol=1e-3)
    assert cut.eyes == pytest.approx(35.24 * size / 128, abs=0.1)


@pytest.mark.parametrize("shape", ["face", "hull", "ellipse", "box", "swapper", "insightface"])
def test_masks_are_whole_in_the_middle_and_hull_needs_landmarks(shape) -> None:
    ring = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    small = POINTS.mean(axis=0) + 20 * np.stack([np.cos(ring), np.sin(ring)], axis=1)
    cut = _cut(landmarks=small.astype(np.float32))
    mask = border_mask(cut, MaskStyle(shape, 0.2))
    in_region = (cut.region.rect.height, cut.region.rect.width)
    assert mask.shape == (in_region if shape == "insightface" else (128, 128))
    height, width = mask.shape
    assert mask[height // 2, width // 2] > 0.9
    assert mask[0, 0] == (shape == "swapper")
    plain = border_mask(_cut(), MaskStyle(shape, 0.2))
    assert (plain == mask).all() == (shape != "hull")
    if shape == "hull":
        assert (plain == border_mask(cut, MaskStyle("face", 0.2))).all()


@pytest.mark.parametrize("shape", ["box", "insightface"])
def test_a_limit_in_the_crop_holds_in_the_crop_and_in_the_region(shape) -> None:
    cut = _cut(points_at(240, 160, 40, 30))
    limit = np.zeros((128, 128), np.float32)
    limit[:, :50] = 0.5
    mask = border_mask(cut, MaskStyle(shape, 0.2))
    made = limited(mask, limit, cut)
    assert made.shape == mask.shape
    assert (made <= mask).all()
    assert made.max() == pytest.approx(0.5, abs=1e-3)
    y, x = np.nonzero(made)
    places = np.stack([x, y], axis=1).astype(float)
    if shape == "insightface":
        places = places @ cut.region.matrix[:, :2].T + cut.region.matrix[:, 2]
    assert places[:, 0].max() < 50.5


def test_a_neighbour_that_was_laid_back_before_is_not_lost() -> None:
    left, right = points_at(215, 160, 30), points_at(265, 160, 30)
    faces = face_of(left, 1), face_of(right, 2)
    frame = frame_with(*faces)
    before = frame.evolve()
    cuts = [cut_out(frame, face, ARCFACE, (128,)) for face in faces]
    half = np.ones((128, 128), np.float32)
    half[:, :64] = 0
    half[:2], half[-2:], half[:, -2:] = 0, 0, 0
    pasted: list = []
    works = zip(cuts, ((1, 0, 0), (0, 0, 1)), (half, half[:, ::-1] / 2), strict=True)
    for cut, colour, mask in works:
        crop = np.broadcast_to(np.float32(colour), (128, 128, 3)).copy()
        assert isinstance(cut, CutOut)
        assert lay_back(frame, cut, crop, mask, pasted, HostCompositor(), "node")
    assert [(patch.node, patch.track) for patch in frame.patches] == [("node", 1), ("node", 2)]
    # Red on the right half of the left face, and half of blue on the left half of the right one,
    # whose region was read before there was any red.
    between = frame.read((220, 130, 260, 190)).reshape(-1, 3).astype(int)
    assert (np.abs(between - (127, 0, 128)).max(axis=1) <= 2).mean() > 0.9
    assert same_outside(before, frame, (140, 80, 340, 250))
    empty = np.zeros((128, 128), np.float32)
    assert not lay_back(frame, cuts[0], crop, empty, pasted, HostCompositor(), "node")
