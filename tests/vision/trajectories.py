"""People that move on known paths, as a detector would see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vplugin.frame import Face

Path = Callable[[float], tuple[float, float] | None]  # seconds to the centre, None when not seen

FIVE = np.array([[-0.2, -0.15], [0.2, -0.15], [0, 0.05], [-0.17, 0.25], [0.17, 0.25]])


def face_at(
    x: float, y: float, size: float = 100.0, score: float = 0.9, person: int | None = None
) -> Face:
    """A face centred at (x, y); ``person`` is the truth that trackers must not look at."""
    half = np.array([size * 0.4, size * 0.5])
    centre = np.array([x, y])
    return Face(
        np.concatenate([centre - half, centre + half]).astype(np.float32),
        score,
        (centre + FIVE * size).astype(np.float32),
        attributes={} if person is None else {"person": person},
    )


def shaken(face: Face, rng: np.random.Generator, amount: float) -> Face:
    """With detector noise of ``amount`` face sizes."""
    size = float(face.box[3] - face.box[1])

    def noise(shape: tuple[int, ...]) -> np.ndarray:
        return rng.normal(0, amount * size, shape).astype(np.float32)

    return face.evolve(box=face.box + noise((4,)), points=face.points + noise((5, 2)))


def hides(front: Face, back: Face) -> bool:
    """Whether non-maximum suppression would drop the second face."""
    low = np.maximum(front.box[:2], back.box[:2])
    common = np.prod(np.maximum(np.minimum(front.box[2:], back.box[2:]) - low, 0))
    return bool(common / (front.area + back.area - common) > 0.4)


def filmed(
    paths: Sequence[Path],
    times: Sequence[float],
    *,
    noise: float = 0.0,
    sizes: Sequence[float] | None = None,
    seed: int = 0,
) -> list[list[Face]]:
    """What a detector gives for each time; a person behind an earlier one of the list is lost."""
    rng = np.random.default_rng(seed)
    frames = []
    for time in times:
        seen: list[Face] = []
        for person, path in enumerate(paths):
            place = path(time)
            if place is None:
                continue
            face = face_at(*place, size=sizes[person] if sizes else 100.0, person=person)
            if not any(hides(front, face) for front in seen):
                seen.append(face)
        shaky = [shaken(face, rng, noise) for face in seen]
        order = rng.permutation(len(shaky))
        frames.append([shaky[index] for index in order])
    return frames


def times_at(fps: float, seconds: float) -> list[float]:
    """Evenly spaced times."""
    return [index / fps for index in range(round(fps * seconds))]
