"""The other house models, on held-out people and on real faces.

The tasks of `vplugin train` evaluate a torch module; here that module is the shipped ONNX file, and
the people have seeds that neither training nor the choice of a checkpoint has seen.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch

from benchmarks.face_detectors import face_error, matched, nets
from benchmarks.face_rows import Goal, Row, absent
from tests.train.real_faces import real_faces
from vplugin.errors import ModelMissingError
from vplugin.models.runtime import open_session
from vplugin.models.session import Session
from vplugin.models.store import resolve
from vplugin.train.attributes import AttributeRecipe, AttributesTask
from vplugin.train.bank import FaceTask
from vplugin.train.identity import IdentityRecipe, IdentityTask
from vplugin.train.landmarks import LandmarkRecipe, LandmarksTask
from vplugin.train.parser import ParserRecipe, ParserTask
from vplugin.train.shards import Shards
from vplugin.train.task import Metrics
from vplugin.vision.landmarks import Landmarker, five_points
from vplugin.vision.points import PointRefiner

__all__ = ["Net", "model_rows"]


class Net(torch.nn.Module):
    """An ONNX session as the module that a task evaluates.

    Args:
        session: Takes one tensor.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.nothing = torch.nn.Parameter(torch.zeros(()))  # tells tasks the device

    def forward(self, pictures: torch.Tensor) -> Any:
        blob = np.ascontiguousarray(pictures.numpy(), np.float32)
        given = self._session.run({self._session.inputs[0].name: blob})
        made = [torch.from_numpy(np.asarray(one)) for one in given]
        return made[0] if len(made) == 1 else made


def model_rows(people: Shards, portraits: Shards, runtime: str) -> Iterator[Row]:
    """Measure landmarks, identity, parser and attributes, each if it is there.

    Args:
        people: Items of :class:`vplugin.train.faces.FaceSource`.
        portraits: Items of :class:`vplugin.train.portraits.PortraitSource`, for identity.
        runtime: What runs the models.
    """
    for name, measure, bank, figure, goal in (
        ("landmarks", _landmarks, people, "5-point error", Goal(0.035, least=False)),
        ("identity", _identity, portraits, "TAR at FAR 0.001", Goal(0.95)),
        ("parser", _parser, people, "mean IoU", Goal(0.8)),
        ("attributes", _attributes, people, "errors", None),
    ):
        numbers = bank.column("person")
        whom = f"{len(numbers)} pictures of {len(set(numbers.tolist()))} people"
        try:
            with open_session(resolve(f"house/{name}").path, runtime=runtime) as session:
                yield from measure(session, bank, whom, goal)
        except ModelMissingError:
            yield absent(name, figure, goal)


def _evaluated(task: FaceTask[Any], session: Session, people: Shards) -> Metrics:
    task.held_out = task.train = people  # of the latter, backdrops are all that is taken
    with torch.inference_mode():
        return task.evaluate(Net(session))


def _landmarks(session: Session, people: Shards, whom: str, goal: Goal | None) -> Iterator[Row]:
    task = LandmarksTask(LandmarkRecipe(steps=1))
    found = _evaluated(task, session, people)
    name, aim = "landmarks", Goal(0.06, least=False)
    yield Row(name, f"5-point error, mean, eye distances, ± 60°, {whom}", (found["five"],), goal)
    yield Row(name, "the same, median", (found["five_median"],))
    yield Row(name, "all visible points, mean", (found["all106"],))
    marker, refiner = Landmarker(session), PointRefiner(Landmarker(session))
    by_hand: list[float] = []
    by_house: list[float | None] = []
    with ExitStack() as stack:
        finder = nets(stack, session.ran.runtime)["house"]
        for _, picture, faces in real_faces():
            found106 = marker.of_faces(picture, np.array([face.box for face in faces]))
            by_hand += map(face_error, five_points(found106), faces)
            if finder is not None:
                refined, _ = refiner.refined(picture, finder.believed(picture))
                by_house += matched(refined, faces)
    known = [error for error in by_house if error is not None]
    yield Row(name, "5-point error, median, real faces, boxes by hand", (_median(by_hand),), aim)
    figure = f"the same behind house/detector, {len(known)} of {len(by_hand)} faces"
    yield Row(name, figure, (_median(known),), aim)


def _median(errors: list[float]) -> float | None:
    return statistics.median(errors) if errors else None


def _identity(session: Session, people: Shards, whom: str, goal: Goal | None) -> Iterator[Row]:
    task = IdentityTask(IdentityRecipe(steps=1))
    task.held_out = people
    with torch.inference_mode():
        found = task.verified(Net(session))
    yield Row("identity", f"TAR at FAR 0.001, ± 60°, all pairs of {whom}", (found["tar"],), goal)
    yield Row("identity", "TAR at FAR 0.01", (found["tar_2"],))
    yield Row("identity", "cosine of one person, mean", (found["cosine"],))
    yield Row("identity", "cosine of two people, mean", (found["other"],))


def _parser(session: Session, people: Shards, whom: str, goal: Goal | None) -> Iterator[Row]:
    found = _evaluated(ParserTask(ParserRecipe(steps=1)), session, people)
    yield Row("parser", f"mean IoU at 160 px, {whom}", (found["miou"],), goal)
    yield Row("parser", "what hides the face, IoU", (found["hidden"],))
    for name, value in found.items():
        if name.startswith("iou_"):
            yield Row("parser", f"{name.removeprefix('iou_').replace('_', ' ')}, IoU", (value,))


def _attributes(session: Session, people: Shards, whom: str, goal: Goal | None) -> Iterator[Row]:
    found = _evaluated(AttributesTask(AttributeRecipe(steps=1)), session, people)
    for name, value in found.items():
        kind, _, what = name.partition("_")
        if kind == "error":
            unit = ", degrees" if what in ("yaw", "pitch", "roll") else ""
            yield Row("attributes", f"{what.replace('_', ' ')}, mean error{unit}", (value,), goal)
        elif kind == "auc":
            yield Row("attributes", f"{what.replace('_', ' ')}, area under ROC", (value,), goal)
