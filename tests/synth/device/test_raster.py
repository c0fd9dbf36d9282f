"""The nearest triangle of each sample, against the compiled rasteriser."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vplugin.synth import raster
from vplugin.synth.device.raster import dealt, rasterise

SHAPE = (2, 40, 56)


def triangles(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Large and small ones, some outside, some behind the camera, some without an area."""
    random = np.random.default_rng(7)
    vertices = random.uniform((-90, -70, 150), (90, 70, 400), (3 * count, 3))
    # Most are small: all corners near the first.
    vertices[3 * (count // 4) :] *= 0.1
    vertices[3 * (count // 4) :] += np.repeat(vertices[3 * (count // 4) :: 3] * 9.0, 3, axis=0)
    vertices[:3, 2] = -50.0
    index = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    index[5] = index[5, 0]
    return raster.projected(vertices, 60.0, 28.0, 20.0), index


@pytest.mark.parametrize("together", [1 << 22, 500])
def test_as_the_compiled_rasteriser(together, monkeypatch):
    monkeypatch.setattr("vplugin.synth.device.raster._TOGETHER", together)
    places, index = triangles(300)
    half = np.arange(300) % 2
    seen = rasterise(
        torch.from_numpy(places), torch.from_numpy(index).long(), torch.from_numpy(half), SHAPE
    )
    for picture in range(2):
        mine = np.flatnonzero(half == picture)
        nearness = np.zeros(SHAPE[1:], np.float32)
        number = np.full(SHAPE[1:], -1, np.int32)
        raster.rasterise(places, index[mine], nearness, number)
        there = number >= 0
        assert 0.2 < there.mean() < 1.0
        found = seen.triangle[picture].numpy()
        np.testing.assert_array_equal(found >= 0, there)
        np.testing.assert_array_equal(found[there], mine[number[there]])
        np.testing.assert_allclose(seen.nearness[picture].numpy(), nearness, rtol=1e-6)


def test_no_triangles():
    none = torch.zeros((0, 3), dtype=torch.int64)
    seen = rasterise(torch.zeros((0, 3), dtype=torch.float64), none, none[:, 0], SHAPE)
    assert (seen.triangle == -1).all()
    assert (seen.nearness == 0).all()


def test_things_are_dealt():
    owner, number = dealt(torch.tensor([2, 0, 3]))
    assert owner.tolist() == [0, 0, 2, 2, 2]
    assert number.tolist() == [0, 1, 0, 1, 2]
