"""Outside the patches, the encoder gets exactly what was decoded: the promise of the product."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.media.transcode import decoded, made_frames, writer
from vplugin.frame import Frame, Patch
from vplugin.media.canvas import Canvas, original_frame, writable_planes
from vplugin.media.picture_io import to_picture
from vplugin.picture import ColourTags, Picture, PictureFormat, Rect

PIXELS = ("yuv420p", "nv12", "yuv422p10le", "p010le")


def noise(format: PictureFormat, seed: int) -> Picture:
    random = np.random.default_rng(seed)
    top = 1 << format.layout.depth
    return Picture(
        format,
        tuple(
            (random.integers(0, top, shape) << format.layout.padding).astype(format.layout.dtype)
            for shape in format.plane_shapes
        ),
    )


def components(picture: Picture) -> dict[str, np.ndarray]:
    """Samples by name, whatever the memory layout: nv12 and yuv420p look the same."""
    found = {}
    for layout, plane in zip(picture.format.layout.planes, picture.planes, strict=True):
        for index, name in enumerate(layout.components):
            part = plane if plane.ndim == 2 else plane[..., index]
            found[name] = part >> picture.format.layout.padding
    return found


def shifts(format: PictureFormat) -> dict[str, tuple[int, int]]:
    return {
        name: (plane.shift_x, plane.shift_y)
        for plane in format.layout.planes
        for name in plane.components
    }


@st.composite
def edits(draw, width: int, height: int):
    """Rectangle, seed of what is painted, share of its pixels that really change."""
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    size = draw(st.integers(1, width - x)), draw(st.integers(1, height - y))
    return Rect(x, y, *size), draw(st.integers(0, 99)), draw(st.sampled_from((0.0, 0.3, 1.0)))


@st.composite
def scenes(draw):
    width, height = draw(st.sampled_from(((32, 16), (34, 18), (48, 32))))
    format = PictureFormat(
        draw(st.sampled_from(PIXELS)),
        width,
        height,
        ColourTags(draw(st.sampled_from((1, 2, 6, 9))), draw(st.booleans())),
    )
    return format, draw(st.integers(0, 99)), draw(st.lists(edits(width, height), max_size=4))


def edited(frame: Frame, changes) -> tuple[Frame, np.ndarray]:
    """The frame with the edits, and which pixels any of them may have changed."""
    touched = np.zeros((frame.format.height, frame.format.width), bool)
    for rect, seed, share in changes:
        random = np.random.default_rng(seed)
        rgb = random.integers(0, 256, (rect.height, rect.width, 3)).astype(np.uint8)
        changed = random.random((rect.height, rect.width)) < share
        frame.paste(rect, rgb, changed, node="test")
        touched[rect.slices] |= changed
    return frame, touched


def reached(touched: np.ndarray, shift: tuple[int, int], shape: tuple[int, ...]) -> np.ndarray:
    """Samples that stand for at least one touched pixel."""
    result = np.zeros(shape, bool)
    rows, columns = np.nonzero(touched)
    result[rows >> shift[1], columns >> shift[0]] = True
    return result


@settings(max_examples=60, deadline=None)
@given(scenes(), st.booleans())
def test_outside_the_patches_every_sample_is_as_decoded(scene, from_decoder):
    format, seed, changes = scene
    frame = Frame(noise(format, seed), 0, Fraction(1, 25))
    frame = decoded(frame) if from_decoder else frame
    before = components(frame.picture)
    frame, touched = edited(frame, changes)

    coded: list[dict[str, np.ndarray]] = []
    with_patches = components(Picture(format, frame.planes(format.bounds)))
    output = writer(
        "/dev/null", format="nut", tap=lambda sheet: coded.append(components(to_picture(sheet)))
    )
    try:
        output.write(frame)
    finally:
        output.abort()

    (after,) = coded
    assert after.keys() == before.keys()
    for name, samples in before.items():
        outside = ~reached(touched, shifts(format)[name], samples.shape)
        assert np.array_equal(after[name][outside], samples[outside]), name
        assert np.array_equal(after[name], with_patches[name]), name
        assert np.array_equal(components(frame.picture)[name], samples), "the picture was altered"


@pytest.mark.parametrize("pixel", PIXELS)
def test_a_patch_does_reach_the_encoder(pixel):
    format = PictureFormat(pixel, 64, 48)
    (frame,) = made_frames(format, 1)
    frame = decoded(frame)
    white = Picture(format, tuple(np.full_like(p, 200) for p in frame.picture.planes))
    rect = Rect(16, 8, 20, 10)
    frame.patches = (Patch(rect, white.crop(rect), "test"),)
    sheet = to_picture(Canvas(pixel).paint(frame))
    for plane, new, old, layout in zip(
        sheet.planes, white.planes, frame.picture.planes, format.layout.planes, strict=True
    ):
        area = rect.shrink(layout.shift_x, layout.shift_y).slices
        assert np.array_equal(plane[area], new[area])
        rest = np.ones(plane.shape[:2], bool)
        rest[area] = False
        assert np.array_equal(plane[rest], old[rest])


def test_the_decoders_frame_is_shared_not_altered():
    """Two encoders may write the same source, one with the patches and one without."""
    format = PictureFormat("yuv420p", 64, 48)
    (frame,) = made_frames(format, 1)
    frame = decoded(frame)
    clean = frame.evolve(pts=0)
    with frame.edit(Rect(0, 0, 32, 32), node="test") as rgb:
        rgb[:] = 255
    canvas = Canvas("yuv420p")
    edited_sheet, clean_sheet = canvas.paint(frame), canvas.paint(clean)
    assert np.array_equal(to_picture(clean_sheet).planes[0], clean.picture.planes[0])
    assert not np.array_equal(to_picture(edited_sheet).planes[0], clean.picture.planes[0])
    source = original_frame(frame)
    assert clean_sheet.planes[0].buffer_ptr == source.planes[0].buffer_ptr  # no copy was made
    assert edited_sheet.planes[0].buffer_ptr != source.planes[0].buffer_ptr


def test_what_a_frame_carries_stays():
    format = PictureFormat("yuv420p", 64, 48, ColourTags(9, True, 9, 16))
    (frame,) = made_frames(format, 1, base=Fraction(1001, 30000))
    source = original_frame(decoded(frame))
    frame = decoded(frame)
    source = original_frame(frame)
    source.pts, source.duration, source.pict_type = 7, 3, av.video.frame.PictureType.I
    sheet = Canvas("yuv420p").paint(frame)
    assert (sheet.pts, sheet.duration, sheet.time_base) == (7, 3, Fraction(1001, 30000))
    assert (sheet.colorspace, sheet.color_range) == (9, 2)
    assert (sheet.color_primaries, sheet.color_trc) == (9, 16)
    assert sheet.pict_type == 0
    assert source.pict_type == av.video.frame.PictureType.I


@pytest.mark.parametrize(
    ("source", "target"),
    [("nv12", "yuv420p"), ("p010le", "yuv420p10le"), ("yuv420p", "nv12"), ("yuvj420p", "yuv420p")],
)
@pytest.mark.parametrize("full_range", [False, True])
def test_repacking_loses_nothing(source, target, full_range):
    format = PictureFormat(source, 50, 30, ColourTags(1, full_range))
    frame = decoded(Frame(noise(format, 5), 0, Fraction(1, 25)))
    sheet = Canvas(target).paint(frame)
    assert sheet.format.name == target
    assert sheet.colorspace == 1
    after = components(to_picture(sheet))
    for name, samples in components(frame.picture).items():
        assert np.array_equal(after[name], samples), name


def test_a_picture_of_another_size_is_a_new_picture():
    (frame,) = made_frames(PictureFormat("yuv420p", 64, 48), 1)
    (small,) = made_frames(PictureFormat("yuv420p", 32, 24), 1)
    frame = replace(decoded(frame), picture=small.picture)
    assert original_frame(frame) is None
    assert Canvas("yuv420p").paint(frame).width == 32


def test_writable_planes_are_the_frames_own_memory():
    format = PictureFormat("nv12", 34, 18)
    sheet = av.VideoFrame(34, 18, "nv12")
    for index, plane in enumerate(writable_planes(sheet, format)):
        plane[:] = index + 5
    assert [int(plane.min()) for plane in to_picture(sheet).planes] == [5, 6]
