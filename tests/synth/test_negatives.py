from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pytest

from vplugin.synth.draw import Draw
from vplugin.synth.negatives import KINDS, paint_negative


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_covers_a_part_of_its_picture(kind):
    painted = paint_negative(Draw(2, "n"), 48, kind)
    assert painted.kind == kind
    assert painted.rgb.shape == (48, 48, 3)
    assert painted.alpha.shape == (48, 48)
    assert painted.rgb.dtype == painted.alpha.dtype == np.float32
    assert np.isfinite(painted.rgb).all()
    assert 0.1 < painted.alpha.mean() <= 1
    assert painted.alpha.max() <= 1.001
    assert painted.alpha.min() >= 0
    inside = painted.rgb[painted.alpha > 0.9]
    assert 0.003 < inside.mean() < 2
    assert inside.std() > 0.001
    assert painted.rgb.tobytes() == paint_negative(Draw(2, "n"), 48, kind).rgb.tobytes()
    assert painted.rgb.tobytes() != paint_negative(Draw(3, "n"), 48, kind).rgb.tobytes()


def test_drawn_kinds_vary():
    assert len({paint_negative(Draw(seed, "n"), 16).kind for seed in range(60)}) > 9


def test_the_same_bytes_on_every_machine():
    digest = blake2b(digest_size=8)
    for kind in KINDS:
        painted = paint_negative(Draw(5, "n"), 32, kind)
        digest.update(painted.rgb.tobytes() + painted.alpha.tobytes())
    assert digest.hexdigest() == "610fcceac5286057"


@pytest.mark.parametrize(
    ("size", "kind", "message"), [(32, "ghost", "no negative"), (4, "cat", "too small")]
)
def test_nonsense_is_refused(size, kind, message):
    with pytest.raises(ValueError, match=message):
        paint_negative(Draw(1), size, kind)
