"""Cartoon people whose identity is a colour, and embedders that see it: everything is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.vision.swap_models import draw_face, points_at, smooth_picture
from vplugin.train.contest.cases import Case, ListedSuite, Shot, Truth
from vplugin.train.contest.evaluators import Evaluators, Read
from vplugin.train.contest.parameters import identity_names
from vplugin.vision.align import apply, invert

SIDE = 224
PEOPLE = ((210, 150, 120), (120, 80, 60), (150, 190, 140), (90, 120, 200))


def shot(skin: tuple[int, int, int], seed: int, degrees: float = 0.0) -> Shot:
    """A face of one colour before clouds."""
    picture = smooth_picture(SIDE, SIDE, seed)
    points = points_at(112 + seed % 5, 108, 42, degrees)
    draw_face(picture, points, skin)
    picture.setflags(write=False)
    return Shot(picture, points.astype(np.float64), oval(points))


def oval(points: np.ndarray) -> np.ndarray:
    """Where :func:`draw_face` paints skin."""
    y, x = np.mgrid[:SIDE, :SIDE]
    matrix = invert(invert(Shot(np.zeros((1, 1, 3), np.uint8), points).matrix(128)))
    places = apply(matrix, np.stack([x, y], -1).reshape(1, -1, 2).astype(float))[0]
    across, down = (places - (64, 72)).T
    return ((across / 46) ** 2 + (down / 58) ** 2 < 1).reshape(SIDE, SIDE)


def parameters(person: int) -> np.ndarray:
    """Of a cartoon person, in the order of identities."""
    return np.random.default_rng((9, person)).uniform(0, 1, len(identity_names()))


def case(target: int, source: int, group: int = 0, *, exact: bool = True) -> Case:
    there = shot(PEOPLE[target], 10 + target)
    right = shot(PEOPLE[source], 10 + target)
    truth = Truth(
        Shot(right.picture, there.points, right.face),
        np.zeros(3),
        parameters(target),
        parameters(source),
    )
    return Case(
        f"{target}_{source}",
        group,
        str(source),
        there,
        (shot(PEOPLE[source], 50 + source, 5.0),),
        truth if exact else None,
    )


def cases(*, exact: bool = True) -> list[Case]:
    """Everybody's face on the next one's, and back."""
    count = len(PEOPLE)
    pairs = [(i, (i + step) % count) for i in range(count) for step in (1, count - 1)]
    return [case(a, b, index, exact=exact) for index, (a, b) in enumerate(pairs)]


def suite(*, exact: bool = True, moving: Sequence[Sequence[Case]] = ()) -> ListedSuite:
    return ListedSuite("cartoons", 128, exact, cases(exact=exact), moving)


def skin_of(crops: np.ndarray) -> np.ndarray:
    """Mean colour of the cheeks and chin, less grey: (N, 3)."""
    height = crops.shape[1]
    band = crops[
        :, int(height * 0.62) : int(height * 0.75), int(height * 0.25) : int(height * 0.75)
    ]
    return np.median(band.reshape(len(crops), -1, 3), axis=1).astype(np.float64) - 128


def parameters_of(crops: np.ndarray) -> np.ndarray:
    """The parameters of whoever has that skin."""
    seen = skin_of(crops)
    known = np.array(PEOPLE, np.float64) - 128
    nearest = np.linalg.norm(seen[:, None] - known, axis=-1).argmin(1)
    return np.stack([parameters(int(index)) for index in nearest])


class FlatReader:
    """Reads nothing but how bright a picture is, as pose."""

    def read(self, shots: Sequence[Shot]) -> list[Read]:
        return [
            Read(
                np.full(3, float(one.picture.mean())),
                np.zeros(3),
                np.zeros(4),
                np.zeros((2, 2)),
                np.ones(2),
            )
            for one in shots
        ]


def evaluators() -> Evaluators:
    return Evaluators(skin_of, skin_of, parameters_of, FlatReader())
