"""The task ``parser``: 19 classes of a face's pixels, and what hides it.

Cross-entropy at half size, rare classes weighted up, and a soft Dice term for small features; the
hidden map is learned by binary cross-entropy. Crops range from tight alignment to loose boxes, so
that the parser serves whatever crop is at hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot

from vplugin.nets.house.parser import CLASSES, ParserNet
from vplugin.synth.parts import Segment
from vplugin.train.augment import Framing, Matrix, occluded, photographed
from vplugin.train.bank import FaceRecipe, FaceTask, load_trunk, pictures_of
from vplugin.train.cut import Cut, box_frame, cut, template_frame
from vplugin.train.export import export_onnx, tidy
from vplugin.train.faces import Face
from vplugin.train.landmarks import GENTLE
from vplugin.train.task import Batch, Losses, Metrics

__all__ = ["ParserRecipe", "ParserTask", "class_of_segment"]

IGNORED = 255
SIDE = 160
_HIDING = (Segment.HAND, Segment.PROP, Segment.MASK)
_NEAR = Framing(turn=3.0, scale=0.04, shift=0.01, squeeze=0.0)
_FAR = Framing(turn=10.0, scale=0.12, shift=0.04)
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_AT_ONCE = 32


class ParserRecipe(FaceRecipe):
    """Fields of this task."""

    task: Literal["parser"] = "parser"
    sides: Annotated[
        tuple[int, ...], Field(description="Sides of the crops, in turn step by step; px")
    ] = (128, 128, 160)
    trunk: Path | None = Field(default=None, description="best.pt of a landmark run to begin from")
    patches: float = Field(default=0.25, ge=0, le=1, description="Share of crops with a patch")
    dice: float = Field(default=0.5, ge=0, description="Weight of the Dice term")


class ParserTask(FaceTask[ParserRecipe]):
    """Learns and measures :class:`vplugin.nets.house.parser.ParserNet`."""

    name = "parser"
    recipe_type = ParserRecipe
    best = "miou"

    def build(self) -> ParserNet:
        """A fresh network, its trunk that of a landmark net if the recipe says so."""
        net = ParserNet()
        load_trunk(self.recipe.trunk, net)
        return net

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """``pictures`` (N, 3, S, S) uint8; ``labels`` and ``hidden`` (N, S/2, S/2) uint8."""
        side = self.recipe.sides[step % len(self.recipe.sides)]
        rows = [self._row(side, generator) for _ in range(self.recipe.batch)]
        pictures, labels, hidden = (list(column) for column in zip(*rows, strict=True))
        return {
            "pictures": pictures_of(pictures),
            "labels": torch.from_numpy(np.stack(labels)),
            "hidden": torch.from_numpy(np.stack(hidden)),
        }

    def _row(
        self, side: int, generator: np.random.Generator
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        face = self.some_face(generator)
        crop = self.some_cut(face, _frame(face, side, generator), side, generator)
        picture, segments = crop.picture, crop.segments(side // 2)
        labels, hidden = class_of_segment()[segments], hiding(segments)
        if generator.random() < self.recipe.patches:
            picture, mask = occluded(picture, generator)
            labels[mask[1::2, 1::2]], hidden[mask[1::2, 1::2]] = IGNORED, 1
        return photographed(picture, generator), labels, hidden

    def losses(self, model: torch.nn.Module, batch: Batch) -> Losses:
        """``classes``, ``dice`` and ``hidden``."""
        assert isinstance(model, ParserNet)
        logits = model.halved(normalised(batch["pictures"])).float()
        labels, hidden = batch["labels"].long(), batch["hidden"].float()
        weights = class_weights().to(logits.device)
        known = batch["hidden"] != IGNORED
        each = binary_cross_entropy_with_logits(logits[:, CLASSES], hidden, reduction="none")
        return {
            "classes": cross_entropy(logits[:, :CLASSES], labels, weights, ignore_index=IGNORED),
            "dice": self.recipe.dice * _dice(logits[:, :CLASSES], labels),
            "hidden": (each * known).sum() / known.sum().clamp(min=1),
        }

    def evaluate(self, model: torch.nn.Module) -> Metrics:
        """Intersection over union on held-out people at 160 px, by ``ffhq_512``.

        ``miou`` is the mean over the classes that occur, ``iou_NAME`` of single ones,
        ``hidden`` that of the hidden map at one half.
        """
        device = next(model.parameters()).device
        crops: list[Cut] = []
        for face, generator in self.held_out_faces():
            matrix = template_frame(face, generator, _NEAR, "ffhq_512", SIDE, 0.03)
            crop = cut(face, matrix, SIDE, generator, None)
            crops.append(Cut(photographed(crop.picture, generator, GENTLE), face, matrix))
        counts = np.zeros((CLASSES + 1, 3), np.int64)  # both, found, true
        for start in range(0, len(crops), _AT_ONCE):
            some = crops[start : start + _AT_ONCE]
            pictures = pictures_of([crop.picture for crop in some]).to(device)
            logits, hidden = model(normalised(pictures))
            found = logits.argmax(1).cpu().numpy(), (hidden[:, 0] > 0).cpu().numpy()
            counts += _counts(some, *found)
        return _figures(counts)

    def export(self, model: torch.nn.Module, path: Path) -> None:
        """BiSeNet's contract, any size: (N, 3, H, W) → (N, 19, H, W) and (N, 1, H, W)."""
        names = ["input", "output", "hidden"]
        free = {name: {0: "batch", 2: "height", 3: "width"} for name in names}
        example = torch.zeros(1, 3, SIDE, SIDE)
        export_onnx(model, example, path, inputs=names[:1], outputs=names[1:], free=free)
        tidy(path)


def class_of_segment() -> npt.NDArray[np.uint8]:
    """(256,) the class of each segment: a beard is skin, what hides the face is background."""
    table = np.full(256, IGNORED, np.uint8)
    table[:CLASSES] = np.arange(CLASSES)
    table[Segment.BEARD] = Segment.SKIN
    table[list(_HIDING)] = Segment.BACKGROUND
    return table


def hiding(segments: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """1 where something is before the people, 255 where nobody knows."""
    table = np.zeros(256, np.uint8)
    table[list(_HIDING)], table[IGNORED] = 1, IGNORED
    return table[segments]


def class_weights() -> Tensor:
    """(19,) how much a pixel of each class counts; rare ones more."""
    weights = torch.ones(CLASSES)
    weights[[2, 3, 4, 5, 11, 12, 13]] = 3.0
    weights[[6, 9, 15]] = 3.0
    weights[[7, 8, 10, 18]] = 1.5
    return weights


def normalised(pictures: Tensor) -> Tensor:
    """uint8 RGB as BiSeNet takes it."""
    mean = torch.tensor(_MEAN, device=pictures.device).reshape(3, 1, 1)
    deviation = torch.tensor(_DEVIATION, device=pictures.device).reshape(3, 1, 1)
    return (pictures.float() / 255 - mean) / deviation


def _frame(face: Face, side: int, generator: np.random.Generator) -> Matrix:
    """Any of the crops that the parser may be shown."""
    kind = generator.random()
    if kind < 0.25:
        return box_frame(face, generator, _FAR, side, float(generator.uniform(1.2, 1.9)))
    name = "ffhq_512" if kind < 0.75 else "arcface_128"
    return template_frame(face, generator, _FAR, name, side, 0.04)


def _dice(logits: Tensor, labels: Tensor) -> Tensor:
    """1 less the mean soft Dice of the classes that occur in the batch."""
    known = labels != IGNORED
    goal = one_hot(labels.where(known, torch.zeros_like(labels)), CLASSES).permute(0, 3, 1, 2)
    goal = goal * known[:, None]
    chances = torch.softmax(logits, 1) * known[:, None]
    both = (goal * chances).sum((0, 2, 3))
    size = goal.sum((0, 2, 3)) + chances.sum((0, 2, 3))
    present = goal.sum((0, 2, 3)) > 0
    return 1 - ((2 * both + 1) / (size + 1))[present].mean()


def _counts(
    crops: list[Cut], labels: npt.NDArray[np.int64], hidden: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """(20, 3) pixels that are of a class in both, in what was found, in truth."""
    segments = np.stack([crop.segments(SIDE) for crop in crops])
    truth, covered = class_of_segment()[segments], hiding(segments)
    known = truth != IGNORED
    counts = np.zeros((CLASSES + 1, 3), np.int64)
    for index in range(CLASSES):
        one, other = (labels == index) & known, truth == index
        counts[index] = (one & other).sum(), one.sum(), other.sum()
    one, other = hidden & known, covered == 1
    counts[CLASSES] = (one & other).sum(), one.sum(), other.sum()
    return counts


def _figures(counts: npt.NDArray[np.int64]) -> dict[str, float]:
    union = counts[:, 1] + counts[:, 2] - counts[:, 0]
    share = counts[:, 0] / np.maximum(union, 1)
    present = counts[:CLASSES, 2] > 0
    figures = {"miou": float(share[:CLASSES][present].mean()), "hidden": float(share[CLASSES])}
    for index in np.flatnonzero(present):
        figures[f"iou_{Segment(int(index)).name.lower()}"] = float(share[index])
    return figures
