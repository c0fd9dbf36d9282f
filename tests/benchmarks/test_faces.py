"""The table of house models: verdicts, the cascade's groups, truths, missing models."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmarks import face_detectors, face_models
from benchmarks.face_detectors import SceneSource, agreed, matched
from benchmarks.face_rows import COLUMNS, Goal, Row, absent, markdown, table
from tests.train.real_faces import RealFace
from vplugin.errors import ModelMissingError
from vplugin.vision.detections import Detections

LEAST, MOST = Goal(0.97), Goal(25, least=False)
POINTS = np.array([[10, 10], [20, 10], [15, 15], [11, 20], [19, 20]], float)


@pytest.mark.parametrize(
    ("value", "goal", "verdict"),
    [
        (0.97, LEAST, "yes"),
        (0.969, LEAST, "no"),
        (float("nan"), LEAST, "no"),
        (25.0, MOST, "yes"),
        (25.1, MOST, "no"),
        (25.1, None, ""),
        ("not installed", LEAST, ""),
    ],
)
def test_verdicts(value: float | str, goal: Goal | None, verdict: str) -> None:
    row = Row("detector", "something", (value, None), goal)
    cells = dict(zip(COLUMNS, row.cells(), strict=True))
    assert cells["reached"] == verdict
    assert (cells["YuNet"], cells["LBP cascade"]) == ("–", "")


def test_the_table_on_screen_and_as_markdown() -> None:
    rows = [Row("detector", "AP50", (0.5, 0.25, 0.125), LEAST), absent("identity", "TAR")]
    lines = markdown(rows, "Models").splitlines()
    assert lines[0] == "Models"
    assert "| detector | AP50 | ≥ 0.97 | no | 0.500 | 0.250 | 0.125 |" in lines
    assert "| identity | TAR |  |  | not installed |  |  |" in lines
    assert table(rows, "Models").row_count == 2


def test_windows_that_agree_are_one_face() -> None:
    windows = np.array([[0, 0, 20, 20], [2, 0, 22, 20], [60, 60, 80, 80], [1, 0, 21, 20]], "f4")
    found = agreed(windows)
    np.testing.assert_allclose(found.boxes, [[1, 0, 21, 20], [60, 60, 80, 80]])
    assert found.scores.tolist() == [3, 1]
    assert len(agreed(windows[:0])) == 0


def test_faces_that_were_found_and_how_far_off_their_points_are() -> None:
    faces = [RealFace("one", (5, 5, 25, 25), POINTS), RealFace("two", (65, 5, 85, 25), POINTS + 60)]
    boxes = np.array([[6, 5, 26, 25], [40, 40, 60, 60]], np.float32)
    points = np.stack([POINTS + np.array([2, 0]), POINTS]).astype(np.float32)
    scores = np.ones(2, np.float32)
    assert matched(Detections(boxes, scores, points), faces) == [pytest.approx(0.2)]
    assert matched(Detections(boxes, scores), faces) == [None]
    assert matched(Detections.empty(), faces) == []


def test_a_scene_and_its_truth() -> None:
    [item] = SceneSource((48, 27)).items(9_500_001)
    count = int(item["count"])
    boxes, points, wanted = face_detectors._truth(item)
    assert item["image"].shape == (27, 48, 3)
    assert 2 <= count == len(boxes) == len(points) == len(wanted)
    assert np.all(boxes[:, 2:] > boxes[:, :2])
    small = boxes[:, 3] - boxes[:, 1] < 12
    assert small.any()
    assert not wanted[small].any()


def test_models_that_are_missing_have_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModelMissingError(name)

    monkeypatch.setattr(face_models, "resolve", missing)
    people = SimpleNamespace(column=lambda name: np.array([1, 1, 2]))
    cells = [row.cells() for row in face_models.model_rows(people, people, "onnxruntime")]
    assert [row[0] for row in cells] == ["landmarks", "identity", "parser", "attributes"]
    assert {row[4] for row in cells} == {"not installed"}


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_session_as_a_module(outputs: int) -> None:
    class Doubling:
        inputs = (SimpleNamespace(name="data"),)

        def run(self, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
            return [feeds["data"] * 2] * outputs

    made = face_models.Net(Doubling())(torch.ones(1, 3, 2, 2))
    first = made if outputs == 1 else made[0]
    assert first.tolist() == torch.full((1, 3, 2, 2), 2.0).tolist()
    assert outputs == 1 or len(made) == 2
