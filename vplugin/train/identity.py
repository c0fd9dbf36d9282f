"""The task ``identity``: embeddings whose direction means the person.

Two losses pull together. Classification of the training people with an additive margin on the
cosine (CosFace, Wang et al. 2018, eq. 4), and what only procedural people allow: a linear readout
of the embedding must give the person's own parameters, so that people never seen are told apart by
how they differ, not by whom of the training people they resemble.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, normalize, smooth_l1_loss

from vplugin.nets.house.identity import EMBEDDING, SIDE, IdentityNet
from vplugin.train.augment import Camera, Framing, occluded, photographed
from vplugin.train.bank import FaceRecipe, FaceTask, load_trunk, pictures_of
from vplugin.train.cut import cut, mirrored, template_frame
from vplugin.train.export import export_onnx, tidy
from vplugin.train.faces import Face, read_face
from vplugin.train.landmarks import GENTLE
from vplugin.train.task import Batch, Losses, Metrics

__all__ = ["IdentityRecipe", "IdentityTask", "accepted_share"]

_FRAMING = Framing(turn=2.0, scale=0.03, shift=0.012, squeeze=0.01)
_CAMERA = Camera(cast=0.1, dark=0.1, blur=0.2, small=0.2, noise=0.3, jpeg=0.4, strength=0.8)
_AT_ONCE = 64


class IdentityRecipe(FaceRecipe):
    """Fields of this task."""

    task: Literal["identity"] = "identity"
    margin: float = Field(default=0.15, ge=0, le=1, description="Taken off the true cosine")
    sharpness: float = Field(default=16.0, gt=0, description="Cosines are multiplied by this")
    parameters: float = Field(default=15.0, ge=0, description="Weight of the person's parameters")
    people: int | None = Field(
        default=None, ge=1, description="Room for so many people; null: as many as the seeds give"
    )
    trunk: Path | None = Field(default=None, description="best.pt of a landmark run to begin from")
    furthest: float = Field(default=75.0, gt=0, description="Faces turned further are left out")
    patches: float = Field(default=0.1, ge=0, le=1, description="Share of crops with a patch")
    error: float = Field(default=0.04, ge=0, description="Of the points, in eye distances")


class _Taught(nn.Module):
    """The net, and what teaches it: a direction for each person and a readout of parameters.

    Args:
        people: How many.
        mean: (K,) of the parameters over the people.
        spread: (K,) their standard deviation, not 0.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, people: int, mean: Tensor, spread: Tensor) -> None:
        super().__init__()
        self.net = IdentityNet()
        self.directions = nn.Parameter(torch.randn(people, EMBEDDING) * 0.05)
        self.readout = nn.Linear(EMBEDDING, len(mean))
        self.register_buffer("mean", mean)
        self.register_buffer("spread", spread)

    def forward(self, crops: Tensor) -> Tensor:
        embedding: Tensor = self.net(crops)
        return embedding


class IdentityTask(FaceTask[IdentityRecipe]):
    """Learns and measures :class:`vplugin.nets.house.identity.IdentityNet`."""

    name = "identity"
    recipe_type = IdentityRecipe
    best = "tar"

    def prepare(self) -> None:
        """Open the bank and sort it by person."""
        super().prepare()
        seen = np.abs(self.train.column("pose")[:, 0]) <= self.recipe.furthest
        numbers = np.where(seen, self.train.column("person"), -1)
        self._places = [np.flatnonzero(numbers == one) for one in np.unique(numbers[seen])]
        self._first = int(numbers[seen].min())

    def build(self) -> _Taught:
        """A fresh network with its teachers."""
        rows = self.train.column("identity")
        rows = rows[:, np.isfinite(rows).all(0)]
        spread = rows.std(0)
        spread[spread < 1e-4] = np.inf  # always the same: nothing to learn
        first, end = self.recipe.data.train
        room = self.recipe.people or (end - first) // self.recipe.variants + 1
        taught = _Taught(room, torch.from_numpy(rows.mean(0)), torch.from_numpy(spread))
        load_trunk(self.recipe.trunk, taught.net)
        return taught

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """``pictures`` (N, 3, 112, 112) uint8, ``people`` (N,), ``identity`` (N, K)."""
        del step
        rows = []
        for place in generator.integers(len(self._places), size=(self.recipe.batch + 1) // 2):
            for index in generator.choice(self._places[place], 2):
                face = read_face(self.train[int(index)])
                person = face.person - self._first
                rows.append((self._crop(face, generator), person, face.identity))
        pictures, people, identity = zip(*rows[: self.recipe.batch], strict=True)
        return {
            "pictures": pictures_of(list(pictures)),
            "people": torch.tensor(people),
            "identity": torch.from_numpy(np.stack(identity)),
        }

    def _crop(self, face: Face, generator: np.random.Generator) -> npt.NDArray[np.uint8]:
        if generator.random() < 0.5:
            face = mirrored(face)
        error = self.recipe.error * abs(generator.normal())
        matrix = template_frame(face, generator, _FRAMING, "arcface_112", SIDE, error)
        picture = self.some_cut(face, matrix, SIDE, generator).picture
        if generator.random() < self.recipe.patches:
            picture, _ = occluded(picture, generator)
        return photographed(picture, generator, _CAMERA)

    def losses(self, model: torch.nn.Module, batch: Batch) -> Losses:
        """``people`` and ``parameters``."""
        assert isinstance(model, _Taught)
        embedding = model(normalised(batch["pictures"]))
        direction = normalize(embedding).float()
        cosine = linear(direction, normalize(model.directions)).float()
        margins = torch.zeros_like(cosine).scatter_(1, batch["people"][:, None], self.recipe.margin)
        goal = (batch["identity"] - model.mean) / model.spread
        told = linear(direction * EMBEDDING**0.5, model.readout.weight, model.readout.bias)
        return {
            "people": cross_entropy(self.recipe.sharpness * (cosine - margins), batch["people"]),
            "parameters": self.recipe.parameters * smooth_l1_loss(told.float(), goal),
        }

    def evaluate(self, model: torch.nn.Module) -> Metrics:
        """Verification of held-out people turned by up to 60 degrees, all pairs.

        ``tar`` and ``tar_2`` are the shares of pairs of one person accepted where 1 in 1000 and
        1 in 100 pairs of two people are; ``cosine`` and ``other`` the mean cosines of either.
        """
        people, crops = [], []
        for face, generator in self.held_out_faces():
            if abs(face.pose[0]) <= 60:
                matrix = template_frame(face, generator, _FRAMING, "arcface_112", SIDE, 0.03)
                picture = cut(face, matrix, SIDE, generator, None).picture
                crops.append(photographed(picture, generator, GENTLE))
                people.append(face.person)
        embeddings = _embedded(model, crops)
        cosines = embeddings @ embeddings.T
        same = np.equal.outer(people, people)
        upper = np.triu(np.ones_like(same), 1)
        one, two = cosines[same & upper], cosines[~same & upper]
        return {
            "tar": accepted_share(one, two, 1e-3),
            "tar_2": accepted_share(one, two, 1e-2),
            "cosine": float(one.mean()),
            "other": float(two.mean()),
        }

    def export(self, model: torch.nn.Module, path: Path) -> None:
        """ArcFace's contract: (N, 3, 112, 112) RGB in -1…1 → (N, 512)."""
        assert isinstance(model, _Taught)
        example = torch.zeros(1, 3, SIDE, SIDE)
        export_onnx(model.net, example, path, inputs=["input"], outputs=["embedding"])
        tidy(path)


def normalised(pictures: Tensor) -> Tensor:
    """uint8 RGB as ArcFace takes it."""
    return (pictures.float() - 127.5) / 127.5


def accepted_share(
    same: npt.NDArray[np.float32], different: npt.NDArray[np.float32], false: float
) -> float:
    """Share of pairs of one person above the cosine that ``false`` of the other pairs reach."""
    return float((same > np.quantile(different, 1 - false)).mean())


def _embedded(
    model: torch.nn.Module, crops: list[npt.NDArray[np.uint8]]
) -> npt.NDArray[np.float32]:
    """(N, 512) of length 1."""
    device = next(model.parameters()).device
    parts = []
    for start in range(0, len(crops), _AT_ONCE):
        pictures = pictures_of(crops[start : start + _AT_ONCE]).to(device)
        parts.append(normalize(model(normalised(pictures))).cpu().numpy())
    return np.concatenate(parts)
