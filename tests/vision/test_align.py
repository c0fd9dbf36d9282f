from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from insightface.utils import face_align
from skimage.transform import SimilarityTransform

from tests.vision.swap_models import points_at, smooth_picture
from vplugin.errors import PictureError
from vplugin.picture import Rect
from vplugin.vision import align
from vplugin.vision.align import TEMPLATES, Template, template

placements = st.tuples(
    st.floats(-500, 2500), st.floats(-500, 2500), st.floats(5, 800), st.floats(-180, 180)
)


@pytest.mark.parametrize(("size", "name"), [(112, "arcface_112"), (128, "arcface_128")])
@pytest.mark.parametrize("factor", [1, 2])
@given(  # insightface works in single precision: tiny faces far out differ by that
    place=st.tuples(
        st.floats(-200, 2000), st.floats(-200, 1200), st.floats(30, 500), st.floats(-180, 180)
    ),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=15, deadline=None)
def test_similarity_equals_insightface_and_skimage(size, name, factor, place, seed):
    points = points_at(*place, wobble=seed)
    goal = template(name).at(size * factor, half_pixel=False)
    ours = align.similarity(points, goal)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # skimage deprecates what insightface calls
        theirs = face_align.estimate_norm(points, size * factor)
        skimage = SimilarityTransform()
        assert skimage.estimate(points.astype(np.float64), goal)
    # In pixels of the crop, for the points themselves.
    np.testing.assert_allclose(align.apply(ours, points), align.apply(theirs, points), atol=1e-3)
    np.testing.assert_allclose(ours, skimage.params[:2], atol=1e-6 * max(1, abs(ours).max()))


@given(places=st.lists(placements, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_similarity_recovers_a_placement_and_batches(places):
    goal = template("arcface_128").at(128)
    faces = np.stack([points_at(*place, wobble=None) for place in places]).astype(np.float64)
    matrices = align.similarity(faces, goal)
    assert matrices.shape == (len(places), 2, 3)
    # arcface_128 is arcface_112 shifted, so a placed template fits exactly (float32 points).
    assert np.abs(align.apply(matrices, faces) - goal).max() < 0.02
    for matrix, face in zip(matrices, faces, strict=True):
        np.testing.assert_allclose(align.similarity(face, goal), matrix)


@given(place=placements)
@settings(max_examples=25, deadline=None)
def test_inverse_and_composition(place):
    matrix = align.similarity(points_at(*place), template("ffhq_512").at(512))
    both = align.compose(align.invert(matrix), matrix)
    np.testing.assert_allclose(both, [[1, 0, 0], [0, 1, 0]], atol=1e-7)
    assert align.scale_of(align.invert(matrix)) == pytest.approx(1 / align.scale_of(matrix))


@pytest.mark.parametrize(
    "points",
    [np.full((5, 2), 7.0), np.full((5, 2), np.nan), np.array([[np.inf, 0.0]] * 5)],
    ids=["one place", "NaN", "infinite"],
)
def test_points_without_extent_are_refused(points):
    with pytest.raises(PictureError, match="coincide or are not finite"):
        align.similarity(points, template("arcface_112").at(112))


def test_an_unknown_template_names_the_known_ones():
    with pytest.raises(PictureError, match=r"arcface_999.*ffhq_512"):
        template("arcface_999")


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("factor", [2, 4])
def test_half_pixel_rule_shows_the_same_part_at_every_size(name, factor):
    """Blocks of a larger crop are the pixels of the smaller one: the frame covers the same area."""
    small = TEMPLATES[name]
    large = small.at(small.size * factor)
    # The centre of a block of factor×factor pixels lies at factor·x + (factor − 1)/2.
    np.testing.assert_allclose(large, small.at(small.size) * factor + (factor - 1) / 2)


def test_half_pixel_example_of_the_field():
    assert Template("one", 128, ((64.0, 64.0),)).at(256)[0, 0] == 128.5
    assert Template("one", 128, ((64.0, 64.0),)).at(512)[0, 0] == 257.5


@pytest.mark.parametrize("size", [112, 128, 256])
def test_crop_equals_norm_crop2(size):
    picture = smooth_picture(400, 300)
    points = points_at(200, 150, size / 128 * 30, 20)
    name = "arcface_112" if size % 112 == 0 else "arcface_128"
    matrix = align.similarity(points, template(name).at(size, half_pixel=False))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, _ = face_align.norm_crop2(picture, points, size)
    ours = align.warp(picture, matrix, (size, size), border="black")
    assert np.abs(ours.astype(int) - theirs).max() <= 1


@given(place=placements)
@settings(max_examples=40, deadline=None)
def test_crop_rect_holds_every_pixel_that_the_crop_reads(place):
    bounds = Rect(0, 0, 1920, 1080)
    matrix = align.similarity(points_at(*place), template("arcface_128").at(128))
    rect = align.crop_rect(matrix, 128, bounds)
    assert rect == rect.intersect(bounds)
    corners = np.array([[x, y] for x in (0, 127) for y in (0, 127)], np.float64)
    read = align.apply(align.invert(matrix), corners)
    needed = Rect.around((*(read.min(axis=0)), *(read.max(axis=0) + 1))).intersect(bounds)
    assert needed.empty or needed.intersect(rect) == needed


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("eyes", [12.0, 40.0, 150.0])
def test_a_region_gives_the_crop_that_the_whole_picture_gives(dtype, eyes):
    picture = smooth_picture(900, 700).astype(dtype)
    matrix = align.similarity(points_at(430, 350, eyes, -25), template("arcface_128").at(128))
    rect = align.crop_rect(matrix, 128, Rect(0, 0, 900, 700))
    whole = align.warp(picture, matrix, (128, 128))
    part = align.warp(picture[rect.slices], align.shifted(matrix, rect), (128, 128))
    difference = np.abs(whole.astype(float) - part.astype(float))
    # Shrinking starts its blocks at the region's corner, so fine grain differs for large faces.
    mean, most = (0.05, 2.0) if eyes < 60 else (2.0, 24.0)
    assert difference.mean() < mean
    assert difference.max() <= most


@pytest.mark.parametrize("factor", [0.11, 0.2, 0.3, 0.45])
def test_shrinking_does_not_alias(factor):
    """Stripes finer than the output can show become their mean, not a moiré."""
    stripes = np.zeros((600, 600), np.uint8)
    stripes[:, ::2] = 255
    matrix = np.array([[factor, 0.0, 0.0], [0.0, factor, 0.0]])
    size = (int(600 * factor) - 2,) * 2
    ours = align.warp(stripes, matrix, size).astype(float)
    naive = cv2.warpAffine(stripes, matrix, size).astype(float)
    assert np.abs(ours[2:-2, 2:-2] - 127.5).max() < 45
    assert ours.std() < naive.std() / 2


def test_shrinking_keeps_its_place():
    """A blob lies where the map says, whatever the block size."""
    y, x = np.mgrid[0:640, 0:640]
    blob = np.exp(-((x - 301.0) ** 2 + (y - 333.0) ** 2) / (2 * 30.0**2)).astype(np.float32)
    for factor in (0.12, 0.19, 0.27, 0.4, 0.8):
        matrix = np.array([[factor, 0.0, 3.0], [0.0, factor, -2.0]])
        small = align.warp(blob, matrix, (90, 90) if factor < 0.14 else (500, 500))
        rows, columns = np.mgrid[0 : small.shape[0], 0 : small.shape[1]]
        centre = np.array([(small * columns).sum(), (small * rows).sum()]) / small.sum()
        np.testing.assert_allclose(centre, align.apply(matrix, [[301.0, 333.0]])[0], atol=0.06)


@pytest.mark.parametrize(
    ("nose", "sign"), [(0.0, 0), (12.0, 1), (-12.0, -1)], ids=["frontal", "right", "left"]
)
@pytest.mark.parametrize("degrees", [0, 90, 135])
def test_yaw_follows_the_nose_at_any_roll(nose, sign, degrees):
    plain = np.array([[-20, 0], [20, 0], [nose, 20], [-16, 40], [16, 40]], np.float64)
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    assert align.yaw(plain @ turn + 300) == pytest.approx(sign * 0.3, abs=1e-9)
