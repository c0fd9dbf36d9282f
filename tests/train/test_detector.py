from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from pydantic import ValidationError
from rich.console import Console

from tests.train.stand_in import drawn_face, drawn_place
from vplugin.models.contract import sniff
from vplugin.models.onnx_file import load_graph, signature
from vplugin.models.runtime import open_session
from vplugin.train import detector
from vplugin.train.collage import Collages
from vplugin.train.detector import DetectorRecipe, DetectorTask
from vplugin.train.trainer import Trainer
from vplugin.vision.detect import ScrfdDetector, open_detector

TINY = {"widths": (4, 8, 8, 16, 16), "blocks": (1, 1, 1, 1), "neck": 8}


class Drawn(DetectorTask):
    """Learns from drawn faces instead of rendered ones."""

    def prepare(self) -> None:
        for name, first in (("_train", 0), ("_held_out", 1000)):
            faces = [drawn_face(first + i) for i in range(24)]
            setattr(self, name, Collages(faces, [drawn_place(first + i) for i in range(8)]))


def recipe(folder: Path, **changes: object) -> DetectorRecipe:
    given = {"task": "detector", "steps": 4, "batch": 4, "sides": (96,), "judged": 3, "loaders": 0}
    given |= {"calibrated": 3}
    return DetectorRecipe.model_validate(given | TINY | {"output": folder} | changes)


def train(made: DetectorRecipe) -> Path:
    outcome = Trainer(Drawn(made), Console(file=io.StringIO())).run()
    assert outcome.model is not None
    assert set(outcome.metrics) >= {"AP50", "recall at 0.1 alarms", "point error"}
    return outcome.model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(recipe(tmp_path_factory.mktemp("run")))


def test_training_learns(tmp_path: Path) -> None:
    speed = {"rate": 0.01, "warmup": 5, "average": 0.9}
    train(recipe(tmp_path, steps=50, sides=(64,), judged=1, optimiser=speed))
    rows = (tmp_path / "curves.csv").read_text().splitlines()
    column = rows[0].split(",").index("loss/total")
    losses = [float(row.split(",")[column]) for row in rows[1:] if row.split(",")[column]]
    assert np.mean(losses[-2:]) < 0.93 * losses[0]


def test_two_runs_are_the_same(tmp_path: Path) -> None:
    one, other = (train(recipe(tmp_path / name, bf16=True)) for name in "ab")
    assert one.read_bytes() == other.read_bytes()


def test_the_export_keeps_the_contract(model: Path) -> None:
    inputs, outputs = signature(load_graph(model), model)
    assert sniff(inputs, outputs) == "scrfd"
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    for batch, height, width in ((1, 64, 64), (2, 96, 160), (1, 320, 32)):
        given = session.run(None, {"input": np.zeros((batch, 3, height, width), np.float32)})
        rows = [2 * (height // s) * (width // s) for s in (8, 16, 32)]
        assert [one.shape for one in given] == [
            (batch, count, values) for values in (1, 4, 10) for count in rows
        ]
        assert all(one.min() >= 0 and one.max() <= 1 for one in given[:3])


def test_the_export_says_what_the_network_says(model: Path) -> None:
    task = Drawn(recipe(model.parent))
    network = task.build()
    held = torch.load(model.parent / "best.pt", weights_only=True)
    network.load_state_dict(held["weights"])
    picture = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    with open_session(model, runtime="onnxruntime") as session:
        found = open_detector(session).candidates([picture], score=0.0)[0]
    blob = (torch.from_numpy(picture).permute(2, 0, 1)[None].float() - 127.5) / 128
    with torch.inference_mode():
        said = network.eval()(blob)
    logits = np.sort(torch.cat(said.scores, 1)[0, :, 0].numpy())
    scores = np.sort(found.scores).astype(np.float64)
    spread = np.log(scores / (1 - scores))
    line = np.polyfit(logits, spread, 1)
    np.testing.assert_allclose(np.polyval(line, logits), spread, atol=1e-2)
    assert line[0] > 0.99


@pytest.mark.parametrize(
    ("half", "less"), [(0.5, 0.4), (0.42, 0.35), (0.6, 0.59), (0.9, 0.1), (0.3, 0.3), (1.0, 0.0)]
)
def test_scores_are_spread_about_the_threshold(half: float, less: float) -> None:
    factor, shift = detector._spread(half, less)
    score = [1 / (1 + np.exp(-factor * np.log(s / (1 - s)) - shift)) for s in (half, less)
             if 0 < s < 1]  # fmt: skip
    assert 1 <= factor <= 6
    if half == less or half == 1:
        assert (factor, shift) == (1, 0)
        return
    assert score[0] == pytest.approx(0.5)
    if 1 < factor < 6:
        assert score[1] == pytest.approx(0.3)


@pytest.mark.parametrize("shape", [(480, 640), (333, 217)])
def test_insightface_finds_the_same(model: Path, shape: tuple[int, int], tmp_path: Path) -> None:
    """`FaceAnalysis` and our decoder agree to a hundredth of a pixel."""
    from insightface.app import FaceAnalysis

    folder = tmp_path / "models" / "house"
    folder.mkdir(parents=True)
    shutil.copy(model, folder / "detector.onnx")
    theirs = FaceAnalysis("house", str(tmp_path), providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    with open_session(model, runtime="onnxruntime") as session:
        detector = open_detector(session)
        assert isinstance(detector, ScrfdDetector)
        scores = detector.candidates([picture], score=0.0, canvas=(320, 320))[0].scores
        least = float(np.sort(scores)[-40])
        ours = detector.detect([picture], score=least, canvas=(320, 320))[0]
    theirs.prepare(ctx_id=-1, det_thresh=least, det_size=(320, 320))
    boxes, points = theirs.det_model.detect(picture[..., ::-1].copy(), input_size=(320, 320))
    assert len(boxes) == len(ours) > 0
    order = np.argsort(-ours.scores, kind="stable")
    np.testing.assert_allclose(boxes[:, 4], ours.scores[order], atol=1e-4)
    np.testing.assert_allclose(boxes[:, :4], ours.boxes[order], atol=0.01)
    np.testing.assert_allclose(points, ours.points[order], atol=0.01)


def test_held_out_things_are_not_learned_from(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="things and held_out_things share seeds"):
        recipe(tmp_path, things=(0, 10), held_out_things=(5, 20))
