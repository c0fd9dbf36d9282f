"""Identity and FixerNet: batches, losses, evaluations, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from tests.train.plain_items import plain_bank
from tests.train.stand_in import drawn_face
from tests.vision.detector_models import OrtSession, noise_picture
from vplugin.errors import TrainError
from vplugin.train import recognise
from vplugin.train.fixer import FixerRecipe, FixerTask
from vplugin.train.identity import IdentityRecipe, IdentityTask
from vplugin.train.plain import PlainSource
from vplugin.train.portraits import PortraitSource
from vplugin.train.recognise import RecogniserTask, accepted_share
from vplugin.train.shards import Shards
from vplugin.vision.embed import Embedder

VARIANTS = 3
SETTINGS: dict[str, Any] = {
    "steps": 1,
    "batch": 6,
    "variants": VARIANTS,
    "data": {"train": (0, 18), "held_out": (30, 42), "size": 160},
}
TASKS: dict[str, Any] = {
    "identity": lambda: IdentityTask(IdentityRecipe(**SETTINGS)),
    "fixer": lambda: FixerTask(FixerRecipe(widths=(8, 8, 16, 16), **SETTINGS)),
}
SIDES = {"identity": 112, "fixer": 56}


def _portraits(path: Path, seeds: range) -> Shards:
    """Drawn faces in the form of the bank; the last picture of person 2 is missing."""
    records = np.zeros(len(seeds), PortraitSource(160, VARIANTS).dtype)
    for record, seed in zip(records, seeds, strict=True):
        record["image"] = drawn_face(seed, 128)["image"]
        record["person"] = seed // VARIANTS
        record["yaw"] = 75.0 if seed == 41 else 10.0
        record["identity"] = np.nan
        record["identity"][:5] = np.random.default_rng((8, seed // VARIANTS)).random(5)
    np.save(path, records[np.asarray(seeds) != 8])
    return Shards([path])


@pytest.fixture(autouse=True)
def _drawn_bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(source: object, data: object, seeds: tuple[int, int]) -> Shards:
        if isinstance(source, PlainSource):
            return plain_bank(tmp_path / f"plain-{seeds[0]}.npy", range(*seeds))
        return _portraits(tmp_path / f"{seeds[0]}.npy", range(*seeds))

    monkeypatch.setattr(recognise, "open_or_render", drawn)
    torch.manual_seed(1)
    torch.set_num_threads(1)


def _task(name: str) -> RecogniserTask[Any]:
    task: RecogniserTask[Any] = TASKS[name]()
    task.prepare()
    return task


@pytest.mark.parametrize("name", TASKS)
def test_a_batch_is_pairs_of_a_person_and_depends_on_the_step_only(name: str) -> None:
    first, again, other = (_task(name).batch(3, np.random.default_rng(s)) for s in (8, 8, 9))
    assert first["pictures"].shape == (6, 3, SIDES[name], SIDES[name])
    assert first["pictures"].dtype == torch.uint8
    for key, value in first.items():
        assert torch.equal(value, again[key])
    assert not torch.equal(first["pictures"], other["pictures"])
    assert torch.equal(first["people"][::2], first["people"][1::2])
    assert torch.equal(first["identity"][::2], first["identity"][1::2])
    assert not torch.equal(first["pictures"][0], first["pictures"][1])
    assert first["identity"].shape == (6, 5)


@pytest.mark.parametrize("name", TASKS)
def test_losses_fall_and_parameters_are_told(name: str) -> None:
    task = _task(name)
    model, batch = task.build().train(), task.batch(0, np.random.default_rng(2))
    optimiser = torch.optim.AdamW([w for w in model.parameters() if w.requires_grad], 2e-3)
    seen = []
    for _ in range(10):
        losses = task.losses(model, batch)
        optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        optimiser.step()
        seen.append({key: float(value.detach()) for key, value in losses.items()})
    assert seen[-1]["people"] < 0.8 * seen[0]["people"]
    assert seen[-1]["parameters"] < seen[0]["parameters"]
    assert seen[-1]["plain"] < seen[0]["plain"]


@pytest.mark.parametrize("name", TASKS)
def test_evaluation_is_deterministic_and_bounded(name: str) -> None:
    task = _task(name)
    model = task.build().eval()
    with torch.inference_mode():
        first, again = task.evaluate(model), task.evaluate(model)
    assert first == again
    assert set(first) == {"tar", "tar_2", "cosine", "other", "told", "portrayed"}
    assert 0 <= first["tar"] <= first["tar_2"] <= 1


def test_without_a_weight_there_are_no_plain_portraits() -> None:
    task = IdentityTask(IdentityRecipe(**SETTINGS, plain=0.0, parameters=0.0))
    task.prepare()
    model, batch = task.build(), task.batch(0, np.random.default_rng(2))
    assert set(task.losses(model, batch)) == {"people"}
    with torch.inference_mode():
        assert "portrayed" not in task.evaluate(model.eval())


def test_an_evaluation_sees_nobody_in_profile() -> None:
    pictures, people, identity = _task("identity")._examined
    assert len(pictures) == len(people) == len(identity) == 11  # of 12


def test_the_file_is_an_arcface_recogniser(tmp_path: Path) -> None:
    task, path = _task("identity"), tmp_path / "model.onnx"
    task.export(task.build().eval(), path)
    points = np.array([[70.0, 80], [120, 80], [95, 105], [75, 130], [115, 130]])
    embedding = Embedder(OrtSession(path)).of_face(noise_picture(200, 200), points)
    assert embedding.shape == (512,)


def test_the_fixer_sees_the_lower_face_and_its_file_gives_length_one(tmp_path: Path) -> None:
    task, path = _task("fixer"), tmp_path / "model.onnx"
    crop = np.zeros((112, 112, 3), np.uint8)
    crop[56:112, 28:84] = 9
    assert (task.part(crop) == 9).all()
    model = task.build().eval()
    task.export(model, path)
    pictures = np.random.default_rng(3).uniform(-1, 1, (2, 3, 56, 56)).astype(np.float32)
    session = OrtSession(path)
    found = session.run({session.inputs[0].name: pictures})[0]
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)
    with torch.inference_mode():
        wanted = normalize(model(torch.from_numpy(pictures))).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_accepted_share() -> None:
    different = np.linspace(-1, 0.5, 1001, dtype=np.float32)
    same = np.array([0.4, 0.498, 0.6, 0.9], np.float32)
    assert accepted_share(same, different, 1e-3) == 0.5
    assert accepted_share(same, different, 0.5) == 1.0


@pytest.mark.parametrize("held_out", [(30, 31), (30, 33), (39, 42)])
def test_too_few_to_judge_by_is_said_before_training(held_out: tuple[int, int]) -> None:
    data = SETTINGS["data"] | {"held_out": held_out}
    task = IdentityTask(IdentityRecipe(**SETTINGS | {"data": data}))
    with pytest.raises(TrainError, match="too few pictures are held out to judge by"):
        task.prepare()


def test_a_trunk_that_is_not_there_is_said_before_rendering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognise, "open_or_render", lambda *_: pytest.fail("rendered"))
    recipe = IdentityRecipe(**SETTINGS, trunk=tmp_path / "best.pt")
    with pytest.raises(TrainError, match="no such trunk — train landmarks first, or begin"):
        IdentityTask(recipe).prepare()


def test_the_finished_net_stands_beside_the_file(tmp_path: Path) -> None:
    task = _task("identity")
    model = task.build().eval()
    task.export(model, tmp_path / "model.onnx")
    fresh = task.net().eval()
    fresh.load_state_dict(torch.load(tmp_path / "net.pt", weights_only=True)["weights"])
    pictures = torch.rand(2, 3, 112, 112) * 2 - 1
    session = OrtSession(tmp_path / "model.onnx")
    found = session.run({session.inputs[0].name: pictures.numpy()})[0]
    with torch.inference_mode():
        np.testing.assert_allclose(found, fresh(pictures).numpy(), atol=2e-3)
