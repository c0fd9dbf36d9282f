"""The task ``attributes``: pose, openness, what is worn, what hides the face, blur, exposure.

Truth comes from the renderer's parameters and segmentation, and from what was done to the crop
(blur), so it is exact; answers that a crop does not decide are left out of the loss (NaN).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch.nn.functional import binary_cross_entropy_with_logits, smooth_l1_loss

from vplugin.nets.house.attributes import ANSWERS, AttributeNet
from vplugin.nets.house.landmarks import SCALE
from vplugin.synth.parts import Segment
from vplugin.train.augment import Camera, Framing, photographed
from vplugin.train.bank import FaceRecipe, FaceTask, load_trunk, pictures_of
from vplugin.train.cut import Cut, box_frame, cut
from vplugin.train.export import export_onnx, tidy
from vplugin.train.faces import Face
from vplugin.train.task import Batch, Losses, Metrics
from vplugin.vision.landmarks import SIDE

__all__ = ["AttributeRecipe", "AttributesTask", "answers_of"]

Row = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]
_STEADY = Camera(blur=0.0, small=0.0)
_FRAMING = Framing(turn=10.0, scale=0.12, shift=0.04)
_NAMES = [answer.name for answer in ANSWERS]
_FULL_BLUR = 5.0  # px in the crop of 192
_AT_ONCE = 32


class AttributeRecipe(FaceRecipe):
    """Fields of this task."""

    task: Literal["attributes"] = "attributes"
    trunk: Path | None = Field(default=None, description="best.pt of a landmark run to begin from")
    fixed: bool = Field(default=False, description="Whether the trunk stays as it is")
    empty: float = Field(default=0.12, ge=0, le=1, description="Share of crops without a face")


class AttributesTask(FaceTask[AttributeRecipe]):
    """Learns and measures :class:`vplugin.nets.house.attributes.AttributeNet`."""

    name = "attributes"
    recipe_type = AttributeRecipe
    best = "good"

    def build(self) -> AttributeNet:
        """A fresh network, its trunk that of a landmark net if the recipe says so."""
        net = AttributeNet()
        load_trunk(self.recipe.trunk, net)
        if self.recipe.fixed:
            net.trunk.requires_grad_(False)
        return net

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """``pictures`` (N, 3, S, S) uint8, ``answers`` (N, 15), NaN where nobody knows."""
        del step
        rows = [self._row(generator) for _ in range(self.recipe.batch)]
        pictures, answers = (list(column) for column in zip(*rows, strict=True))
        return {
            "pictures": pictures_of(pictures),
            "answers": torch.from_numpy(np.stack(answers)),
        }

    def _row(self, generator: np.random.Generator) -> Row:
        face = self.some_face(generator)
        if generator.random() < self.recipe.empty:
            return self._empty(face, generator)
        matrix = box_frame(face, generator, _FRAMING, SCALE)
        return spoilt(self.some_cut(face, matrix, SCALE, generator), generator)

    def _empty(self, face: Face, generator: np.random.Generator) -> Row:
        """A piece of the picture away from the face, or an upside-down scramble of it."""
        side = SCALE
        x0, y0, x1, y1 = (float(value) for value in face.box)
        wide = max(x1 - x0, y1 - y0)
        angle = generator.uniform(0, 2 * np.pi)
        away = wide * generator.uniform(0.95, 1.2)
        centre = ((x0 + x1) / 2 + away * np.cos(angle), (y0 + y1) / 2 + away * np.sin(angle))
        extent = wide * generator.uniform(0.4, 1.0)
        moved = face._replace(
            box=np.array([*np.subtract(centre, extent / 3), *np.add(centre, extent / 3)])
        )
        crop = self.some_cut(face, box_frame(moved, generator, _FRAMING, side), side, generator)
        answers = np.full(len(ANSWERS), np.nan, np.float32)
        answers[_NAMES.index("face")] = 0.0
        return photographed(crop.picture, generator), answers

    def losses(self, model: torch.nn.Module, batch: Batch) -> Losses:
        """One for each kind of answer."""
        assert isinstance(model, AttributeNet)
        raw, goal = model.raw(batch["pictures"].float()), batch["answers"]
        known = torch.isfinite(goal)
        goal = torch.nan_to_num(goal)
        values = sum(answer.kind == "value" for answer in ANSWERS)
        scales = torch.tensor([answer.scale for answer in ANSWERS[:values]], device=raw.device)
        pose = smooth_l1_loss(
            raw[:, :values], goal[:, :values] / scales, reduction="none", beta=0.1
        )
        rest = binary_cross_entropy_with_logits(raw[:, values:], goal[:, values:], reduction="none")
        pose, rest = pose * known[:, :values], rest * known[:, values:]
        return {
            "pose": 3.0 * pose.sum() / known[:, :values].sum().clamp(min=1),
            "rest": 2.0 * rest.sum() / known[:, values:].sum().clamp(min=1),
        }

    def evaluate(self, model: torch.nn.Module) -> Metrics:
        """On held-out people: mean absolute errors, and areas under the ROC curve of chances.

        ``good`` is the mean area under the curve less the yaw's mean error over 90 degrees.
        """
        rows = []
        for face, generator in self.held_out_faces():
            matrix = box_frame(face, generator, _FRAMING, SCALE)
            rows.append(spoilt(cut(face, matrix, SCALE, generator, None), generator))
            if generator.random() < 0.2:
                rows.append(self._empty(face, generator))
        goal = np.stack([answers for _, answers in rows])
        return _figures(_answered(model, [picture for picture, _ in rows]), goal)

    def export(self, model: torch.nn.Module, path: Path) -> None:
        """(N, 3, H, W) raw RGB → (N, 15); the size is free so that no other contract fits it."""
        example = torch.zeros(1, 3, SIDE, SIDE)
        free = {"crop": {0: "batch", 2: "height", 3: "width"}, "answers": {0: "batch"}}
        export_onnx(model, example, path, inputs=["crop"], outputs=["answers"], free=free)
        tidy(path)


def spoilt(crop: Cut, generator: np.random.Generator) -> Row:
    """A crop as a camera might give it, with a blur that is known, and its answers."""
    picture = photographed(crop.picture, generator, _STEADY)
    scale, blur = SIDE / picture.shape[0], 0.0
    if generator.random() < 0.5:
        blur = float(generator.uniform(0.0, 1.2 * _FULL_BLUR))
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), max(0.05, blur / scale)), np.uint8)
    return picture, answers_of(crop, picture, blur)


def answers_of(crop: Cut, picture: npt.NDArray[np.uint8], blur: float) -> npt.NDArray[np.float32]:
    """(15,) the truth, in the order of :data:`vplugin.nets.house.attributes.ANSWERS`.

    Args:
        crop: Whose truth.
        picture: The crop as it was spoilt.
        blur: Standard deviation of what blurred it, in px of a crop of 192.
    """
    face = crop.face
    turn = np.degrees(np.arctan2(crop.matrix[1, 0], crop.matrix[0, 0]))
    segments = crop.segments(64)
    shares = np.bincount(face.segments.ravel(), minlength=23) / max(1.0, _area(face))
    truth = {
        "yaw": float(face.pose[0]) if abs(turn) < 25 else np.nan,
        "pitch": float(face.pose[1]) if abs(turn) < 25 else np.nan,
        "roll": float(face.pose[2] + turn),
        "left_eye": _openness(face, "right"),
        "right_eye": _openness(face, "left"),
        "mouth": _mouth(face),
        "glasses": _decided(shares[Segment.GLASSES], 0.001, 0.01),
        "sunglasses": _sunglasses(face, shares),
        "hat": _decided(shares[Segment.HAT], 0.001, 0.04),
        "beard": _decided(shares[Segment.BEARD], 0.004, 0.04),
        "mask": _decided(shares[Segment.MASK], 0.001, 0.05),
        "occlusion": float(np.clip(face.occluded, 0, 1)),
        "blur": min(1.0, blur / _FULL_BLUR),
        "exposure": _exposure(picture, segments),
        "face": 1.0,
    }
    return np.array([truth[name] for name in _NAMES], np.float32)


def _area(face: Face) -> float:
    return float((face.box[2] - face.box[0]) * (face.box[3] - face.box[1]))


def _decided(share: float, least: float, most: float) -> float:
    """0 below ``least``, 1 above ``most``, unknown between."""
    return 0.0 if share <= least else 1.0 if share >= most else np.nan


def _openness(face: Face, side: str) -> float:
    blink, squint = face.words[f"expression.blink_{side}"], face.words["expression.squint"]
    return (1.0 - float(blink)) * (1.0 - 0.3 * float(squint))


def _mouth(face: Face) -> float:
    jaw, gap = face.words["expression.jaw"], face.words["expression.gap"]
    return min(1.0, float(jaw) + 0.3 * float(gap))


def _sunglasses(face: Face, shares: npt.NDArray[np.float64]) -> float:
    """Dark lenses by the renderer's word; unknown where they are out of sight."""
    if "none" in (face.words.get("wear.glasses", "none"), face.words.get("wear.lenses", "none")):
        return 0.0
    if face.words["wear.lenses"] != "dark":
        return 0.0 if face.words["wear.lenses"] == "clear" else np.nan
    return 1.0 if shares[Segment.GLASSES] > 0.01 else np.nan


def _exposure(picture: npt.NDArray[np.uint8], segments: npt.NDArray[np.uint8]) -> float:
    """Mean lightness of the skin, unknown where there is little of it."""
    small = cv2.resize(picture, segments.shape, interpolation=cv2.INTER_AREA)
    skin = np.isin(segments, (Segment.SKIN, Segment.NOSE))
    if skin.sum() < 60:
        return np.nan
    return float(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)[skin].mean() / 255)


def _answered(
    model: torch.nn.Module, pictures: list[npt.NDArray[np.uint8]]
) -> npt.NDArray[np.float32]:
    device = next(model.parameters()).device
    parts = [
        model(pictures_of(pictures[start : start + _AT_ONCE]).float().to(device)).cpu().numpy()
        for start in range(0, len(pictures), _AT_ONCE)
    ]
    return np.concatenate(parts)


def _figures(found: npt.NDArray[np.float32], goal: npt.NDArray[np.float32]) -> dict[str, float]:
    """Mean absolute errors of values and shares, areas under the curve of chances."""
    figures: dict[str, float] = {}
    for column, answer in enumerate(ANSWERS):
        known = np.isfinite(goal[:, column])
        one, true = found[known, column], goal[known, column]
        if answer.kind == "chance" and 0 < true.mean() < 1:
            figures[f"auc_{answer.name}"] = area_under_curve(one, true > 0.5)
        elif answer.kind != "chance":
            figures[f"error_{answer.name}"] = float(np.abs(one - true).mean())
    areas = [value for name, value in figures.items() if name.startswith("auc_")]
    figures["good"] = float(np.mean(areas or [0.5])) - figures["error_yaw"] / 90
    return figures


def area_under_curve(scores: npt.NDArray[np.float32], true: npt.NDArray[np.bool_]) -> float:
    """Chance that a true one scores above a false one."""
    ranks = scores.argsort().argsort() + 1.0
    count = int(true.sum())
    return float((ranks[true].sum() - count * (count + 1) / 2) / (count * (len(true) - count)))
