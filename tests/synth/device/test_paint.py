"""Paints at places of their surfaces, against the compiled ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vplugin.synth import eye_paint, fabric, mouth_paint, skin, skin_map
from vplugin.synth.anatomy import mean_anatomy
from vplugin.synth.assembly import GLOSS, MATERIAL, PATTERN, RED, ROW, SEED
from vplugin.synth.device import eye_paint as device_eye
from vplugin.synth.device import fabric as device_fabric
from vplugin.synth.device import mouth_paint as device_mouth
from vplugin.synth.device import skin as device_skin
from vplugin.synth.device import skin_map as device_map
from vplugin.synth.device.given import Given
from vplugin.synth.expression import Expression
from vplugin.synth.parts import Material
from vplugin.synth.person import Person

RANDOM = np.random.default_rng(11)
MOVED = Expression(jaw=0.3, smile_left=0.7, brow_inner=0.6, brow_knit=0.5, squint=0.5)
PEOPLE = [Person.from_seed(seed) for seed in (3, 8, 21, 40)]


def given(rows: np.ndarray, row: np.ndarray) -> Given:
    table = torch.from_numpy(rows)
    return Given(table.float(), table.long(), torch.from_numpy(row))


def axes(places: np.ndarray) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(places[:, n].astype(np.float32)) for n in range(3))


def compare(found: torch.Tensor, wanted: np.ndarray) -> None:
    """Nearly everywhere; noise may be cut otherwise at the border of a cell."""
    away = np.abs(found.numpy() - wanted)
    assert (away < 2e-3).mean() > 0.998, np.sort(away.max(axis=1))[-20:]
    assert np.isfinite(found.numpy()).all()


def skin_places(count: int) -> np.ndarray:
    """Between the points of the mean head's triangles."""
    points = mean_anatomy().points
    near = points[RANDOM.integers(0, len(points), count)]
    return (near + RANDOM.normal(0, 1.5, near.shape)).astype(np.float32).astype(np.float64)


@pytest.mark.parametrize("sample", [0.3, 1.0, 3.0])
def test_skin(sample):
    rows = np.stack([skin.skin_parameters(person, MOVED) for person in PEOPLE])
    places, row = skin_places(800), RANDOM.integers(0, len(rows), 800)
    wanted = np.zeros((800, 8))
    for n, (x, y, z) in enumerate(places):
        wanted[n, 0] = sample
        skin.paint(x, y, z, rows[row[n]], wanted[n])
    wide = torch.full((800,), sample)
    compare(device_skin.paint(*axes(places), wide, given(rows, row)), wanted)
    assert wanted[:, 0].std() > 0.05


def test_labels_of_skin():
    places = skin_places(2000)
    wanted = [skin_map.skin_label(*place) for place in places]
    found = device_map.skin_label(*axes(places)).numpy()
    assert (found == wanted).mean() > 0.998
    assert len(set(wanted)) == 5


def test_eyes():
    rows = np.stack([eye_paint.eye_parameters(person) for person in PEOPLE])
    places = RANDOM.normal(0, 1, (500, 3))
    places *= 13.0 / np.linalg.norm(places, axis=1, keepdims=True)
    places[:250, :2] = RANDOM.uniform(-5, 5, (250, 2))
    places[:250, 2] = -12.0
    places, row = places.astype(np.float32).astype(np.float64), RANDOM.integers(0, 4, 500)
    wanted = np.zeros((500, 8))
    for n, (x, y, z) in enumerate(places):
        eye_paint.paint_eye(x, y, z, rows[row[n]], wanted[n])
    compare(device_eye.paint_eye(*axes(places), given(rows, row)), wanted)


def test_mouths():
    rows = np.stack([skin.skin_parameters(person, MOVED) for person in PEOPLE])
    places = RANDOM.uniform((-30, 60, -20), (30, 125, 40), (600, 3))
    places[400:] = RANDOM.uniform((-50, -8, 0), (50, 8, 1), (200, 3))
    places, row = places.astype(np.float32).astype(np.float64), RANDOM.integers(0, 4, 600)
    teeth = np.arange(600) < 200
    wanted = np.zeros((600, 8))
    for n, (x, y, z) in enumerate(places):
        kind = int(Material.TEETH if teeth[n] else Material.MOUTH)
        mouth_paint.paint_mouth(x, y, z, kind, rows[row[n]], wanted[n])
    found = device_mouth.paint_mouth(*axes(places), torch.from_numpy(teeth), given(rows, row))
    compare(found, wanted)


def test_cloth_and_things():
    kinds = [(m, p) for m in (4, 5, 6, 8, 9) for p in range(13)]
    rows = np.zeros((len(kinds), ROW))
    rows[:, MATERIAL], rows[:, PATTERN] = np.array(kinds).T
    rows[:, RED : RED + 3] = RANDOM.uniform(0, 0.8, (len(kinds), 3))
    rows[:, GLOSS] = RANDOM.uniform(0, 1, len(kinds))
    rows[:, SEED] = RANDOM.integers(0, 100_000, len(kinds))
    row = np.repeat(np.arange(len(kinds)), 30)
    places = RANDOM.uniform((-120, -120, 0), (120, 120, 1), (len(row), 3))
    places = places.astype(np.float32).astype(np.float64)
    wanted = np.zeros((len(row), 8))
    for n, (x, y, z) in enumerate(places):
        fabric.paint_cloth(x, y, z, rows[row[n]], wanted[n])
    x, y, _ = axes(places)
    compare(device_fabric.paint_cloth(x, y, given(rows, row)), wanted)
