from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from vplugin.colour import to_rgb
from vplugin.errors import PictureError
from vplugin.media.picture_io import (
    Scaler,
    from_picture,
    plain,
    small_rgb,
    small_view,
    to_picture,
)
from vplugin.picture import LAYOUTS, ColourTags, Picture, PictureFormat, Rect


def known_to_ffmpeg(name: str) -> bool:
    try:
        av.VideoFrame(16, 16, name)
    except ValueError:
        return False
    return True


FORMATS = [name for name in LAYOUTS if known_to_ffmpeg(name)]


def noise(format: PictureFormat, seed: int = 0) -> Picture:
    """Smooth random code values of the whole range that the format can store."""
    rng = np.random.default_rng(seed)
    layout = format.layout
    planes = tuple(
        (rng.integers(0, 1 << layout.depth, shape) << layout.padding).astype(layout.dtype)
        for shape in format.plane_shapes
    )
    return Picture(format, planes)


def ramp(format: PictureFormat) -> Picture:
    """Legal values that change slowly, so that ways to filter chroma do not matter."""
    layout, planes = format.layout, []
    for index, shape in enumerate(format.plane_shapes):
        low, high = (60, 180) if index == 0 else (100, 156)
        values = np.linspace(low, high, shape[1]) * (1 << (layout.depth - 8))
        values = values + np.linspace(0, 12, shape[0])[:, None] * (1 << (layout.depth - 8))
        if len(shape) == 3:
            values = np.repeat(values[..., None], shape[2], axis=2)
        planes.append((values.astype(layout.dtype) << layout.padding).astype(layout.dtype))
    return Picture(format, tuple(planes))


@pytest.mark.parametrize("size", [(64, 48), (65, 49), (1, 1)])
@pytest.mark.parametrize("name", FORMATS)
def test_planes_survive_the_way_to_a_frame_and_back(name, size):
    colour = ColourTags(1, True, 1, 1)
    picture = noise(PictureFormat(name, *size, colour, (4, 3)))
    back = to_picture(from_picture(picture), sample_aspect=Fraction(4, 3))
    assert back.format == picture.format
    for one, other in zip(picture.planes, back.planes, strict=True):
        np.testing.assert_array_equal(one, other)


def test_views_are_not_copies_and_cannot_be_written():
    frame = from_picture(noise(PictureFormat("yuv420p", 64, 48)))
    picture = to_picture(frame)
    np.frombuffer(frame.planes[0], np.uint8)[0] ^= 255
    assert picture.planes[0][0, 0] == np.frombuffer(frame.planes[0], np.uint8)[0]
    with pytest.raises(ValueError, match="read-only"):
        picture.planes[0][0, 0] = 1


def test_editing_a_frame_in_place_leaves_its_picture_as_decoded():
    frame = from_picture(noise(PictureFormat("yuv420p", 64, 48)))
    picture = to_picture(frame)
    before = [plane.copy() for plane in picture.planes]
    frame.make_writable()
    for plane in frame.planes:
        np.frombuffer(plane, np.uint8)[:] = 7
    del frame
    for plane, old in zip(picture.planes, before, strict=True):
        np.testing.assert_array_equal(plane, old)


@pytest.mark.parametrize(
    ("packed", "unpacked"),
    [
        ("yuyv422", "yuv422p"),
        ("uyvy422", "yuv422p"),
        ("nv24", "yuv444p"),
        ("vuya", "yuva444p"),
        ("bgr0", "bgr24"),
        ("0rgb", "rgb24"),
        ("rgb48le", "gbrp16le"),
        ("rgb48be", "gbrp16le"),
        ("gbrap", "rgba"),
        ("p016le", "yuv420p16le"),
        ("y210le", "yuv422p10le"),
        ("ayuv64le", "yuva444p16le"),
        ("x2rgb10le", "gbrp10le"),
        ("gray16be", "gray16le"),
        ("yuv422p10be", "yuv422p10le"),
    ],
)
def test_packed_formats_are_unpacked_without_loss(packed, unpacked):
    source = from_picture(noise(PictureFormat(unpacked, 64, 48)))
    flags = av.video.reformatter.Interpolation
    stored = source.reformat(
        format=packed, interpolation=flags.POINT | flags.ACCURATE_RND | flags.FULL_CHR_H_INT
    )
    assert stored.format.name == packed
    stored.pts, stored.time_base = 42, Fraction(1, 30000)
    result = plain(stored)
    assert (result.pts, result.time_base, result.format.name) == (42, Fraction(1, 30000), unpacked)
    for one, other in zip(to_picture(source).planes, to_picture(result).planes, strict=True):
        np.testing.assert_array_equal(one, other)


def test_one_bit_and_palette_pictures_become_plain():
    mono = av.VideoFrame(16, 2, "monow")
    np.frombuffer(mono.planes[0], np.uint8)[:] = 0
    assert (to_picture(plain(mono)).planes[0] == 255).all()
    indices = np.zeros((4, 4), np.uint8)
    indices[0, 0] = 1
    palette = np.zeros((256, 4), np.uint8)
    palette[0] = 255, 10, 20, 30
    palette[1] = 255, 200, 100, 50
    pal8 = av.VideoFrame.from_ndarray((indices, palette), "pal8")
    rgba = to_picture(plain(pal8)).planes[0]
    assert rgba[0, 0].tolist() == [200, 100, 50, 255]
    assert rgba[3, 3].tolist() == [10, 20, 30, 255]


@pytest.mark.parametrize("name", ["xyz12le", "bayer_bggr8", "rgbaf16le"])
def test_a_format_without_a_plain_twin_is_refused_in_one_line(name):
    with pytest.raises(PictureError, match=name) as caught:
        plain(av.VideoFrame(16, 16, name))
    assert "\n" not in str(caught.value)
    assert caught.value.mend


@pytest.mark.parametrize("name", FORMATS)
def test_small_copies_agree_with_our_own_conversion(name):
    for colour in (ColourTags(1), ColourTags(5, True), ColourTags(9), ColourTags(2)):
        format = PictureFormat(name, 64, 48, colour)
        if name.startswith("gray") and not colour.full_range:
            continue
        picture = ramp(format)
        ours = to_rgb(picture.planes, format).astype(int)
        theirs = small_rgb(picture, 64, 48).astype(int)
        error = np.abs(ours - theirs)[4:-4, 4:-4]  # swscale's tables are coarse: about -1.5
        assert error.max() <= 6, (name, colour)
        assert error.mean() <= 3, (name, colour)


def test_matrix_and_range_change_the_small_copy():
    pictures = [
        small_rgb(ramp(PictureFormat("yuv420p", 64, 48, colour)), 32, 24)
        for colour in (ColourTags(1), ColourTags(6), ColourTags(1, True))
    ]
    assert len({picture.tobytes() for picture in pictures}) == 3


def test_a_scaler_serves_pictures_of_changing_format():
    scaler = Scaler()
    for name, size in (("yuv420p", (64, 48)), ("p010le", (66, 50)), ("yuv420p", (64, 48))):
        picture = ramp(PictureFormat(name, *size))
        np.testing.assert_array_equal(
            scaler.rgb(picture, 20, 10), small_rgb(picture, 20, 10, scaler=Scaler())
        )
    assert scaler.rgb(picture, 20, 10, order="gray").shape == (10, 20)


def dot(format: PictureFormat, x: int, y: int) -> Picture:
    """Black with a white square of 8 pixels, centred on (x, y)."""
    picture = Picture.blank(format)
    luma = picture.planes[0].copy()
    luma[y - 4 : y + 4, x - 4 : x + 4] = 235
    return Picture(format, (luma, *picture.planes[1:]))


def centre_of_light(rgb: np.ndarray) -> np.ndarray:
    weight = rgb[..., 1].astype(float)
    weight[weight < 30] = 0
    rows, columns = np.indices(weight.shape)
    return np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()


@pytest.mark.parametrize("region", [None, Rect(32, 16, 160, 120)])
@pytest.mark.parametrize("aspect", [(1, 1), (4, 3), (8, 9)])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_view_maps_points_and_boxes_back(rotation, aspect, region):
    format = PictureFormat("yuv420p", 240, 160, sample_aspect=aspect, rotation=rotation)
    view = small_view(dot(format, 100, 60), 120, region=region)
    area = region or format.bounds
    shown = (
        area.width * max(1, aspect[0] / aspect[1]),
        area.height * max(1, aspect[1] / aspect[0]),
    )
    upright = shown[::-1] if rotation in (90, 270) else shown
    assert max(view.rgb.shape[:2]) == 120
    assert view.rgb.shape[1] / view.rgb.shape[0] == pytest.approx(upright[0] / upright[1], rel=0.02)
    found = centre_of_light(view.rgb)
    np.testing.assert_allclose(view.to_picture(found), [99.5, 59.5], atol=0.7)
    np.testing.assert_allclose(view.to_view(view.to_picture(found)), found, atol=1e-9)
    half = 4 / view.scale
    box = np.array(
        [
            [
                found[0] + 0.5 - half,
                found[1] + 0.5 - half,
                found[0] + 0.5 + half,
                found[1] + 0.5 + half,
            ]
        ]
    )
    np.testing.assert_allclose(view.boxes_to_picture(box)[0], [96, 56, 104, 64], atol=1.6)
    assert view.boxes_to_picture(np.zeros((0, 4))).shape == (0, 4)


def test_rotation_turns_the_way_a_player_does():
    format = replace(PictureFormat("yuv420p", 240, 160), rotation=90)
    rgb = small_view(dot(format, 220, 10), 240).rgb  # top right goes to the top left
    x, y = centre_of_light(rgb)
    assert rgb.shape[:2] == (240, 160)
    assert x < 40
    assert y < 40


def test_a_small_picture_is_never_enlarged():
    assert small_view(ramp(PictureFormat("yuv420p", 64, 48)), 640).rgb.shape == (48, 64, 3)


def test_an_empty_region_is_refused():
    with pytest.raises(PictureError, match="outside"):
        small_view(ramp(PictureFormat("yuv420p", 64, 48)), 64, region=Rect(80, 0, 10, 10))
