from __future__ import annotations

import numpy as np
import pytest

from vplugin.synth.assembly import ROW
from vplugin.synth.fabric import Weave, paint_cloth
from vplugin.synth.parts import Material


def _painted(pattern: Weave, material: Material = Material.CLOTH, seed: int = 5) -> np.ndarray:
    """(40, 40, 8) of 80 by 80 mm."""
    row = np.zeros(ROW)
    row[:8] = material, 0.4, 0.1, 0.1, 0.2, pattern, seed, 1.0
    out = np.zeros((40, 40, 8))
    for i in range(40):
        for j in range(40):
            paint_cloth(2.0 * j, 2.0 * i, 0.0, row, out[i, j])
    return out


@pytest.mark.parametrize("pattern", Weave)
def test_every_weave_is_in_range_and_repeats(pattern):
    painted = _painted(pattern)
    assert np.isfinite(painted).all()
    assert painted[..., :5].min() >= 0
    assert painted[..., :5].max() <= 1
    assert painted[..., 5].std() > 0.01
    assert painted.tobytes() == _painted(pattern).tobytes()


@pytest.mark.parametrize(
    ("pattern", "along", "across"),
    [(Weave.STRIPES, 1, 0), (Weave.UPRIGHT_STRIPES, 0, 1)],
)
def test_stripes_run_one_way(pattern, along, across):
    green = _painted(pattern)[..., 1]
    assert green.mean(axis=along).std() > 2 * green.mean(axis=across).std()


def test_the_second_colour_is_the_seeds():
    plain, first, other = _painted(Weave.PLAIN), _painted(Weave.DOTS), _painted(Weave.DOTS, seed=6)
    assert np.abs(first - plain)[..., :3].max() > 0.1
    assert first.tobytes() != other.tobytes()


def test_hard_things_have_no_folds():
    painted = _painted(Weave.PLAIN, Material.PLASTIC)
    assert (painted[..., 5] == 0).all()
    assert painted[..., :3].std(axis=(0, 1)).max() < 1e-12
