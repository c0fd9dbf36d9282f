"""A contest of cartoons, whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.contest.faces import cases, evaluators, suite
from vplugin.errors import TrainError
from vplugin.train.contest.cases import Case, ListedSuite
from vplugin.train.contest.contestants import TRUTH, UNCHANGED, Function
from vplugin.train.contest.evaluators import Evaluators
from vplugin.train.contest.metrics import METRICS
from vplugin.train.contest.scoring import evaluate
from vplugin.train.contest.table import Table

HALF = Function("half", lambda targets, sources: targets // 2 + sources // 2)
COPY = Function("copies", lambda targets, sources: targets)


def clip(count: int = 3) -> list[Case]:
    return [cases()[0]] * count


@pytest.fixture(scope="module")
def table() -> Table:
    told: list[tuple[str, int, int]] = []
    made = evaluate(
        suite(moving=[clip(), clip()]),
        [HALF, COPY],
        evaluators(),
        draws=200,
        batch=3,
        progress=lambda *said: told.append(said),
    )
    assert told == [
        ("cases", 3, 8), ("cases", 6, 8), ("cases", 8, 8), ("clips", 1, 2), ("clips", 2, 2),
    ]  # fmt: skip
    return made


def mean(table: Table, row: str, metric: str) -> float:
    return table.rows[row][metric].value.mean


def test_all_rows_have_all_measures(table: Table) -> None:
    assert list(table.rows) == [UNCHANGED, "half", "copies", TRUTH]
    wanted = {metric.name for metric in METRICS}
    assert all(set(cells) == wanted for cells in table.rows.values())
    assert [metric.name for metric in table.metrics] == [metric.name for metric in METRICS]


@pytest.mark.parametrize(
    ("metric", "unchanged", "truth"),
    [
        ("id_retrieval", 0.0, 1.0),
        ("lower_retrieval", 0.0, 1.0),
        ("id_target", 1.0, None),
        ("id_source", None, 1.0),
        ("transfer_all", 0.0, 1.0),
        ("transfer_lower", 0.0, 1.0),
        ("transfer_upper", 0.0, 1.0),
        ("pose", None, 0.0),
        ("expression", 0.0, 0.0),
        ("psnr_face", None, 58.92),
        ("detail_target", 1.0, None),
        ("detail_truth", None, 1.0),
        ("flicker", 0.0, 0.0),
        ("id_variance", 0.0, 0.0),
    ],
)
def test_the_two_ends_are_where_they_must_be(
    table: Table, metric: str, unchanged: float | None, truth: float | None
) -> None:
    for row, wanted in ((UNCHANGED, unchanged), (TRUTH, truth)):
        if wanted is not None:
            assert mean(table, row, metric) == pytest.approx(wanted, abs=0.02), row


def test_a_row_that_copies_is_like_the_target(table: Table) -> None:
    for metric in ("id_retrieval", "id_target", "psnr_face", "detail_target"):
        assert mean(table, "copies", metric) == pytest.approx(mean(table, UNCHANGED, metric))
        cell = table.rows["copies"][metric]
        assert cell.difference is not None
        assert cell.difference.mean == pytest.approx(0)
    assert mean(table, UNCHANGED, "id_source") < mean(table, "half", "id_source") < 1


def test_differences_and_tests_are_from_the_reference(table: Table) -> None:
    truth = table.rows[TRUTH]["id_retrieval"]
    assert truth.mcnemar == pytest.approx(2 / 2**8)
    assert truth.difference is not None
    assert (truth.difference.mean, truth.difference.low) == (1, 1)
    assert table.rows[UNCHANGED]["id_retrieval"].difference is None
    assert table.rows[TRUTH]["psnr_face"].mcnemar is None


def test_samples_and_figures_are_kept(table: Table) -> None:
    assert [sample.name for sample in table.samples] == [case.name for case in cases()]
    assert set(table.samples[0].answers) == set(table.rows)
    figures = table.figures
    assert figures.stills["half"]["psnr_face"].shape == (8,)
    assert figures.moving["half"]["flicker"].shape == (2,)
    assert figures.groups.tolist() == [case.group for case in cases()]


def test_what_nobody_judges_is_left_out_and_said() -> None:
    table = evaluate(suite(exact=False), [HALF], Evaluators(), draws=20)
    assert list(table.rows) == [UNCHANGED, "half"]
    assert {metric.section for metric in table.metrics} == {"Copying"}
    said = " ".join(table.notes)
    for words in ("(--identity): ID retrieval", "(--lower): L retr", "(--parameters): τ",
                  "no exact truth: PSNR", "no clips: flicker", "no reader"):  # fmt: skip
        assert words in said
    assert "8 swaps" in said


def test_notes_tell_who_judged() -> None:
    said = " ".join(evaluate(suite(), [], evaluators(), draws=20).notes)
    assert "among the 4 people" in said
    assert "8 against 4" in said
    assert "off on the exact truth" in said


@pytest.mark.parametrize(
    ("contestants", "options", "match"),
    [
        ([HALF, HALF], {}, "two rows are called 'half'"),
        ([HALF], {"reference": "nobody"}, "no row 'nobody'.*target unchanged, half, exact truth"),
    ],
)
def test_refusals(contestants: list, options: dict, match: str) -> None:
    with pytest.raises(TrainError, match=match):
        evaluate(suite(), contestants, Evaluators(), **options)


def test_an_empty_suite_is_refused() -> None:
    with pytest.raises(TrainError, match="nothing to judge"):
        evaluate(ListedSuite("none", 128, False, []), [], Evaluators())


def test_one_source_for_all_has_no_retrieval() -> None:
    alone = ListedSuite("one", 128, True, [case for case in cases() if case.person == "1"])
    table = evaluate(alone, [], evaluators(), draws=20)
    assert "id_retrieval" not in table.rows[UNCHANGED]
    assert np.isfinite(mean(table, UNCHANGED, "id_source"))
    assert any("same source" in note for note in table.notes)
