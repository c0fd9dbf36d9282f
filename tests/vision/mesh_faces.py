"""Faces made of the face model itself: landmarks, picture and what is where are known exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from vplugin.vision.align import apply, similarity
from vplugin.vision.mesh_model import FaceModel, Fit, face_model
from vplugin.vision.mesh_view import MESH, Seen
from vplugin.vision.mesh_warp import draw
from vplugin.vision.source import View

FIVE = (38, 92, 86, 52, 61)


def turned(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """Head to camera; positive yaw to the picture's right, pitch down, roll clockwise."""
    a, b, c = (math.radians(value) for value in (yaw, pitch, roll))
    across = np.array([[math.cos(a), 0, -math.sin(a)], [0, 1, 0], [math.sin(a), 0, math.cos(a)]])
    down = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    tilt = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    return tilt @ across @ down


def face(
    seed: int | None = None, *, yaw=0.0, pitch=0.0, roll=0.0, jaw=0.0, scale=2.0, middle=(160, 120)
) -> Fit:
    """A face of the model; ``seed`` says who, None is the mean; ``jaw`` opens the mouth."""
    model = face_model()
    identity = np.zeros(len(model.identity))
    if seed is not None:
        identity = np.random.default_rng(seed).normal(0, 0.8, len(identity))
    expression = np.zeros(len(model.expression))
    expression[0] = jaw * _opening(model)
    shift = np.asarray(middle, np.float64)
    return Fit(identity, expression, turned(yaw, pitch, roll), scale, shift, np.zeros((106, 2)))


def _opening(model: FaceModel) -> float:
    """The sign of the first expression that opens the mouth."""
    return float(np.sign(model.expression[0, 60, 1] - model.expression[0, 62, 1]))


def picture(fit: Fit, colours: Sequence[float], size: int = 320, background: float = 0.2):
    """A face of skin of one colour with a pattern of its own: (size, size, 3) float32 in 0–1."""
    model = face_model()
    surface = draw(model, model.placed(fit), size, 1.0)
    x, y = model.mean[:, 0], model.mean[:, 1]
    stripes = surface.carry(np.column_stack([x, y, model.skin]))
    pattern = 0.12 * np.sin(stripes[..., 0] * colours[3]) * np.cos(stripes[..., 1] * colours[3])
    skin = np.asarray(colours[:3], np.float32) * (1.0 + pattern[..., None])
    skin = np.where(stripes[..., 2:] > 0.5, skin, skin * 0.45)
    image = np.full((size, size, 3), background, np.float32)
    there = surface.regions < 255
    image[there] = skin[there]
    return cv2.GaussianBlur(image, (0, 0), 0.7).clip(0, 1).astype(np.float32)


class Known:
    """A :class:`vplugin.vision.mesh_view.Sight` that knows the faces it is shown."""

    def __init__(self, *faces: Fit) -> None:
        self.faces = faces
        self.cover: np.ndarray | None = None  # (S, S) what hides the next face, in its crop

    def look(self, crops: np.ndarray, points: np.ndarray) -> list[Seen]:
        """The face of which these are the five points."""
        return [self._one(crop, five) for crop, five in zip(crops, points, strict=True)]

    def _one(self, crop: np.ndarray, five: np.ndarray) -> Seen:
        model, size = face_model(), len(crop)
        fits = [(self._miss(fit, five), fit) for fit in self.faces]
        fit = min(fits, key=lambda pair: pair[0])[1]
        matrix = similarity(points_of(fit), five)
        places = model.placed(fit)
        places[:, :2] = apply(matrix, places[:, :2])
        places[:, 2] *= 1.0
        regions = draw(model, places, size // 2, 0.5).regions
        seen = (regions < 255).astype(np.float32)
        if self.cover is not None:
            seen *= 1.0 - cv2.resize(self.cover, (size // 2, size // 2))
        return Seen(places[:106, :2], seen)

    def _miss(self, fit: Fit, five: np.ndarray) -> float:
        own = points_of(fit)
        return float(np.abs(apply(similarity(own, five), own) - five).max())


def points_of(fit: Fit) -> np.ndarray:
    """(5, 2) of a face."""
    return face_model().placed(fit)[list(FIVE), :2]


def view(fit: Fit, colours: Sequence[float]) -> View:
    """A source picture."""
    image = np.rint(picture(fit, colours) * 255).astype(np.uint8)
    return View(image, points_of(fit).astype(np.float32))


def crop(fit: Fit, colours: Sequence[float], size: int = 256) -> tuple[np.ndarray, np.ndarray, Fit]:
    """A target crop (S, S, 3), its five points (5, 2), and the face as it lies in the crop."""
    points = points_of(fit)
    matrix = similarity(points, MESH.at(size))
    scale = math.hypot(matrix[0, 0], matrix[1, 0])
    tilt = np.eye(3)
    tilt[:2, :2] = matrix[:, :2] / scale
    lying = replace(
        fit,
        rotation=tilt @ fit.rotation,
        scale=fit.scale * scale,
        shift=apply(matrix, fit.shift[None])[0],
    )
    return picture(lying, colours, size), apply(matrix, points), lying
