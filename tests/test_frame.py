"""Pictures, regions, edits: exact where nothing was changed, right where something was."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vplugin.colour import effective_matrix
from vplugin.errors import PictureError
from vplugin.frame import Face, Frame
from vplugin.picture import LAYOUTS, ColourTags, Picture, PictureFormat, Rect

FORMATS = ["yuv420p", "nv12", "nv21", "yuv422p10le", "p010le", "yuv444p", "yuvj420p",
           "yuva420p", "yuv411p", "gray", "gray10le", "rgb24", "bgra", "gbrp10le"]  # fmt: skip


def noise(pixel: str, width: int, height: int, seed: int = 0, **tags) -> Frame:
    form = PictureFormat(pixel, width, height, ColourTags(**tags))
    rng = np.random.default_rng(seed)
    top = 1 << form.layout.depth
    planes = tuple(
        (rng.integers(0, top, shape) << form.layout.padding).astype(form.layout.dtype)
        for shape in form.plane_shapes
    )
    return Frame(Picture(form, planes), 0, Fraction(1, 30))


def flat(pixel: str, rgb, size=(32, 24), **tags) -> Frame:
    """A picture of one colour, made by an edit of a black one."""
    frame = Frame(Picture.blank(PictureFormat(pixel, *size, ColourTags(**tags))), 0, Fraction(1))
    with frame.edit(frame.format.bounds, node="t") as region:
        region[:] = rgb
    return frame


@settings(max_examples=60, deadline=None)
@given(
    pixel=st.sampled_from(FORMATS),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    box=st.tuples(*[st.floats(-10, 50)] * 4),
    seed=st.integers(0, 99),
)
def test_samples_no_changed_pixel_stands_on_keep_their_exact_value(pixel, size, box, seed):
    frame = noise(pixel, *size, seed)
    rng = np.random.default_rng(seed)
    rect = Rect.around(box)
    mask = np.zeros(size[::-1], bool)
    with frame.edit(rect, node="test") as rgb:
        chosen = rng.random(rgb.shape[:2]) < 0.3
        before = rgb.copy()
        rgb[chosen] = 255 - rgb[chosen]
        inside = rect.intersect(frame.format.bounds)
        mask[inside.slices] = (rgb != before).any(axis=-1) if rgb.ndim == 3 else rgb != before
    whole = frame.planes(frame.format.bounds)
    for layout, old, new in zip(frame.format.layout.planes, frame.picture.planes, whole,
                                strict=True):  # fmt: skip
        step_x, step_y = 1 << layout.shift_x, 1 << layout.shift_y
        padded = np.pad(mask, ((0, -size[1] % step_y), (0, -size[0] % step_x)))
        touched = padded.reshape(padded.shape[0] // step_y, step_y, -1, step_x).any(axis=(1, 3))
        np.testing.assert_array_equal(old[~touched], new[~touched])
    if not mask.any():
        assert frame.patches == ()


@pytest.mark.parametrize("pixel", [p for p in FORMATS if not p.startswith("gray")])
@pytest.mark.parametrize("rgb", [(255, 0, 0), (0, 255, 0), (10, 20, 250), (128, 128, 128)])
@pytest.mark.parametrize("tags", [{}, {"matrix": 1}, {"matrix": 9, "full_range": True}])
def test_a_colour_that_is_written_is_read_again(pixel, rgb, tags):
    frame = flat(pixel, rgb, **tags)
    read = frame.read(Rect(0, 0, 32, 24)).astype(int)
    assert abs(read - np.array(rgb)).max() <= 2


@pytest.mark.parametrize(
    ("tags", "height", "expected"),
    [
        ({"matrix": 6}, 480, (81, 90, 240)),
        ({"matrix": 1}, 480, (63, 102, 240)),
        ({"matrix": 1, "full_range": True}, 480, (54, 99, 255)),
        ({}, 480, (81, 90, 240)),
        ({}, 720, (63, 102, 240)),
        ({"matrix": 9}, 480, (74, 97, 240)),
    ],
)
def test_red_has_the_code_values_of_the_standards(tags, height, expected):
    frame = flat("yuv444p", (255, 0, 0), (16, height), **tags)
    planes = frame.planes(Rect(0, 0, 16, height))
    assert [abs(int(p[3, 3]) - v) <= 1 for p, v in zip(planes, expected, strict=True)] == [True] * 3


@pytest.mark.parametrize("pixel", ["yuv444p10le", "yuv420p10le", "p010le", "yuv422p10le"])
@pytest.mark.parametrize("how", ["rgb48", "rgbf32"])
def test_ten_bits_do_not_dip_to_eight(pixel, how):
    width = 1024
    form = PictureFormat(pixel, width, 2)
    planes = [np.full(s, 512 << form.layout.padding, form.layout.dtype) for s in form.plane_shapes]
    planes[0][:] = (np.linspace(64, 940, width).astype(int) << form.layout.padding)[None]
    frame = Frame(Picture(form, tuple(planes)), 0, Fraction(1))
    with frame.edit(form.bounds, node="t", format=how) as rgb:
        rgb -= np.minimum(rgb, 1e-4 if how == "rgbf32" else 7).astype(rgb.dtype)
    written = frame.planes(form.bounds)[0] >> form.layout.padding
    assert len(np.unique(written)) > 800
    assert abs(written.astype(int) - (planes[0] >> form.layout.padding)).max() <= 1


def test_nobody_can_write_to_a_picture():
    frame = noise("yuv420p", 8, 8)
    with pytest.raises(ValueError, match="read-only"):
        frame.picture.planes[0][0, 0] = 1
    frame.read((0, 0, 8, 8))[:] = 0
    with frame.edit((0, 0, 4, 4), node="t") as rgb:
        rgb[:] = 9
    with pytest.raises(ValueError, match="read-only"):
        frame.patches[0].planes[0][0, 0] = 1


def test_later_patches_lie_on_top_and_reading_shows_them():
    frame = flat("yuv444p", (50, 50, 50))
    for value, box in ((200, (2, 2, 20, 20)), (100, (10, 10, 30, 22))):
        with frame.edit(box, node=f"n{value}") as rgb:
            rgb[:] = value
    seen = frame.read(frame.format.bounds)[..., 0]
    assert [int(seen[y, x]) for y, x in ((0, 0), (5, 5), (15, 15), (21, 29))] == [50, 200, 100, 100]
    assert [patch.node for patch in frame.patches] == ["t", "n200", "n100"]


def test_an_edit_that_fails_leaves_no_patch():
    frame = noise("yuv420p", 8, 8)
    with pytest.raises(ZeroDivisionError), frame.edit((0, 0, 8, 8), node="t") as rgb:
        rgb[:] = 1 // 0
    assert frame.patches == ()


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((1.2, 2.7, 5.1, 6.0), Rect(1, 2, 5, 4)),
        ((-3, -3, 2, 2), Rect(-3, -3, 5, 5)),
        ((5, 5, 2, 2), Rect(5, 5, 0, 0)),
    ],
)
def test_rect_around(box, expected):
    assert Rect.around(box) == expected


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_box_must_be_finite(bad):
    with pytest.raises(PictureError, match="finite"):
        Rect.around((0, 0, bad, 1))


@given(st.tuples(*[st.integers(-20, 60)] * 2), st.tuples(*[st.integers(0, 60)] * 2),
       st.sampled_from(sorted(LAYOUTS)), st.tuples(*[st.integers(1, 50)] * 2))  # fmt: skip
def test_alignment_covers_whole_samples_and_stays_inside(at, size, pixel, picture):
    form = PictureFormat(pixel, *picture)
    rect = Rect(*at, *size)
    aligned = form.align(rect)
    assert aligned == aligned.intersect(form.bounds)
    inside = rect.intersect(form.bounds)
    assert inside.intersect(aligned) == inside or inside.empty
    if aligned.empty:
        return
    shift_x, shift_y = form.layout.chroma_shift
    assert aligned.x % (1 << shift_x) == aligned.y % (1 << shift_y) == 0
    assert form.align(aligned) == aligned
    shapes = tuple(p.shape for p in Picture.blank(form).crop(aligned))
    assert shapes == form.cropped(aligned).plane_shapes


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PictureFormat("nonsense", 4, 4), "'nonsense' is not supported"),
        (lambda: PictureFormat("gray", 0, 4), "no pixel"),
        (lambda: Picture(PictureFormat("gray", 4, 4), (np.zeros((4, 5), np.uint8),)), "not a gray"),
        (lambda: noise("gray", 4, 4).read((0, 0, 4, 4), "hsv"), "unknown format"),
        (lambda: noise("gray", 4, 4).paste(Rect(2, 2, 9, 9), None, None, node="n"), "lie within"),
        (lambda: PictureFormat("gray", 9, 9).planes_in(memoryview(b"x")), "cannot hold"),
    ],
)
def test_bad_input_is_said_in_one_line(make, words):
    with pytest.raises(PictureError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_faces():
    face = Face(np.array([10, 20, 40, 60], np.float32))
    assert (face.rect, face.area, face.eye_distance) == (Rect(10, 20, 30, 40), 1200, 10)
    points = np.array([[0, 0], [3, 4], [0, 0], [0, 0], [0, 0]], np.float32)
    named = face.evolve(points=points, track=7)
    assert (named.eye_distance, named.track, face.track) == (5, 7, None)


@pytest.mark.parametrize(("height", "matrix", "expected"),
                         [(719, 2, 6), (720, 2, 1), (720, 5, 5), (100, 9, 9)])  # fmt: skip
def test_untagged_pictures_get_the_matrix_players_use(height, matrix, expected):
    assert effective_matrix(ColourTags(matrix=matrix), height) == expected
