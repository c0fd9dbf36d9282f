"""What is known about a face before it is swapped: landmarks and what is face, and from them the
fitted shape, how open mouth and eyes are and where they look. Pictures of the source are prepared
once: upright, with their mirror images, in several sizes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.vision.align import (
    Template,
    apply,
    compose,
    invert,
    scale_of,
    similarity,
    template,
    warp,
)
from vplugin.vision.landmarks import SIDE, Landmarker, face_square, five_points
from vplugin.vision.mesh_mask import smoothstep
from vplugin.vision.mesh_model import FaceModel, Fit, face_model
from vplugin.vision.mesh_warp import draw, pyramid
from vplugin.vision.parse import FaceClass, Parser
from vplugin.vision.source import View

__all__ = [
    "MESH",
    "MeshView",
    "NetSight",
    "Seen",
    "Sight",
    "State",
    "agreement",
    "completed",
    "mouth_gap",
    "openings",
    "prepared",
    "state_of",
]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.float64]

#: As ``arcface_112`` with a wider border: forehead and chin, and what a landmark net wants around.
MESH = Template(
    "mesh_160", 160, tuple((x + 24.0, y + 24.0) for x, y in template("arcface_112").points)
)

FACE = (
    FaceClass.SKIN, FaceClass.LEFT_BROW, FaceClass.RIGHT_BROW, FaceClass.LEFT_EYE,
    FaceClass.RIGHT_EYE, FaceClass.NOSE, FaceClass.INNER_MOUTH, FaceClass.UPPER_LIP,
    FaceClass.LOWER_LIP,
)  # fmt: skip

# Where the box of a face (forehead to chin) is in a crop by MESH, which hardly differs: the points
# of a detector are steadier than its box.
_FACE_BOX = (0.18, 0.224, 0.82, 0.864)
_LARGEST = 768
_MEASURED = 128
_SHADING = (0.06, 0.3)  # eye distances
_HARD = (0.08, 0.2)  # deviation of shading, in natural logarithms
_DARK = 80.0  # of 255
_ASIDE = 0.4  # cosine from which a picture shows a place well
_OVERSAMPLING = 1.6
# Of the way from the landmark net's answer to the detector's (0.03 to 0.045 eye distances): best is
# 0.6 for a net at 0.06, 0.3 for one at 0.035, 0.15 for one at 0.02; between them little is lost.
_ANCHOR = 0.5
_AT_ODDS = (0.15, 0.28)  # eye distances between the two; 0.04 to 0.09 is usual
# Of the 106: corners and lids of the eyes at the picture's left and right.
_EYES = ((35, 39, 40, 33, 38), (89, 93, 94, 87, 92))
_LIPS = (62, 60)
_EYE_WIDTH, _EYE_REACH = 0.42, 0.33  # eye distances
_MOUTH_REACH, _MOUTH_WIDTH = 0.7, 0.7  # eye distances; share of the corners' distance
_BALL = 0.75  # the area of what a parser takes for an eye runs larger than the gap of the lids


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen of a face in a crop.

    Attributes:
        landmarks: (106, 2) pixels of the crop.
        face: (h, h) float32 in 0–1, h any size: chance that a pixel shows the face (skin, features)
            and nothing before it: no hair, no glasses, no hand.
        trust: 0–1, how far the landmarks are to be believed.
        lids: Most that each eye can be open, gap over width, at the picture's left and right.
        mouth: Least that the mouth is open, gap between the lips over the eye distance.
    """

    landmarks: Places
    face: Floats
    trust: float = 1.0
    lids: tuple[float, float] = (math.inf, math.inf)
    mouth: float = 0.0


class Sight(Protocol):
    """Looks at faces."""

    def look(self, crops: Floats, points: Array) -> Sequence[Seen]:
        """Look at aligned crops.

        Args:
            crops: (N, S, S, 3) float32 RGB in 0–1, by :data:`MESH`.
            points: (N, 5, 2), in the crops.
        """


class NetSight:
    """Sees by a landmark net and a face parser.

    Args:
        landmarker: Of the 2d106det contract.
        parser: Of 19 classes.
        model: The shape of faces; the one that ships if None.
    """

    def __init__(
        self, landmarker: Landmarker, parser: Parser, model: FaceModel | None = None
    ) -> None:
        self._model = model or face_model()
        self._landmarker = landmarker
        self._parser = parser

    def look(self, crops: Floats, points: Array) -> list[Seen]:
        """See :meth:`Sight.look`."""
        size = crops.shape[1]
        left, top, right, bottom = (share * size - 0.5 for share in _FACE_BOX)
        square = face_square(np.array([left, top, right, bottom]), SIDE)
        small = np.stack([warp(crop, square, (SIDE, SIDE)) for crop in crops])
        found = apply(invert(square), self._landmarker.points(small * 255.0))
        anchored = self._model.anchored
        marks = [anchored(one, five, _ANCHOR) for one, five in zip(found, points, strict=True)]
        trusts = [agreement(one, five) for one, five in zip(found, points, strict=True)]
        matrices = [self._parser.matrix(places) for places in points]
        side = self._parser.size
        cut = np.stack([warp(c, m, (side, side)) for c, m in zip(crops, matrices, strict=True)])
        parsed = self._parser.parse(cut * 255.0)
        face = parsed.chance(*FACE) * (1.0 - parsed.hidden)
        eyes = parsed.chance(FaceClass.LEFT_EYE, FaceClass.RIGHT_EYE)
        inner = parsed.chance(FaceClass.INNER_MOUTH)
        return [
            Seen(
                marks[k],
                _back(face[k], matrices[k], size),
                trusts[k],
                openings(eyes[k], apply(matrices[k], points[k])),
                mouth_gap(inner[k], apply(matrices[k], points[k])),
            )
            for k in range(len(crops))
        ]


def openings(eyes: Floats, points: Array) -> tuple[float, float]:
    """How open eyes can be by what is seen of the eyeballs: gap of the lids over width.

    A landmark net finds the lids of shut eyes nearly as far apart as those of open ones; a parser
    finds no eye there.

    Args:
        eyes: (h, w) chance of eye.
        points: (5, 2) there; the first two are the eyes.
    """
    rows, columns = np.mgrid[: eyes.shape[0], : eyes.shape[1]]
    apart = max(float(np.hypot(*(points[1] - points[0]))), 1e-6)
    ellipse = math.pi / 4.0 * (_EYE_WIDTH * apart) ** 2  # of an eye as high as wide
    near = [np.hypot(columns - x, rows - y) < _EYE_REACH * apart for x, y in points[:2]]
    left, right = (_BALL * float(eyes[one].sum()) / ellipse for one in near)
    return left, right


def agreement(marks: Places, points: Array) -> float:
    """0–1, how far two nets that look independently agree: where they do not, one is wrong.

    Args:
        marks: (106, 2) of the landmark net.
        points: (5, 2) of the detector.
    """
    eyes = max(float(np.hypot(*(points[1] - points[0]))), 1e-6)
    off = float(np.hypot(*(five_points(marks) - points).T).mean()) / eyes
    return 1.0 - float(smoothstep(off, *_AT_ODDS))


def _back(face: Floats, matrix: Array, size: int) -> Floats:
    """A map in the parser's crop at half the size of ours; 0 beyond it."""
    half = size // 2
    ratio = half / size
    ours = np.array([[ratio, 0.0, (ratio - 1.0) / 2.0], [0.0, ratio, (ratio - 1.0) / 2.0]])
    return np.asarray(warp(face, compose(ours, invert(matrix)), (half, half), border="black"))


def mouth_gap(inner: Floats, points: Array) -> float:
    """How far the lips are apart by what is seen between them, over the eye distance.

    Args:
        inner: (h, w) chance of teeth, tongue or what is dark behind them.
        points: (5, 2) there; the last two are the corners of the mouth.
    """
    rows, columns = np.mgrid[: inner.shape[0], : inner.shape[1]]
    apart = max(float(np.hypot(*(points[1] - points[0]))), 1e-6)
    wide = max(float(np.hypot(*(points[4] - points[3]))), 0.2 * apart)
    x, y = (points[3] + points[4]) / 2.0
    near = np.hypot(columns - x, rows - y) < _MOUTH_REACH * apart
    return float(inner[near].sum()) / (_MOUTH_WIDTH * wide) / apart


@dataclass(frozen=True)
class State:
    """What a face does, in shares that do not depend on its size.

    Attributes:
        mouth: Gap between the lips over the eye distance.
        eyes: Gap between the lids over the width of each eye, at the picture's left and right.
        gaze: (x, y) of each pupil from the middle of the eye over its width.
    """

    mouth: float
    eyes: tuple[float, float]
    gaze: tuple[tuple[float, float], tuple[float, float]]


def state_of(
    marks: Places, lids: tuple[float, float] = (math.inf, math.inf), least: float = 0.0
) -> State:
    """Measured on landmarks.

    Args:
        marks: (106, 2).
        lids: Eyes are no further open; see :class:`Seen`.
        least: The mouth is at least so far open.
    """
    left, right = (marks[list(eye[:2])].mean(axis=0) for eye in _EYES)
    between = max(float(np.hypot(*(right - left))), 1e-6)
    gaps, gazes = [], []
    for first, second, top, bottom, pupil in _EYES:
        across = marks[second] - marks[first]
        width = max(float(np.hypot(*across)), 1e-6)
        along = across / width
        down = np.array([-along[1], along[0]])
        gaps.append(max(0.0, float((marks[bottom] - marks[top]) @ down)) / width)
        offset = marks[pupil] - (marks[first] + marks[second]) / 2.0
        gazes.append((float(offset @ along) / width, float(offset @ down) / width))
    mouth = float(np.hypot(*(marks[_LIPS[1]] - marks[_LIPS[0]]))) / between
    shut = min(gaps[0], lids[0]), min(gaps[1], lids[1])
    return State(max(mouth, least), shut, (gazes[0], gazes[1]))


@dataclass(frozen=True, eq=False)
class MeshView:
    """One picture of the source, made ready.

    Attributes:
        levels: RGBA uint8 pictures, ever half as large; alpha is 0 where something is before the
            face (hair, glasses, hand) or beside it.
        fit: The face in the first of them.
        vertices: (V, 3) of the fit.
        normals: (V,) how much each vertex faces the camera, -1 to 1.
        state: What the face does.
        mirrored: Whether the picture is a mirror image.
        flaws: 0–1, how hard the shadows on it are and how dark it is.
        filler: Another picture that shows best what this one does not show.
    """

    levels: tuple[Array, ...]
    fit: Fit
    vertices: Places
    normals: Places
    state: State
    mirrored: bool
    flaws: float = 0.0
    filler: MeshView | None = None


def prepared(model: FaceModel, sight: Sight, view: View) -> tuple[MeshView, MeshView]:
    """A picture and its mirror image, upright and ready."""
    native = MESH.size / scale_of(similarity(view.points, MESH.at(MESH.size)))
    size = int(min(max(math.ceil(native * _OVERSAMPLING / 8) * 8, MESH.size), _LARGEST))
    matrix = similarity(view.points, MESH.at(size))
    rgb = warp(view.image, matrix, (size, size), smooth=True)
    seen = sight.look(rgb[None].astype(np.float32) / 255.0, apply(matrix, view.points)[None])[0]
    alpha = cv2.resize(np.rint(seen.face * 255).astype(np.uint8), (size, size))
    rgba = np.dstack([rgb, alpha])
    other = seen.landmarks[model.mirror] * [-1.0, 1.0] + [size - 1.0, 0.0]
    flipped = np.ascontiguousarray(rgba[:, ::-1])
    state = state_of(seen.landmarks, seen.lids, seen.mouth)
    mirrored = state_of(other, seen.lids[::-1], seen.mouth)
    return (
        _view(model, rgba, seen.landmarks, state, False),
        _view(model, flipped, other, mirrored, True),
    )


def completed(views: Sequence[MeshView]) -> tuple[MeshView, ...]:
    """The pictures, each with the one that shows best what it does not show."""
    result = []
    for view in views:
        hidden = np.clip(_ASIDE - view.normals, 0.0, 1.0)
        gains = [float((hidden * np.clip(other.normals, 0.0, _ASIDE)).sum()) for other in views]
        # Of two that show it alike, one that does the same with its mouth.
        alike = [0.5 * abs(other.state.mouth - view.state.mouth) for other in views]
        best = int(np.argmax([gain * (1.0 - a) for gain, a in zip(gains, alike, strict=True)]))
        result.append(replace(view, filler=None if views[best] is view else views[best]))
    return tuple(result)


def _view(model: FaceModel, rgba: Array, marks: Places, state: State, mirrored: bool) -> MeshView:
    fit = model.fit(marks)
    vertices = model.placed(fit)
    facing = facings(model, vertices)
    flaws = _flaws(model, rgba, vertices, fit.scale)
    return MeshView(pyramid(rgba), fit, vertices, facing, state, mirrored, flaws)


def _flaws(model: FaceModel, rgba: Array, vertices: Places, scale: float) -> float:
    """Of the light: how deep the shadows of nose and brows are, and how little there is of it."""
    side = min(_MEASURED, rgba.shape[0])
    ratio = side / rgba.shape[0]
    small = cv2.resize(rgba, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    skin = draw(model, vertices, side, ratio).carry(model.skin[:, None])[..., 0]
    skin = np.clip(skin, 0.0, 1.0) * small[..., 3] / 255.0
    lightness = small[..., 1] * skin
    fine, coarse = (share * 63.0 * scale * ratio for share in _SHADING)
    low, wide = (
        (cv2.GaussianBlur(lightness, (0, 0), sigma) + 1.0)
        / (cv2.GaussianBlur(skin, (0, 0), sigma) + 0.02)
        for sigma in (fine, coarse)
    )
    between, total = np.log(low / wide), max(float(skin.sum()), 1e-6)
    unrest = float(np.sqrt((between * between * skin).sum() / total))
    stops = np.log2(_DARK / max(float(lightness.sum()) / total, 1.0))
    hard = (unrest - _HARD[0]) / (_HARD[1] - _HARD[0])
    return float(0.7 * np.clip(hard, 0.0, 1.0) + 0.3 * np.clip(stops, 0.0, 1.0))


def facings(model: FaceModel, vertices: Places) -> Places:
    """(V,) cosine between each vertex's normal and the direction to the camera."""
    a, b, c = (vertices[model.triangles[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(normals, model.triangles[:, k], across)
    length = np.linalg.norm(normals, axis=1)
    return np.asarray(normals[:, 2] / np.maximum(length, 1e-9))
