"""The house detector beside YuNet and scikit-image's cascade, on the same pictures.

Rendered scenes of held-out people, and the eight real faces that installed packages carry. All see
a copy of the picture whose longer side has 640 px, as `FaceAnalysis` shows it to its detectors.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from skimage import data
from skimage.feature import Cascade

from benchmarks.common import alternate
from benchmarks.face_rows import ABSENT, Goal, Row
from tests.train.real_faces import RealFace, real_faces
from vplugin.errors import ModelMissingError, RuntimeMissingError
from vplugin.models.runtime import open_session
from vplugin.models.store import resolve
from vplugin.synth.draw import Draw
from vplugin.synth.render import render
from vplugin.synth.rendering import FaceTruth
from vplugin.synth.scene import Scene
from vplugin.train.evaluate import average_precision, judge, recall_at
from vplugin.train.shards import Item
from vplugin.vision.detect import open_detector
from vplugin.vision.detections import Detections
from vplugin.vision.nms import iou_matrix

__all__ = ["Contestant", "SceneSource", "cascade", "detector_rows", "face_error", "matched", "nets"]

HOUSE, YUNET = "house/detector", "yunet"
OTHER = "openvino:bf16"  # a second runtime for the time
SIDE = 640
MOST = 6  # people in a scene
ALARMS = 0.05  # false alarms a picture, for the recall
FAINTEST = 0.02  # scores below are not looked at
CONSIDERED = 300  # best candidates of a picture
AGREEING = 0.4  # IoU of two windows of the cascade that mean the same face
OVERLAP = 0.35  # IoU with a box by hand, whose forehead and ears are a matter of taste
Rgb = np.ndarray


@dataclass(frozen=True)
class Contestant:
    """A detector.

    Attributes:
        find: From (H, W, 3) uint8 RGB to all faces down to very low scores.
        threshold: The score from which it is believed, unless told otherwise.
    """

    find: Callable[[Rgb], Detections]
    threshold: float

    def believed(self, picture: Rgb) -> Detections:
        """The faces above the threshold."""
        said = self.find(picture)
        return said.take(said.scores >= self.threshold)


@dataclass(frozen=True)
class SceneSource:
    """Renders pictures with none to five people.

    Attributes:
        size: Width and height, px.
    """

    size: tuple[int, int] = (640, 360)

    name = "scenes"

    @property
    def dtype(self) -> np.dtype[Any]:
        """Picture; of each face box, points, and whether a detector has to find it."""
        return np.dtype(
            [
                ("image", "u1", (*self.size[::-1], 3)),
                ("count", "i8"),
                ("boxes", "f4", (MOST, 4)),
                ("points", "f4", (MOST, 5, 2)),
                ("wanted", "?", MOST),
            ]
        )

    def items(self, seed: int) -> Sequence[Item]:
        """The picture of one seed."""
        people = Draw(seed, "benchmark of faces").integer(0, MOST)
        picture = render(Scene.from_seed(seed, people), self.size)
        item = {name: np.zeros(self.dtype[name].shape, self.dtype[name].base)
                for name in self.dtype.names or ()}  # fmt: skip
        for number, face in enumerate(picture.faces):
            item["boxes"][number], item["points"][number] = face.box - 0.5, face.points - 0.5
            item["wanted"][number] = _wanted(face)
        return [item | {"image": picture.rgb, "count": np.asarray(len(picture.faces))}]


def _wanted(face: FaceTruth) -> bool:
    """Whether who misses it is to blame; the others do not count at all."""
    high = float(face.box[3] - face.box[1])
    return face.inside > 0.5 and face.occluded < 0.75 and high >= 12


def nets(stack: ExitStack, runtime: str) -> dict[str, Contestant | None]:
    """The house detector and YuNet; None: it, or the runtime, is not there."""
    found: dict[str, Contestant | None] = {}
    for name, model in (("house", HOUSE), ("YuNet", YUNET)):
        try:
            found[name] = _net(stack, model, runtime)
        except (ModelMissingError, RuntimeMissingError):
            found[name] = None
    return found


def _net(stack: ExitStack, name: str, runtime: str) -> Contestant:
    session = stack.enter_context(open_session(resolve(name).path, runtime=runtime))
    detector = open_detector(session)

    def find(picture: Rgb) -> Detections:
        said = detector.candidates([picture], score=FAINTEST, canvas=(SIDE, SIDE))[0]
        best = np.argsort(-said.scores, kind="stable")[:CONSIDERED]
        return said.take(best).suppressed(0.4, border=detector.border)

    return Contestant(find, 0.5)


def cascade() -> Contestant:
    """scikit-image's frontal faces by local binary patterns, scored by how many windows agree.

    Its own grouping gives no score; it believes four agreeing windows, which is the threshold here.
    """
    found = Cascade(data.lbp_frontal_face_cascade_filename())

    def find(picture: Rgb) -> Detections:
        scale = SIDE / max(picture.shape[:2])
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        windows = found.detect_multi_scale(
            img=small, scale_factor=1.2, step_ratio=1, min_size=(24, 24), max_size=(SIDE, SIDE),
            min_neighbor_number=1, intersection_score_threshold=2.0,
        )  # fmt: skip
        corners = [[w["c"], w["r"], w["c"] + w["width"], w["r"] + w["height"]] for w in windows]
        return agreed(np.array(corners, np.float32).reshape(-1, 4)).moved(1 / scale)

    return Contestant(find, 4.0)


def agreed(windows: np.ndarray) -> Detections:
    """Groups of windows (N, 4) that overlap: their mean, and as the score how many they are."""
    near = iou_matrix(windows, windows) >= AGREEING
    boxes, scores = [], []
    while near.any():
        members = near[near.sum(1).argmax()].copy()
        boxes.append(windows[members].mean(0))
        scores.append(float(members.sum()))
        near[members] = near[:, members] = False
    shaped = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(shaped, np.array(scores, np.float32))


def detector_rows(scenes: Sequence[Item], runtime: str) -> Iterator[Row]:
    """Measure all three, then the two nets' time in OpenVINO as well.

    Args:
        scenes: Items of :class:`SceneSource`.
        runtime: What runs the nets.
    """
    with ExitStack() as stack:
        found = nets(stack, runtime) | {"LBP cascade": cascade()}
        yield from _on_scenes(found, scenes)
        yield from _on_photographs(found)
        yield _speed(found, runtime)
    with ExitStack() as stack:
        if runtime != OTHER and any((found := nets(stack, OTHER)).values()):
            yield _speed(found, OTHER)


def _on_scenes(found: Mapping[str, Contestant | None], scenes: Sequence[Item]) -> Iterator[Row]:
    truths = [_truth(item) for item in scenes]
    figures: list[tuple[float | str, float | str]] = []
    for one in found.values():
        if one is None:
            figures.append((ABSENT, ABSENT))
            continue
        judged = judge([one.find(np.asarray(item["image"])) for item in scenes], truths)
        figures.append((average_precision(judged), recall_at(judged, ALARMS)[0]))
    faces = sum(int(wanted.sum()) for _, _, wanted in truths)
    where = f"{len(scenes)} scenes, {faces} faces"
    precisions, recalls = zip(*figures, strict=True)
    yield Row("detector", f"AP50, {where}", precisions, Goal(0.97))
    yield Row("detector", f"recall at {ALARMS:g} false alarms a picture", recalls, Goal(0.98))


def _truth(item: Item) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes, points and whether each has to be found, of a scene's faces."""
    count = int(item["count"])
    return item["boxes"][:count], item["points"][:count], item["wanted"][:count]


def _on_photographs(found: Mapping[str, Contestant | None]) -> Iterator[Row]:
    pictures = real_faces()
    columns = [_photographed(one, pictures) if one else (ABSENT,) * 3 for one in found.values()]
    faces = sum(len(faces) for _, _, faces in pictures)
    hits, alarms, errors = zip(*columns, strict=True)
    yield Row("detector", f"of {faces} real faces found", hits, Goal(faces), 0)
    yield Row("detector", "false alarms beside them", alarms, Goal(0, least=False), 0)
    yield Row("detector", "their 5-point error, median, eye distances", errors, Goal(0.06, False))


def _photographed(
    one: Contestant, pictures: Sequence[tuple[str, Rgb, list[RealFace]]]
) -> tuple[float, float, float | None]:
    """Faces found, false alarms, median error of the points, at its threshold."""
    count, errors = 0, []
    for _, picture, faces in pictures:
        said = one.believed(picture)
        count += len(said)
        errors += matched(said, faces)
    known = [error for error in errors if error is not None]
    return len(errors), count - len(errors), statistics.median(known) if known else None


def matched(said: Detections, faces: Sequence[RealFace]) -> list[float | None]:
    """For each face that was found, the mean error of its five points in eye distances.

    Args:
        said: Of one picture; None stands for the error where it has no points.
        faces: Of the same picture.
    """
    errors: list[float | None] = []
    for face in faces:
        overlaps = iou_matrix(np.array([face.box]), said.boxes)[0]
        if not len(overlaps) or overlaps.max() < OVERLAP:
            continue
        points = None if said.points is None else said.points[overlaps.argmax()]
        errors.append(None if points is None else face_error(points, face))
    return errors


def face_error(points: np.ndarray, face: RealFace) -> float:
    """Mean distance of five points (5, 2) from those by hand, in eye distances."""
    return float(np.hypot(*(points - face.points).T).mean() / face.eye_distance)


def _speed(found: Mapping[str, Contestant | None], runtime: str) -> Row:
    """Milliseconds of a square picture, taking turns."""
    picture = cv2.resize(np.asarray(data.astronaut()), (SIDE, SIDE))
    works = {name: partial(one.find, picture) for name, one in found.items() if one}
    times = alternate(works, runs=9, warm=2)
    values = [times.get(name, ABSENT) for name in found]
    return Row("detector", f"ms at {SIDE} × {SIDE}, {runtime}", values, Goal(25, least=False), 1)
