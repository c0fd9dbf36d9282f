"""The arms of ReliableSwap: what is trained, from what, and how seeds are pooled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer

from benchmarks import arms
from benchmarks.arms_table import EXPECTED, compared, documented, report
from vplugin.train.contest.table import Figures, Table, tabulated

CASES = 40


def _table(gain: float) -> Table:
    """A contest of A0 and A2 with two seeds each: A2 is right ``gain`` more often."""
    generator = np.random.default_rng(4)
    chance = generator.random(CASES)
    stills: dict[str, Mapping[str, Any]] = {
        "target unchanged": {"id_retrieval": np.zeros(CASES), "expression": np.zeros(CASES)}
    }
    for arm, share in (("A0", 0.4), ("A2", 0.4 + gain)):
        for seed in (5, 6):
            noise = generator.normal(0, 0.01, CASES)
            stills[f"{arm} {seed}"] = {
                "id_retrieval": (chance + noise < share).astype(float),
                "expression": 1 + noise,
            }
    figures = Figures(stills, np.arange(CASES))
    rows = tabulated(figures, "target unchanged", 200)
    return Table("synth", 128, rows, "target unchanged", (), figures)


@pytest.mark.parametrize(("gain", "clear"), [(0.4, True), (0.0, False)])
def test_seeds_are_pooled_and_expectations_stand_beside(gain: float, clear: bool) -> None:
    found = compared(_table(gain), draws=500)
    assert dict(found.seeds) == {"target unchanged": 1, "A0": 2, "A2": 2}
    first = next(d for d in found.differences if d.expected.metric == "id_retrieval")
    assert (first.expected.arm, first.expected.other) == ("A2", "A0")
    assert first.clear == clear
    assert len(first.seeds) == 2
    assert first.interval.mean == pytest.approx(np.mean(first.seeds))
    plain = found.plain()
    assert plain["A2"]["id_retrieval"]["seeds"] == 2
    assert {e["metric"] for e in plain["differences"]} == {"id_retrieval", "expression"}
    text = documented(found)
    assert text.count("| A2 - A0") == 2
    assert report(found, "title").row_count == 3


def test_every_expectation_names_arms_that_there_are() -> None:
    names = {arm.name for arm in arms.ARMS}
    assert {name for e in EXPECTED for name in (e.arm, e.other)} <= names


def test_arms_are_chosen_by_name() -> None:
    assert [arm.name for arm in arms.chosen("A4,A0")] == ["A4", "A0"]
    with pytest.raises(typer.BadParameter, match="A9"):
        arms.chosen("A9")


def test_a_start_without_fixer_is_widened_and_answers_the_same(tmp_path: Path) -> None:
    common: dict[str, Any] = {"identity": "nowhere", "thinner": 32, "discriminator": 4}
    narrow, wide = (
        arms.SwapTask(arms.recipe_of(common | {"fixer": fixer})).build()
        for fixer in (None, "nowhere")
    )
    arms.checkpoint.save(tmp_path / "start.pt", {"weights": narrow.state_dict()})
    recipe = arms.recipe_of(common | {"fixer": "nowhere"})
    path = arms.widened(recipe, tmp_path / "start.pt", tmp_path / "wide.pt")
    arms.checkpoint.load_weights(path, wide)
    target, latent = torch.rand(1, 3, 64, 64), torch.randn(1, 640)
    with torch.inference_mode():
        wanted = narrow.eval()(target, latent[:, :512])
        torch.testing.assert_close(wide.eval()(target, latent), wanted)


def test_a_run_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").touch()
    arms.trained({"identity": "nowhere", "output": str(tmp_path)})
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
