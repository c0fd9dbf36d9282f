"""The task refine: what it is shown, what it learns, its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.train.pair_items import marks, put_drawn_pairs
from tests.vision.detector_models import OrtSession
from vplugin.train import refine as refine_module
from vplugin.train.refine import RefineRecipe, RefineTask, weighted_error


@pytest.fixture(autouse=True)
def _drawn_bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_drawn_pairs(refine_module, tmp_path, monkeypatch)


def _task(runs: dict[str, Path], out: Path, **changes: Any) -> RefineTask:
    settings: dict[str, Any] = {"steps": 1, "batch": 12, "base": 4, "output": out} | changes
    task = RefineTask(RefineRecipe(identity=runs["identity"], fixer=runs["fixer"], **settings))
    task.prepare()
    return task


@pytest.mark.parametrize(
    ("own", "kept", "pairs"),
    [
        (0, 0, {("weak_a", "ba", "a"), ("weak_b", "ab", "b")}),  # both inputs are synthetic
        (1, 0, {("weak_a", "a", "a"), ("weak_b", "b", "b")}),
        (0, 1, {("a", "ba", "a"), ("b", "ab", "b")}),
    ],
)
def test_what_it_is_shown(
    runs: dict[str, Path], tmp_path: Path, own: float, kept: float, pairs: set[tuple[str, ...]]
) -> None:
    batch = _task(runs, tmp_path, own=own, kept=kept).batch(0, np.random.default_rng(3))
    rows = zip(*(marks(batch[name]) for name in ("given", "told", "truth")), strict=True)
    assert set(rows) == pairs


def test_losses_fall(runs: dict[str, Path], tmp_path: Path) -> None:
    task = _task(runs, tmp_path)
    model, batch = task.build().train(), task.batch(0, np.random.default_rng(2))
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    totals = []
    for _ in range(12):
        total = torch.stack(list(task.losses(model, batch).values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(float(total.detach()))
    assert min(totals[6:]) < 0.97 * totals[0]


def test_an_untrained_net_gains_nothing_and_spares_everything(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    task = _task(runs, tmp_path / "run")
    with torch.inference_mode():
        found = task.evaluate(task.build().eval())
    assert found["gain"] == 0
    assert found["psnr_before"] == found["psnr_after"]
    assert found["spared"] > 90
    assert (tmp_path / "run" / "samples.png").is_file()


def test_the_file_does_what_the_net_does(runs: dict[str, Path], tmp_path: Path) -> None:
    task, path = _task(runs, tmp_path), tmp_path / "refine.onnx"
    model = task.build().eval()
    torch.nn.init.normal_(model.head.weight, std=0.3)
    task.export(model, path)
    session = OrtSession(path)
    swapped = np.random.default_rng(1).uniform(-1, 1, (2, 3, 128, 128)).astype(np.float32)
    lower = np.full((2, 128), 128**-0.5, np.float32)
    feed = {i.name: v for i, v in zip(session.inputs, (swapped, lower), strict=True)}
    made = session.run(feed)[0]
    with torch.inference_mode():
        wanted = model(torch.from_numpy(swapped), torch.from_numpy(lower)).numpy()
    np.testing.assert_allclose(made, wanted, atol=2e-3)
    assert np.abs(made - swapped).max() > 0.01


def test_errors_count_where_there_is_something_to_mend() -> None:
    truth, given = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    given[..., :2, :] = 1
    apart, alike = truth.clone(), truth.clone()
    apart[..., 0, 0], alike[..., 7, 7] = 0.5, 0.5
    assert weighted_error(apart, truth, given) > 10 * weighted_error(alike, truth, given)
