"""Drawing strands: what is seen, what is hidden, what is written down about it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth.parts import Floats
from vplugin.synth.shadow import shadow_map
from vplugin.synth.strand_raster import draw_strands

SIZE, FOCAL, FAR = 64, 640.0, 600.0
KEY = (0.0, -0.6, -0.8)


class Buffers(NamedTuple):
    colour: npt.NDArray[np.float32]
    depth: npt.NDArray[np.float32]
    segment: npt.NDArray[np.uint8]
    cover: npt.NDArray[np.float32]
    subject: npt.NDArray[np.uint8]


def empty(depth: float = np.inf) -> Buffers:
    return Buffers(
        np.zeros((SIZE, SIZE, 3), np.float32),
        np.full((SIZE, SIZE), depth, np.float32),
        np.zeros((SIZE, SIZE), np.uint8),
        np.zeros((SIZE, SIZE), np.float32),
        np.zeros((SIZE, SIZE), np.uint8),
    )


def drawn(
    buffers: Buffers,
    lines: Floats,
    colour: tuple[float, float, float] = (0.4, 0.2, 0.1),
    width: float = 3.0,
    strength: float = 1.0,
    opacity: float = 1.0,
) -> Buffers:
    """Draws lines (S, K, 3)."""
    count, each = lines.shape[:2]
    colours = np.tile(np.array(colour, np.float32), (count, 1))
    solid = np.array([[-200.0, 300, 600], [200, 300, 600], [0, 300, 800]])
    shadows = shadow_map(
        solid, np.array([[0, 1, 2]], np.int32), np.zeros((0, 3)), np.zeros(0), KEY, 0.1, 32
    )
    lights = np.array([[*KEY, *(strength,) * 3, 1, 0.2], [0, -1, 0, 0.3, 0.3, 0.3, 0, 1]])
    draw_strands(
        *buffers,
        np.ascontiguousarray(lines.reshape(-1, 3)),
        np.full(count, width / 2, np.float32),
        colours,
        colours,
        np.arange(0, count * each + 1, each, dtype=np.int32),
        np.array([17.0, 0.5, opacity, 2.0, 7.0, 0.0]),
        FOCAL,
        np.array([SIZE / 2, SIZE / 2]),
        lights,
        shadows,
    )
    return buffers


def line(z: float = FAR) -> Floats:
    """One level hair through the middle of the picture, 40 mm long."""
    x = np.linspace(-20.0, 20.0, 9)
    return np.stack([x, np.full(9, 0.5), np.full(9, z)], -1)[None]


def test_a_hair_is_drawn_and_written_down() -> None:
    out = drawn(empty(), line())
    middle = SIZE // 2
    assert out.cover[middle, middle] > 0.95
    assert out.segment[middle, middle] == 17
    assert out.subject[middle, middle] == 2
    assert abs(out.depth[middle, middle] - FAR) < 0.1
    assert out.colour[middle, middle, 0] > out.colour[middle, middle, 2] > 0.0
    assert not out.cover[: middle - 4].any()
    assert not out.cover[middle + 5 :].any()


def test_thin_hairs_cover_in_part_and_hide_nothing() -> None:
    out = drawn(empty(), line(), width=0.3)
    middle = SIZE // 2
    assert 0.1 < out.cover[middle - 1 : middle + 2, middle].sum() < 0.6
    assert not out.segment.any()
    assert np.isinf(out.depth).all()


def test_nothing_is_drawn_behind_what_is_there() -> None:
    out = drawn(empty(FAR - 50.0), line())
    assert not out.colour.any()
    assert drawn(empty(FAR + 50.0), line()).colour.any()


def test_the_nearer_hair_hides_the_farther_whatever_their_order() -> None:
    near, far = line(FAR - 20.0), line(FAR + 20.0)
    a = drawn(empty(), np.concatenate([near, far]))
    b = drawn(empty(), np.concatenate([far, near]))
    middle = SIZE // 2
    assert abs(a.depth[middle, middle] - (FAR - 20.0)) < 0.1
    assert np.abs(a.colour - b.colour).max() < 0.05
    assert np.array_equal(a.segment, b.segment)


def test_more_light_is_brighter_and_ambient_is_not_black() -> None:
    middle = SIZE // 2
    dark, bright = (drawn(empty(), line(), strength=s).colour[middle, middle] for s in (0.0, 2.0))
    assert (dark > 0.0).all()
    assert (bright > 2.0 * dark).all()


def test_hair_outside_of_the_picture_or_behind_the_camera_is_left_out() -> None:
    for shift in ((400.0, 0.0, 0.0), (0.0, 0.0, -700.0)):
        assert not drawn(empty(), line() + np.array(shift)).colour.any()


def test_the_same_hairs_give_the_same_bytes() -> None:
    spread = np.random.default_rng(3).normal(0, 6.0, (200, 1, 3))
    lines = line() + spread
    a, b = drawn(empty(), lines, opacity=0.7), drawn(empty(), lines, opacity=0.7)
    assert np.array_equal(a.colour, b.colour)
    assert np.array_equal(a.segment, b.segment)
