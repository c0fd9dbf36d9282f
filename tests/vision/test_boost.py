from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.vision.detector_models import OrtSession
from tests.vision.swap_models import points_at, save_inswapper, smooth_picture
from vplugin.frame import Face, Frame
from vplugin.picture import Picture, PictureFormat
from vplugin.vision.align import template
from vplugin.vision.blend import HostCompositor
from vplugin.vision.boost import BoostedSwapper, boosted, join, split
from vplugin.vision.cutout import MaskStyle
from vplugin.vision.match import LookSmoother
from vplugin.vision.onnx_facts import read_emap
from vplugin.vision.stage import ColourStyle, Job, SwapStage
from vplugin.vision.swap import Swapped
from vplugin.vision.swap_model import ModelSwapper


class Same:
    """Gives back what it is given, and remembers it."""

    name, match_colour, template, sizes = "same", False, template("arcface_128"), (128,)

    def __init__(self, size: int = 128) -> None:
        self.sizes = (size,)
        self.shots = 0

    def prepare(self, source):
        return source

    def new_shot(self):
        self.shots += 1

    def swap(self, crops, points, sources, tracks, time=0.0):
        self.given = crops, points, sources, tracks, time
        return Swapped(crops, crops[..., 0], finished=True)


def _crops(size: int, count: int = 2) -> np.ndarray:
    return np.stack([smooth_picture(size, size, seed) for seed in range(count)]) / np.float32(255)


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_phases_hold_every_nth_pixel_and_come_back_exactly(factor):
    crops = _crops(12 * factor)
    phases = split(crops, factor)
    for number in range(2):
        for row in range(factor):
            for column in range(factor):
                phase = phases[(number * factor + row) * factor + column]
                np.testing.assert_array_equal(phase, crops[number, row::factor, column::factor])
    np.testing.assert_array_equal(join(phases, factor), crops)


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_an_identity_network_gives_the_boosted_crop_back_bit_for_bit(factor):
    inner = Same()
    swapper = BoostedSwapper(inner, (factor,))
    assert swapper.sizes == (128 * factor,)
    crops = _crops(128 * factor)
    points = np.random.default_rng(0).normal(60, 9, (2, 5, 2))
    made = swapper.swap(crops, points, ["ada", "bob"], [4, None], 1.5)
    np.testing.assert_array_equal(made.crops, crops)
    np.testing.assert_array_equal(made.masks, crops[..., 0])
    assert made.finished
    times = factor**2
    assert inner.given[2:] == (["ada"] * times + ["bob"] * times, [4] * times + [None] * times, 1.5)


def test_points_lie_where_the_phases_show_them():
    """A lone bright pixel is found in its phase at the point, and in the middle at the template."""
    inner = Same(32)
    crop = np.zeros((1, 96, 96, 3), np.float32)
    crop[0, 50, 40] = 1.0
    points = np.full((1, 5, 2), [40.0, 50.0])
    BoostedSwapper(inner, (3,)).swap(crop, points, [None], [None])
    phases, places = inner.given[0], inner.given[1]
    (bright,) = {int(n) for n in np.nonzero(phases.max(axis=(1, 2, 3)))[0]}
    row, column = np.argwhere(phases[bright, :, :, 0] > 0)[0]
    np.testing.assert_allclose(places[bright, 0], [column, row])
    wide, small = template("arcface_128").at(96), template("arcface_128").at(32)
    BoostedSwapper(inner, (3,)).swap(crop, wide[None], [None], [None])
    np.testing.assert_allclose(inner.given[1].mean(axis=0), small)


def _inswapper(tmp_path: Path, batch: int | str) -> tuple[ModelSwapper, OrtSession]:
    path = save_inswapper(tmp_path / "swap.onnx", batch=batch)
    session = OrtSession(path)
    emap = read_emap(path, lambda file: onnx.load(file).graph).matrix
    return ModelSwapper(session, "inswapper", emap=emap), session


@pytest.mark.parametrize("batch", [1, "N"])
def test_each_phase_of_a_network_is_the_plain_run_on_that_phase(tmp_path, batch):
    plain, session = _inswapper(tmp_path, batch)
    crop, identity = _crops(256, 1), np.float32(np.eye(512)[3])
    points = np.zeros((1, 5, 2))
    boosted_crop = BoostedSwapper(plain, (1, 2)).swap(crop, points, [identity], [None]).crops
    assert session.batches == ([4] if batch == "N" else [1] * 4)
    for row in range(2):
        for column in range(2):
            phase = np.ascontiguousarray(crop[:, row::2, column::2])
            want = plain.swap(phase, points, [identity], [None]).crops
            np.testing.assert_allclose(boosted_crop[:, row::2, column::2], want, atol=1e-6)


@pytest.mark.parametrize(
    ("size", "boost", "sizes"),
    [
        (128, "auto", (128, 256, 384, 512)),
        (256, "auto", (256, 512)),
        (512, "auto", (512,)),
        (128, 1, (128,)),
        (128, 3, (384,)),
        (256, 4, (1024,)),
    ],
)
def test_sizes(size, boost, sizes):
    inner = Same(size)
    swapper = boosted(inner, boost)
    assert swapper.sizes == sizes
    assert (swapper is inner) == (sizes == (size,))
    swapper.new_shot()
    assert inner.shots == 1


# A crop of arcface_128 is 128 / 35.24 times as wide as the eyes are apart.
@pytest.mark.parametrize(
    ("eyes", "runs"), [(20, 1), (34, 1), (40, 4), (90, 9), (130, 16), (260, 16)]
)
def test_auto_takes_as_many_runs_as_the_face_has_pixels(tmp_path, eyes, runs):
    plain, session = _inswapper(tmp_path, "N")
    style, colour = MaskStyle("box", 0.3), ColourStyle(match=False)
    smoother = LookSmoother(0)
    stage = SwapStage(boosted(plain, "auto"), HostCompositor(), style, colour, smoother)
    shape = PictureFormat("rgb24", 1280, 960)
    frame = Frame(Picture.blank(shape), 0, Fraction(1, 25))
    points = points_at(640, 470, eyes, wobble=None)
    face = Face(np.array([0, 0, 9, 9], np.float32), points=points)
    counts = stage.run(frame, [Job(face, np.float32(np.eye(512)[3]))], 1.0, "swap")
    assert counts == {"swapped": 1}
    assert session.batches == [runs]
