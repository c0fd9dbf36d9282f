"""The task ``landmarks``: 106 points from crops of 1.5 times the face box.

Losses: smooth L1 on the points, weighted by visibility and by what the points are for, and the
cross-entropy of each heat map against a small Gaussian, which starts the soft-argmax off. Crops are
made at the 128 px that the net works at; evaluation uses the contract's 192.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from vplugin.nets.house.landmarks import SCALE, LandmarkNet
from vplugin.train.augment import Camera, Framing, occluded, photographed
from vplugin.train.bank import FaceRecipe, FaceTask, pictures_of
from vplugin.train.cut import Cut, box_frame, cut
from vplugin.train.export import export_onnx, tidy
from vplugin.train.task import Batch, Losses, Metrics
from vplugin.vision.landmarks import FIVE, SIDE

__all__ = ["LandmarkRecipe", "LandmarksTask", "point_weights"]

GENTLE = Camera(cast=0.05, dark=0.05, blur=0.15, small=0.15, noise=0.3, jpeg=0.5, strength=0.6)
_NEAR = Framing(turn=8.0, scale=0.06, shift=0.02, squeeze=0.0)
_FAR = Framing(turn=16.0, scale=0.17, shift=0.06)
_OUTLINE = range(33)
_LIDS = (*range(33, 43), *range(87, 97))
_MOUTH = range(52, 72)
_AT_ONCE = 32  # crops in one run of an evaluation


class LandmarkRecipe(FaceRecipe):
    """Fields of this task."""

    task: Literal["landmarks"] = "landmarks"
    hidden: float = Field(default=0.35, ge=0, le=1, description="Weight of points that are hidden")
    heat: float = Field(default=0.3, ge=0, description="Weight of the heat maps' cross-entropy")
    patches: float = Field(default=0.25, ge=0, le=1, description="Share of crops with a patch")


class LandmarksTask(FaceTask[LandmarkRecipe]):
    """Learns and measures :class:`vplugin.nets.house.landmarks.LandmarkNet`."""

    name = "landmarks"
    recipe_type = LandmarkRecipe
    best = "good"

    def build(self) -> LandmarkNet:
        """A fresh network."""
        return LandmarkNet()

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """``pictures`` (N, 3, 128, 128) uint8, ``points`` (N, 106, 2), ``weights`` (N, 106)."""
        del step
        rows = [self._row(SCALE, generator) for _ in range(self.recipe.batch)]
        pictures, points, weights = (list(column) for column in zip(*rows, strict=True))
        return {
            "pictures": pictures_of(pictures),
            "points": torch.from_numpy(np.stack(points)),
            "weights": torch.from_numpy(np.stack(weights)),
        }

    def _row(
        self, side: int, generator: np.random.Generator
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        face = self.some_face(generator)
        crop = self.some_cut(face, box_frame(face, generator, _FAR, side), side, generator)
        picture, points, visible = crop.picture, crop.points(face.landmarks), face.visible
        if generator.random() < self.recipe.patches:
            picture, mask = occluded(picture, generator)
            visible = visible & ~_within(mask, points)
        weights = np.where(visible, 1.0, self.recipe.hidden) * point_weights()
        picture = photographed(picture, generator)
        return picture, points.astype(np.float32), weights.astype(np.float32)

    def losses(self, model: torch.nn.Module, batch: Batch) -> Losses:
        """``points`` and ``heat``."""
        assert isinstance(model, LandmarkNet)
        found = model.detailed(batch["pictures"].float())
        points, weights = batch["points"], batch["weights"]
        total = weights.sum().clamp(min=1.0)
        each = smooth_l1_loss(found.points, points, beta=0.006, reduction="none").sum(2)
        heat = _cross_entropy(found.heat, points)
        return {
            "points": 10.0 * (each * weights).sum() / total,
            "heat": self.recipe.heat * (heat * weights).sum() / total,
        }

    def evaluate(self, model: torch.nn.Module) -> Metrics:
        """Errors on held-out people, in eye distances; ``good`` is 1 less the five-point error.

        Of faces turned by up to 60 degrees: ``five`` is the mean of the five points,
        ``five_median`` its median, ``all106`` the mean of the visible points, ``lids`` and
        ``mouth`` of those.
        """
        crops: list[Cut] = []
        for face, generator in self.held_out_faces():
            if abs(face.pose[0]) <= 60:
                crop = cut(face, box_frame(face, generator, _NEAR, SIDE), SIDE, generator, None)
                crops.append(Cut(photographed(crop.picture, generator, GENTLE), face, crop.matrix))
        table = np.array([_errors(crop, points) for crop, points in _found(model, crops)])
        five, seen, lids, mouth = (float(value) for value in table.mean(0))
        return {
            "good": 1.0 - five,
            "five": five,
            "five_median": float(np.median(table[:, 0])),
            "all106": seen,
            "lids": lids,
            "mouth": mouth,
        }

    def export(self, model: torch.nn.Module, path: Path) -> None:
        """The contract 2d106det: (N, 3, 192, 192) raw RGB → (N, 212)."""
        example = torch.zeros(1, 3, SIDE, SIDE)
        export_onnx(model, example, path, inputs=["data"], outputs=["fc1"])
        tidy(path)


def point_weights() -> npt.NDArray[np.float32]:
    """(106,) how much each point counts: features more than the outline, the five most."""
    weights = np.ones(106, np.float32)
    weights[list(_OUTLINE)] = 0.5
    weights[[*_LIDS, *_MOUTH]] = 1.3
    weights[list(FIVE)] = 2.5
    return weights


def _within(mask: npt.NDArray[np.bool_], points: npt.NDArray[np.float32]) -> Any:
    """(K,) whether points in -1…1 lie where the mask is set."""
    side = mask.shape[0]
    places = np.clip(((points + 1) * (side / 2)).astype(int), 0, side - 1)
    return mask[places[:, 1], places[:, 0]]


def _cross_entropy(heat: Tensor, points: Tensor) -> Tensor:
    """(N, 106) of each map's softmax against a Gaussian of 0.8 cells about the point.

    Points beyond the map have none: 0.
    """
    height, width = heat.shape[2:]
    xs = (points[..., :1] + 1) * (width / 2) - 0.5 - torch.arange(width, device=heat.device)
    ys = (points[..., 1:] + 1) * (height / 2) - 0.5 - torch.arange(height, device=heat.device)
    wide = torch.exp(-0.78 * xs**2)
    high = torch.exp(-0.78 * ys**2)
    goal = (high[..., :, None] * wide[..., None, :]).flatten(2)
    inside = (points.abs() < 1).all(2)
    goal = goal / goal.sum(2, keepdim=True).clamp(min=1e-6)
    return -(goal * torch.log_softmax(heat.flatten(2), 2)).sum(2) * inside


def _found(model: torch.nn.Module, crops: list[Cut]) -> list[tuple[Cut, npt.NDArray[np.float32]]]:
    """Each crop with the points found in it, (106, 2); -1 and 1 are the outer edges."""
    device = next(model.parameters()).device
    rows: list[npt.NDArray[np.float32]] = []
    for start in range(0, len(crops), _AT_ONCE):
        pictures = pictures_of([crop.picture for crop in crops[start : start + _AT_ONCE]])
        found = model(pictures.float().to(device)).cpu().numpy().reshape(-1, 106, 2)
        rows.extend(found + 1.0 / SIDE)
    return list(zip(crops, rows, strict=True))


def _errors(crop: Cut, points: npt.NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Of the five, of what is visible, of the lids and of the mouth, in eye distances."""
    face = crop.face
    truth = crop.points(face.landmarks)
    apart = float(np.hypot(*(truth[FIVE[1]] - truth[FIVE[0]])))
    errors = np.hypot(*(points - truth).T) / apart
    fives = errors[list(FIVE)].mean()
    seen = errors[face.visible].mean() if face.visible.any() else errors.mean()
    return (
        float(fives),
        float(seen),
        float(errors[list(_LIDS)].mean()),
        float(errors[_MOUTH].mean()),
    )
