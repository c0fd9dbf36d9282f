"""The check that a recogniser sees less of the lower face: whose parts are taken, what is told."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.lower_face import line, table, with_part
from vplugin.synth.person import Person
from vplugin.train.contest.parameters import LOWER, UPPER


def test_only_that_half_of_the_face_is_taken() -> None:
    one, other = Person.from_seed(3), Person.from_seed(4)
    lower, upper = with_part(one, other, LOWER), with_part(one, other, UPPER)
    assert (lower.jaw, lower.mouth) == (other.jaw, other.mouth)
    assert (lower.eyes, lower.nose, lower.hair) == (one.eyes, one.nose, one.hair)
    assert lower.cheeks.fullness == other.cheeks.fullness
    assert lower.cheeks.bones == one.cheeks.bones
    assert (upper.eyes, upper.iris) == (other.eyes, other.iris)
    assert (upper.jaw, upper.mouth, upper.skull.breadth) == (one.jaw, one.mouth, one.skull.breadth)


def test_a_line_tells_means_and_the_ratio() -> None:
    change = np.full((20, 2), (0.1, 0.4))
    found = line(change)
    assert found.lower.mean == pytest.approx(0.1)
    assert found.ratio.mean == pytest.approx(0.25)
    assert found.ratio.low <= 0.25 <= found.ratio.high
    assert table({"some": change}, 20).row_count == 1
