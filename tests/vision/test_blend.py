from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vision.swap_models import points_at, smooth_picture
from vplugin.frame import Frame, lay_patch
from vplugin.picture import LAYOUTS, Picture, PictureFormat, Rect
from vplugin.testing.frames import Scene
from vplugin.vision.align import apply, crop_rect, shifted, similarity, template
from vplugin.vision.blend import (
    HostCompositor,
    Region,
    composite,
    take,
    touched,
    working_format,
)
from vplugin.vision.device import DeviceCompositor
from vplugin.vision.mask import box_mask, face_outline, insightface_mask, polygon_mask

COMPOSITORS = {"host": HostCompositor(), "device": DeviceCompositor("cpu")}


def _region(eyes: float, dtype: type, degrees: float = 15.0) -> tuple[Region, np.ndarray]:
    picture = smooth_picture(1280, 720)
    if dtype == np.float32:
        picture = (picture / 255).astype(np.float32)
    points = points_at(640, 360, eyes, degrees)
    matrix = similarity(points, template("arcface_128").at(128))
    rect = crop_rect(matrix, 128, Rect(0, 0, 1280, 720))
    rgb = np.ascontiguousarray(picture[rect.slices])
    return Region(rect, rgb, shifted(matrix, rect), 128), apply(matrix, points)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("eyes", [15.0, 45.0, 160.0])
def test_device_and_host_give_the_same(dtype, eyes):
    region, points = _region(eyes, dtype)
    host, device = COMPOSITORS["host"], COMPOSITORS["device"]
    crops = host.crops([region])
    level = 1 / 255 if dtype == np.uint8 else 1e-3
    assert np.abs(crops - device.crops([region])).max() <= level
    faces = np.clip(crops * 0.7 + 0.2, 0, 1)
    for mask in (
        polygon_mask(face_outline(points), 128, 12),
        np.pad(box_mask(max(region.rgb.shape)), 0)[: region.rgb.shape[0], : region.rgb.shape[1]],
    ):
        (ours,), (theirs,) = (c.paste([region], faces, [mask]) for c in (host, device))
        assert ours.rect == theirs.rect
        assert ours.rgb.dtype == theirs.rgb.dtype == dtype
        scale = 1.0 if dtype == np.uint8 else 255.0
        assert np.abs(ours.rgb.astype(float) - theirs.rgb.astype(float)).max() * scale <= 2.0


def test_device_batches_regions_of_different_sizes():
    regions = [
        _region(eyes, np.uint8, degrees)[0] for eyes, degrees in ((20, 0), (70, 40), (40, 9))
    ]
    together = COMPOSITORS["device"].crops(regions)
    for crop, region in zip(together, regions, strict=True):
        np.testing.assert_allclose(crop, COMPOSITORS["device"].crops([region])[0], atol=1e-5)


@pytest.mark.parametrize("name", COMPOSITORS)
@pytest.mark.parametrize("border", ["replicate", "black"])
def test_border_of_a_crop_that_reaches_beyond_the_picture(name, border):
    rgb = np.full((90, 90, 3), 200, np.uint8)
    matrix = np.array([[1.0, 0.0, 64.0], [0.0, 1.0, 64.0]])
    crop = COMPOSITORS[name].crops([Region(Rect(0, 0, 90, 90), rgb, matrix, 128)], border=border)[0]
    assert crop[:60, :60].max() == (pytest.approx(200 / 255) if border == "replicate" else 0.0)
    assert crop[70:, 70:].min() == pytest.approx(200 / 255)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_composite_keeps_and_takes_exactly(dtype):
    rng = np.random.default_rng(0)
    full = 255 if dtype == np.uint8 else 1.0
    under, over = (rng.integers(0, 256, (2, 40, 50, 3)) * (full / 255)).astype(dtype)
    alpha = np.zeros((40, 50), dtype)
    alpha[:, 20:30], alpha[:, 30:] = full // 2 if dtype == np.uint8 else 0.5, full
    mixed = composite(under, over, alpha)
    assert np.array_equal(mixed[:, :20], under[:, :20])
    assert np.allclose(mixed[:, 30:], over[:, 30:], atol=1e-6)
    middle = (under[:, 20:30].astype(float) + over[:, 20:30]) / 2
    assert np.abs(mixed[:, 20:30] - middle).max() <= (1.5 if dtype == np.uint8 else 1e-6)


@pytest.mark.parametrize("name", COMPOSITORS)
def test_an_empty_mask_makes_no_edit(name):
    region, _ = _region(40, np.uint8)
    faces = np.zeros((1, 128, 128, 3), np.float32)
    assert COMPOSITORS[name].paste([region], faces, [np.zeros((128, 128), np.float32)]) == []


@given(
    x=st.floats(-40, 360), y=st.floats(-40, 240), eyes=st.floats(8, 90), turn=st.floats(-180, 180)
)
@settings(max_examples=30, deadline=None)
def test_a_part_warped_alone_is_the_part_of_the_whole(x, y, eyes, turn):
    """Blending only where the mask reaches changes nothing against blending the whole region."""
    frame = Scene(width=320, height=200, faces=0).frame(0)
    points = points_at(x, y, eyes, turn)
    region = take(frame, similarity(points, template("arcface_128").at(128)), 128)
    if region is None:
        return
    mask = np.zeros((128, 128), np.float32)
    mask[40:90, 30:100] = 1.0
    face = np.full((1, 128, 128, 3), 0.5, np.float32)
    part = touched(region, mask)
    edits = HostCompositor().paste([region], face, [mask])
    whole = HostCompositor().paste([region], face, [np.maximum(mask, 1e-9)])
    reached = np.zeros(region.rgb.shape[:2], bool)
    for edit in edits:
        at = edit.rect._replace(x=edit.rect.x - region.rect.x, y=edit.rect.y - region.rect.y)
        assert at == part
        reached[at.slices] = edit.changed
        same = whole[0].rgb[at.slices] if whole[0].rect == region.rect else None
        if same is not None:
            assert np.abs(same.astype(int) - edit.rgb.astype(int)).max() <= 2
    # Every pixel that lies in the mask's part of the crop is reached.
    rows, columns = np.mgrid[0 : reached.shape[0], 0 : reached.shape[1]]
    places = apply(region.matrix, np.stack([columns.ravel(), rows.ravel()], axis=1))
    inside = ((places > [31, 41]) & (places < [98, 88])).all(axis=1).reshape(reached.shape)
    assert not (inside & ~reached).any()


@pytest.mark.parametrize("pixel", sorted(LAYOUTS))
@pytest.mark.parametrize("shape", ["face", "insightface"])
def test_samples_outside_the_mask_are_bit_identical_in_every_format(pixel, shape):
    rng = np.random.default_rng(1)
    format = PictureFormat(pixel, 158, 122)
    layout = format.layout
    planes = tuple(
        (rng.integers(0, 1 << layout.depth, s) << layout.padding).astype(layout.dtype)
        for s in format.plane_shapes
    )
    frame = Frame(Picture(format, planes), 0, Fraction(1, 25))
    points = points_at(80, 60, 22, 25)
    matrix = similarity(points, template("arcface_128").at(128))
    region = take(frame, matrix, 128)
    assert region is not None
    mask = (
        polygon_mask(face_outline(apply(matrix, points)), 128, 10)
        if shape == "face"
        else insightface_mask(matrix, 128, region.rect)
    )
    faces = 1.0 - HostCompositor().crops([region])
    (edit,) = HostCompositor().paste([region], faces, [mask])
    frame.paste(
        edit.rect, edit.rgb, edit.changed, node="swap", track=4, format=working_format(frame)
    )
    assert frame.patches[0].track == 4
    after = [plane.copy() for plane in planes]
    lay_patch(after, format.bounds, format, frame.patches[0])
    changed = np.zeros((122, 158), bool)
    changed[edit.rect.slices] = edit.changed
    some = False
    for part, old, new in zip(layout.planes, planes, after, strict=True):
        step_y, step_x = 1 << part.shift_y, 1 << part.shift_x
        blocks = np.pad(changed, ((0, -122 % step_y), (0, -158 % step_x)))
        blocks = blocks.reshape(blocks.shape[0] // step_y, step_y, -1, step_x).any(axis=(1, 3))
        same = old == new if old.ndim == 2 else (old == new).all(axis=2)
        assert same[~blocks].all()
        some |= not same.all()
    assert some


def test_deep_pictures_are_blended_without_an_eight_bit_dip():
    """A slow 10-bit ramp keeps its steps under a half transparent face of the same colour."""
    format = PictureFormat("yuv444p10le", 256, 160)
    ramp = np.broadcast_to(np.linspace(400, 460, 256), (160, 256))
    flat = np.full((160, 256), 512, np.uint16)
    frame = Frame(Picture(format, (np.rint(ramp).astype(np.uint16), flat, flat)), 0, Fraction(1))
    region = take(frame, similarity(points_at(128, 80, 40), template("arcface_128").at(128)), 128)
    assert region is not None
    assert region.rgb.dtype == np.float32
    crops = HostCompositor().crops([region])
    (edit,) = HostCompositor().paste([region], crops, [box_mask(128) * np.float32(0.5)])
    frame.paste(edit.rect, edit.rgb, edit.changed, node="swap", format="rgbf32")
    after = [frame.picture.planes[0].copy(), flat.copy(), flat.copy()]
    lay_patch(after, format.bounds, format, frame.patches[0])
    assert np.abs(after[0].astype(int) - frame.picture.planes[0]).max() <= 1
    assert len(np.unique(after[0])) >= 60  # an 8-bit dip would leave 16
