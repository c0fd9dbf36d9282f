"""Light: directions, colours, presets; and how linear light becomes bytes."""

from __future__ import annotations

import numpy as np
import pytest

from vplugin.synth.camera import Camera
from vplugin.synth.compose import developed, resolve
from vplugin.synth.draw import Draw
from vplugin.synth.light import Light, colour_of, direction_to, light_rows


@pytest.mark.parametrize(
    ("azimuth", "elevation", "expected"),
    [
        (0.0, 0.0, (0, 0, -1)),
        (90.0, 0.0, (1, 0, 0)),
        (-90.0, 0.0, (-1, 0, 0)),
        (0.0, 90.0, (0, -1, 0)),
        (180.0, 0.0, (0, 0, 1)),
    ],
)
def test_directions(azimuth, elevation, expected):
    np.testing.assert_allclose(direction_to(azimuth, elevation), expected, atol=1e-8)


@pytest.mark.parametrize("kelvin", [1000.0, 1800.0, 3200.0, 5600.0, 12000.0, 20000.0])
def test_colours_have_the_same_luminance(kelvin):
    red, green, blue = colour_of(kelvin)
    assert 0.2126 * red + 0.7152 * green + 0.0722 * blue == pytest.approx(1.0)
    assert (red > blue) == (kelvin < 6500.0)


def test_presets_differ_and_repeat():
    names = Light.parameters()[0].words
    lights = [Light.of_preset(name, Draw(3)) for name in names]
    assert len({light.softness for light in lights}) == len(names)
    assert [light.preset for light in lights] == list(names)
    assert Light.from_draw(Draw(4)) == Light.from_draw(Draw(4))


def test_rows_take_the_colour_of_the_surroundings():
    grey, red = (0.4, 0.4, 0.4), (0.8, 0.1, 0.1)
    rows, sky = light_rows(Light(surroundings=1.0), red, grey, grey)
    assert rows.shape == (4, 8)
    assert sky[0, 0] > 2 * sky[0, 2]
    assert sky[1, 0] == pytest.approx(sky[1, 2])
    np.testing.assert_allclose(rows[:3, :3] ** 2 @ np.ones(3), 1.0)


def ramp() -> np.ndarray:
    steps = np.linspace(0.0, 4.0, 64, dtype=np.float32)
    return np.repeat(np.tile(steps, (4, 1))[..., None], 3, axis=2)


def test_tone_rises_from_black_to_white():
    row = developed(ramp(), Camera(vignette=0.0))[0, :, 1].astype(int)
    assert row[0] == 0
    assert row[-1] > 245
    assert (np.diff(row) >= 0).all()


@pytest.mark.parametrize(
    ("camera", "brighter"), [(Camera(exposure=1.0), True), (Camera(exposure=-1.0), False)]
)
def test_exposure(camera, brighter):
    plain, other = developed(ramp(), Camera()), developed(ramp(), camera)
    assert (other.mean() > plain.mean()) == brighter


def test_four_samples_become_one_pixel():
    colour = np.zeros((2, 2, 3), np.float32)
    colour[0, 0] = 1.0
    depth = np.array([[5, 9], [9, np.inf]], np.float32)
    segment = np.array([[1, 2], [2, 0]], np.uint8)
    subject = np.array([[1, 2], [2, 0]], np.uint8)
    cover = np.array([[1, 1], [1, 0]], np.float32)
    picture, far = np.zeros((3, 3, 3), np.float32), np.full((3, 3), np.inf, np.float32)
    segments, subjects, alpha = (np.zeros((3, 3), np.uint8) for _ in range(3))
    resolve(colour, depth, segment, subject, cover, 1, 2, picture, far, segments, subjects, alpha)
    assert picture[2, 1, 0] == 0.25
    assert far[2, 1] == 5.0
    assert (segments[2, 1], subjects[2, 1], alpha[2, 1]) == (2, 2, 191)
    assert picture[:2].sum() == 0
