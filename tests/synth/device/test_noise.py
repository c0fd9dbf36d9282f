"""Noise and curves, against those of the compiled renderer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vplugin.synth import exact
from vplugin.synth.device import noise

RANDOM = np.random.default_rng(3)
PLACES = RANDOM.uniform(-300, 300, (200, 3)).astype(np.float32)
SEEDS = RANDOM.integers(0, 1 << 24, 200)
X, Y, Z = (torch.from_numpy(PLACES[:, axis].copy()) for axis in range(3))
S = torch.from_numpy(SEEDS)

FOUND = {
    "flat_noise": lambda: noise.flat_noise(X, Y, S),
    "flat_fractal": lambda: noise.flat_fractal(X, Y, S, 3),
    "noise": lambda: noise.noise(X, Y, Z, S),
    "fractal": lambda: noise.fractal(X, Y, Z, S, 2),
}
WANTED = {
    "flat_noise": lambda x, y, z, seed: exact.flat_noise(x, y, seed),
    "flat_fractal": lambda x, y, z, seed: exact.flat_fractal(x, y, seed, 3),
    "noise": exact.noise,
    "fractal": lambda x, y, z, seed: exact.fractal(x, y, z, seed, 2),
}


@pytest.mark.parametrize("name", FOUND)
def test_noise(name):
    wanted = [
        WANTED[name](float(p[0]), float(p[1]), float(p[2]), int(seed))
        for p, seed in zip(PLACES, SEEDS, strict=True)
    ]
    np.testing.assert_allclose(FOUND[name]().numpy(), wanted, atol=2e-3)
    assert np.std(wanted) > 0.2


def test_the_same_random_numbers():
    i, j = X.long(), Y.long()
    wanted = [
        [exact.hashed(int(a), int(b), k, int(s)) for a, b, s in zip(i, j, S, strict=True)]
        for k in (4, 5)
    ]
    np.testing.assert_allclose(noise.hashes(i, j, 4, 2, S).numpy(), wanted, atol=1e-6)
    np.testing.assert_allclose(noise.hashed(i, j, 5, S).numpy(), wanted[1], atol=1e-6)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 2.0), (2.0, -1.0)])
def test_smoothstep(low, high):
    wanted = [exact.smoothstep(low, high, float(x)) for x in X / 100]
    np.testing.assert_allclose(noise.smoothstep(low, high, X / 100).numpy(), wanted, atol=1e-6)
