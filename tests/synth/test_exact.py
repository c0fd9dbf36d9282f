"""The exact functions against NumPy's, and their bits against what they always were."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest

from vplugin.synth import exact


@pytest.mark.parametrize(
    ("ours", "theirs", "low", "high"),
    [
        (exact.sines, np.sin, -30.0, 30.0),
        (exact.cosines, np.cos, -30.0, 30.0),
        (exact.exponentials, np.exp, -20.0, 20.0),
        (lambda x: exact.powers(x, 2.4), lambda x: x**2.4, 0.0, 8.0),
        (lambda x: exact.powers(x, 0.3), lambda x: x**0.3, 0.0, 8.0),
    ],
)
def test_accuracy(ours, theirs, low, high):
    x = np.linspace(low, high, 1001)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-8, atol=1e-8)


def test_angles():
    for y, x in np.random.default_rng(0).normal(size=(100, 2)):
        assert exact.angle_of(y, x) == pytest.approx(np.arctan2(y, x), abs=1e-9)
    assert exact.angle_of(0.0, 0.0) == 0.0
    assert exact.angle_of(1.0, 0.0) == pytest.approx(np.pi / 2)


def test_edges():
    assert exact.logarithm(0.0) == -745.0
    assert exact.exponential(-1000.0) == 0.0
    assert exact.smoothstep(2.0, 1.0, 0.5) == 1.0
    assert exact.smoothstep(1.0, 2.0, 1.5) == 0.5
    assert exact.bump(0.0) == 1.0
    assert exact.bump(2.0) == 0.0


def test_noise_is_smooth_and_fills_its_range():
    steps = np.arange(20000) * 0.01
    values = np.array([exact.noise(s, 0.3 * s, 7.0, 3) for s in steps])
    assert -1.0 <= values.min() < -0.7
    assert 0.7 < values.max() <= 1.0
    assert np.abs(np.diff(values)).max() < 0.06
    flat = np.array([exact.flat_fractal(s, 1.7 * s, 3, 4) for s in steps])
    assert abs(flat.mean()) < 0.1
    assert flat.std() > 0.15


def test_bits_never_change():
    x = np.arange(-400, 400) * 0.037
    digest = sha256(exact.sines(x).tobytes() + exact.exponentials(x).tobytes())
    digest.update(exact.powers(x, 1 / 2.4).tobytes())
    digest.update(np.array([exact.fractal(a, a, a, 5, 3) for a in x]).tobytes())
    assert digest.hexdigest()[:16] == "6321c49431988eb3"
