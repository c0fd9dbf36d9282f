"""The files of a contest."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.train.contest.faces import evaluators, suite
from vplugin.errors import SinkError
from vplugin.train.contest.contestants import TRUTH, UNCHANGED, Function
from vplugin.train.contest.report import markdown, write_report
from vplugin.train.contest.scoring import evaluate
from vplugin.train.contest.table import Table

HALF = Function("a|half", lambda targets, sources: targets // 2 + sources // 2)
FILES = ["figures.npz", "metrics.csv", "metrics.json", "report.md", "samples.png"]


@pytest.fixture(scope="module")
def table() -> Table:
    return evaluate(suite(), [HALF], evaluators(), draws=100)


def test_all_files_tell_the_same(table: Table, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "judged"
    write_report(table, folder)
    assert sorted(file.name for file in folder.iterdir()) == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["judged"]
    cell = table.rows["a|half"]["psnr_face"].value
    told = json.loads((folder / "metrics.json").read_text())
    assert told["a|half"]["psnr_face"]["mean"] == pytest.approx(cell.mean, abs=1e-5)
    assert told["a|half"]["psnr_face"]["n"] == 8
    assert set(told[UNCHANGED]["psnr_face"]) == {"mean", "low", "high", "n"}
    assert told[TRUTH]["frechet"]["low"] is None
    assert told[TRUTH]["id_retrieval"]["mcnemar"] == pytest.approx(2 / 2**8)
    with (folder / "metrics.csv").open() as file:
        rows = {(row["row"], row["metric"]): row for row in csv.DictReader(file)}
    assert float(rows["a|half", "psnr_face"]["mean"]) == pytest.approx(cell.mean, abs=1e-5)
    assert rows[UNCHANGED, "psnr_face"]["difference_mean"] == ""
    with np.load(folder / "figures.npz") as held:
        assert held["a|half/psnr_face"].mean() == pytest.approx(cell.mean)
        assert held["groups"].shape == (8,)


def test_the_picture_has_a_column_for_everybody(table: Table, tmp_path: Path) -> None:
    write_report(table, tmp_path / "judged")
    picture = cv2.imread(str(tmp_path / "judged" / "samples.png"))
    assert picture.shape == (34 + 8 * 128 + 7 * 4, 4 * 128 + 3 * 4, 3)
    last = picture[34:162, -128:, ::-1]
    assert np.array_equal(last, table.samples[0].answers[TRUTH])
    assert np.array_equal(picture[34:162, :128, ::-1], table.samples[0].source)


def test_the_page_is_a_table_with_intervals(table: Table) -> None:
    page = markdown(table)
    line = next(line for line in page.splitlines() if line.startswith("| exact truth | 100.0"))
    assert "**Δ +100.0**" in line
    assert "| a/half |" in page, "a bar would end the cell"
    assert "McNemar" in page
    assert "ID retrieval %, exact truth against target unchanged: p = 0.0078, n = 8" in page
    for note in table.notes:
        assert note in page


def test_a_report_is_replaced_and_nothing_else_is(table: Table, tmp_path: Path) -> None:
    folder = tmp_path / "judged"
    write_report(table, folder)
    (folder / "metrics.csv").write_text("old")
    write_report(table, folder)
    assert (folder / "metrics.csv").read_text() != "old"
    assert [path.name for path in tmp_path.iterdir()] == ["judged"]
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("all of it")
    with pytest.raises(SinkError, match="holds other files — name a new folder"):
        write_report(table, mine)
    with pytest.raises(SinkError, match="is a file"):
        write_report(table, mine / "thesis.tex")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["judged", "mine"]
