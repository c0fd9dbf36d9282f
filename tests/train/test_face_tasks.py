"""Landmarks, parser, attributes: batches, losses, evaluations, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from tests.train.bank_items import SIZE, bank
from tests.vision.detector_models import OrtSession, noise_picture
from vplugin.errors import TrainError
from vplugin.nets.house.attributes import ANSWERS
from vplugin.synth.parts import Segment
from vplugin.train import bank as bank_module
from vplugin.train.attributes import AttributeRecipe, AttributesTask, area_under_curve
from vplugin.train.bank import FaceTask
from vplugin.train.landmarks import LandmarkRecipe, LandmarksTask, point_weights
from vplugin.train.parser import ParserRecipe, ParserTask, class_of_segment, hiding
from vplugin.train.shards import Shards
from vplugin.vision.attributes import AttributeReader
from vplugin.vision.landmarks import Landmarker
from vplugin.vision.parse import Parser

DATA: dict[str, Any] = {"train": (0, 12), "held_out": (30, 42), "size": SIZE}
SETTINGS: dict[str, Any] = {"steps": 1, "batch": 4, "variants": 3, "data": DATA}


@pytest.fixture(autouse=True)
def _drawn_bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(source: object, data: object, seeds: tuple[int, int]) -> Shards:
        path = tmp_path / f"{seeds[0]}.npy"
        return Shards([path]) if path.exists() else bank(path, range(*seeds))

    monkeypatch.setattr(bank_module, "open_or_render", drawn)
    torch.manual_seed(1)
    torch.set_num_threads(1)


def _task(name: str) -> FaceTask[Any]:
    tasks: dict[str, FaceTask[Any]] = {
        "landmarks": LandmarksTask(LandmarkRecipe(**SETTINGS)),
        "parser": ParserTask(ParserRecipe(sides=(64,), **SETTINGS)),
        "attributes": AttributesTask(AttributeRecipe(**SETTINGS)),
    }
    task = tasks[name]
    task.prepare()
    return task


NAMES = ("landmarks", "parser", "attributes")


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_depends_on_the_step_only(name: str) -> None:
    first, again, other = (_task(name).batch(3, np.random.default_rng(seed)) for seed in (8, 8, 9))
    assert first["pictures"].dtype == torch.uint8
    assert first["pictures"].shape[:2] == (4, 3)
    for key, value in first.items():
        assert torch.equal(value.nan_to_num(), again[key].nan_to_num())
        assert len(value) == 4
    assert not torch.equal(first["pictures"], other["pictures"])


@pytest.mark.parametrize("name", NAMES)
def test_losses_fall_on_one_batch(name: str) -> None:
    task = _task(name)
    model, batch = task.build().train(), task.batch(0, np.random.default_rng(2))
    optimiser = torch.optim.AdamW([w for w in model.parameters() if w.requires_grad], 2e-3)
    totals = []
    for _ in range(8):
        losses = task.losses(model, batch)
        total = torch.stack(list(losses.values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(float(total.detach()))
    assert all(np.isfinite(totals))
    assert min(totals[4:]) < 0.8 * totals[0]


@pytest.mark.parametrize("name", NAMES)
def test_evaluation_is_deterministic_and_holds_the_best_figure(name: str) -> None:
    task = _task(name)
    model = task.build().eval()
    with torch.inference_mode():
        first, again = task.evaluate(model), task.evaluate(model)
    assert first == again
    assert task.best in first
    assert all(np.isfinite(list(first.values())))


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_read_by_the_runner(name: str, tmp_path: Path) -> None:
    task, path = _task(name), tmp_path / "model.onnx"
    task.export(task.build().eval(), path)
    session, picture = OrtSession(path), noise_picture(200, 200)
    box = np.array([[40.0, 40, 150, 160]])
    points = np.array([[70.0, 80], [120, 80], [95, 105], [75, 130], [115, 130]])
    shapes = {
        "landmarks": lambda: Landmarker(session).of_faces(picture, box).shape == (1, 106, 2),
        "parser": lambda: Parser(session).of_face(picture, points).labels.shape == (1, 160, 160),
        "attributes": lambda: len(AttributeReader(session).of_faces(picture, box)) == 1,
    }
    assert shapes[name]()


def test_landmark_truth_is_in_the_units_of_the_crop() -> None:
    task = _task("landmarks")
    batch = task.batch(0, np.random.default_rng(4))
    points, weights = batch["points"], batch["weights"]
    assert points.abs().median() < 1
    assert weights.max() == point_weights().max()
    possible = np.outer(point_weights(), (1.0, 0.35)).ravel()
    assert all(np.isclose(weight, possible).any() for weight in weights.unique().tolist())


@pytest.mark.parametrize(
    ("segment", "label", "hidden"),
    [
        (Segment.SKIN, 1, 0),
        (Segment.HAT, 18, 0),
        (Segment.BEARD, 1, 0),
        (Segment.HAND, 0, 1),
        (Segment.PROP, 0, 1),
        (Segment.MASK, 0, 1),
        (255, 255, 255),
    ],
)
def test_classes_of_segments(segment: int, label: int, hidden: int) -> None:
    assert class_of_segment()[segment] == label
    assert hiding(np.array([segment], np.uint8))[0] == hidden


def test_answers_say_what_the_face_does() -> None:
    task = _task("attributes")
    columns = {answer.name: index for index, answer in enumerate(ANSWERS)}
    rows = torch.cat([task.batch(0, np.random.default_rng(s))["answers"] for s in range(12)])
    faces = rows[rows[:, columns["face"]] == 1]
    empty = rows[rows[:, columns["face"]] == 0]
    assert 0 < len(empty) < len(faces)
    assert empty.isfinite().sum(1).eq(1).all()
    eyes = faces[:, [columns["left_eye"], columns["right_eye"]]]
    assert eyes.min(1).values.min() < 0.1  # every other person has one eye shut
    assert (eyes.max(1).values > 0.9).all()
    assert (faces[:, columns["blur"]] > 0.5).any()
    assert (faces[:, columns["blur"]] == 0).any()
    assert (faces[:, columns["hat"]] == 0).all()


def test_a_trunk_of_another_run_is_taken_over(tmp_path: Path) -> None:
    landmarks = _task("landmarks").build()
    torch.nn.init.constant_(landmarks.trunk.stem[0].weight, 0.25)
    path = tmp_path / "best.pt"
    torch.save({"weights": landmarks.state_dict()}, path)
    for task in (
        AttributesTask(AttributeRecipe(trunk=path, fixed=True, **SETTINGS)),
        ParserTask(ParserRecipe(trunk=path, **SETTINGS)),
    ):
        assert bool((task.build().trunk.stem[0].weight == 0.25).all())
    torch.save({"weights": {}}, path)
    with pytest.raises(TrainError, match="holds no trunk"):
        AttributesTask(AttributeRecipe(trunk=path, **SETTINGS)).build()


def test_area_under_curve() -> None:
    scores = np.array([0.1, 0.4, 0.35, 0.8], np.float32)
    assert area_under_curve(scores, np.array([False, False, True, True])) == 0.75


@pytest.mark.parametrize(
    ("train", "held_out", "shared"),
    [((0, 6), (6, 9), False), ((0, 7), (7, 12), True), ((7, 12), (0, 7), True)],
)
def test_nobody_is_both_learned_from_and_held_out(
    train: tuple[int, int], held_out: tuple[int, int], shared: bool
) -> None:
    given = SETTINGS | {"data": DATA | {"train": train, "held_out": held_out}}
    if not shared:
        LandmarkRecipe(**given)
        return
    with pytest.raises(ValidationError, match="share a person"):
        LandmarkRecipe(**given)
