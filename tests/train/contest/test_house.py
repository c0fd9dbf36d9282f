"""The house models as eyes of a contest."""

from __future__ import annotations

import numpy as np
import pytest

from vplugin.train.contest.contestants import TRUTH, UNCHANGED
from vplugin.train.contest.evaluators import Evaluators
from vplugin.train.contest.house import house
from vplugin.train.contest.rendered import CaseSource, RenderedSuite
from vplugin.train.contest.scoring import evaluate
from vplugin.train.contest.weightless import weightless

pytestmark = pytest.mark.timeout(600)  # on a fresh machine the renderer is compiled first


def test_they_read_the_truth_and_mesh_sees_by_them() -> None:
    source = CaseSource()
    suite = RenderedSuite(128, next(items for items in map(source.items, range(40, 46)) if items))
    with house() as seen:
        for case in suite.cases():
            assert case.truth is not None
            (read,) = seen.reader.read([case.truth.shot])
            assert np.abs(read.pose - case.truth.pose).mean() < 12
        judges = Evaluators(reader=seen.reader)
        table = evaluate(suite, weightless(seen.sight), judges, draws=20)
    assert list(table.rows) == [UNCHANGED, "copy", "mesh", TRUTH]
    copying = {row: cells["detail_target"].value.mean for row, cells in table.rows.items()}
    assert copying["copy"] < 0.95
    assert copying["mesh"] < 0.99, "a face was seen and replaced"
    assert len(weightless(None)) == 1
