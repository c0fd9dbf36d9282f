"""The tasks ``tokenizer`` and ``describe`` on faces of three blots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch

from tests.train.description.bank import DATA, blots, probe_recipe, tokenizer_recipe
from vplugin.errors import TrainError
from vplugin.nets.unif2ace.sequences import IGNORED
from vplugin.train.describe import DescribeRecipe, DescribeTask
from vplugin.train.description.captions import parse
from vplugin.train.description.grammar import UNSEEN, Fact
from vplugin.train.description.source import DescribeSource
from vplugin.train.loader import generator_of
from vplugin.train.probe import VALUES, ProbeTask, goal_of, open_probe, values_of
from vplugin.train.tokenizer import TokenizerTask, edges, open_tokenizer
from vplugin.train.trainer import Trainer


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a bank of blots and a run of a tokenizer."""
    path = tmp_path_factory.mktemp("describe")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DescribeSource, "items", blots)
        torch.manual_seed(1)
        Trainer(TokenizerTask(tokenizer_recipe(path))).run()
        yield path


def describe(place: Path, **more) -> DescribeTask:
    given = {
        "tokenizer": place / "tok", "steps": 2, "batch": 2, "loaders": 0, "bf16": False,
        "output": place / "out", "evaluate_every": 2, "layers": 1, "width": 16, "heads": 2,
        "hidden": 20, "questions": 3, "judged": 4, "data": DATA | {"folder": place / "bank"},
    }  # fmt: skip
    return DescribeTask(DescribeRecipe(**given | more))


def test_a_tokenizer_run_leaves_what_describing_opens(place: Path) -> None:
    tokenizer, recipe = open_tokenizer(place / "tok")
    assert recipe.side == 64
    assert not tokenizer.training
    sheet = cv2.imread(str(place / "tok" / "samples.png"))
    assert sheet.shape == (128, 6 * 64, 3)
    session = onnxruntime.InferenceSession(place / "tok" / "model.onnx")
    picture = np.random.default_rng(1).uniform(-1, 1, (2, 3, 64, 64)).astype(np.float32)
    made = session.run(None, {"picture": picture})[0]
    assert np.abs(made - tokenizer(torch.from_numpy(picture)).numpy()).max() < 1e-3


def test_a_tokenizer_learns(place: Path) -> None:
    recipe = tokenizer_recipe(place).model_copy(update={"batch": 6})
    task = TokenizerTask(recipe)
    task.prepare()
    torch.manual_seed(3)
    model = task.build()
    optimiser = torch.optim.AdamW(model.parameters(), 5e-3)
    totals = []
    for step in range(40):
        losses = task.losses(model, task.batch(step, generator_of(1, step)))
        total = torch.stack(list(losses.values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(float(total.detach()))
    assert np.mean(totals[-5:]) < 0.85 * np.mean(totals[:5])
    found = task.evaluate(model.eval().requires_grad_(False))
    assert found["psnr"] > 5
    assert 0 < found["codes"] <= 1


def test_without_a_tokenizer_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="vplugin train tokenizer"):
        open_tokenizer(tmp_path)


def test_edges_are_differences_of_neighbours() -> None:
    picture = torch.zeros(1, 3, 4, 4)
    picture[..., 2:] = 1
    found = edges(picture)
    assert found.shape == (1, 6, 3, 3)
    assert torch.equal(found[0, 0], torch.tensor([[0.0, 1.0, 0.0]] * 3))
    assert not found[0, 3:].any()


def test_pictures_with_a_held_out_pair_are_never_learned_from(place: Path) -> None:
    task = describe(place)
    task.prepare()
    assert list(task.train.composed) == [3, 9]
    assert list(task.held_out.composed) == [5]
    shown = {int(i) for step in range(20) for i in task._some(generator_of(1, step))}
    assert shown <= set(task.train.plain.tolist())
    assert not shown & {3, 9}


def test_a_batch_says_what_is_true_and_is_the_same_every_time(place: Path) -> None:
    task = describe(place, batch=6, free=0.0)
    task.prepare()
    own = np.random.default_rng(2).integers(0, 20, (12, 256)).astype(np.uint16)
    task.train = replace(task.train, codes=own)  # so that codes tell whose they are
    batch, again = (task.batch(0, generator_of(5, 0)) for _ in range(2))
    for name, value in batch.items():
        assert torch.equal(value, again[name])
    assert batch["tokens"].shape == (6, 259 + 208)
    codes = torch.from_numpy(task.train.codes.astype(np.int64))
    truths = {tuple(codes[i].tolist()): task.train.facts(i) for i in task.train.plain}
    first = task.layout.first_code
    for tokens, labels in zip(batch["tokens"], batch["labels"], strict=True):
        facts = truths[tuple((tokens[2:258] - first).tolist())]
        said = labels[labels != IGNORED].tolist()
        caption = task.words.text(said[: said.index(task.words.end)])
        assert parse(caption)
        assert all(facts[name].value == value for name, value in parse(caption).items())
    for tokens, true, masked in zip(batch["drawn"], batch["codes"], batch["masked"], strict=True):
        facts = truths[tuple(true.tolist())]
        said = parse(task.words.text(tokens[:64].tolist()))
        assert said
        assert all(facts[name].value == value for name, value in said.items())
        shown = tokens[65:321] - first
        assert torch.equal(shown == task.layout.codes, masked)
        assert torch.equal(shown[~masked], true[~masked])


def test_a_probe_learns_and_says_values(place: Path) -> None:
    task = ProbeTask(probe_recipe(place).model_copy(update={"batch": 6}))
    task.prepare()
    torch.manual_seed(3)
    model = task.build()
    optimiser = torch.optim.AdamW(model.parameters(), 2e-3)
    totals = []
    for step in range(8):
        total = task.losses(model, task.batch(step, generator_of(1, step)))["attributes"]
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(float(total.detach()))
    assert totals[-1] < 0.8 * totals[0]
    figures = task.evaluate(model.eval().requires_grad_(False))
    assert 0 < figures["originals"] <= 1
    assert {"ceiling", "ceiling_glasses", "ceiling_colour"} <= set(figures)
    said = values_of(model, torch.zeros(2, 3, 64, 64))
    assert len(said) == 2
    assert all(said[0][name] in VALUES[name] for name in VALUES)


def test_goals_are_values_or_nothing() -> None:
    goal = dict(
        zip(VALUES, goal_of({"glasses": Fact("sunglasses"), "hat": Fact(UNSEEN)}), strict=True)
    )
    assert goal["glasses"] == 2
    assert goal["hat"] == len(VALUES["hat"]) - 1
    assert goal["mouth"] == -100


def test_drawings_are_judged_by_a_probe(place: Path) -> None:
    Trainer(ProbeTask(probe_recipe(place))).run()
    task = describe(place, mode="draw", probe=place / "probe", steps_drawn=2, judged=3)
    task.prepare()
    torch.manual_seed(1)
    model = task.build().eval()
    with torch.inference_mode():
        figures, again = (task.evaluate(model) for _ in range(2))
    assert figures == again
    assert 0 <= figures["drawn"] <= 1
    assert figures["drawn_distance"] > 0
    assert figures["drawn_relative"] == figures["drawn"] / figures["drawn_ceiling"]
    with pytest.raises(TrainError, match="vplugin train probe"):
        open_probe(place / "tok" / "nothing")


ARMS = {
    "drawn": {},
    "experts": {"token": "routed", "sequence": "routed", "loss": "d3diff"},
    "answer": {"mode": "answer", "token": "grouped", "sequence": "always"},
    "draw": {"mode": "draw", "loss": "score", "rate": "elbo"},
}


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_trains_is_judged_and_exported(arm: str, place: Path) -> None:
    task = describe(place, output=place / arm, **ARMS[arm])
    outcome = Trainer(task).run()
    figures = outcome.metrics
    assert np.isfinite(list(figures.values())).all()
    answers, draws = arm != "draw", arm != "answer"
    assert ("f1" in figures) == ("composed_accuracy" in figures) == answers
    assert ("nats_055" in figures) == draws
    assert outcome.model is not None
    session = onnxruntime.InferenceSession(outcome.model)
    names = [one.name for one in session.get_inputs()]
    assert names == ["tokens", "picture"][: 1 + ("sequence" in ARMS[arm])]


def test_losses_reach_every_part(place: Path) -> None:
    task = describe(place, token="routed", sequence="always", loss="d3diff", balance=1.0)
    task.prepare()
    torch.manual_seed(2)
    model = task.build()
    losses = task.losses(model, task.batch(0, generator_of(5, 0)))
    assert set(losses) == {"answer", "mask", "score", "balance_answer", "balance_draw"}
    torch.stack(list(losses.values())).sum().backward()
    silent = [n for n, weight in model.named_parameters() if weight.grad is None]
    assert all("routers" in n or "mixing" in n or ".static" in n for n in silent)
