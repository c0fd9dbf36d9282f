"""Training pictures for the detector: rendered people pasted into places, in any number and size.

A bank of a few thousand cut-outs gives any number of pictures: each person is mirrored, turned,
scaled, recoloured and pasted over a place or over other people, whole or cut by the border, with
or without the place it was rendered in. What is seen of a face decides whether it has to be found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.train.augment import Camera, moved, occluded, photographed
from vplugin.train.shards import Item

__all__ = ["Collage", "Collages", "Style"]

Array = npt.NDArray[Any]
_MIRRORED = np.array([1, 0, 2, 4, 3])
_SMALLEST = 7.0  # pixels: smaller faces need not be found
_THING = 255  # number of whatever is nobody
_POINTS = 2  # of the five: who shows fewer is turned away, and need not be found
_CELLS = 6  # along a face, in which its contrast is measured
_CONTRAST = 6.0  # levels: whoever has less is lost in the dark, and need not be found
_BODY = 1.0  # heights of the cut-out by which its lowest row is continued


@dataclass(frozen=True)
class Style:
    """What the pictures are like.

    Attributes:
        counts: Weight of 0, 1, 2, … people in a picture.
        smallest: Side of the smallest faces, px.
        largest: Side of the largest, in shares of the picture's.
        turn: Standard deviation of the angle, degrees.
        any_turn: Share of people at any angle up to 180 degrees.
        own_place: Share of people pasted with the place they were rendered in.
        patched: Share of people with a patch over some part.
        things: Mean number of other things that lie about.
    """

    counts: tuple[float, ...] = (0.07, 0.25, 0.2, 0.13, 0.1, 0.08, 0.07, 0.05, 0.05)
    smallest: float = 9.0
    largest: float = 0.9
    turn: float = 13.0
    any_turn: float = 0.08
    own_place: float = 0.3
    patched: float = 0.15
    things: float = 1.2


class Collage(NamedTuple):
    """A picture and its truth.

    Attributes:
        picture: (S, S, 3) uint8 RGB.
        boxes: (G, 4) float32 px, cut at the border.
        points: (G, 5, 2) float32 px.
        weight: (G, 5) float32, how much each point counts.
        state: (G,) float32, 1 to be found, -1 not to be judged.
    """

    picture: Array
    boxes: Array
    points: Array
    weight: Array
    state: Array


class _Placed(NamedTuple):
    """One person on the canvas: the matrix it was moved by, its truth before hiding."""

    ellipse: Array  # (32, 2) outline of the face
    points: Array
    weight: Array
    size: float
    doubtful: bool


class Collages:
    """Makes pictures from a bank.

    Args:
        faces: Items of :class:`vplugin.train.people.PeopleSource`.
        places: Items with ``image``.
        things: Kinds of things that show no face: of each, items with ``image, alpha``.
        style: Of the pictures.
        camera: What cameras do to them.
    """

    def __init__(
        self,
        faces: Sequence[Item],
        places: Sequence[Item],
        things: Sequence[Sequence[Item]] = (),
        style: Style | None = None,
        camera: Camera | None = None,
    ) -> None:
        self._faces, self._places, self._things = faces, places, things
        self._style = style or Style()
        self._camera = camera or Camera()

    def make(self, generator: np.random.Generator, side: int) -> Collage:
        """One picture.

        Args:
            generator: Decides everything.
            side: Of the picture, px.
        """
        canvas = self._place(generator, side)
        owner = np.zeros((side, side), np.uint8)
        weights = np.array(self._style.counts)
        count = int(generator.choice(len(weights), p=weights / weights.sum()))
        sizes = np.sort(self._sizes(generator, side, count))
        for _ in range(self._thing_count(generator)):
            self._paste_thing(generator, canvas, owner)
        placed = [self._paste_face(generator, canvas, owner, i, s) for i, s in enumerate(sizes, 1)]
        for _ in range(self._thing_count(generator) // 2):
            self._paste_thing(generator, canvas, owner)
        truth = [_truth(person, owner, i) for i, person in enumerate(placed, 1)]
        kept = [one for one in truth if one is not None]
        picture = photographed(canvas, generator, self._camera)
        return _judged(Collage(picture, *_stacked(kept)))

    def _sizes(self, generator: np.random.Generator, side: int, count: int) -> Array:
        """Sides of faces: few are large, and in crowds all are small."""
        low = np.log(self._style.smallest)
        high = np.log(self._style.largest * side / max(1.0, count**0.6))
        share = generator.beta(1.1, 1.1, count)
        crowd = generator.random() < 0.4  # all of about one size
        if crowd and count > 1:
            share = np.clip(share[:1] + generator.normal(0, 0.06, count), 0, 1)
        return np.asarray(np.exp(low + share * (high - low)))

    def _thing_count(self, generator: np.random.Generator) -> int:
        return int(generator.poisson(self._style.things)) if len(self._things) else 0

    def _place(self, generator: np.random.Generator, side: int) -> Array:
        """A piece of a place; now and then plain."""
        if generator.random() < 0.04:
            colour = generator.integers(0, 256, 3)
            return np.ascontiguousarray(np.broadcast_to(colour, (side, side, 3)).astype(np.uint8))
        image = _some(self._places, generator)["image"]
        whole = image.shape[0]
        span = whole * generator.uniform(0.35, 1.0)
        left, top = generator.uniform(0, whole - span, 2)
        scale = side / span
        matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
        if generator.random() < 0.5:
            matrix[0] = [-scale, 0, side - 1 + left * scale]
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        return cv2.warpAffine(image, matrix, (side, side), flags=how, borderMode=cv2.BORDER_REFLECT)

    # ---------------------------------------------------------------- people

    def _paste_face(
        self,
        generator: np.random.Generator,
        canvas: Array,
        owner: Array,
        number: int,
        size: float,
    ) -> _Placed:
        """Put a person on the canvas, its face ``size`` px wide and high in the mean."""
        style, item = self._style, _some(self._faces, generator)
        whole = generator.random() < style.own_place
        image, alpha = np.asarray(item["image"]), np.asarray(item["alpha"])
        box, points = item["box"].astype(np.float64), item["points"].astype(np.float64)
        weight = np.where(item["visible"], 1.0, 0.4)
        if generator.random() < style.patched:
            image, alpha, points_hidden = _patched(image, alpha, box, points, generator)
            weight = np.where(points_hidden, 0.4 * weight, weight)
        centre, extent = (box[:2] + box[2:]) / 2, np.sqrt(np.prod(box[2:] - box[:2]))
        matrix = self._matrix(generator, centre, size / extent, canvas.shape[0])
        if generator.random() < 0.5:  # mirrored
            flip = np.array([[-1.0, 0, image.shape[1] - 1], [0, 1, 0], [0, 0, 1]])
            matrix, points, weight = matrix @ flip, points[_MIRRORED], weight[_MIRRORED]
        gain = np.exp(generator.normal(0, 0.12) + generator.normal(0, 0.03, 3))
        _paste(canvas, owner, image, None if whole else alpha, matrix, number, gain)
        angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
        half = (box[2:] - box[:2]) / 2
        ellipse = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * half
        turned = int(np.count_nonzero(item["visible"])) < _POINTS
        doubtful = turned or float(item["occluded"]) > 0.75
        return _Placed(moved(ellipse, matrix), moved(points, matrix), weight, size, doubtful)

    def _matrix(
        self, generator: np.random.Generator, centre: Array, scale: float, side: int
    ) -> Array:
        """(2, 3): turned and scaled about a point that comes to lie anywhere on the canvas."""
        angle = np.deg2rad(generator.normal(0, self._style.turn))
        if generator.random() < self._style.any_turn:
            angle = generator.uniform(-np.pi, np.pi)
        squeeze = np.exp(generator.normal(0, 0.04))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        linear = scale * turn @ np.diag([squeeze, 1 / squeeze])
        place = generator.uniform(-0.03, 1.03, 2) * side
        return np.hstack([linear, (place - linear @ centre)[:, None]])

    def _paste_thing(self, generator: np.random.Generator, canvas: Array, owner: Array) -> None:
        """Something that is no face, of a size that faces have."""
        kind = self._things[int(generator.integers(len(self._things)))]
        item = _some(kind, generator)
        image = np.asarray(item["image"])
        side, whole = canvas.shape[0], image.shape[0]
        size = np.exp(generator.uniform(np.log(14.0), np.log(0.9 * side)))
        matrix = self._matrix(generator, np.full(2, whole / 2), size / whole, side)
        gain = np.exp(generator.normal(0, 0.15) + generator.normal(0, 0.05, 3))
        _paste(canvas, owner, image, np.asarray(item["alpha"]), matrix, _THING, gain)


def _some(items: Sequence[Item], generator: np.random.Generator) -> Item:
    return items[int(generator.integers(len(items)))]


def _paste(
    canvas: Array,
    owner: Array,
    image: Array,
    alpha: Array | None,
    matrix: Array,
    number: int,
    gain: Array,
) -> None:
    """Lay a cut-out over the canvas; below its lower edge a body goes on as that edge is.

    Args:
        canvas: (S, S, 3) uint8, written to.
        owner: (S, S) uint8, ``number`` where the cut-out is what is seen.
        image: (h, w, 3) uint8.
        alpha: (h, w) uint8; None: all of it, as a picture with an edge.
        matrix: (2, 3) image → canvas.
        number: Of the cut-out.
        gain: (3,) factors of the colours.
    """
    shrunk = image, np.full(image.shape[:2], 255, np.uint8) if alpha is None else alpha
    while abs(np.linalg.det(matrix[:, :2])) < 0.3 and min(shrunk[1].shape) > 8:
        shrunk = _halved(shrunk[0]), _halved(shrunk[1])
        matrix = matrix @ np.array([[2.0, 0, 0.5], [0, 2.0, 0.5], [0, 0, 1.0]])
    layers = cv2.merge([*cv2.split(shrunk[0]), shrunk[1]])
    if alpha is not None and number < _THING:
        below = int(_BODY * len(layers))
        layers = cv2.copyMakeBorder(layers, 0, below, 0, 0, cv2.BORDER_REPLICATE)
    height, width = layers.shape[:2]
    corners = moved(np.array([[0, 0], [width, 0], [width, height], [0, height]]), matrix)
    low = np.clip(np.floor(corners.min(0)) - 1, 0, len(canvas)).astype(int)
    high = np.clip(np.ceil(corners.max(0)) + 2, 0, len(canvas)).astype(int)
    if (high <= low).any():
        return
    shifted = matrix - np.array([[0, 0, low[0]], [0, 0, low[1]]])
    span = int(high[0] - low[0]), int(high[1] - low[1])
    warped = cv2.warpAffine(layers, shifted, span, flags=cv2.INTER_LINEAR)
    zone = canvas[low[1] : high[1], low[0] : high[0]]
    cover = warped[..., 3] * np.float32(1 / 255)
    table = np.clip(np.arange(256)[:, None] * gain, 0, 255).astype(np.uint8)
    colour = cv2.LUT(np.ascontiguousarray(warped[..., :3]), table[None])
    zone[:] = cv2.blendLinear(colour, zone, cover, 1 - cover)
    owner[low[1] : high[1], low[0] : high[0]][warped[..., 3] > 127] = number


def _halved(image: Array) -> Array:
    """Half as large, each pixel the mean of four."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    return cv2.resize(
        image[: height * 2, : width * 2], (width, height), interpolation=cv2.INTER_AREA
    )


def _patched(
    image: Array, alpha: Array, box: Array, points: Array, generator: np.random.Generator
) -> tuple[Array, Array, Array]:
    """A patch near the face; also which points it hides."""
    low = np.clip(box[:2].astype(int) - 8, 0, None)
    high = np.clip(box[2:].astype(int) + 8, None, image.shape[0])
    image, alpha = image.copy(), alpha.copy()
    zone = (slice(low[1], high[1]), slice(low[0], high[0]))
    image[zone], mask = occluded(image[zone], generator)
    alpha[zone][mask] = 255
    hidden = np.zeros(image.shape[:2], bool)
    hidden[zone] = mask
    column, row = np.clip(points.round().astype(int), 0, image.shape[0] - 1).T
    return image, alpha, hidden[row, column]


# -------------------------------------------------------------------- truth


def _truth(person: _Placed, owner: Array, number: int) -> tuple[Array, Array, Array, float] | None:
    """Box, points, weights and state of a person; None where too little is seen to matter."""
    side = len(owner)
    low, high = person.ellipse.min(0), person.ellipse.max(0)
    mask = np.zeros((side, side), np.uint8)
    cv2.fillConvexPoly(mask, (person.ellipse * 16).astype(np.int32), 1, shift=4)
    area = cv2.contourArea(person.ellipse.astype(np.float32))
    seen = float(np.count_nonzero(mask & (owner == number))) / max(area, 1.0)
    if seen < 0.12:
        return None
    box = np.concatenate([np.clip(low, 0, side), np.clip(high, 0, side)])
    column, row = person.points.T
    inside = (column >= 0) & (row >= 0) & (column < side) & (row < side)
    at = np.clip(person.points.round().astype(int), 0, side - 1)
    weight = person.weight * np.where(owner[at[:, 1], at[:, 0]] == number, 1.0, 0.4) * inside
    least = float(np.sqrt(np.prod(box[2:] - box[:2])))
    sure = seen >= 0.4 and least >= _SMALLEST and not person.doubtful
    return box, person.points, weight, 1.0 if sure else -1.0


def _judged(made: Collage) -> Collage:
    """The same, faces that the camera lost no longer to be judged."""
    grey = cv2.cvtColor(made.picture, cv2.COLOR_RGB2GRAY)
    lost = np.array([_contrast(grey, box) < _CONTRAST for box in made.boxes], bool)
    return made._replace(state=np.where(lost, np.float32(-1), made.state))


def _contrast(grey: Array, box: Array) -> float:
    """Standard deviation of a face's lightness over coarse cells, what noise adds taken off."""
    low = np.clip(box[:2].astype(int), 0, len(grey) - _CELLS)
    high = np.maximum(np.ceil(box[2:]).astype(int), low + _CELLS)
    face = grey[low[1] : high[1], low[0] : high[0]].astype(np.float32)
    cells = cv2.resize(face, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    noise = float(np.diff(face, axis=1).var()) / 2
    return math.sqrt(max(0.0, float(cells.var()) - noise * _CELLS**2 / face.size))


def _stacked(
    truth: Sequence[tuple[Array, Array, Array, float]],
) -> tuple[Array, Array, Array, Array]:
    """All faces as arrays."""
    boxes = np.array([one[0] for one in truth], np.float32).reshape(-1, 4)
    points = np.array([one[1] for one in truth], np.float32).reshape(-1, 5, 2)
    weight = np.array([one[2] for one in truth], np.float32).reshape(-1, 5)
    return boxes, points, weight, np.array([one[3] for one in truth], np.float32)
