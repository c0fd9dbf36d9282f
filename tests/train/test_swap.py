"""The task swap: what each arm is shown, losses, evaluation, the file in insightface's contract."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from insightface.app.common import Face as PeerFace
from insightface.model_zoo.inswapper import INSwapper

from tests.train.pair_items import marks, put_drawn_pairs
from tests.vision.detector_models import OrtSession
from tests.vision.swap_models import points_at, psnr, smooth_picture
from vplugin.errors import TrainError
from vplugin.models.contract import sniff
from vplugin.models.onnx_file import load_graph
from vplugin.nets.reliableswap.simswap import Style
from vplugin.train import swap as swap_module
from vplugin.train.encoders import Encoders, open_encoders
from vplugin.train.swap import SwapRecipe, SwapTask
from vplugin.train.swap_export import NATIVE, lower_from_identity
from vplugin.train.swap_losses import Kind
from vplugin.train.swap_objective import glanced
from vplugin.vision.align import similarity, warp
from vplugin.vision.onnx_facts import read_emap
from vplugin.vision.parse import FaceClass
from vplugin.vision.source import Source
from vplugin.vision.swap_model import ModelSwapper

ARMS = ("vanilla", "naive", "cycle", "oracle")
SHOWN = ("target", "source", "truth", "real")


@pytest.fixture(autouse=True)
def _drawn_bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_drawn_pairs(swap_module, tmp_path, monkeypatch)


def _task(runs: dict[str, Path], out: Path, **changes: Any) -> SwapTask:
    settings: dict[str, Any] = {"steps": 1, "batch": 3, "base": 4, "blocks": 1, "discriminator": 4}
    settings |= {"side": 128, "identity": runs["identity"], "output": out} | changes
    task = SwapTask(SwapRecipe(**settings))
    task.prepare()
    return task


@pytest.mark.parametrize(
    ("arm", "step", "kind", "target", "source", "truth", "real"),
    [
        ("cycle", 22, Kind.CYCLE, "ba", "ab", "b", "b"),
        ("cycle", 23, Kind.CYCLE_BACK, "ab", "ba", "a", "a"),
        ("naive", 22, Kind.NAIVE, "a", "b", "ab", "a"),
        ("naive", 23, Kind.NAIVE_BACK, "b", "a", "ba", "b"),
        ("oracle", 22, Kind.CYCLE, "b", "a", "truth_ba", "b"),
        ("oracle", 23, Kind.CYCLE_BACK, "a", "b", "truth_ab", "a"),
    ],
)
def test_what_an_arm_is_shown_of_a_triplet(
    runs: dict[str, Path], tmp_path: Path, arm: str, step: int, kind: Kind,
    target: str, source: str, truth: str, real: str,
) -> None:  # fmt: skip
    batch = _task(runs, tmp_path, arm=arm).batch(step, np.random.default_rng(5))
    assert Kind(int(batch["kind"])) == kind
    for name, wanted in (("target", target), ("source", source), ("truth", truth), ("real", real)):
        assert set(marks(batch[name])) == {wanted}, name


@pytest.mark.parametrize("arm", ARMS)
def test_no_arm_but_the_oracle_sees_an_exact_truth(
    runs: dict[str, Path], tmp_path: Path, arm: str
) -> None:
    task = _task(runs, tmp_path, arm=arm)
    seen: set[str] = set()
    for step in range(24):
        batch = task.batch(step, np.random.default_rng(step))
        seen |= {
            mark for name in ("target", "source", "truth", "real") for mark in marks(batch[name])
        }
        assert set(marks(batch["real"])) <= {"a", "b"}  # photos, for any arm
    assert ("truth_ab" in seen) == (arm == "oracle")


def test_vanilla_places_are_the_same_for_all_arms(runs: dict[str, Path], tmp_path: Path) -> None:
    batches = [_task(runs, tmp_path, arm=arm).batch(1, np.random.default_rng(1)) for arm in ARMS]
    for other in batches[1:]:
        assert all(torch.equal(batches[0][name], other[name]) for name in batches[0])
    same = _task(runs, tmp_path).batch(0, np.random.default_rng(1))
    assert Kind(int(same["kind"])) == Kind.SAME
    assert torch.equal(same["target"], same["source"])


@pytest.mark.parametrize("host", ["simswap", "faceshifter"])
@pytest.mark.parametrize("step", [0, 1, 22])
def test_the_terms_of_a_kind_and_what_they_teach(
    runs: dict[str, Path], tmp_path: Path, host: str, step: int
) -> None:
    task = _task(runs, tmp_path, host=host, fixer=runs["fixer"], thinner=32, side=64)
    model, batch = task.build().train(), task.batch(step, np.random.default_rng(2))
    losses = dict(task.losses(model, batch))
    kind = Kind(int(batch["kind"]))
    assert ("reconstruction" in losses) == (kind == Kind.SAME)
    assert ("truth" in losses) == ("truth_lower" in losses) == kind.cycle
    judged = losses.pop("discriminator")
    torch.stack(list(losses.values())).sum().backward(retain_graph=True)
    assert all(w.grad is None for w in model.discriminator.parameters())
    assert any(
        float(w.grad.abs().max()) > 0 for w in model.generator.parameters() if w.grad is not None
    )
    model.zero_grad()
    judged.backward()
    assert all(w.grad is None for w in model.generator.parameters())
    assert all(w.grad is not None for w in model.discriminator.parameters())


def test_what_stays_is_hair_or_all_but_the_face(runs: dict[str, Path], tmp_path: Path) -> None:
    labels = np.full((2, 128, 128), FaceClass.BACKGROUND, np.uint8)
    labels[:, 40:100, 40:90] = FaceClass.SKIN
    labels[:, 20:50, 40:90] = FaceClass.HAIR
    item = {"labels": labels}
    kept = {
        name: _task(runs, tmp_path, keep=name)._kept(item, 0) for name in ("hair", "surroundings")
    }
    np.testing.assert_array_equal(kept["hair"], labels[0] == FaceClass.HAIR)
    assert kept["surroundings"][45, 60]  # hair on the face
    assert kept["surroundings"][5, 5]
    assert not kept["surroundings"][104, 60]  # where the chin may come to be
    assert not kept["surroundings"][labels[0] == FaceClass.SKIN].any()


def test_released_losses_leave_out_reconstruction(runs: dict[str, Path], tmp_path: Path) -> None:
    for released in (False, True):
        task = _task(runs, tmp_path, released=released)
        losses = task.losses(task.build(), task.batch(0, np.random.default_rng(2)))
        assert (float(losses["reconstruction"].detach()) == 0) == released


def test_a_hasty_look_moves_a_picture_a_little_and_lets_gradients_pass() -> None:
    torch.manual_seed(3)
    rows = torch.linspace(-1, 1, 64)[None, None, :, None].expand(4, 3, 64, 64).clone()
    pictures = rows.requires_grad_()
    seen = glanced(pictures, 1.0)
    assert seen.shape == pictures.shape
    apart = (seen - pictures).detach().abs().mean()
    assert 0.01 < float(apart) < 0.2
    assert not torch.equal(seen[0], seen[1])
    seen.square().mean().backward()
    assert pictures.grad is not None
    assert float(pictures.grad.abs().mean()) > 0
    assert glanced(pictures, 0.0) is pictures


def test_an_evaluation_gives_figures_and_a_sheet(runs: dict[str, Path], tmp_path: Path) -> None:
    task = _task(runs, tmp_path / "run", fixer=runs["fixer"], side=64)
    model = task.build().eval()
    with torch.inference_mode():
        first, again = task.evaluate(model), task.evaluate(model)
    assert first == again
    assert set(first) == {"truth", "source", "target", "lower", "psnr", "untouched"}
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["samples.png"]


@pytest.mark.parametrize("with_fixer", [False, True])
def test_the_file_keeps_the_inswapper_contract(
    runs: dict[str, Path], tmp_path: Path, with_fixer: bool
) -> None:
    task = _task(runs, tmp_path, fixer=runs["fixer"] if with_fixer else None)
    model, path = task.build().eval(), tmp_path / "swap.onnx"
    task.export(model, path)
    last = onnx.load(str(path)).graph.initializer[-1]
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(last), np.eye(512))
    session = OrtSession(path)
    target = np.random.default_rng(1).random((1, 3, 128, 128), np.float32)
    source = np.zeros((1, 512), np.float32)
    source[0, 7] = 1
    feed = {i.name: v for i, v in zip(session.inputs, (target, source), strict=True)}
    made = session.run(feed)[0]
    assert made.shape == (1, 3, 128, 128)
    assert 0 <= made.min() <= made.max() <= 1
    if not with_fixer:
        with torch.inference_mode():
            wanted = model(torch.from_numpy(target) * 2 - 1, torch.from_numpy(source))
        np.testing.assert_allclose(made, wanted.clamp(-1, 1).numpy() / 2 + 0.5, atol=2e-3)


def test_insightface_runs_the_file_as_our_node_does(runs: dict[str, Path], tmp_path: Path) -> None:
    """INSwapper's crop of a face and ours, in dB, and another person's beside it."""
    task = _task(runs, tmp_path, fixer=runs["fixer"])
    model, path = task.build().eval(), tmp_path / "swap.onnx"
    for style in model.generator.modules():
        if isinstance(style, Style):  # fresh ones hardly listen
            torch.nn.init.normal_(style.linear.weight, std=0.3)
    task.export(model, path)
    points, image = points_at(300, 220, 60, 25), smooth_picture(600, 440)
    emap = read_emap(path, load_graph).matrix
    swapper, crops = ModelSwapper(OrtSession(path), "inswapper", emap=emap), []
    matrix = similarity(points, swapper.template.at(128))
    crop = warp(image, matrix, (128, 128), border="black")[None].astype(np.float32) / 255
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # insightface calls what skimage deprecates
        peer = INSwapper(str(path), None)
        for seed in (0, 1):
            raw = np.random.default_rng(seed).normal(0, 1, 512).astype(np.float32)
            face = PeerFace(embedding=raw)
            target = image[..., ::-1].copy(), PeerFace(kps=points)
            theirs, _ = peer.get(*target, face, paste_back=False)
            source = Source("x", (), raw / np.linalg.norm(raw))
            made = swapper.swap(crop, points[None], [swapper.prepare(source)], [None])
            assert psnr(made.crops[0] * 255, theirs[..., ::-1]) > 45
            crops.append(made.crops[0] * 255)
    assert psnr(*crops) < 40


@pytest.mark.parametrize("side", [128, 256])
def test_the_file_beside_it_takes_the_lower_face_too(
    runs: dict[str, Path], tmp_path: Path, side: int
) -> None:
    task = _task(runs, tmp_path, fixer=runs["fixer"], side=side)
    model = task.build().eval()
    task.export(model, tmp_path / "swap.onnx")
    session = OrtSession(tmp_path / NATIVE)
    assert sniff(session.inputs, session.outputs) == "reliableswap"
    random = torch.Generator().manual_seed(4)
    target = torch.rand(3, 3, side, side, generator=random)
    photos = torch.rand(3, 3, 128, 128, generator=random) * 2 - 1
    encoders = open_encoders(runs["identity"], runs["fixer"])
    with torch.inference_mode():
        told = [encoders.identity(photos), encoders.lower(photos)]
        wanted = model(target * 2 - 1, encoders.latent(photos)).clamp(-1, 1) / 2 + 0.5
    feed = {"target": target.numpy(), "source": torch.cat(told, 1).numpy()}
    np.testing.assert_allclose(session.run(feed)[0], wanted.numpy(), atol=2e-3)


def test_without_fixer_there_is_no_file_beside_it(runs: dict[str, Path], tmp_path: Path) -> None:
    task = _task(runs, tmp_path)
    task.export(task.build().eval(), tmp_path / "swap.onnx")
    assert not (tmp_path / NATIVE).exists()


class _Linear(Encoders):
    """A lower face that is a linear map of the identity."""

    def __init__(self) -> None:
        self._map = torch.randn(512, 128, generator=torch.Generator().manual_seed(1)) / 20

    def identity(self, pictures: torch.Tensor) -> torch.Tensor:
        seeds = ((pictures[:, 0, 0, 0] + 1) * 127.5).round().long().tolist()
        rows = [torch.randn(512, generator=torch.Generator().manual_seed(s)) for s in seeds]
        return torch.nn.functional.normalize(torch.stack(rows))

    def lower(self, pictures: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(self.identity(pictures) @ self._map)


def test_the_lower_face_is_told_by_the_identity() -> None:
    photos = [np.full((128, 128, 3), level, np.uint8) for level in range(256)] * 3
    _, near = lower_from_identity(_Linear(), photos)
    assert near > 0.95


def test_encoders_want_runs_of_their_own(runs: dict[str, Path], tmp_path: Path) -> None:
    assert open_encoders(runs["identity"], runs["fixer"]).has_fixer
    with pytest.raises(TrainError, match="is no finished run — vplugin train identity"):
        open_encoders(tmp_path, None)
    torch.save({"weights": {"a": torch.zeros(1)}}, tmp_path / "net.pt")
    with pytest.raises(TrainError, match="of another network"):
        open_encoders(tmp_path, None)
