from __future__ import annotations

import numpy as np
import pytest

from vplugin.models.tolerance import Tolerance


@pytest.mark.parametrize(
    ("tolerance", "change", "near"),
    [
        (Tolerance(), lambda a: a, True),
        (Tolerance(cosine=0.999), lambda a: a * 1.01, True),
        (Tolerance(cosine=0.999), lambda a: a * 1.1, False),
        (Tolerance(cosine=0.999), lambda a: -a, False),
        (Tolerance(absolute=0.01), lambda a: a + 0.02, False),
        (Tolerance(absolute=0.03), lambda a: a + 0.02, True),
        (Tolerance(psnr=45), lambda a: a + 0.001, True),
        (Tolerance(psnr=45), lambda a: a + 0.01, False),
        (Tolerance(), lambda a: np.where(a > 0.5, np.nan, a), False),
        (Tolerance(), lambda a: a[:, :-1], False),
    ],
)
def test_tolerance(tolerance, change, near):
    reference = np.random.default_rng(0).random((2, 3, 8, 8)).astype(np.float32)
    assert (tolerance.reason([reference], [change(reference)]) is None) is near


def test_a_wrong_item_of_the_batch_is_not_hidden_by_the_others():
    reference = np.random.default_rng(0).standard_normal((64, 512)).astype(np.float32)
    wrong = reference.copy()
    wrong[63] = -wrong[63] * 1e-3
    assert "cosine" in (Tolerance().reason([reference], [wrong]) or "")
