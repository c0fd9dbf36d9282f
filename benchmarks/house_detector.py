"""The house detector and YuNet on eight real faces that installed packages carry.

    python -m benchmarks.house_detector [FILE.onnx …]

For each model: faces found and false alarms at four scores, the error of the five points in shares
of the distance between the eyes, and milliseconds at 640 x 640. The photographs are test data only:
nothing was trained or tuned on them.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import typer

from tests.train.real_faces import RealFace, real_faces
from vplugin.errors import ModelError
from vplugin.models.runtime import open_session
from vplugin.models.store import resolve
from vplugin.vision.detect import Detector, open_detector
from vplugin.vision.detections import Detections

SCORES = (0.3, 0.5, 0.6, 0.7)
CANVAS = (640, 640)


def overlap(box: np.ndarray, face: RealFace) -> float:
    """IoU of a box with a face's."""
    wanted = np.array(face.box)
    low, high = np.maximum(box[:2], wanted[:2]), np.minimum(box[2:], wanted[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    return shared / float(np.prod(box[2:] - box[:2]) + np.prod(wanted[2:] - wanted[:2]) - shared)


def judge(found: Detections, faces: Sequence[RealFace]) -> tuple[int, int, list[float], list[str]]:
    """Faces found, false alarms, point errors, names of those that were missed."""
    hits, errors, missed, used = 0, [], [], set()
    for face in faces:
        best = max(range(len(found)), key=lambda i: overlap(found.boxes[i], face), default=None)
        if best is None or overlap(found.boxes[best], face) < 0.35:
            missed.append(face.name)
            continue
        hits += 1
        used.add(best)
        if found.points is not None:
            off = np.linalg.norm(found.points[best] - face.points, axis=1).mean()
            errors.append(float(off / face.eye_distance))
    return hits, len(found) - len(used), errors, missed


def speed(detector: Detector) -> float:
    """Median milliseconds of a 640 x 640 picture."""
    picture = np.random.default_rng(0).integers(0, 256, (640, 640, 3), np.uint8)
    times = []
    for _ in range(12):
        begun = time.perf_counter()
        detector.candidates([picture], score=0.5)
        times.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(times[2:])


def examine(name: str) -> None:
    """Print what a model does."""
    with open_session(resolve(name).path, runtime="onnxruntime") as session:
        detector = open_detector(session)
        print(f"{name}: {speed(detector):.1f} ms at 640 x 640")
        for score in SCORES:
            rows = [
                judge(detector.detect([picture], score=score, canvas=CANVAS)[0], faces)
                for _, picture, faces in real_faces()
            ]
            errors = [error for row in rows for error in row[2]]
            missed = [name for row in rows for name in row[3]]
            print(
                f"  score {score}: {sum(row[0] for row in rows)} of "
                f"{sum(row[0] + len(row[3]) for row in rows)} faces, "
                f"{sum(row[1] for row in rows)} false alarms, point error "
                f"{np.mean(errors) if errors else float('nan'):.3f}"
                f"{', missed: ' + ', '.join(missed) if missed else ''}"
            )


def main(names: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Measure these detectors, by default ours and YuNet."""
    for name in names or ("house/detector", "yunet"):
        try:
            examine(name)
        except ModelError as error:
            print(f"{name}: {error}")


if __name__ == "__main__":
    typer.run(main)
